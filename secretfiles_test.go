package ccload

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// TestSecretsInFiles: whatever stands in a file is used as the file has it now,
// and a new key has the place of the old one.
func TestSecretsInFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var valid atomic.Pointer[string]
	use := func(key string) { valid.Store(&key) }
	held, release := make(chan bool), make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("X-Api-Key")
		if r.UserAgent() == "hold" {
			held <- true
			<-release
		}
		if key != *valid.Load() {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`))
			return
		}
		answers(claude(10, 10))(w, nil)
	}))
	t.Cleanup(s.Close)
	use("key-old-111111")
	write("key", "key-old-111111\n")
	write("token", "token-of-the-file-1\n")
	write("secret", "token-kept-in-file-1\n")
	write("password", "the first password\n")
	write("address", s.URL)
	g := newGateway(t, "admin_password {file."+file("password")+"}\nchannel a {\nurl {file."+file("address")+"}\nprotocol anthropic\nkey {file."+file("key")+"}\n}\n"+
		"token read {file."+file("token")+"}\ntoken kept {\nsecret_file "+file("secret")+"\n}", "")
	ask := func(change ...func(*http.Request)) answer {
		return g.askModel(ai.Anthropic, "claude-opus-4-6", false, append([]func(*http.Request){as("token-of-the-file-1")}, change...)...)
	}
	first := g.record(ask().want(t, http.StatusOK)).Attempts[0].Target
	if want := access.Fingerprint("{file." + file("key") + "}"); first.Key != want || g.app.control.ChannelConfigs()[0].Keys[0].Fingerprint != want {
		t.Errorf("the key goes by %q and %+v, want %q", first.Key, g.app.control.ChannelConfigs(), want)
	}

	// The provider has replaced the key: refused until the file has the new one.
	use("key-new-222222")
	ask()
	if got := g.cooling(); len(got) != 1 || got[0] != "key a auth" {
		t.Fatalf("cooling: %q", got)
	}
	write("key", "")
	for _, r := range []func(*http.Request){as("token-of-the-file-1"), as("token-kept-in-file-1")} {
		if a := ask(r); a.Status == http.StatusUnauthorized {
			t.Errorf("an empty file costs the gateway what it had: %+v", a)
		}
	}
	write("key", "key-new-222222\n")
	if status := eventually(t, func() (int, bool) { a := ask(); return a.Status, a.Status == http.StatusOK }); status != http.StatusOK {
		t.Fatalf("the new key is not used: %d, cooling %q", status, g.cooling())
	}
	if got := g.cooling(); len(got) > 0 {
		t.Errorf("cooling: %q", got)
	}
	if again := g.record(ask().want(t, http.StatusOK)).Attempts[0].Target; again != first {
		t.Errorf("the new key is another: %+v, was %+v", again, first)
	}

	// What a call under way says of the key before does not speak of the new one.
	done := make(chan answer)
	go func() { done <- ask(func(r *http.Request) { r.Header.Set("User-Agent", "hold") }) }()
	<-held
	use("key-third-3333")
	write("key", "key-third-3333")
	eventually(t, func() (int, bool) { a := ask(); return a.Status, a.Status == http.StatusOK })
	release <- true
	<-done
	if got := g.cooling(); len(got) > 0 {
		t.Errorf("cooling: %q", got)
	}

	write("token", "token-of-the-file-2")
	write("secret", "token-kept-in-file-2\n")
	write("password", "the second password")
	other := upstream(t, answers(claude(10, 10)))
	write("address", other)
	for _, token := range []string{"token-of-the-file-2", "token-kept-in-file-2"} {
		if a := eventually(t, func() (answer, bool) { a := ask(as(token)); return a, a.Status == http.StatusOK }); a.Status != http.StatusOK {
			t.Errorf("%s: %+v", token, a)
		}
	}
	ask().want(t, http.StatusUnauthorized)
	if ok, err := g.app.control.Password().Check(t.Context(), "the second password"); !ok || err != nil {
		t.Error("the new password is not used", err)
	}
	write("password", "short")
	write("token", "token-of-the-file-3")
	eventually(t, func() (int, bool) {
		a := ask(as("token-of-the-file-3"))
		return a.Status, a.Status == http.StatusOK
	})
	if ok, _ := g.app.control.Password().Check(t.Context(), "the second password"); !ok {
		t.Error("a password that cannot be used takes the place of one that can")
	}
	if got := g.app.control.ChannelConfigs()[0].URLs[0].URL; got != other {
		t.Errorf("the address is %s, want %s", got, other)
	}
}
