package ccload

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// TestHeaderUpPlaceholders: placeholders in header_up are replaced for each
// request, whether it is translated or not, and for what the gateway asks itself.
func TestHeaderUpPlaceholders(t *testing.T) {
	t.Setenv("CCLOAD_TEST_HOUSE", "the house")
	t.Setenv("CCLOAD_TEST_HEADER", "X-Named")
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
		"header_up X-Region {file."+file+"}\nheader_up X-Unknown {no.such.thing}\nheader_up User-Agent agent/{http.request.proto}\nheader_up anthropic-beta two|zwei 2\nheader_up -*-Key\nheader_up >{env.CCLOAD_TEST_HEADER} named\nkey k\n}", "")
	for _, p := range []ai.Protocol{ai.Anthropic, ai.OpenAI} {
		for _, team := range []string{"red", "blue"} {
			g.askModel(p, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set("X-Team", team) }).want(t, http.StatusOK)
			path := "/v1/messages"
			if p == ai.OpenAI {
				path = "/v1/chat/completions"
			}
			for name, want := range map[string][]string{
				"X-Team": {team, "the house"}, "X-From": {"127.0.0.1"}, "X-Path": {path}, "X-Region": {"euwest"},
				"X-Unknown": {"{no.such.thing}"}, "X-Named": {"named"}, "User-Agent": {"agent/HTTP/1.1"},
			} {
				if got := sent.Values(name); !slices.Equal(got, want) {
					t.Errorf("%s: %s is %q, want %q", p, name, got, want)
				}
			}
		}
	}
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set("Anthropic-Beta", "one,two,three") }).want(t, http.StatusOK)
	if got := sent.Values("Anthropic-Beta"); !slices.Equal(got, []string{"one,2,three"}) {
		t.Errorf("Anthropic-Beta is %q", got)
	}
	if sent.Get("X-Api-Key") != "k" {
		t.Errorf("a wildcard took the credential away: %v", sent)
	}
	sent = nil
	_, _ = g.app.gateway.FetchModels(t.Context(), "a") // what the fake answers is no list
	if got := sent.Values("X-Team"); !slices.Equal(got, []string{"", "the house"}) {
		t.Errorf("a question for models has X-Team %q", got)
	}
}

// TestHeaderUpByTheAPI: replacements are stored sealed and shown masked, what is
// given back masked stays, and names are what they are.
func TestHeaderUpByTheAPI(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "")
	d.logIn(`{"password":"` + testPassword + `"}`)
	const channel = `{"name":"a","urls":[{"url":"https://127.0.0.1:1"}],"keys":[{"key":"sk-0123456789abcdefgh"}],"header_up":{"replace":{"X-A":[{"search":"old-secret","replace":"new-secret"},{"search_regexp":"x+"}]}}}`
	masked := `"header_up":{"replace":{"X-A":[{"search":"********","replace":"********"},{"search_regexp":"********"}]}}`
	if a := d.api(http.MethodPost, "channels", channel).want(t, http.StatusCreated); !strings.Contains(a.Body, masked) {
		t.Errorf("%s", a.Body)
	}
	d.api(http.MethodPatch, "channels/a", `{`+masked+`,"priority":3}`).want(t, http.StatusOK)
	if a := d.exporting("json").want(t, http.StatusOK); !strings.Contains(a.Body, "old-secret") || !strings.Contains(a.Body, "new-secret") || !strings.Contains(a.Body, "x+") {
		t.Errorf("the replacements are lost: %s", a.Body)
	}
	for _, wrong := range []string{
		`{"header_up":{"replace":{"X-B":[{"search":"********"}]}}}`,
		`{"header_up":{"replace":{"X-A":[{"search_regexp":"("}]}}}`,
		`{"header_up":{"set":{"{env.HOME}":["x"]}}}`,
	} {
		if a := d.api(http.MethodPatch, "channels/a", wrong).want(t, http.StatusBadRequest); !strings.Contains(a.Body, "header_up") {
			t.Errorf("%s: %s", wrong, a.Body)
		}
	}
	if a := d.api(http.MethodPatch, "channels/a", `{`+masked+`,"urls":[{"url":"https://127.0.0.1:2"}]}`).want(t, http.StatusForbidden); !strings.Contains(a.Body, "anew") {
		t.Errorf("%s", a.Body)
	}
}
