package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What the load generator calls right must be what the upstream sends, also
// through a proxy, or the bench would measure errors.
func TestLoadReadsWhatTheUpstreamSends(t *testing.T) {
	for _, s := range []scenario{
		{name: "plain"},
		{name: "soft", soft: true},
		{name: "burst", stream: true, events: 20},
		{name: "paced", stream: true, events: 5, gap: 2 * time.Millisecond},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				go newCanned(&s).serve(conn)
			}
		}()
		via := &http.Transport{DisableCompression: true}
		defer via.CloseIdleConnections()
		proxy := httptest.NewServer(forward(via, ln.Addr().String()))
		defer proxy.Close()
		for _, addr := range []string{ln.Addr().String(), strings.TrimPrefix(proxy.URL, "http://")} {
			for _, size := range []int{1 << 10, 50 << 10} {
				l := lane{addr: addr, requests: always(addr, requestBody("m", s.stream, size)), want: []byte(s.body()), gap: s.gap}
				var r result
				l.drive(3, 0, 4, &r, 0)
				if r.requests != 12 || r.bad != 0 || len(r.latencies) != 12 {
					t.Errorf("%s, %d bytes: %d of %d wrong: %s", s.name, size, r.bad, r.requests, r.firstBad)
				}
				if s.gap > 0 && len(r.late) != 12*(s.events-1) {
					t.Errorf("%s: lateness of %d events", s.name, len(r.late))
				}
			}
		}
	}
}

func TestRequestBodiesHaveTheirSizeAndAreJSON(t *testing.T) {
	for _, size := range []int{1 << 10, 200 << 10} {
		body := requestBody("bench-plain", false, size)
		if n := len(body); n < size*95/100 || n > size*105/100 {
			t.Errorf("%d bytes instead of %d", n, size)
		}
		if !json.Valid([]byte(body)) {
			t.Errorf("%d bytes are no JSON", size)
		}
	}
}

func TestQuantile(t *testing.T) {
	list := []time.Duration{3, 1, 2, 5, 4}
	if quantile(list, 0.5) != 3 || quantile(list, 0.99) != 5 || quantile(nil, 0.5) != 0 {
		t.Error("wrong")
	}
}
