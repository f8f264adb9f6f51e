package admin

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// seenAs is a login as Caddy hands it on: original is the path that the browser
// asked for, trusted whether a proxy in front may be believed.
func seenAs(r *http.Request, original string, trusted bool, client string) *http.Request {
	ctx := context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{
		caddyhttp.TrustedProxyVarKey: trusted, caddyhttp.ClientIPVarKey: client,
	})
	if original != "" {
		u, err := url.Parse(original)
		if err != nil {
			panic(err)
		}
		ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, http.Request{URL: u, Header: r.Header})
	}
	return r.WithContext(ctx)
}

func loginRequest(password string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://gateway.internal:8080/ccload/api/login", strings.NewReader(`{"password":"`+password+`"}`))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// TestLoginsBehindOthers: who may log in, and what the cookie says, behind
// handlers and proxies that change what Caddy sees.
func TestLoginsBehindOthers(t *testing.T) {
	for _, c := range []struct {
		name     string
		original string
		trusted  bool
		tls      bool
		headers  string // lines
		status   int
		path     string
		secure   bool
	}{
		{name: "nothing in front", original: "/ccload/api/login", status: 200, path: "/ccload/"},
		{name: "TLS", original: "/ccload/api/login", tls: true, status: 200, path: "/ccload/", secure: true},
		{name: "handle_path", original: "/pre/ccload/api/login", status: 200, path: "/pre/ccload/"},
		{name: "handle_path, deeper and odd", original: "/a%20b/%3Bc/ccload/api/login", status: 200, path: "/a%20b/%3Bc/ccload/"},
		{name: "rewritten to our prefix", original: "/api/login", status: 200, path: "/"},
		{name: "rewritten to something else", original: "/sign-in", status: 200, path: "/"},
		{name: "the same site", original: "/ccload/api/login", headers: "Origin: http://gateway.internal:8080", status: 200, path: "/ccload/"},
		{name: "another site", original: "/ccload/api/login", headers: "Origin: http://evil.example", status: 403},
		{name: "a host that a stranger forwards", original: "/ccload/api/login", headers: "Origin: http://nas.lan\nX-Forwarded-Host: nas.lan", status: 403},
		{name: "a host that a proxy forwards", original: "/ccload/api/login", trusted: true, headers: "Origin: http://nas.lan\nX-Forwarded-Host: nas.lan", status: 200, path: "/ccload/"},
		{name: "through two proxies", original: "/ccload/api/login", trusted: true, headers: "Origin: http://nas.lan\nX-Forwarded-Host: nas.lan, inner.lan", status: 200, path: "/ccload/"},
		{name: "with the port apart", original: "/ccload/api/login", trusted: true, headers: "Origin: http://nas.lan:8443\nX-Forwarded-Host: nas.lan\nX-Forwarded-Port: 8443", status: 200, path: "/ccload/"},
		{name: "another site through a proxy", original: "/ccload/api/login", trusted: true, headers: "Origin: http://evil.example\nX-Forwarded-Host: nas.lan", status: 403},
		{name: "another site, as its browser says", original: "/ccload/api/login", trusted: true, headers: "Origin: http://nas.lan\nX-Forwarded-Host: nas.lan\nSec-Fetch-Site: cross-site", status: 403},
		{name: "a proxy that speaks TLS", original: "/ccload/api/login", trusted: true, headers: "X-Forwarded-Proto: https", status: 200, path: "/ccload/", secure: true},
		{name: "a stranger that says so", original: "/ccload/api/login", headers: "X-Forwarded-Proto: https", status: 200, path: "/ccload/"},
		{name: "plain HTTP before a proxy that speaks TLS to Caddy", original: "/ccload/api/login", trusted: true, tls: true, headers: "X-Forwarded-Proto: http", status: 200, path: "/ccload/"},
		{name: "a stranger that denies TLS", original: "/ccload/api/login", tls: true, headers: "X-Forwarded-Proto: http", status: 200, path: "/ccload/", secure: true},
		{name: "a proxy that cuts the path", original: "/ccload/api/login", trusted: true, headers: "X-Forwarded-Prefix: /ai/", status: 200, path: "/ai/ccload/"},
		{name: "a stranger that says so", original: "/ccload/api/login", headers: "X-Forwarded-Prefix: /ai", status: 200, path: "/ccload/"},
		{name: "a prefix that is none", original: "/ccload/api/login", trusted: true, headers: "X-Forwarded-Prefix: //evil.example", status: 200, path: "/ccload/"},
		{name: "no original", status: 200, path: "/ccload/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := newGuarded(t)
			r := loginRequest("correct horse")
			if c.tls {
				r.TLS = new(tls.ConnectionState)
			}
			for line := range strings.Lines(c.headers) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			if err := h.ServeHTTP(w, seenAs(r, c.original, c.trusted, "192.0.2.1"), nil); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			for _, cookie := range w.Result().Cookies() {
				if cookie.Path != c.path || cookie.Secure != c.secure || !cookie.HttpOnly {
					t.Errorf("the cookie is %s, want the path %s, secure %v", cookie, c.path, c.secure)
				}
			}
		})
	}
}

// TestGuessesAreSeenAndSlowed: behind a proxy that believes every client's
// word, whoever makes up an address for each guess is delayed by the proxy's,
// and every guess stands in the log as programs that bar addresses read it.
func TestGuessesAreSeenAndSlowed(t *testing.T) {
	h, g := newGuarded(t)
	core, logs := observer.New(zap.InfoLevel)
	h.log = zap.New(core)
	try := func(password, client string) int {
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, seenAs(loginRequest(password), "", true, client), nil); err != nil {
			t.Fatal(err)
		}
		return w.Code
	}
	const guesses = peerFree + 5 // some are forgotten meanwhile
	for i := range guesses {
		if code := try("", "192.0.2.1"); code != 400 {
			t.Fatalf("no password: %d", code)
		}
		if code := try("guess", fmt.Sprintf("198.51.100.%d", i)); code != 401 {
			t.Fatalf("guess %d: %d", i, code)
		}
	}
	failed := logs.FilterMessage("login failed").All()
	if len(failed) != guesses {
		t.Errorf("%d of %d guesses stand in the log", len(failed), guesses)
	}
	names := ""
	for _, f := range failed[0].Context {
		names += f.Key + " "
	}
	if names != "client_ip peer credential " {
		t.Errorf("the fields are %s", names)
	}
	if n := len(g.notes); n != failuresNoted {
		t.Errorf("the trail has %d", n)
	}
	// From now on the peer waits: an ended context shows it, without a clock.
	ended, end := context.WithCancel(t.Context())
	end()
	if err := g.desk.Peers.Wait(ended, "192.0.2.1:1234", ""); err == nil {
		t.Error("the peer does not wait")
	}
	// And is let in all the same.
	if code := try("correct horse", "203.0.113.1"); code != 200 {
		t.Errorf("the right password is answered %d", code)
	}
	if n := logs.FilterMessage("login").Len(); n != 1 || !g.notes[len(g.notes)-1].OK {
		t.Errorf("%d logins stand in the log", n)
	}
}

func TestFailuresNotedAreBounded(t *testing.T) {
	var l failureLimit
	now := serverTime()
	noted := 0
	for i := range 100 {
		m, ok := l.take(now.Add(1))
		if ok != (i < failuresNoted) || m != 0 {
			t.Fatalf("failure %d: %d, %v", i, m, ok)
		}
		if ok {
			noted++
		}
	}
	missed, ok := l.take(now.Add(61e9))
	if !ok || noted+missed != 100 {
		t.Errorf("%d noted, %d missed", noted, missed)
	}
	if missed, ok := l.take(now.Add(62e9)); !ok || missed != 0 {
		t.Errorf("then %d missed, %v", missed, ok)
	}
}
