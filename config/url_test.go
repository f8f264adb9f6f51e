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
