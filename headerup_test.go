package ccload

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/ccload/ccload/ai"
)

// TestHeaderUpPlaceholders: placeholders in header_up are replaced for each
// request, whether it is translated or not, and for what the gateway asks itself.
func TestHeaderUpPlaceholders(t *testing.T) {
	t.Setenv("CCLOAD_TEST_HOUSE", "the house")
	sent := make(http.Header)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Clone()
		answers(claude(1, 1))(w, nil)
	}))
	t.Cleanup(s.Close)
	file := t.TempDir() + "/region"
	if err := os.WriteFile(file, []byte("eu\nwest\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newGateway(t, "channel a {\nurl "+s.URL+"\nprotocol anthropic\n"+
		"header_up X-Team {http.request.header.X-Team}\nheader_up +X-Team {env.CCLOAD_TEST_HOUSE}\n"+
		"header_up X-From {http.request.remote.host}\nheader_up X-Path {http.request.uri.path}\n"+
		"header_up X-Region {file."+file+"}\nheader_up X-Unknown {no.such.thing}\nheader_up User-Agent agent/{http.request.proto}\n}", "")
	for _, p := range []ai.Protocol{ai.Anthropic, ai.OpenAI} {
		for _, team := range []string{"red", "blue"} {
			g.askModel(p, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set("X-Team", team) }).want(t, http.StatusOK)
			path := "/v1/messages"
			if p == ai.OpenAI {
				path = "/v1/chat/completions"
			}
			for name, want := range map[string][]string{
				"X-Team": {team, "the house"}, "X-From": {"127.0.0.1"}, "X-Path": {path}, "X-Region": {"euwest"},
				"X-Unknown": {"{no.such.thing}"}, "User-Agent": {"agent/HTTP/1.1"},
			} {
				if got := sent.Values(name); !slices.Equal(got, want) {
					t.Errorf("%s: %s is %q, want %q", p, name, got, want)
				}
			}
		}
	}
	sent = nil
	_, _ = g.app.gateway.FetchModels(t.Context(), "a") // what the fake answers is no list
	if got := sent.Values("X-Team"); !slices.Equal(got, []string{"", "the house"}) {
		t.Errorf("a question for models has X-Team %q", got)
	}
}
