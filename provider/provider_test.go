package provider_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

var update = flag.Bool("update", false, "write testdata/presets.golden anew")

// endpoints are what clients ask for in each wire format.
var endpoints = map[ai.Protocol][]string{
	ai.Anthropic: {"/v1/messages", "/v1/messages/count_tokens"},
	ai.OpenAI: {
		"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/images/generations", "/v1/audio/speech",
		"/v1/moderations", "/v1/rerank",
	},
	ai.Responses: {"/v1/responses", "/v1/responses/resp_1/cancel"},
	ai.Gemini: {
		"/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent", "/v1beta/models/m:embedContent",
		"/v1/models/m:generateContent",
	},
}

var authStyles = []provider.Auth{provider.AuthBearer, provider.AuthXAPIKey, provider.AuthGoogle, provider.AuthAPIKey, provider.AuthNone}

func TestEveryPresetIsWhole(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := make(map[string]bool)
	for _, p := range provider.All() {
		switch {
		case !name.MatchString(p.Name):
			t.Errorf("%q is no good name", p.Name)
		case seen[p.Name]:
			t.Errorf("%s is there twice", p.Name)
		case p.Title == "" || len(p.Endpoints) == 0 || len(p.Models) == 0:
			t.Errorf("%s lacks something: %+v", p.Name, p)
		case !strings.HasPrefix(p.Docs, "https://"):
			t.Errorf("%s does not say where it is documented", p.Name)
		}
		seen[p.Name] = true
		spoken := make(map[ai.Protocol]bool)
		for _, e := range p.Endpoints {
			if spoken[e.Protocol] || !slices.Contains(ai.Protocols, e.Protocol) {
				t.Errorf("%s: %s twice or unknown", p.Name, e.Protocol)
			}
			spoken[e.Protocol] = true
			if !slices.Contains(authStyles, e.Auth) {
				t.Errorf("%s: %s: auth %q", p.Name, e.Protocol, e.Auth)
			}
			if p.Name != "demo" { // it is served within the process
				checkAddress(t, p, e)
			}
		}
		c := &config.Channel{Name: "c", Provider: p.Name, Models: p.Models, Keys: []string{"k"}}
		if p.NeedsURL {
			c.URLs = []config.URL{{URL: "https://c.example/v1"}}
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if err := provider.Check(c); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// checkAddress checks that an address is valid and leads to endpoints with one
// version at most.
func checkAddress(t *testing.T, p provider.Preset, e provider.Endpoint) {
	t.Helper()
	base, err := config.URL{URL: strings.ReplaceAll(e.URL, "<resource>", "acme")}.Parse()
	if err != nil {
		t.Errorf("%s: %v", p.Name, err)
		return
	}
	if local := base.Literal(); local != p.Keyless || (!local && !strings.HasPrefix(e.URL, "https://")) {
		t.Errorf("%s: %s: only a server of one's own is without a key and without TLS", p.Name, e.URL)
	}
	version := regexp.MustCompile(`/v\d+(alpha|beta)?\d*(/|$)`)
	for _, path := range endpoints[e.Protocol] {
		got := base.Join(path)
		tail := path[strings.Index(path[1:], "/")+1:]
		if !strings.HasSuffix(got.Path, tail) || len(version.FindAllString(got.Path, -1)) > 1+strings.Count(e.URL, "/v2/") {
			t.Errorf("%s: %s leads to %s", p.Name, path, got)
		}
	}
}

// The list is there to be read: what a change of the table means for the
// addresses that are asked shows as a difference of this file.
func TestPresetsGolden(t *testing.T) {
	var b strings.Builder
	for _, p := range provider.All() {
		fmt.Fprintf(&b, "%s: %s\n", p.Name, p.Title)
		for _, e := range p.Endpoints {
			address := strings.ReplaceAll(e.URL, "<resource>", "RESOURCE")
			u, err := config.URL{URL: address}.Join(endpoints[e.Protocol][0])
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "\t%-9s %-14s %s\n", e.Protocol, e.Auth, u)
		}
		fmt.Fprintf(&b, "\tmodels    %s\n", strings.Join(p.Models, " "))
		switch {
		case p.Keyless:
			b.WriteString("\tno key needed\n")
		case p.NeedsURL:
			b.WriteString("\ta url is needed\n")
		}
	}
	const file = "testdata/presets.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the presets differ from %s; if they should, run go test ./provider -update\n%s", file, b.String())
	}
}

func TestRequiredVendorsAreThere(t *testing.T) {
	for _, name := range []string{
		"anthropic", "openai", "gemini", "openrouter", "deepseek", "xai", "mistral", "groq", "moonshot", "zai", "qwen",
		"minimax", "together", "fireworks", "ollama", "vllm", "azure",
	} {
		if p, ok := provider.Get(name); !ok || p.Name != name {
			t.Errorf("there is no %s", name)
		}
	}
	if _, ok := provider.Get("OpenAI "); ok {
		t.Error("a name must be written as it is")
	}
	if len(provider.All()) != len(provider.Names()) {
		t.Error("names and presets differ")
	}
}

func TestLookups(t *testing.T) {
	deepseek, _ := provider.Get("deepseek")
	if u, ok := deepseek.BaseURL(ai.Anthropic); !ok || u != "https://api.deepseek.com/anthropic" {
		t.Error(u, ok)
	}
	if _, ok := deepseek.BaseURL(ai.Gemini); ok {
		t.Error("deepseek does not speak gemini")
	}
	if a := deepseek.AuthFor(ai.Anthropic); a != provider.AuthXAPIKey {
		t.Error(a)
	}
	azure, _ := provider.Get("azure")
	if _, ok := azure.BaseURL(ai.OpenAI); ok {
		t.Error("azure has no address of its own")
	}
	if a := azure.AuthFor(ai.OpenAI); a != provider.AuthAPIKey {
		t.Error(a)
	}
	var none provider.Preset
	if none.AuthFor(ai.OpenAI) != "" || none.ProtocolNames() != nil {
		t.Error("no preset must say nothing")
	}
}

func TestAuthSet(t *testing.T) {
	for auth, want := range map[provider.Auth]string{
		provider.AuthBearer: "Authorization: Bearer k", provider.AuthXAPIKey: "X-Api-Key: k",
		provider.AuthGoogle: "X-Goog-Api-Key: k", provider.AuthAPIKey: "Api-Key: k", provider.AuthNone: "",
	} {
		h := make(http.Header)
		if !auth.Set(h, "k") {
			t.Errorf("%s is not known", auth)
		}
		var b strings.Builder
		if err := h.Write(&b); err != nil || strings.TrimSpace(b.String()) != want {
			t.Errorf("%s: %q", auth, b.String())
		}
		if !slices.Contains(config.AuthStyles, string(auth)) {
			t.Errorf("config does not know %s", auth)
		}
	}
	if provider.Auth("").Set(make(http.Header), "k") {
		t.Error("the empty style knows where")
	}
	if len(authStyles) != len(config.AuthStyles) {
		t.Error("config knows other styles")
	}
}

// config imports nothing of ours, so it keeps the names of the wire formats
// itself.
func TestConfigKnowsTheProtocols(t *testing.T) {
	var names []string
	for _, p := range ai.Protocols {
		names = append(names, string(p))
	}
	if !slices.Equal(names, config.ProtocolNames) {
		t.Errorf("%v, config has %v", names, config.ProtocolNames)
	}
}

func TestClosest(t *testing.T) {
	for name, want := range map[string]string{
		"antropic": "anthropic", "OpenAI": "openai", "claude": "anthropic", "google": "gemini", "kimi": "moonshot",
		"open-router": "openrouter", "z.ai": "zai", "nothing-like-it": "", "": "",
	} {
		if got := provider.Closest(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		c    config.Channel
		want string
	}{
		{config.Channel{URLs: []config.URL{{URL: "https://x"}}}, ""},
		{config.Channel{Provider: "openai", Keys: []string{"{env.K}"}}, ""},
		{config.Channel{Provider: "ollama"}, ""},
		{config.Channel{Provider: "openai", Auth: "none"}, ""},
		{config.Channel{Provider: "antropic"}, `channel "c": provider "antropic": is not known; did you mean "anthropic"?`},
		{config.Channel{Provider: "qqqqqqqq"}, `channel "c": provider "qqqqqqqq": is not known; without provider, url and an address do as well`},
		{config.Channel{Provider: "openai"}, `channel "c": provider openai: wants a key: write key and the key, as in key {env.API_KEY}; to send none, auth none`},
		{config.Channel{Provider: "azure", Keys: []string{"k"}}, `channel "c": provider azure: has an address for each customer: write url https://<resource>.openai.azure.com/openai/v1`},
		{config.Channel{Provider: "groq", Keys: []string{"k"}, Protocols: []string{"anthropic"}}, `channel "c": protocols anthropic: is not spoken by groq, which speaks openai, responses`},
		{config.Channel{Provider: "groq", Keys: []string{"k"}, Protocols: []string{"anthropic"}, URLs: []config.URL{{URL: "https://x"}}}, ""},
	} {
		tt.c.Name = "c"
		got := ""
		if err := provider.Check(&tt.c); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
