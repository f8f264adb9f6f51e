package admin

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memorySessions keeps sessions in memory. It is shared by several nodes.
type memorySessions struct {
	mu       sync.Mutex
	sessions map[string]StoredSession
	loads    int
	broken   error
	loading  func() // called after a session was read and before it is returned
}

func newMemorySessions() *memorySessions {
	return &memorySessions{sessions: make(map[string]StoredSession)}
}

func (m *memorySessions) SaveSession(_ context.Context, s StoredSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.sessions[string(s.Hash)] = s
	}
	return m.broken
}

func (m *memorySessions) LoadSession(_ context.Context, hash []byte) (StoredSession, error) {
	m.mu.Lock()
	m.loads++
	s, ok := m.sessions[string(hash)]
	broken, loading := m.broken, m.loading
	m.mu.Unlock()
	if loading != nil {
		loading()
	}
	if !ok && broken == nil {
		broken = ErrNoSession
	}
	return s, broken
}

func (m *memorySessions) DeleteSession(_ context.Context, hash []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, string(hash))
	return m.broken
}

func (m *memorySessions) DeleteSessions(_ context.Context, role, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, s := range m.sessions {
		if s.Role == role && s.Name == name {
			delete(m.sessions, hash)
		}
	}
	return m.broken
}

// logIn makes a session that must succeed.
func logIn(t *testing.T, s *Sessions, role, name string) string {
	t.Helper()
	value, _, err := s.Login(t.Context(), StoredSession{Role: role, Name: name, Password: "id"})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// wantSession checks whether a value is a session's.
func wantSession(t *testing.T, s *Sessions, value string, want bool) {
	t.Helper()
	if _, err := s.Find(t.Context(), value); (err == nil) != want || (err != nil && !errors.Is(err, ErrNoSession)) {
		t.Errorf("found: %v, want %v", err, want)
	}
}

func TestSessionLives24Hours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemorySessions()
		s := NewSessions(store)
		long := strings.Repeat("é", 200)
		value, saved, err := s.Login(t.Context(), StoredSession{Role: "holder", Name: "alice", Address: "192.0.2.1", UserAgent: long})
		if err != nil {
			t.Fatal(err)
		}
		secret, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(secret) != 32 {
			t.Fatalf("value of %d bytes, %v", len(secret), err)
		}
		sum := sha256.Sum256(secret)
		if string(saved.Hash) != string(sum[:]) || saved.Expires.Sub(saved.Created) != SessionLife || len(saved.UserAgent) != 256 {
			t.Errorf("saved %+v", saved)
		}
		found, err := s.Find(t.Context(), value)
		if err != nil || found.Name != "alice" || found.Role != "holder" || found.Address != "192.0.2.1" || string(found.Hash) != string(sum[:]) {
			t.Errorf("found %+v, %v", found, err)
		}
		found.Hash[0]++ // the caller's own
		time.Sleep(SessionLife - 2*time.Second)
		wantSession(t, s, value, true)
		time.Sleep(2 * time.Second) // while it is trusted still
		wantSession(t, s, value, false)
		if again := logIn(t, s, "holder", "alice"); again == value {
			t.Error("two sessions of one value")
		}
	})
}

func TestSessionIsReadOnceInSomeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemorySessions()
		here, there := NewSessions(store), NewSessions(store)
		value := logIn(t, here, "operator", "")
		for range 10 {
			wantSession(t, here, value, true)
		}
		if store.loads != 1 {
			t.Errorf("%d loads", store.loads)
		}
		wantSession(t, there, value, true)
		if err := there.Revoke(t.Context(), value); err != nil {
			t.Fatal(err)
		}
		wantSession(t, there, value, false)
		time.Sleep(5 * time.Second)
		wantSession(t, here, value, false)
	})
}

func TestSessionsAreRevoked(t *testing.T) {
	t.Parallel()
	s := NewSessions(newMemorySessions())
	a, b, other := logIn(t, s, "holder", "alice"), logIn(t, s, "holder", "alice"), logIn(t, s, "holder", "bob")
	for _, value := range []string{a, b, other} {
		wantSession(t, s, value, true)
	}
	if err := s.RevokeAll(t.Context(), "holder", "alice"); err != nil {
		t.Fatal(err)
	}
	wantSession(t, s, a, false)
	wantSession(t, s, b, false)
	wantSession(t, s, other, true)
	for _, value := range []string{other, other, "nonsense"} {
		if err := s.Revoke(t.Context(), value); err != nil {
			t.Errorf("Revoke: %v", err)
		}
	}
	wantSession(t, s, other, false)
}

// TestRevocationWinsOverALoad: what was read before a session was ended is not
// trusted after it.
func TestRevocationWinsOverALoad(t *testing.T) {
	t.Parallel()
	store := newMemorySessions()
	s := NewSessions(store)
	value := logIn(t, s, "operator", "")
	store.loading = func() {
		store.loading = nil
		if err := s.Revoke(t.Context(), value); err != nil {
			t.Error(err)
		}
	}
	wantSession(t, s, value, true) // the two were at the same time
	wantSession(t, s, value, false)
}

func TestMalformedSessionsAreNotLookedUp(t *testing.T) {
	t.Parallel()
	store := newMemorySessions()
	s := NewSessions(store)
	value := logIn(t, s, "operator", "")
	for _, bad := range []string{
		"", "x", value[1:], value + "A", strings.Repeat("!", 43), value[:42] + "\n", value[:42] + "=", strings.Repeat("A", 1<<20),
		value[:42] + "_", // bits that are not zero after the last byte
	} {
		if bad != value {
			wantSession(t, s, bad, false)
		}
	}
	if store.loads != 0 {
		t.Errorf("%d loads", store.loads)
	}
}

func TestLoginsOfANameAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemorySessions()
		s := NewSessions(store)
		alice := StoredSession{Role: "holder", Name: "alice"}
		store.broken = errors.New("disk full")
		for range 30 {
			if _, _, err := s.Login(t.Context(), alice); !errors.Is(err, store.broken) {
				t.Fatalf("Login: %v", err)
			}
		}
		store.broken = nil // what was not stored was not counted
		for range 20 {
			logIn(t, s, "holder", "alice")
		}
		if _, _, err := s.Login(t.Context(), alice); !errors.Is(err, ErrTooManySessions) {
			t.Errorf("the 21st: %v", err)
		}
		logIn(t, s, "holder", "bob")
		for range 30 {
			logIn(t, s, "operator", "")
		}
		time.Sleep(time.Hour)
		logIn(t, s, "holder", "alice")
	})
}

func TestABrokenStoreIsNotALogout(t *testing.T) {
	t.Parallel()
	store := newMemorySessions()
	s := NewSessions(store)
	value := logIn(t, s, "operator", "")
	store.broken = errors.New("disk full")
	if _, err := s.Find(t.Context(), value); !errors.Is(err, store.broken) || errors.Is(err, ErrNoSession) {
		t.Errorf("Find: %v", err)
	}
	if err := s.Revoke(t.Context(), value); !errors.Is(err, store.broken) {
		t.Errorf("Revoke: %v", err)
	}
	if err := s.RevokeAll(t.Context(), "operator", ""); !errors.Is(err, store.broken) {
		t.Errorf("RevokeAll: %v", err)
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	expires := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		prefix, value string
		tls           bool
		want          string
	}{
		{"", "v", true, "ccload_session=v; Path=/; Expires=Sat, 31 Jan 2026 08:00:00 GMT; HttpOnly; Secure; SameSite=Strict"},
		{"/ccload", "v", false, "ccload_session=v; Path=/ccload/; Expires=Sat, 31 Jan 2026 08:00:00 GMT; HttpOnly; SameSite=Strict"},
		{"/ccload/", "", true, "ccload_session=; Path=/ccload/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Strict"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		if tt.tls {
			r.TLS = new(tls.ConnectionState)
		}
		w := httptest.NewRecorder()
		SetCookie(w, r, tt.prefix, tt.value, expires)
		if got := w.Header().Get("Set-Cookie"); got != tt.want {
			t.Errorf("cookie %q\nwant   %q", got, tt.want)
		}
	}
}

// TestTrustedSessionsAreBounded fills more than are kept.
func TestTrustedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	s := NewSessions(newMemorySessions())
	for range sessionsCached + 10 {
		wantSession(t, s, logIn(t, s, "operator", ""), true)
	}
	if n := len(s.trusted); n > sessionsCached {
		t.Errorf("%d are kept", n)
	}
}
