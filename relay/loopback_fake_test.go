package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
	"github.com/ccload/ccload/relay"
)

// toy is a wire format of single words: pre, c…, fin, end, err….
type toy struct{}

func (toy) ID() ai.Protocol                { return "toy" }
func (toy) Endpoints() []protocol.Endpoint { return nil }
func (toy) ReadRequest(*protocol.Endpoint, *http.Request, []byte) (protocol.Request, error) {
	return protocol.Request{}, nil
}
func (toy) SetKey(http.Header, string)                         {}
func (toy) ForwardHeader(string) bool                          { return true }
func (toy) NewJudge(*protocol.Endpoint) protocol.Judge         { return &toyJudge{} }
func (toy) WriteError(*protocol.Error) (string, []byte)        { return "", nil }
func (toy) WriteModels(*http.Request, []protocol.Model) []byte { return nil }
func (toy) WriteModel(*http.Request, protocol.Model) []byte    { return nil }

func (toy) ErrorEvent(e *protocol.Error, array bool) []byte {
	if array {
		return []byte(`,"err-` + e.Code + `"]`)
	}
	return []byte("data: err-" + e.Code + "\n\n")
}

func (toy) JudgeBody(_ *protocol.Endpoint, body []byte) protocol.Verdict {
	if len(body) == 0 {
		return protocol.Verdict{Kind: ai.Empty}
	}
	var v struct {
		OK bool `json:"ok"`
	}
	if f, isError := protocol.ParseFailure(body); isError {
		return protocol.Verdict{Kind: ai.SoftError, Failure: f}
	}
	if err := json.Unmarshal(body, &v); err != nil {
		if strings.Contains(err.Error(), "unexpected end") {
			return protocol.Verdict{Kind: ai.Truncated}
		}
		return protocol.Verdict{Kind: ai.BadAnswer}
	}
	if !v.OK {
		return protocol.Verdict{Kind: ai.BadAnswer}
	}
	return protocol.Verdict{Kind: ai.OK}
}

type toyJudge struct {
	content, ended bool
	failure        ai.Failure
	failed         bool
}

func (j *toyJudge) Event(ev sse.Event) protocol.Step {
	word := strings.Trim(string(ev.Data), `"`)
	switch {
	case strings.HasPrefix(word, "err"):
		j.failed, j.failure = true, ai.Failure{Message: word}
		return protocol.Failed
	case word == "fin":
		j.ended = true
		return protocol.Finish
	case word == "end":
		j.ended = true
		return protocol.End
	case strings.HasPrefix(word, "c"):
		j.content = true
		return protocol.Content
	}
	return protocol.Preamble
}
func (j *toyJudge) Failure() ai.Failure { return j.failure }
func (j *toyJudge) Ended() bool         { return j.ended }
func (j *toyJudge) Verdict() protocol.Verdict {
	switch {
	case j.failed:
		return protocol.Verdict{Kind: ai.SoftError, Failure: j.failure}
	case j.ended:
		return protocol.Verdict{Kind: ai.OK}
	case j.content:
		return protocol.Verdict{Kind: ai.Truncated}
	}
	return protocol.Verdict{Kind: ai.Empty}
}

// events writes words as server-sent events.
func events(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString("data: " + w + "\n\n")
	}
	return b.String()
}

// upstream is a server of raw connections: fn has read the request and does
// as it likes. The connection is closed when it returns. gone is closed with
// the server.
func upstream(t testing.TB, fn func(c *net.TCPConn, gone <-chan struct{})) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer c.Close()
				r := bufio.NewReader(c)
				req, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				io.Copy(io.Discard, req.Body)
				fn(c.(*net.TCPConn), gone)
			}()
			defer func() { <-done }()
		}
	}()
	t.Cleanup(func() { close(gone); l.Close(); <-done })
	u, _ := url.Parse("http://" + l.Addr().String() + "/v1")
	return u
}

const (
	headJSON  = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
	headSSE   = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunksEnd = "0\r\n\r\n"
)

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// say answers with text and closes.
func say(text string) func(*net.TCPConn, <-chan struct{}) {
	return func(c *net.TCPConn, _ <-chan struct{}) { io.WriteString(c, text) }
}

// sayThen answers with text and then does something else.
func sayThen(text string, then func(*net.TCPConn, <-chan struct{})) func(*net.TCPConn, <-chan struct{}) {
	return func(c *net.TCPConn, gone <-chan struct{}) {
		io.WriteString(c, text)
		then(c, gone)
	}
}

// hang keeps the connection open until the other side lets go.
func hang(c *net.TCPConn, gone <-chan struct{}) {
	closed := make(chan struct{})
	go func() { io.Copy(io.Discard, c); close(closed) }()
	select {
	case <-gone:
		c.Close()
		<-closed
	case <-closed:
	}
}

// reset gives what was sent time to be read, so that the reset does not
// overtake it, and resets the connection.
func reset(c *net.TCPConn, _ <-chan struct{}) {
	time.Sleep(30 * time.Millisecond)
	c.SetLinger(0)
}

func plainJSON(body string) string {
	return headJSON + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// request is an attempt at u.
func request(t testing.TB, u *url.URL, edit ...func(*relay.Request)) *relay.Request {
	t.Helper()
	tr, err := relay.NewTransport(relay.TransportSpec{Proxy: "off", AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.CloseIdleConnections)
	r := &relay.Request{
		ID: "call-1", Method: "POST", URL: u, Header: http.Header{"Content-Type": {"application/json"}},
		Body:   relay.Body{Parts: [5][]byte{[]byte(`{"model":`), []byte(`"m"`), []byte(`}`)}},
		Format: toy{}, Endpoint: &protocol.Endpoint{}, Transport: tr,
	}
	for _, f := range edit {
		f(r)
	}
	return r
}

func streaming(r *relay.Request) { r.Stream = true }

func timers(t relay.Timers) func(*relay.Request) { return func(r *relay.Request) { r.Timers = t } }

// send makes an attempt and closes it with the test.
func send(t testing.TB, ctx context.Context, r *relay.Request) *relay.Answer {
	t.Helper()
	a := relay.Send(ctx, r)
	t.Cleanup(a.Close)
	return a
}

// relayed makes an attempt that must be good, and gives it to a client.
func relayed(t testing.TB, r *relay.Request) (relay.Ending, *httptest.ResponseRecorder) {
	t.Helper()
	a := send(t, t.Context(), r)
	if !a.Good() {
		t.Fatalf("not good: %+v", a.Evidence)
	}
	w := httptest.NewRecorder()
	return a.CopyTo(t.Context(), w), w
}

// client is a ResponseWriter that fails from the n-th body write on.
type client struct {
	header http.Header
	bytes.Buffer
	left int
}

func (c *client) Header() http.Header { return c.header }
func (c *client) WriteHeader(int)     {}
func (c *client) Flush()              {}
func (c *client) Write(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		return 0, net.ErrClosed
	}
	return c.Buffer.Write(b)
}
