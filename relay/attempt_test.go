package relay

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
)

// newTransport returns a transport for upstreams on loopback.
func newTransport(tb testing.TB) *http.Transport {
	tb.Helper()
	tr, err := NewTransport(TransportSpec{Proxy: "off", AllowPrivate: true, ConnectTimeout: 5 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(tr.CloseIdleConnections)
	return tr
}

// serve starts an upstream.
func serve(tb testing.TB, h http.HandlerFunc) string {
	tb.Helper()
	s := httptest.NewServer(h)
	tb.Cleanup(s.Close)
	return s.URL
}

// answer is an upstream that says a body with a type.
func answer(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, body)
	}
}

// say is an upstream that streams pieces with a flush behind each. A piece
// that is "cut" breaks the connection.
func say(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		for _, p := range pieces {
			if p == "cut" {
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, p)
			w.(http.Flusher).Flush()
			time.Sleep(2 * time.Millisecond) // so that the pieces stay apart
		}
	}
}

// status is an upstream that answers with an error.
func status(code int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

const aJSON = `{"text":"hello","usage":3}`

// What an attempt amounts to, for every answer that is whole and comes at once.
func TestAttempt(t *testing.T) {
	long := strings.Repeat("x", 600)
	for _, row := range []struct {
		name     string
		upstream http.HandlerFunc
		once     bool // the client does not want a stream
		endpoint *protocol.Endpoint
		kind     ai.Kind // of the evidence, if the attempt is no good
		status   int
		message  string // of the failure
		body     string // what the client gets, if it is good
		ending   ai.Kind
		abort    bool
	}{
		{name: "an answer", upstream: answer(jsonText, aJSON), once: true, body: aJSON},
		{name: "a stream", upstream: say(preamble, hello, world, stop, done), body: preamble + hello + world + stop + done},
		{name: "a stream in one piece", upstream: say(preamble + hello + stop + done), body: preamble + hello + stop + done},
		{name: "without an end marker", upstream: say(hello, stop), body: hello + stop},
		{name: "comments and pings", upstream: say(ping, ping, preamble, ping, hello, ping, stop, done), body: ping + ping + preamble + ping + hello + ping + stop + done},
		{name: "CRLF", upstream: say("data: {\"text\":\"a\"}\r\n\r\ndata: [DONE]\r\n\r\n"), body: "data: {\"text\":\"a\"}\r\n\r\ndata: [DONE]\r\n\r\n"},
		{name: "last blank line missing", upstream: say(hello, "data: [DONE]"), body: hello + done},
		{name: "invalid UTF-8", upstream: say("data: {\"text\":\"\xff\xfe\"}\n\n", stop, done), body: "data: {\"text\":\"\xff\xfe\"}\n\n" + stop + done},
		{name: "a stream labelled as JSON", upstream: answer(jsonText, hello+done), body: hello + done},
		{name: "a stream labelled as HTML", upstream: answer(html, hello+done), body: hello + done},
		{name: "a stream nobody asked for", upstream: say(hello, done), once: true, body: hello + done},
		{name: "JSON instead of a stream", upstream: answer(jsonText, aJSON), body: aJSON},
		{name: "JSON labelled as a stream", upstream: answer(eventStream, aJSON), body: aJSON},
		{name: "JSON after blank lines", upstream: answer(jsonText, "\n\n \r\n"+aJSON), once: true, body: "\n\n \r\n" + aJSON},
		{name: "no content, which is meant", upstream: status(204, nil, ""), once: true, body: ""},
		{name: "sound", upstream: answer("audio/mpeg", "ID3\x00"), once: true, endpoint: speech, body: "ID3\x00"},
		{name: "a transcript", upstream: answer("text/plain; charset=utf-8", "data: hm"), once: true, endpoint: speech, body: "data: hm"},

		{name: "429", upstream: status(429, http.Header{"Retry-After": {"7"}}, `{"error":{"message":"slow down"}}`), status: 429, message: "slow down"},
		{name: "500 without a body", upstream: status(500, nil, ""), status: 500},
		{name: "503 with a page", upstream: status(503, http.Header{"Content-Type": {html}}, "<html><title>Down</title>"), status: 503, message: "an HTML page: down"},
		{name: "a redirect", upstream: status(302, http.Header{"Location": {"/elsewhere"}}, ""), kind: ai.BadAnswer, status: 302, message: "a redirect or another status that is no answer"},
		{name: "304", upstream: status(304, nil, ""), kind: ai.BadAnswer, status: 304, message: "a redirect or another status that is no answer"},
		{name: "200 with an error", upstream: answer(jsonText, `{"error":{"message":"soft"}}`), once: true, kind: ai.SoftError, status: 200, message: "soft"},
		{name: "200 with a long error", upstream: answer(jsonText, `{"error":{"message":"`+long+`"}}`), once: true, kind: ai.SoftError, status: 200, message: long},
		{name: "200 with text", upstream: answer("text/plain", "Current model load too high"), once: true, kind: ai.BadAnswer, status: 200, message: "Current model load too high"},
		{name: "200 with a page", upstream: answer("text/html; charset=utf-8", "<html><title>Hi</title></html>"), once: true, kind: ai.BadAnswer, status: 200, message: "an HTML page: hi"},
		{name: "200 with an unlabelled page", upstream: answer(jsonText, "<!DOCTYPE html><title>Hi</title>"), once: true, kind: ai.BadAnswer, status: 200, message: "an HTML page: hi"},
		{name: "200 with nothing", upstream: answer(jsonText, ""), once: true, kind: ai.Empty, status: 200},
		{name: "200 with blanks", upstream: answer(jsonText, " \n\n"), once: true, kind: ai.Empty, status: 200},
		{name: "half JSON", upstream: answer(jsonText, aJSON[:12]), once: true, kind: ai.Truncated, status: 200},
		{name: "an unknown encoding", upstream: status(200, http.Header{"Content-Encoding": {"lzma"}}, "x"), once: true, kind: ai.BadAnswer, status: 200, message: `unknown content encoding "lzma"`},
		{name: "a stream: an error first", upstream: say(failed), kind: ai.SoftError, status: 200, message: "too much"},
		{name: "a stream: an error after the preamble", upstream: say(preamble, ping, failed), kind: ai.SoftError, status: 200, message: "too much"},
		{name: "a stream: a JSON error", upstream: answer(jsonText, `{"error":{"message":"soft"}}`), kind: ai.SoftError, status: 200, message: "soft"},
		{name: "a stream: a JSON error labelled as a stream", upstream: answer(eventStream, `{"error":{"message":"soft"}}`), kind: ai.SoftError, status: 200, message: "soft"},
		{name: "a stream: text labelled as a stream", upstream: answer(eventStream, "no capacity"), kind: ai.BadAnswer, status: 200, message: "no capacity"},
		{name: "a stream: a page", upstream: answer(html, "<html>"), kind: ai.BadAnswer, status: 200, message: "an HTML page"},
		{name: "a stream: nothing", upstream: say(), kind: ai.Empty, status: 200, message: "the stream ended before any content"},
		{name: "a stream: only pings", upstream: say(ping, ping), kind: ai.Empty, status: 200, message: "the stream ended before any content"},
		{name: "a stream: only preamble", upstream: say(preamble), kind: ai.Empty, status: 200, message: "the stream ended before any content"},
		{name: "a stream: only the end marker", upstream: say(done), kind: ai.Empty, status: 200, message: "the stream ended before any content"},
		{name: "a stream: cut in the preamble", upstream: say(preamble, "cut"), kind: ai.Truncated, status: 200},
		{name: "sound: a JSON error", upstream: answer(jsonText, `{"error":{"message":"soft"}}`), once: true, endpoint: speech, kind: ai.SoftError, status: 200, message: "soft"},
		{name: "sound: a page", upstream: answer(html, "<html>"), once: true, endpoint: speech, kind: ai.BadAnswer, status: 200, message: "an HTML page"},
		{name: "sound: nothing", upstream: answer("audio/mpeg", ""), once: true, endpoint: speech, kind: ai.Empty, status: 200, message: "an answer without a body"},

		{name: "content, then an error", upstream: say(hello, failed), body: hello + failed, ending: ai.SoftError},
		{name: "content, an error and the end marker", upstream: say(hello, failed, done), body: hello + failed + done, ending: ai.SoftError},
		{name: "no end", upstream: say(hello, world), body: hello + world + truncatd, ending: ai.Truncated, abort: true},
		{name: "cut", upstream: say(hello, world, "cut"), body: hello + world + truncatd, ending: ai.Truncated, abort: true},
		{name: "cut inside an event", upstream: say(hello, world[:12], "cut"), body: hello + world[:12] + "\n\n" + truncatd, ending: ai.Truncated, abort: true},
		{name: "ends inside an event", upstream: say(hello, world[:12]), body: hello + world[:12] + "\n\n" + truncatd, ending: ai.Truncated, abort: true},
		{name: "cut after the finish", upstream: say(hello, stop, "cut"), body: hello + stop},
		{name: "cut after the end marker", upstream: say(hello, done, "cut"), body: hello + done},
		{name: "cut after everything at once", upstream: say(hello+stop+done, "cut"), body: hello + stop + done},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRequest(t, serve(t, row.upstream), newTransport(t))
			r.Stream = !row.once
			if row.endpoint != nil {
				r.Endpoint = row.endpoint
			}
			a := Send(t.Context(), r)
			defer a.Close()
			good := row.kind == ai.OK && (row.status == 0)
			if a.Good() != good {
				t.Fatalf("good is %v: %+v", a.Good(), a.Evidence)
			}
			if !good {
				if e := a.Evidence; e.Kind != row.kind || e.Status != row.status || e.Failure.Message != row.message || e.Committed {
					t.Errorf("got %v %d %q, want %v %d %q", e.Kind, e.Status, e.Failure.Message, row.kind, row.status, row.message)
				}
				return
			}
			if a.FirstContent <= 0 {
				t.Error("the time to the first content is missing")
			}
			var c client
			e := a.CopyTo(t.Context(), &c)
			if got := c.body.String(); got != row.body {
				t.Errorf("the client got %q, want %q", got, row.body)
			}
			if e.Evidence.Kind != row.ending || e.Abort != row.abort || e.Bytes != int64(c.body.Len()) || !e.Evidence.Committed {
				t.Errorf("ended as %v, abort %v, %d bytes, want %v, %v", e.Evidence.Kind, e.Abort, e.Bytes, row.ending, row.abort)
			}
			if row.ending == ai.SoftError && e.Evidence.Failure.Message != "too much" {
				t.Errorf("the ending's failure is %+v", e.Evidence.Failure)
			}
		})
	}
}

// What health reads of a bad answer is there, and outlives the answer.
func TestEvidence(t *testing.T) {
	const body = `{"error":{"type":"rate_limit_error","message":"slow down","retry_after":9}}`
	r := newRequest(t, serve(t, status(429, http.Header{"Retry-After": {"7"}, "Content-Type": {jsonText}}, body)), newTransport(t))
	a := Send(t.Context(), r)
	e, held := a.Evidence, a.Held()
	a.Close()
	a.Close() // is harmless
	if string(e.Body) != body || string(held) != body {
		t.Errorf("body %q, held %q", e.Body, held)
	}
	if e.Header.Get("Retry-After") != "7" || a.Upstream.Get("Retry-After") != "7" || e.Failure.RetryAfter != 9*time.Second {
		t.Errorf("header %v, failure %+v", e.Header, e.Failure)
	}
	if o := health.Classify(&e, nil, time.Now()); o.Kind != ai.RateLimited {
		t.Errorf("classified as %+v", o)
	}

	a = Send(t.Context(), newRequest(t, serve(t, say(preamble, failed)), newTransport(t)))
	e, held = a.Evidence, a.Held()
	a.Close()
	const event = `{"error":{"type":"overloaded_error","message":"too much"}}`
	if string(e.Body) != event || string(held) != event || a.Header.Get("Content-Type") != jsonText {
		t.Errorf("of a stream's error: body %q, held %q, type %q", e.Body, held, a.Header.Get("Content-Type"))
	}
	if o := health.Classify(&e, nil, time.Now()); o.Kind != ai.Overloaded {
		t.Errorf("classified as %+v", o)
	}
}

func TestLargeErrorIsKept(t *testing.T) {
	body := `{"error":{"message":"` + strings.Repeat("x", 2<<20) + `"}}`
	a := Send(t.Context(), newRequest(t, serve(t, status(400, nil, body)), newTransport(t)))
	defer a.Close()
	if len(a.Evidence.Body) != tellError || len(a.Held()) != keepError {
		t.Errorf("%d bytes of evidence, %d held", len(a.Evidence.Body), len(a.Held()))
	}
}

// rawServer is an upstream beneath HTTP. It reads each connection's requests
// and lets speak answer them with the connection itself.
func rawServer(tb testing.TB, speak func(net.Conn)) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	quit := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				<-quit
				conn.Close()
			}()
			go func() {
				defer conn.Close()
				br := bufio.NewReader(conn)
				for {
					r, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					speak(conn)
				}
			}()
		}
	}()
	tb.Cleanup(func() {
		l.Close()
		close(quit)
		<-finished
	})
	return "http://" + l.Addr().String()
}

// reset breaks a connection rudely.
func reset(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// The head of an answer beneath HTTP.
const (
	streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	closedHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" // ends with the connection
)

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

func TestBrokenConnections(t *testing.T) {
	write := func(conn net.Conn, s string) { io.WriteString(conn, s) }
	for _, row := range []struct {
		name   string
		speak  func(net.Conn)
		once   bool
		kind   ai.Kind
		phase  string
		good   bool
		ending ai.Kind
		body   string
	}{
		{name: "reset before the headers", speak: reset, kind: ai.NetworkError, phase: "headers"},
		{name: "closed before the headers", speak: func(c net.Conn) { c.Close() }, kind: ai.NetworkError, phase: "headers"},
		{name: "no HTTP", speak: func(c net.Conn) { write(c, "SSH-2.0-x\r\n"); c.Close() }, kind: ai.NetworkError, phase: "headers"},
		{name: "half the headers", speak: func(c net.Conn) { write(c, "HTTP/1.1 200 OK\r\nContent-"); c.Close() }, kind: ai.NetworkError, phase: "headers"},
		{name: "only the headers", speak: func(c net.Conn) { write(c, streamHead); c.Close() }, kind: ai.Truncated, phase: "body"},
		{name: "less than Content-Length says", once: true, speak: func(c net.Conn) {
			write(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"+aJSON)
			c.Close()
		}, kind: ai.Truncated, phase: "body"},
		{name: "an error answer that is cut", once: true, speak: func(c net.Conn) {
			write(c, "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{\"error\":{\"message\":\"half")
			c.Close()
		}},
		{name: "a change of protocol", speak: func(c net.Conn) {
			write(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		}, kind: ai.BadAnswer},
		{name: "reset in the preamble", speak: func(c net.Conn) {
			write(c, streamHead+chunk(preamble))
			time.Sleep(5 * time.Millisecond)
			reset(c)
		}, kind: ai.Truncated, phase: "body"},
		{name: "reset in the content", speak: func(c net.Conn) {
			write(c, streamHead+chunk(hello))
			time.Sleep(5 * time.Millisecond)
			reset(c)
		}, good: true, ending: ai.Truncated, body: hello + truncatd},
		{name: "reset after the end marker", speak: func(c net.Conn) {
			write(c, streamHead+chunk(hello+done))
			time.Sleep(5 * time.Millisecond)
			reset(c)
		}, good: true, body: hello + done},
		{name: "no last chunk after the end marker", speak: func(c net.Conn) {
			write(c, streamHead+chunk(hello+done))
			c.Close()
		}, good: true, body: hello + done},
		{name: "ended by closing", speak: func(c net.Conn) { write(c, closedHead+hello+stop); c.Close() }, good: true, body: hello + stop},
		{name: "cut by closing", speak: func(c net.Conn) { write(c, closedHead+hello); c.Close() }, good: true, ending: ai.Truncated, body: hello + truncatd},
		{name: "hints first", speak: func(c net.Conn) {
			write(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"+streamHead+chunk(hello+done)+"0\r\n\r\n")
		}, good: true, body: hello + done},
		{name: "never closed after the end marker", speak: func(c net.Conn) { write(c, streamHead+chunk(hello+done)) }, good: true, body: hello + done},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, rawServer(t, row.speak), newTransport(t))
			r.Stream = !row.once
			a := Send(t.Context(), r)
			defer a.Close()
			if a.Good() != row.good || a.Evidence.Kind != row.kind || a.Evidence.Phase != row.phase {
				t.Fatalf("good %v, %v in phase %q (%v), want %v, %v, %q", a.Good(), a.Evidence.Kind, a.Evidence.Phase, a.Evidence.Err, row.good, row.kind, row.phase)
			}
			if !row.good {
				return
			}
			var c client
			e := a.CopyTo(t.Context(), &c)
			if e.Evidence.Kind != row.ending || e.Abort != (row.ending != ai.OK) || c.body.String() != row.body {
				t.Errorf("ended as %v, abort %v, with %q, want %v with %q", e.Evidence.Kind, e.Abort, c.body.String(), row.ending, row.body)
			}
		})
	}
}

func TestCannotConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	plain := strings.TrimPrefix(serve(t, answer(jsonText, aJSON)), "http://")
	untrusted := httptest.NewUnstartedServer(answer(jsonText, aJSON))
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	untrusted.StartTLS()
	defer untrusted.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // connects, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	patient, impatient := newTransport(t), newTransport(t)
	impatient.TLSHandshakeTimeout = 50 * time.Millisecond
	for _, row := range []struct {
		name, url string
		kind      ai.Kind
	}{
		{"nobody listens", "http://" + closed, ai.NetworkError},
		{"an unknown name", "http://nowhere.invalid", ai.NetworkError},
		{"no TLS", "https://" + plain, ai.NetworkError},
		{"a certificate nobody trusts", untrusted.URL, ai.NetworkError},
		{"silence instead of a handshake", "https://" + mute.Addr().String(), ai.Timeout},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := patient
			if row.kind == ai.Timeout {
				tr = impatient
			}
			a := Send(t.Context(), newRequest(t, row.url, tr))
			defer a.Close()
			if e := a.Evidence; a.Good() || e.Kind != row.kind || e.Phase != "connect" || e.Err == nil {
				t.Errorf("got %v in phase %q: %v", e.Kind, e.Phase, e.Err)
			}
			if o := health.Classify(&a.Evidence, nil, time.Now()); o.Kind != ai.NetworkError || o.Scope != ai.ScopeURL {
				t.Errorf("classified as %+v", o)
			}
		})
	}
}

// A connection that the upstream closed while it was idle is no evidence
// against the upstream, and the request is sent once more; not more often,
// because a request that always breaks its connection would break them all.
func TestStaleConnection(t *testing.T) {
	var requests, breaks atomic.Int32
	tr := newTransport(t)
	url := rawServer(t, func(c net.Conn) {
		requests.Add(1)
		if breaks.Add(-1) >= 0 {
			reset(c)
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"+aJSON)
	})
	try := func() (good bool) {
		r := newRequest(t, url, tr)
		r.Stream = false
		a := Send(t.Context(), r)
		defer a.Close()
		if a.Good() {
			a.CopyTo(t.Context(), &client{})
		}
		return a.Good()
	}
	breaks.Store(1)
	if try() || requests.Swap(0) != 1 {
		t.Error("a new connection that breaks must count")
	}
	if !try() {
		t.Fatal("a good request failed")
	}
	requests.Store(0)
	breaks.Store(1)
	if !try() || requests.Swap(0) != 2 {
		t.Error("a stale connection was not replaced")
	}
	breaks.Store(100)
	if try() || requests.Load() != 2 {
		t.Errorf("sent %d times to an upstream that breaks every connection", requests.Load())
	}
}

// The upstream gets the three parts as one body of known length, and they are
// held as long as anybody reads them.
func TestBody(t *testing.T) {
	var got, length atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got.Store(string(b))
		length.Store(r.ContentLength)
		answer(jsonText, aJSON)(w, r)
	})
	var holders atomic.Int32
	r := newRequest(t, url, newTransport(t))
	r.Body = Body{
		Parts: [5][]byte{[]byte(strings.Repeat("a", 100_000)), []byte("m"), []byte(strings.Repeat("b", 50_000))},
		Hold:  func() { holders.Add(1) }, Release: func() { holders.Add(-1) },
	}
	a := Send(t.Context(), r)
	defer a.Close()
	want := strings.Repeat("a", 100_000) + "m" + strings.Repeat("b", 50_000)
	if !a.Good() || got.Load() != want || length.Load() != int64(len(want)) {
		t.Errorf("good %v, upstream got %d bytes, length %v", a.Good(), len(got.Load().(string)), length.Load())
	}
	deadline := time.Now().Add(5 * time.Second)
	for holders.Load() != 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := holders.Load(); n != 0 {
		t.Errorf("%d hold the body still", n)
	}
}

// An upstream may refuse a request before it has read its body.
func TestEarlyAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		io.WriteString(w, `{"error":{"message":"too large"}}`)
	})
	r := newRequest(t, url, newTransport(t))
	r.Body = Body{Parts: [5][]byte{make([]byte, 200<<10)}}
	a := Send(t.Context(), r)
	defer a.Close()
	if a.Evidence.Status != http.StatusRequestEntityTooLarge || a.Evidence.Failure.Message != "too large" {
		t.Errorf("%+v", a.Evidence)
	}
}

func TestRequestWithoutBody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.ContentLength != 0 {
			w.WriteHeader(500)
		}
		answer(jsonText, aJSON)(w, r)
	})
	r := newRequest(t, url, newTransport(t))
	r.Method, r.Body, r.Stream = http.MethodGet, Body{}, false
	a := Send(context.Background(), r)
	defer a.Close()
	if !a.Good() {
		t.Errorf("%+v", a.Evidence)
	}
}
