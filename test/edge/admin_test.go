package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestConfigByAdminAPI: config that is changed by Caddy's admin endpoint, of the
// gateway and of a site, counts for the next call, and of the streams that run
// meanwhile none is cut.
func TestConfigByAdminAPI(t *testing.T) {
	t.Parallel()
	const streams = 200
	u, other := newUpstream(t), newUpstream(t)
	c, address := start(t, u, "", "")
	transport := plainly()
	transport.DisableKeepAlives = true // Caddy closes idle connections when it changes its config
	asks := &client{transport, address, nil}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()

	// Each stream says its first word, and waits.
	responses := make([]*http.Response, streams)
	paces := make([]*pace, streams)
	var begun sync.WaitGroup
	for i := range streams {
		begun.Go(func() {
			w := &wires[i%len(wires)]
			name := fmt.Sprint("running", i)
			paces[i] = u.pace(name)
			var err error
			if responses[i], err = asks.send(ctx, w, strings.NewReader(w.body("pace "+name, true)), true); err != nil {
				t.Errorf("stream %d: %v", i, err)
			}
		})
	}
	begun.Wait()
	if t.Failed() {
		return
	}
	defer func() {
		for _, resp := range responses {
			resp.Body.Close()
		}
	}()

	change := func(method, path, body string) {
		t.Helper()
		if _, err := c.ask(method, path, body); err != nil {
			t.Fatal(err)
		}
		// On Linux each config listens with a socket of its own. The one before is
		// closed at about this moment, and with it the connections that the kernel
		// has given to it and nobody has accepted.
		answered := 0
		eventually(t, "new connections are answered", func() bool {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/nothing", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := transport.RoundTrip(req)
			if err != nil {
				answered = 0
				return false
			}
			resp.Body.Close()
			answered++
			return answered == 20
		})
	}
	look := func(path string, into any) {
		t.Helper()
		text, err := c.ask(http.MethodGet, path, "")
		if err == nil {
			err = json.Unmarshal([]byte(text), into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	u.headers()
	for round := range 3 {
		// The channel moves to the other upstream, and back, and there again.
		to, from := other, u
		if round%2 == 1 {
			to, from = u, other
		}
		var urls []map[string]any
		look("/config/apps/ccload/channels/0/urls", &urls)
		urls[0]["url"] = to.url
		body, err := json.Marshal(urls)
		if err != nil {
			t.Fatal(err)
		}
		change(http.MethodPatch, "/config/apps/ccload/channels/0/urls", string(body))
		for i := range wires {
			asks.call(t, &wires[i])
		}
		if asked, was := len(to.headers()), len(from.headers()); asked != len(wires) || was != 0 {
			t.Errorf("after the channel was moved %d calls came to its new address, %d to the old one", asked, was)
		}
	}

	// The site: a route in front of the gateway, which was no part of it before.
	var routes []json.RawMessage
	look("/config/apps/http/servers/srv0/routes", &routes)
	closed := `{"handle":[{"handler":"static_response","status_code":418}],"match":[{"header":{"X-Teapot":["*"]}}],"terminal":true}`
	body, err := json.Marshal(append([]json.RawMessage{json.RawMessage(closed)}, routes...))
	if err != nil {
		t.Fatal(err)
	}
	change(http.MethodPatch, "/config/apps/http/servers/srv0/routes", string(body))
	teapot := &client{transport, address, http.Header{"X-Teapot": {"yes"}}}
	resp, err := teapot.send(ctx, &wires[0], strings.NewReader(wires[0].body("hi", false)), false)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("the new route answers %d", resp.StatusCode)
	}
	asks.call(t, &wires[0])

	// A change that is refused changes nothing.
	if _, err := c.ask(http.MethodPatch, "/config/apps/ccload/channels/0/protocols", `["esperanto"]`); err == nil {
		t.Error("a protocol that does not exist is taken")
	}
	asks.call(t, &wires[0])

	var read sync.WaitGroup
	for i, resp := range responses {
		read.Go(func() {
			w := &wires[i%len(wires)]
			if text, err := readPaced(ctx, resp, paces[i], nil); err != nil || text != strings.Join(w.pieces, "") {
				t.Errorf("stream %d of %s was cut: %v, %d bytes", i, w.name, err, len(text))
			}
		})
	}
	read.Wait()
}
