package relay

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
)

// TestDialingIsNoted: the first attempt says how long each phase of its
// connection took, the next one has none, and the times fit into the attempt.
func TestDialingIsNoted(t *testing.T) {
	for _, c := range []struct {
		name   string
		host   string
		secure bool
	}{{"an address", "127.0.0.1", false}, {"a name", "localhost", false}, {"tls", "127.0.0.1", true}} {
		t.Run(c.name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`))
			})
			start := httptest.NewServer
			if c.secure {
				start = httptest.NewTLSServer
			}
			s := start(handler)
			t.Cleanup(s.Close)
			tr, err := NewTransport(TransportSpec{Proxy: "off", LiteralHosts: []string{c.host}, InsecureSkipVerify: c.secure})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(tr.CloseIdleConnections)
			send := func() *Answer {
				u, err := url.Parse(strings.Replace(s.URL, "127.0.0.1", c.host, 1) + "/v1/chat/completions")
				if err != nil {
					t.Fatal(err)
				}
				m := protocol.NewRoutes([]protocol.Format{openai.Format{}}).Find(http.MethodPost, u.Path)
				a := Send(t.Context(), &Request{Method: http.MethodPost, URL: u, Header: make(http.Header), Format: m.Format, Endpoint: m.Endpoint, Transport: tr})
				if !a.Good() {
					t.Fatalf("no answer: %+v", a.Evidence)
				}
				a.Close()
				return a
			}
			first := send()
			d := first.Dialing()
			if d == nil || d.Connect <= 0 || (d.DNS > 0) != (c.host == "localhost") || (d.TLS > 0) != c.secure {
				t.Fatalf("phases of the first attempt: %+v", d)
			}
			if sum := d.DNS + d.Connect + d.TLS; first.FirstByte < sum || first.FirstContent < first.FirstByte {
				t.Errorf("%v of phases, %v to the first byte, %v to the content", sum, first.FirstByte, first.FirstContent)
			}
			if second := send(); second.Dialing() != nil || second.FirstByte <= 0 {
				t.Errorf("an open connection: %+v, %v", second.Dialing(), second.FirstByte)
			}
		})
	}
}

// TestFailedDialing: how long it took to find out that there is no connection.
func TestFailedDialing(t *testing.T) {
	refused := errors.New("refused")
	dial := timed(func(context.Context, string, string) (net.Conn, error) { return nil, refused })
	start := time.Now()
	_, err := dial(t.Context(), "tcp", "127.0.0.1:1")
	if !errors.Is(err, refused) || err.Error() != refused.Error() {
		t.Fatalf("the error is %v", err)
	}
	a := &Answer{}
	a.deadline.start, a.Evidence.Err = start, err
	if d := a.Dialing(); d == nil || d.Connect <= 0 || d.TLS != 0 || d.DNS != 0 {
		t.Errorf("phases: %+v", d)
	}
	a.deadline.start = time.Now()
	if d := a.Dialing(); d != nil {
		t.Errorf("a connection that another call dialled: %+v", d)
	}
}
