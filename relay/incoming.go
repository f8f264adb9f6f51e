package relay

import (
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

// incoming is an upstream's answer as it comes.
type incoming struct {
	req      *Request
	parent   context.Context
	ctx      context.Context
	deadline deadline
	conn     connection

	resp    *http.Response
	body    io.Reader // decoded
	decoder *decoding // of body, nil if it needs none
	length  int64     // of the body, if it needs no decoding; -1 if unknown
	held    *[]byte   // what was read and the client does not have
	begun   bool      // a byte of the body has come
	timed   bool      // its silence is guarded
	over    error     // that ended the body, io.EOF for a proper end
}

// connection is what the transport tells of the connection it took.
type connection struct {
	trace  httptrace.ClientTrace
	got    atomic.Bool
	reused atomic.Bool
	fresh  atomic.Pointer[freshConn] // nil if the connection was open before
}

func (c *connection) gotConn(info httptrace.GotConnInfo) {
	c.reused.Store(info.Reused)
	if !info.Reused && !info.WasIdle {
		c.fresh.Store(&freshConn{info.Conn, time.Now()})
	}
	c.got.Store(true)
}

// roundTrip sends the request. A connection that the upstream closed just when
// it was taken out of the pool says nothing about the upstream; then the
// request is sent once more.
func (in *incoming) roundTrip() (*http.Response, error) {
	resp, err := in.req.Transport.RoundTrip(in.req.outbound(in.ctx))
	if err == nil || !in.conn.stale(err) || in.ctx.Err() != nil || time.Since(in.deadline.start) > stalePatience {
		return resp, err
	}
	in.conn.got.Store(false)
	in.conn.reused.Store(false)
	return in.req.Transport.RoundTrip(in.req.outbound(in.ctx))
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

// guardSending guards the wait for headers. The limit for the first content of
// a stream runs from the same moment.
func (in *incoming) guardSending() {
	t := &in.req.Timers
	if in.req.Stream && t.FirstContent > 0 && (t.Headers <= 0 || t.FirstContent < t.Headers) {
		in.deadline.until(t.FirstContent, errFirstContent)
	} else if t.Headers > 0 {
		in.deadline.until(t.Headers, errHeaders)
	}
}

// guardContent guards the wait for what proves an answer.
func (in *incoming) guardContent() {
	t := &in.req.Timers
	switch {
	case !in.req.Stream: // the limit for the headers goes on
	case t.FirstContent > 0:
		in.deadline.until(max(t.FirstContent, t.Begun), errFirstContent)
		in.deadline.extendBy(t)
		in.timed = true // its silence is no other matter
	case t.Headers > 0:
		in.deadline.off()
	}
}

// readOnce reads once into the held bytes.
func (in *incoming) readOnce() {
	if len(*in.held) == cap(*in.held) {
		in.held = grow(in.held, 2*cap(*in.held))
	}
	if in.begun && !in.timed {
		in.timed = true
		in.deadline.silence(in.req.Timers.Idle, errIdle)
	}
	b := *in.held
	in.deadline.waits()
	n, err := in.body.Read(b[len(b):cap(b)])
	in.deadline.came()
	*in.held = b[:len(b)+n]
	in.begun = in.begun || n > 0
	in.over = err
}

// ended reports whether the body has come to its proper end.
func (in *incoming) ended() bool { return errors.Is(in.over, io.EOF) }
