package ccload

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// TestCapturedBodiesAreSealed: the API shows what was said in calls, and the
// files of the database do not, before and after the encryption key changes.
func TestCapturedBodiesAreSealed(t *testing.T) {
	t.Parallel()
	const asked, answered, refused = "a-question-nobody-else-may-read", "an-answer-nobody-else-may-read", "an-error-nobody-else-may-read"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("X-Api-Key") == "first" {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"error":{"type":"overloaded_error","message":"busy"},"hint":"` + refused + `"}`))
			return
		}
		_, _ = w.Write([]byte(`{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","stop_reason":"end_turn","content":[{"type":"text","text":"` + answered + `"}],"usage":{"input_tokens":1,"output_tokens":1}}`))
	}))
	t.Cleanup(s.Close)
	db := filepath.Join(t.TempDir(), "ccload.db")
	channels := "\nchannel one {\nurl " + s.URL + "\nprotocol anthropic\nkey first\npriority 2\n}\nchannel two {\nurl " + s.URL + "\nprotocol anthropic\nkey second\n}\n"
	open := func(keys string) *desk {
		d := openDeskAt(t, db, "encryption_key "+keys+"\ntoken tests "+testToken+channels)
		d.logIn(`{"password":"` + testPassword + `"}`)
		return d
	}
	d := open("the-first-key-of-all")
	d.api(http.MethodPut, "settings", `{"capture":{"enabled":true}}`).want(t, http.StatusOK)
	body := `{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"` + asked + `"}]}`
	id := d.post("/v1/messages", body).want(t, http.StatusOK).Header.Get("X-Ccload-Request-Id")
	readable := func() answer { return d.api(http.MethodGet, "calls/"+id+"/bodies", "") }
	shows := func() {
		t.Helper()
		a := readable().want(t, http.StatusOK)
		for _, said := range []string{asked, answered, refused} {
			if !strings.Contains(a.Body, said) {
				t.Errorf("%s is not shown: %s", said, a.Body)
			}
		}
	}
	hidden := func(when string) {
		t.Helper()
		for _, name := range []string{db, db + "-wal"} {
			text, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			for _, said := range []string{asked, answered, refused} {
				if bytes.Contains(text, []byte(said)) {
					t.Errorf("%s %s is in %s", when, said, filepath.Base(name))
				}
			}
		}
	}
	eventually(t, func() (bool, bool) { return true, readable().Status == http.StatusOK })
	shows()
	hidden("when captured")
	d.close()
	hidden("when closed")

	d = open("quite-another-key the-first-key-of-all")
	d.api(http.MethodPost, "rotate", "{}").want(t, http.StatusOK)
	shows()
	d.close()
	d = open("quite-another-key")
	shows()
	d.close()
	hidden("when sealed anew")
}

// TestACaptureSealedWithALostKey: who asks for it hears which key is missing.
func TestACaptureSealedWithALostKey(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "encryption_key the-key-of-this-test\ntoken tests "+testToken+"\n"+channelAt("a", fake(t)))
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodPut, "settings", `{"capture":{"enabled":true}}`).want(t, http.StatusOK)
	id := d.askModel(ai.Anthropic, "claude-haiku-4-5", false).want(t, http.StatusOK).Header.Get("X-Ccload-Request-Id")
	eventually(t, func() (bool, bool) {
		return true, d.api(http.MethodGet, "calls/"+id+"/bodies", "").Status == http.StatusOK
	})
	if err := d.app.state.store.ResealCaptures(t.Context(), func(c *store.Capture) error {
		c.Sealed = []byte("v1.00000000.AAAA")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	a := d.api(http.MethodGet, "calls/"+id+"/bodies", "").want(t, http.StatusConflict)
	if !strings.Contains(a.Body, "00000000") || !strings.Contains(a.Body, "encryption_key") {
		t.Errorf("%s does not say which key is missing", a.Body)
	}
}
