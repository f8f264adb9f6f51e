package ccload

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
)

// TestRequestsAreBuiltAlike: whatever asks an upstream, its requests carry the
// channel's credential, headers and changes of bodies, and name no program that
// nobody chose.
func TestRequestsAreBuiltAlike(t *testing.T) {
	t.Parallel()
	type sent struct {
		method string
		header http.Header
		body   string
	}
	var mu sync.Mutex
	var got []sent
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		got = append(got, sent{r.Method, r.Header, string(body)})
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"data":[{"id":"listed"}]}`)
			return
		}
		fmt.Fprint(w, claude(10, 10))
	}))
	t.Cleanup(s.Close)
	const key = "sk-of-the-channel-0123456789"
	channel := func(name, agent string) string {
		return fmt.Sprintf("channel %s {\nurl %s\nprotocol anthropic\nkey %s\nauth x-api-key\nmodels claude-opus-4-6 other-*\nheader_up X-House ours\n%s\nbody_set metadata.house ours\nhealth_check 10s claude-opus-4-6\n}\n", name, s.URL, key, agent)
	}
	for _, c := range []struct{ name, agent, lines string }{
		{"as it is", "", ""},
		{"with a name of the channel's own", "the-house/1", "header_up User-Agent the-house/1"},
	} {
		g := newGateway(t, channel("one", c.lines), "")
		for _, by := range []struct {
			name, agent string
			ask         func() error
		}{
			{"a call", "a-client/1", func() error {
				g.askModel(ai.Anthropic, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set("User-Agent", "a-client/1") }).want(t, http.StatusOK)
				return nil
			}},
			{"a translated call", "a-client/1", func() error {
				g.askModel(ai.OpenAI, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set("User-Agent", "a-client/1") }).want(t, http.StatusOK)
				return nil
			}},
			{"a test", "ccload-test", func() error {
				_, err := g.app.gateway.TestChannel(t.Context(), admin.TestQuestion{Channel: "one", Models: []string{"claude-opus-4-6"}})
				return err
			}},
			{"a check", "", func() error {
				if o := g.app.gateway.Check(t.Context(), "one"); o.Kind != ai.OK {
					return fmt.Errorf("%s: %s", o.Kind, o.Message)
				}
				return nil
			}},
			{"a question for models", "", func() error {
				names, err := g.app.gateway.FetchModels(t.Context(), "one")
				if err == nil && len(names) != 1 {
					err = fmt.Errorf("models %v", names)
				}
				return err
			}},
		} {
			got = nil
			if err := by.ask(); err != nil {
				t.Errorf("%s, %s: %v", c.name, by.name, err)
				continue
			}
			if len(got) != 1 {
				t.Errorf("%s, %s: %d requests", c.name, by.name, len(got))
				continue
			}
			r, agent := got[0], by.agent
			if c.agent != "" {
				agent = c.agent
			}
			if r.header.Get("X-House") != "ours" || r.header.Get("X-Api-Key") != key || r.header.Get("User-Agent") != agent || r.header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s, %s: the upstream got %v", c.name, by.name, r.header)
			}
			if r.method == http.MethodPost && !strings.Contains(r.body, `"house":"ours"`) {
				t.Errorf("%s, %s: the upstream got %s", c.name, by.name, r.body)
			}
		}
		g.close()
	}
}
