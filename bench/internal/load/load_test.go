package load

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/bench/internal/forward"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// What is called right must be what the upstream sends, also through a proxy,
// or errors would be measured.
func TestLoadReadsWhatTheUpstreamSends(t *testing.T) {
	for _, s := range []traffic.Scenario{
		{Name: "plain"},
		{Name: "chat", Chat: true},
		{Name: "soft", Soft: true},
		{Name: "burst", Stream: true, Events: 20},
		{Name: "paced", Stream: true, Events: 5, Gap: 2 * time.Millisecond},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		go traffic.Serve(ln, &s)
		via := forward.NewTransport()
		defer via.CloseIdleConnections()
		proxy := httptest.NewServer(forward.Handler(via, ln.Addr().String()))
		defer proxy.Close()
		for _, addr := range []string{ln.Addr().String(), strings.TrimPrefix(proxy.URL, "http://")} {
			for _, body := range []string{traffic.Message("m", s.Stream, 1<<10), traffic.AgentMessage("m", 100<<10)} {
				l := Lane{Addr: addr, Request: traffic.NewRequest(addr, "/v1/messages", "t", 1, body), Want: []byte(s.Body()), Gap: s.Gap}
				var r Sample
				l.drive(Shape{Conns: 3, Each: 4}, &r)
				if r.Calls != 12 || r.Bad != 0 || len(r.Latencies) != 12 {
					t.Errorf("%s, %d bytes: %d of %d wrong: %s", s.Name, len(body), r.Bad, r.Calls, r.FirstBad)
				}
				if s.Gap > 0 && len(r.Late) != 12*(s.Events-1) {
					t.Errorf("%s: lateness of %d events", s.Name, len(r.Late))
				}
				l.Want = []byte("something else")
				if one := l.Once(); one.Bad != 1 || len(one.Latencies) != 0 {
					t.Errorf("%s: a wrong answer counts as right", s.Name)
				}
				l.Close()
			}
		}
	}
}

func TestRateGivesItsNumberOfCalls(t *testing.T) {
	s := traffic.Scenario{Name: "plain"}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go traffic.Serve(ln, &s)
	addr := ln.Addr().String()
	l := Lane{Addr: addr, Request: traffic.NewRequest(addr, "/", "t", 1, "{}"), Want: []byte(s.Body())}
	defer l.Close()
	var r Sample
	l.drive(Shape{Conns: 3, Window: 50 * time.Millisecond, Rate: 200}, &r)
	if r.Calls != 10 || r.Bad != 0 {
		t.Errorf("%d calls, %d wrong", r.Calls, r.Bad)
	}
}

func TestQuantile(t *testing.T) {
	list := []time.Duration{3, 1, 2, 5, 4}
	if Quantile(list, 0.5) != 3 || Quantile(list, 0.99) != 5 || Quantile(nil, 0.5) != 0 {
		t.Error("wrong")
	}
}
