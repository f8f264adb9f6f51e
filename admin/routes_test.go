package admin

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
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
	desk     *Desk
	password *Password
}

func (g *guarded) Desk() *Desk               { return g.desk }
func (g *guarded) Password() *Password       { return g.password }
func (g *guarded) HasToken(name string) bool { return name == "laptop" }
func (g *guarded) TokenOf(secret string) (string, bool) {
	return "laptop", secret == "the-laptops-secret"
}

func newGuarded(t *testing.T) (*Handler, *guarded) {
	t.Helper()
	password, err := ParsePassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{password: password, desk: &Desk{
		Sessions: NewSessions(&memoryStore{make(map[string]StoredSession)}), Throttle: NewThrottle(),
		Hub: NewHub(HubOptions{Snapshot: func(string) any { return nil }, Metrics: func(string) any { return nil }}),
	}}
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
	holder := login(StoredSession{Role: RoleHolder, Name: "laptop"})
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
		{name: "a login without a role", cookie: login(StoredSession{}), wantStatus: 401},
		{name: "a client token", bearer: "the-laptops-secret", knownAs: RoleHolder, wantStatus: 403},
		{name: "a client token's login", cookie: holder, knownAs: RoleHolder, wantStatus: 403},
	}
	open := []string{"POST login", "GET session", "GET openapi.json"}
	own := []string{"POST logout", "GET catalogue", "GET calls", "GET calls/{id}", "GET statistics", "GET budgets", "GET live"}
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
		{"GET", "/ccload", "", 404},
		{"GET", "/ccload/", "", 404},
		{"GET", "/ccload/api/../api/session", "", 404},
		{"GET", "/ccload//api/session", "", 404},
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

func TestPasswords(t *testing.T) {
	const argon = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" // of "opensesame", below
	h := argonHash{argonCost{64, 1, 1}, []byte("saltsalt"), nil}
	sum := strings.TrimRight(base64.RawStdEncoding.EncodeToString(h.hash("opensesame", h.salt, 32)), "=")
	crypt, err := bcrypt.GenerateFromPassword([]byte("opensesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for text, right := range map[string]string{"correct horse": "correct horse", argon + sum: "opensesame", string(crypt): "opensesame"} {
		p, err := ParsePassword(text)
		if err != nil {
			t.Errorf("%.20s: %v", text, err)
			continue
		}
		again, _ := ParsePassword(text)
		if p.ID() != again.ID() || strings.Contains(text, p.ID()) {
			t.Errorf("%.20s: ids %s and %s", text, p.ID(), again.ID())
		}
		for _, given := range []string{"", "wrong guess", text + "x", strings.Repeat("x", 2000)} {
			if ok, err := p.Check(t.Context(), given); ok || err != nil {
				t.Errorf("%.20s: %.20q is taken: %v", text, given, err)
			}
		}
		if ok, err := p.Check(t.Context(), right); !ok || err != nil {
			t.Errorf("%.20s: %q is not taken: %v", text, right, err)
		}
	}
	for text, problem := range map[string]string{
		"short":           "8 characters",
		"$2y$04$x":        "bcrypt",
		"$1$abc$defghijk": "not known",
		"$2y$16$mVe7XBvEFhCMvCyJkwRVnOaPpqCPK3KFwFkGrmT1NgNWpb1I0TKIa":             "takes too long",
		"$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA":            "argon2id",
		"$argon2id$v=19$m=64,t=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA":               "argon2id",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA":           "argon2id",
		"$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA":      "too high",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + strings.Repeat("aGFzaA", 100): "argon2id",
		strings.Repeat("x", 1025): "1024 bytes",
	} {
		_, err := ParsePassword(text)
		if err == nil || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), text) {
			t.Errorf("%.30s: %v, want %q", text, err, problem)
		}
	}
}

func FuzzParsePassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
	f.Add("$2y$04$mVe7XBvEFhCMvCyJkwRVnOaPpqCPK3KFwFkGrmT1NgNWpb1I0TKIa")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(text, "$") {
			return // hashing takes its time
		}
		if p, err := ParsePassword(text); err == nil && p.ID() == "" {
			t.Error("a password without an id")
		}
	})
}

func TestThrottle(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	th := NewThrottle()
	for i := range 5 {
		if wait := th.Wait("192.0.2.1", now); wait != 0 {
			t.Errorf("after %d failures one waits %v", i, wait)
		}
		th.Failed("192.0.2.1", now)
	}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if wait := th.Wait("192.0.2.1", now); wait != want {
			t.Errorf("wait %v, want %v", wait, want)
		}
		now = now.Add(want)
		if wait := th.Wait("192.0.2.1", now); wait != 0 {
			t.Errorf("after waiting one waits %v more", wait)
		}
		th.Failed("192.0.2.1", now)
	}
	for range 50 {
		th.Failed("192.0.2.1", now)
	}
	if wait := th.Wait("192.0.2.1", now); wait != longestWait {
		t.Errorf("the longest wait is %v", wait)
	}
	if wait := th.Wait("192.0.2.2", now); wait != 0 {
		t.Errorf("a neighbour waits %v", wait)
	}
	if wait := th.Wait("::ffff:192.0.2.1", now); wait != longestWait {
		t.Errorf("the same address in the other form waits %v", wait)
	}
	for range 6 {
		th.Failed("2001:db8::1", now)
	}
	if th.Wait("2001:db8::ffff", now) == 0 || th.Wait("2001:db8:0:1::1", now) != 0 {
		t.Error("a /64 is not one address")
	}
	if wait := th.Wait("192.0.2.1", now.Add(time.Hour)); wait != 0 {
		t.Errorf("after an hour one waits %v", wait)
	}
	th.Failed("192.0.2.9", now)
	th.Succeeded("192.0.2.9")
	for i := range mostAddresses + 200 {
		th.Failed("10."+strconv.Itoa(i>>16)+"."+strconv.Itoa(i>>8&255)+"."+strconv.Itoa(i&255), now)
	}
	if len(th.addresses) > mostAddresses {
		t.Errorf("%d addresses are remembered", len(th.addresses))
	}
	if wait := th.Wait("192.0.2.77", now); wait != 0 {
		t.Errorf("one who never failed waits %v, because others guess", wait)
	}
}
