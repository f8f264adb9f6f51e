package edge

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEncode: with Caddy's encode in front, whole answers and streams come
// compressed, and each event of a stream as soon as it was said.
func TestEncode(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	_, address := start(t, u, "", "encode gzip zstd")
	for _, encoding := range []string{"gzip", "zstd", ""} {
		c := &client{plainly(), address, http.Header{"Accept-Encoding": {encoding}}}
		for i := range wires {
			w := &wires[i]
			t.Run(w.name+" "+encoding, func(t *testing.T) {
				if got := c.call(t, w).Header.Get("Content-Encoding"); got != encoding {
					t.Errorf("the answer is encoded as %q", got)
				}
				if got := c.paced(t, u, w, "encode"+encoding, nil).Header.Get("Content-Encoding"); got != encoding {
					t.Errorf("the stream is encoded as %q", got)
				}
			})
		}
	}
}

// TestTimeouts: whatever Caddy is told about slow clients, an answer whose
// upstream takes longer is not cut.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	const short = "1s" // for a small request on a busy machine, and shorter than longer
	const longer = 2500 * time.Millisecond
	for name, servers := range map[string]string{
		"write":                 "write " + short,
		"write, idle by itself": "write " + short + "\nwrite_idle -1s",
		"all":                   "read_body " + short + "\nread_header " + short + "\nread_body_idle " + short + "\nwrite " + short + "\nwrite_idle " + short + "\nidle " + short,
		"a least rate":          "write_idle " + short + " 1000000",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			_, address := start(t, u, "servers {\nprotocols h1 h2c\ntimeouts {\n"+servers+"\n}\n}", "")
			h2 := plainly()
			h2.Protocols = new(http.Protocols)
			h2.Protocols.SetUnencryptedHTTP2(true)
			for protocol, transport := range map[string]*http.Transport{"HTTP/1.1": plainly(), "HTTP/2.0": h2} {
				t.Run(protocol, func(t *testing.T) {
					t.Parallel()
					c := &client{transport, address, nil}
					// Before the answer, and within it.
					pause := func(piece int) {
						if piece == 2 {
							<-time.After(longer)
						}
					}
					if got := c.paced(t, u, &wires[0], strings.NewReplacer("/", "", ".", "").Replace(strings.ToLower(protocol)), pause).Proto; got != protocol {
						t.Errorf("it was %s", got)
					}
				})
			}
		})
	}
}

// TestForwardAuth: forward_auth lets calls pass that its service allows, keeps
// the others away from the gateway, and the headers that it copies are not in
// the way of the token.
func TestForwardAuth(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	var tokens []string
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Ticket") != "good" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "no ticket")
			return
		}
		w.Header().Set("Remote-User", "alice")
		w.Header().Set("X-Auth-Request-Access-Token", "of-the-login-0123456789")
		w.Header().Set("Authorization", "Basic YWxpY2U6c2VjcmV0")
	}))
	t.Cleanup(auth.Close)
	_, address := start(t, u, "", "forward_auth "+auth.URL+" {\nuri /check\ncopy_headers Remote-User X-Auth-Request-Access-Token\n}")
	c := &client{plainly(), address, http.Header{"X-Ticket": {"good"}}}
	for i := range wires {
		w := &wires[i]
		c.call(t, w)
		c.paced(t, u, w, "auth", nil)
	}
	for _, h := range u.headers() {
		for name, values := range h {
			if strings.Contains(strings.Join(values, " "), "alice") || strings.Contains(strings.Join(values, " "), "of-the-login") {
				t.Errorf("the upstream was told %s: %s", name, values)
			}
			tokens = append(tokens, values...)
		}
	}
	if slices.ContainsFunc(tokens, func(s string) bool { return strings.Contains(s, token) }) {
		t.Error("the upstream was told the token")
	}
	c.header = http.Header{"X-Ticket": {"bad"}}
	resp, err := c.send(t.Context(), &wires[0], strings.NewReader(wires[0].body("hi", false)), false)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := readAll(resp); resp.StatusCode != http.StatusForbidden || text != "no ticket" || len(u.headers()) > 0 {
		t.Errorf("without a ticket a call is answered %d: %s", resp.StatusCode, text)
	}
}

// TestBasicAuth: a login of Caddy's own takes the header Authorization; the token
// is then in one of the others, and in the query.
func TestBasicAuth(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	hash, err := newHash("secret")
	if err != nil {
		t.Fatal(err)
	}
	_, address := start(t, u, "", "basic_auth {\nalice "+hash+"\n}")
	basic := http.Header{"Authorization": {"Basic YWxpY2U6c2VjcmV0"}}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key"} {
		header := basic.Clone()
		header.Set(name, token)
		c := &client{plainly(), address, header}
		for i := range wires {
			c.call(t, &wires[i])
		}
	}
	c := &client{plainly(), address, http.Header{"Authorization": {"Bearer " + token}}}
	resp, err := c.send(t.Context(), &wires[1], strings.NewReader(wires[1].body("hi", false)), false)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the login a call is answered %d", resp.StatusCode)
	}
}

// TestRequestLimit: a limit of Caddy's in front of the gateway is its 413 where
// the length is declared, and else the gateway's, in the shape of the protocol.
func TestRequestLimit(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	_, address := start(t, u, "", "request_body {\nmax_size 2KB\n}")
	c := &client{plainly(), address, nil}
	for i := range wires {
		w := &wires[i]
		t.Run(w.name, func(t *testing.T) {
			c.call(t, w) // small enough
			large := w.body(strings.Repeat("much ", 1000), false)
			for _, declared := range []bool{true, false} {
				var body io.Reader = strings.NewReader(large)
				if !declared {
					body = struct{ io.Reader }{body}
				}
				resp, err := c.send(t.Context(), w, body, false)
				if err != nil {
					t.Fatal(err)
				}
				text, _ := readAll(resp)
				resp.Body.Close()
				if resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("length declared %t: status %d: %s", declared, resp.StatusCode, text)
				}
				if !declared && (!strings.Contains(text, w.errorMark) || !strings.Contains(text, "larger than this gateway takes (2.0 KiB)")) {
					t.Errorf("the limit is told as %s", text)
				}
			}
		})
	}
	if len(u.headers()) != len(wires) {
		t.Error("a call that is too large went up")
	}
}
