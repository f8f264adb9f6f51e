package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// memoryStore remembers logins for a test.
type memoryStore struct{ sessions map[string]StoredSession }

func (m *memoryStore) SaveSession(_ context.Context, s StoredSession) error {
	m.sessions[string(s.Hash)] = s
	return nil
}

func (m *memoryStore) LoadSession(_ context.Context, hash []byte) (StoredSession, error) {
	s, ok := m.sessions[string(hash)]
	if !ok {
		return s, ErrNoSession
	}
	return s, nil
}

func (m *memoryStore) DeleteSession(_ context.Context, hash []byte) error {
	delete(m.sessions, string(hash))
	return nil
}

func (m *memoryStore) DeleteSessions(_ context.Context, role, name string) error {
	for hash, s := range m.sessions {
		if s.Role == role && s.Name == name {
			delete(m.sessions, hash)
		}
	}
	return nil
}

// guarded is an app that may not be reached without a login: everything but
// what identifies panics, because the embedded interface is nil.
type guarded struct {
	Operator
	desk     *Shared
	password *Password
	secret   string // which one the token has
	notes    []LoginNote
}

func (g *guarded) Shared() *Shared     { return g.desk }
func (g *guarded) Password() *Password { return g.password }

func (g *guarded) PasswordFile() string { return "" }
func (g *guarded) HolderOf(name string) (Holder, bool) {
	return Holder{"laptop", g.secret}, name == "laptop"
}

func (g *guarded) TokenOf(secret string) (Holder, bool) {
	return Holder{"laptop", g.secret}, secret == "the-laptops-secret"
}

func (g *guarded) NoteLogin(_ context.Context, n LoginNote) error {
	g.notes = append(g.notes, n)
	return nil
}

func newGuarded(t *testing.T) (*Handler, *guarded) {
	t.Helper()
	password, err := ParsePassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{password: password, secret: "first", desk: NewShared(&memoryStore{make(map[string]StoredSession)},
		NewHub(HubOptions{Snapshot: func(string) any { return nil }, Metrics: func(string) any { return nil }}))}
	h := &Handler{Prefix: "/ccload", log: zap.NewNop(), op: g}
	h.build()
	return h, g
}

// TestEveryRouteIsGuarded asks for every route as everybody who may not: none
// reaches the app.
func TestEveryRouteIsGuarded(t *testing.T) {
	h, g := newGuarded(t)
	login := func(s StoredSession) string {
		value, _, err := g.desk.Sessions.Login(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	holder := login(StoredSession{Role: RoleHolder, Name: "laptop", Password: "first"})
	strangers := []struct {
		name       string
		bearer     string
		cookie     string
		knownAs    string // the role that it has all the same
		wantStatus int
	}{
		{name: "nobody", wantStatus: 401},
		{name: "a made-up cookie", cookie: strings.Repeat("A", 43), wantStatus: 401},
		{name: "the hash of a login", cookie: "x", wantStatus: 401},
		{name: "a login with another password", cookie: login(StoredSession{Role: RoleOperator, Password: "another"}), wantStatus: 401},
		{name: "a login of a token that is gone", cookie: login(StoredSession{Role: RoleHolder, Name: "gone"}), wantStatus: 401},
		{name: "a login of a secret that the token had", cookie: login(StoredSession{Role: RoleHolder, Name: "laptop", Password: "before"}), wantStatus: 401},
		{name: "a login without a role", cookie: login(StoredSession{}), wantStatus: 401},
		{name: "a client token", bearer: "the-laptops-secret", knownAs: RoleHolder, wantStatus: 403},
		{name: "a client token's login", cookie: holder, knownAs: RoleHolder, wantStatus: 403},
	}
	open := []string{"POST login", "GET session", "GET openapi.json"}
	own := []string{"POST logout", "GET catalogue", "GET running", "GET calls", "GET calls.csv", "GET calls/volume", "GET costs", "GET costs.csv", "GET burndown", "GET calls/{id}", "GET statistics", "GET budgets", "GET live"}
	seen := 0
	for i := range routes {
		r := &routes[i]
		name := r.method + " " + r.path
		switch {
		case r.who == anyone && !slices.Contains(open, name), r.who == holders && !slices.Contains(own, name), r.who == nobody:
			t.Errorf("%s is for %d: if that is meant, say so here", name, r.who)
		}
		if r.who == anyone {
			continue
		}
		seen++
		for _, s := range strangers {
			if s.knownAs == RoleHolder && r.who == holders {
				continue
			}
			path := strings.NewReplacer("{name}", "x", "{id}", "x").Replace(r.path)
			req := httptest.NewRequest(r.method, "/ccload/api/"+path, strings.NewReader("{}"))
			req.Header.Set("Content-Type", "application/json")
			req.RemoteAddr = "192.0.2.1:1"
			if s.bearer != "" {
				req.Header.Set("Authorization", "Bearer "+s.bearer)
			}
			if s.cookie != "" {
				req.AddCookie(&http.Cookie{Name: CookieName, Value: s.cookie})
			}
			w := httptest.NewRecorder()
			if err := h.ServeHTTP(w, req, nil); err != nil {
				t.Fatal(err)
			}
			if w.Code != s.wantStatus {
				t.Errorf("%s as %s: status %d, want %d: %s", name, s.name, w.Code, s.wantStatus, w.Body)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d routes were asked for", seen)
	}
}

// TestWhatIsNotServed: paths beside the API, other methods, other sites.
func TestWhatIsNotServed(t *testing.T) {
	h, _ := newGuarded(t)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusTeapot)
		return nil
	})
	for _, c := range []struct {
		method, path, site string
		status             int
	}{
		{"GET", "/ccload/api/session", "", 200},
		{"GET", "/ccloads/api/session", "", http.StatusTeapot},
		{"GET", "/api/session", "", http.StatusTeapot},
		{"GET", "/ccload/index.html", "", 404},
		{"GET", "/ccload/assets/", "", 404},
		{"GET", "/ccload/assets/old/app.js", "", 404},
		{"POST", "/ccload/", "", 405},
		{"GET", "/ccload/api/../api/session", "", 404},
		{"GET", "/ccload//api/session", "", 404},
		{"GET", "/ccload%2fapi/session", "", 404},
		{"GET", "/ccload/api/none", "", 404},
		{"PUT", "/ccload/api/login", "", 405},
		{"OPTIONS", "/ccload/api/channels", "cross-site", 405},
		{"POST", "/ccload/api/login", "cross-site", 403},
		{"POST", "/ccload/api/login", "same-site", 403},
		{"POST", "/ccload/api/login", "same-origin", 400},
	} {
		req := httptest.NewRequest(c.method, c.path, strings.NewReader("{}"))
		req.Header.Set("Content-Type", "application/json")
		if c.site != "" {
			req.Header.Set("Sec-Fetch-Site", c.site)
		}
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, req, next); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status {
			t.Errorf("%s %s from %q: status %d, want %d", c.method, c.path, c.site, w.Code, c.status)
		}
		if w.Code != http.StatusTeapot && w.Header().Get("X-Content-Type-Options") == "" {
			t.Errorf("%s %s has no security headers", c.method, c.path)
		}
	}
}
