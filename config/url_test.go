package config_test

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

func TestJoin(t *testing.T) {
	for _, tt := range []struct{ base, path, want string }{
		{"https://a.example", "/v1/messages", "https://a.example/v1/messages"},
		{"https://a.example/", "/v1/messages", "https://a.example/v1/messages"},
		{"https://a.example/v1", "/v1/messages", "https://a.example/v1/messages"},
		{"https://a.example/v1/", "/v1/messages", "https://a.example/v1/messages"},
		{"https://a.example:8443/anthropic", "/v1/messages", "https://a.example:8443/anthropic/v1/messages"},
		{"https://a.example/openai/v1", "/v1/chat/completions", "https://a.example/openai/v1/chat/completions"},
		{"https://a.example/openai", "/v1/chat/completions", "https://a.example/openai/v1/chat/completions"},
		{"http://127.0.0.1:9", "/v1/responses/resp_1/cancel", "http://127.0.0.1:9/v1/responses/resp_1/cancel"},
		{"http://[::1]:9/v1", "/v1/responses", "http://[::1]:9/v1/responses"},

		// A version of its own replaces the client's.
		{"https://a.example/api/paas/v4", "/v1/chat/completions", "https://a.example/api/paas/v4/chat/completions"},
		{"https://a.example/api/v3/", "/v1/embeddings", "https://a.example/api/v3/embeddings"},
		{"https://a.example/v1beta", "/v1beta/models/g:generateContent", "https://a.example/v1beta/models/g:generateContent"},
		{"https://a.example/v1beta", "/v1/models/g:generateContent", "https://a.example/v1beta/models/g:generateContent"},
		{"https://a.example/v1alpha2", "/v1beta/models/g:countTokens", "https://a.example/v1alpha2/models/g:countTokens"},

		// A /v1 may be left out or written: it changes nothing, also for Gemini.
		{"https://a.example/v1", "/v1beta/models/g:generateContent", "https://a.example/v1beta/models/g:generateContent"},
		{"https://a.example/v1", "/health", "https://a.example/v1/health"},

		// Google's OpenAI-compatible address, and one that only looks like it.
		{"https://a.example/v1beta/openai", "/v1/chat/completions", "https://a.example/v1beta/openai/chat/completions"},
		{"https://a.example/v1/acme/gateway/openai", "/v1/chat/completions", "https://a.example/v1/acme/gateway/openai/v1/chat/completions"},

		// Without any version.
		{"https://a.example/inference/*", "/v1/chat/completions", "https://a.example/inference/chat/completions"},
		{"https://a.example/*", "/v1/chat/completions", "https://a.example/chat/completions"},

		// Whole endpoints that were pasted; they show where the version belongs.
		{"https://a.example/v1/chat/completions", "/v1/chat/completions", "https://a.example/v1/chat/completions"},
		{"https://a.example/v1/chat/completions/", "/v1/embeddings", "https://a.example/v1/embeddings"},
		{"https://a.example/v1/messages", "/v1/messages", "https://a.example/v1/messages"},
		{"https://a.example/v1/messages", "/v1/messages/count_tokens", "https://a.example/v1/messages/count_tokens"},
		{"https://a.example/anthropic/v1/messages", "/v1/messages", "https://a.example/anthropic/v1/messages"},
		{"https://a.example/api/paas/v4/chat/completions", "/v1/chat/completions", "https://a.example/api/paas/v4/chat/completions"},
		{"https://a.example/compat/chat/completions", "/v1/chat/completions", "https://a.example/compat/chat/completions"},
		{"https://a.example/chat/completions", "/v1/chat/completions", "https://a.example/chat/completions"},
		{"https://a.example/v1/responses", "/v1/responses/resp_1/cancel", "https://a.example/v1/responses/resp_1/cancel"},
		{"https://a.example/v1beta/models/gemini-x:generateContent", "/v1beta/models/g:streamGenerateContent", "https://a.example/v1beta/models/g:streamGenerateContent"},
		{"https://a.example/serving-endpoints/chat/completions", "/v1/chat/completions", "https://a.example/serving-endpoints/chat/completions"},
		{"https://a.example/models/chat/completions", "/v1/chat/completions", "https://a.example/models/chat/completions"},
		{"https://a.example/models", "/v1/chat/completions", "https://a.example/models/v1/chat/completions"},
		{"https://a.example/v1/chat/completions#", "/v1/messages", "https://a.example/v1/chat/completions"},

		// Azure's deployments.
		{"https://a.example/openai/deployments/gpt-4o", "/v1/chat/completions", "https://a.example/openai/deployments/gpt-4o/chat/completions"},
		{"https://a.example/openai/deployments/gpt-4o?api-version=2024-10-21", "/v1/chat/completions", "https://a.example/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"},
		{"https://a.example/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", "/v1/embeddings", "https://a.example/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21"},
		{"https://a.example/models/chat/completions?api-version=2024-05-01-preview", "/v1/chat/completions", "https://a.example/models/chat/completions?api-version=2024-05-01-preview"},
		{"https://a.example/x?api-version=2024-10-21#", "/v1/chat/completions", "https://a.example/x?api-version=2024-10-21"},

		// Exactly as written.
		{"https://a.example/any/where#", "/v1/messages", "https://a.example/any/where"},
		{"https://a.example/v1/#", "/v1/messages", "https://a.example/v1/"},
		{"https://a.example#", "/v1/messages", "https://a.example"},

		// Not versions.
		{"https://a.example/vertex", "/v1/messages", "https://a.example/vertex/v1/messages"},
		{"https://a.example/v", "/v1/messages", "https://a.example/v/v1/messages"},
		{"https://a.example/v1x", "/v1/messages", "https://a.example/v1x/v1/messages"},

		// Escapes survive on both sides.
		{"https://a.example/a%2Fb", "/v1beta/models/org%2Fm%20x:generateContent", "https://a.example/a%2Fb/v1beta/models/org%2Fm%20x:generateContent"},
		{"https://a.example/v4", "/v1/models/org%2Fm", "https://a.example/v4/models/org%2Fm"},
	} {
		u, err := config.URL{URL: tt.base}.Join(tt.path)
		if err != nil {
			t.Errorf("%s: %v", tt.base, err)
			continue
		}
		if got := u.String(); got != tt.want {
			t.Errorf("%s + %s = %s, want %s", tt.base, tt.path, got, tt.want)
		}
	}
}

// An address without a version at its end leaves open where the endpoints are;
// what was learned of it holds for all copies, and only there.
func TestLearnTheForm(t *testing.T) {
	for _, tt := range []struct{ base, other string }{
		{"https://a.example", "https://a.example/chat/completions"},
		{"https://a.example/v1/acct/gateway/compat", "https://a.example/v1/acct/gateway/compat/chat/completions"},
		{"https://a.example/v1/projects/p/endpoints/openapi", "https://a.example/v1/projects/p/endpoints/openapi/chat/completions"},
		{"https://a.example/serving-endpoints/", "https://a.example/serving-endpoints/chat/completions"},
		{"https://a.example/models?api-version=2024-05-01", "https://a.example/models/chat/completions?api-version=2024-05-01"},
		{"https://a.example/a%2Fb", "https://a.example/a%2Fb/chat/completions"},
		{"https://a.example/v1", ""},
		{"https://a.example/v4", ""},
		{"https://a.example/x/*", ""},
		{"https://a.example/x#", ""},
		{"https://a.example/x/chat/completions", ""},
		{"https://a.example/openai/deployments/d", ""},
		{"https://a.example/v1beta/openai", ""},
	} {
		b, err := config.URL{URL: tt.base}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		first := b.Join("/v1/chat/completions")
		got := ""
		if other := b.Other(first); other != nil {
			got = other.String()
		}
		if got != tt.other {
			t.Errorf("%s: other %q, want %q", tt.base, got, tt.other)
		}
		again := b
		again.Learn()
		want := tt.other
		if want == "" {
			want = first.String()
		}
		if got := b.Join("/v1/chat/completions"); got.String() != want || b.Other(got) != nil {
			t.Errorf("%s: learned %s, want %s", tt.base, got, want)
		}
		if fresh, _ := (config.URL{URL: tt.base}).Parse(); fresh.Join("/v1/chat/completions").String() != first.String() {
			t.Errorf("%s: what was learned is not this address's own", tt.base)
		}
	}
}

func TestPastedEndpoints(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.example/v1/chat/completions":                                      "https://a.example/v1",
		"https://a.example/openai/deployments/d/chat/completions?api-version=2024-1": "https://a.example/openai/deployments/d",
		"https://a.example/v1/messages/":                                             "https://a.example/v1",
		"https://a.example/v1":                                                       "",
		"https://a.example/models":                                                   "",
		"https://a.example/messages/*":                                               "",
		"https://a.example/v1/messages#":                                             "",
	} {
		b, err := config.URL{URL: address}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Pasted(); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// What joins to one address must not change what joins to the next.
func TestJoinSharesNothing(t *testing.T) {
	b, err := config.URL{URL: "https://a.example/v1"}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	one := b.Join("/v1/messages")
	one.RawQuery, one.Host = "key=x", "other"
	if got := b.Join("/v1/messages").String(); got != "https://a.example/v1/messages" {
		t.Errorf("joined again: %s", got)
	}
}

func TestLiteral(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:1": true, "http://LOCALHOST.": true, "http://x.localhost": true, "http://10.0.0.1": true,
		"https://[fe80::1]:8": true, "https://a.example": false, "http://localhost.example": false, "http://10.0.0.1.example": false,
	} {
		b, err := config.URL{URL: address}.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if b.Literal() != want {
			t.Errorf("%s literal: %v, want %v", address, !want, want)
		}
	}
}

func TestURLErrors(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"", `urls: is empty`},
		{"#", `urls "#": is empty`},
		{"api.example.com/v1", `urls "api.example.com/v1": must begin with https://`},
		{"ftp://a.example", `must begin with https:// or http://`},
		{"https://", `has no host`},
		{"https:///v1", `has no host`},
		{"https:a.example", `has no host`},
		{"https://a.example:99999", `must be 1 to 65535`},
		{"https://a.example/ v1", `must not hold spaces`},
		{" https://a.example", `must not hold spaces`},
		{"https://a.example\nx", `must not hold spaces`},
		{"https://user:hunter2@a.example/v1", `urls "https://a.example/…": must not hold a user name`},
		{"https://a.example/v1?key=hunter2", `urls "https://a.example/…": must not hold a query`},
		{"https://a.example/v1?", `must not hold a query`},
		{"https://a.example/v1?api-version=2024-10-21&key=hunter2", `must not hold a query`},
		{"https://a.example/v1?api-version=a&api-version=b", `must not hold a query`},
		{"https://a.example/v1?api-version=", `must not hold a query`},
		{"https://a.example/v1?api-version=hunter2%20x", `must not hold a query`},
		{"https://a.example/v1#models", `must not hold a fragment`},
		{"https://a.example/*/v1", `may hold a * only at its end`},
		{"https://a.example/v*", `may hold a * only at its end`},
		{"http://[::1", `is no valid address`},
	} {
		err := config.URL{URL: tt.url}.Validate()
		if err == nil {
			t.Errorf("%q is accepted", tt.url)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want …%s…", tt.url, err, tt.want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestURLWithPlaceholderIsNotJudged(t *testing.T) {
	for _, u := range []string{"{env.BASE_URL}", "https://{env.HOST}/v1"} {
		if err := (config.URL{URL: u}).Validate(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://a.example/v1", "http://[::1]:80/*", "https://a.example/x#", "https://u:p@h?q#f", "{env.X}"} {
		f.Add(s, "/v1/messages")
	}
	f.Fuzz(func(t *testing.T, base, path string) {
		b, err := config.URL{URL: base}.Parse()
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		u := b.Join(path)
		if u.Host != b.Host() || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q + %q leads to %q", base, path, u)
		}
	})
}
