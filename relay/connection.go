package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// connection is how a request gets to the transport, and what the transport
// tells of the connection it took.
//
// The body of most requests is handed over as a bytes.Reader: of a reader that
// it does not know net/http fears that it blocks, and sends the headers in a
// packet of their own first. What it reads that way it does not close, so it is
// counted who may still read: the attempt itself, and each connection that was
// taken until the request is written to it.
type connection struct {
	trace  httptrace.ClientTrace // never changed: the transport reads it at any time
	got    atomic.Bool
	reused atomic.Bool
	fresh  atomic.Pointer[freshConn] // nil if the connection was open before

	readers atomic.Int32 // that may still read text
	release func()       // of who owns text; nil: nobody needs to know
	text    []byte       // the body, if it is handed over in one piece
	joined  *[]byte      // text in a buffer of its own, which was made of several parts
	sent    bool         // the reader below was handed over

	reader bytes.Reader
	body   io.ReadCloser                 // of reader; both made once
	again  func() (io.ReadCloser, error) // of text, for a transport that sends it once more
}

func newConnection() *connection {
	c := new(connection)
	c.trace.GotConn, c.trace.WroteRequest = c.gotConn, c.wroteRequest
	c.body = io.NopCloser(&c.reader)
	c.again = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.text)), nil }
	return c
}

func (c *connection) gotConn(info httptrace.GotConnInfo) {
	c.readers.Add(1)
	c.reused.Store(info.Reused)
	if !info.Reused && !info.WasIdle {
		c.fresh.Store(&freshConn{info.Conn, time.Now()})
	}
	c.got.Store(true)
}

func (c *connection) wroteRequest(httptrace.WroteRequestInfo) { c.done() }

// done notes that one less may read the text. It reports whether nobody may.
func (c *connection) done() bool {
	if c.readers.Add(-1) != 0 {
		return false
	}
	if c.joined != nil {
		putBuffer(c.joined)
		c.joined = nil
	}
	if c.release != nil {
		c.release()
		c.release = nil
	}
	return true
}

// told reports whether the transport has told of what it did, so that it will not
// tell of it later.
func (c *connection) told() bool { return c.got.Load() }

// joinMost is how large a body of several parts may be to be copied into one:
// that costs less than a packet of its own for the headers.
const joinMost = 32 << 10

// take readies the connection for a request.
func (c *connection) take(r *Request) {
	c.readers.Store(1)
	if _, known := r.Transport.(*http.Transport); !known {
		return // it need not tell what it does
	}
	if c.text = r.Body.single(); c.text != nil {
		if r.Body.Hold != nil {
			r.Body.Hold()
		}
		c.release = r.Body.Release
		return
	}
	if n := r.Body.Len(); 0 < n && n <= joinMost {
		c.joined = getBuffer(n)
		for _, part := range r.Body.Parts {
			*c.joined = append(*c.joined, part...)
		}
		c.text = *c.joined
	}
}

// reset makes a connection that nobody uses any more ready for another attempt.
func (c *connection) reset() {
	c.got.Store(false)
	c.reused.Store(false)
	c.fresh.Store(nil)
	c.reader.Reset(nil)
	c.text, c.sent = nil, false
}

// outbound builds the request for net/http.
func (c *connection) outbound(ctx context.Context, r *Request) *http.Request {
	out := &http.Request{
		Method: r.Method, URL: r.URL, Host: r.URL.Host, Header: r.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(r.Body.Len()),
	}
	switch {
	case out.ContentLength == 0:
		out.Body = http.NoBody
	case c.text == nil:
		out.Body = r.Body.reader()
		out.GetBody = func() (io.ReadCloser, error) { return r.Body.reader(), nil }
	case c.sent: // who had the reader may have it still
		out.Body, _ = c.again()
		out.GetBody = c.again
	default:
		c.sent = true
		c.reader.Reset(c.text)
		out.Body, out.GetBody = c.body, c.again
	}
	return out.WithContext(ctx)
}

// roundTrip sends the request. A connection that the upstream closed just when
// it was taken out of the pool says nothing about the upstream; then the
// request is sent once more.
func (in *incoming) roundTrip() (*http.Response, error) {
	in.conn.take(in.req)
	resp, err := in.req.Transport.RoundTrip(in.conn.outbound(in.ctx, in.req))
	if err == nil || !in.conn.stale(err) || in.ctx.Err() != nil || time.Since(in.deadline.start) > stalePatience {
		return resp, err
	}
	in.conn.got.Store(false)
	in.conn.reused.Store(false)
	return in.req.Transport.RoundTrip(in.conn.outbound(in.ctx, in.req))
}

// stale reports whether an error is what a connection shows that was closed
// while it was idle. The transport sends again by itself only what is
// idempotent, and then as often as it has idle connections.
func (c *connection) stale(err error) bool {
	if !c.reused.Load() {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.HasSuffix(err.Error(), "server closed idle connection") // net/http does not export it
}
