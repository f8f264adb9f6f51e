package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http/httptrace"
	"time"

	"github.com/ccload/ccload/ai"
)

// dialing is how long it took to make a connection. It is kept with the
// connection, so that a call that takes one that is open already pays nothing
// for it.
type dialing struct {
	start     time.Time
	dns       time.Duration // 0: the address was no name
	connected time.Duration // after start, names resolved
}

// dialedConn is a connection that knows how it was made.
type dialedConn struct {
	net.Conn
	dialing dialing
}

// NetConn returns the connection beneath.
func (c *dialedConn) NetConn() net.Conn { return c.Conn }

// ReadFrom writes what is left of a request's body. Ours are in memory: they are
// written from where they are, and at once.
func (c *dialedConn) ReadFrom(r io.Reader) (int64, error) {
	limited, _ := r.(*io.LimitedReader)
	if limited == nil {
		limited = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	switch r := limited.R.(type) {
	case *bodyReader: // its length is the limit
		return r.sendTo(c.Conn)
	case io.WriterTo:
		return r.WriteTo(&cappedWriter{c.Conn, limited.N})
	}
	buffer := getBuffer(sizes[1])
	defer putBuffer(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, limited, (*buffer)[:cap(*buffer)])
}

// cappedWriter takes so many bytes and no more.
type cappedWriter struct {
	w    io.Writer
	left int64
}

func (w *cappedWriter) Write(p []byte) (int, error) {
	most := p[:min(int64(len(p)), w.left)]
	n, err := w.w.Write(most)
	if w.left -= int64(n); err == nil && len(most) < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

// dialError is why there is no connection, and how long that took to find out.
type dialError struct {
	error
	dialing dialing
}

// Unwrap returns the dialer's error.
func (e *dialError) Unwrap() error { return e.error }

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// timed dials and notes how long it took.
func timed(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := dialing{start: time.Now()}
		var began time.Time
		conn, err := dial(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			DNSStart: func(httptrace.DNSStartInfo) { began = time.Now() },
			DNSDone:  func(httptrace.DNSDoneInfo) { d.dns = time.Since(began) },
		}), network, address)
		d.connected = time.Since(d.start)
		if err != nil {
			return nil, &dialError{err, d}
		}
		return &dialedConn{conn, d}, nil
	}
}

// phases are how long it took to make the connection of an attempt that began
// at start and had the connection at got; nil if it was made before, or for
// another call.
func (d *dialing) phases(start, got time.Time, secure bool) *ai.Dialing {
	if d.start.Before(start) {
		return nil
	}
	p := &ai.Dialing{DNS: d.dns, Connect: d.connected - d.dns}
	if secure {
		p.TLS = got.Sub(d.start) - d.connected
	}
	return p
}

// Dialing returns how long the attempt's connection took to be made, or to fail;
// nil if it was open already.
func (a *Answer) Dialing() *ai.Dialing {
	if failed, ok := errors.AsType[*dialError](a.Evidence.Err); ok {
		return failed.dialing.phases(a.deadline.start, time.Time{}, false)
	}
	c := a.conn.fresh.Load()
	if c == nil {
		return nil
	}
	conn, secure := c.conn, false
	for {
		switch is := conn.(type) {
		case *dialedConn:
			return is.dialing.phases(a.deadline.start, c.at, secure)
		case *tls.Conn:
			conn, secure = is.NetConn(), true
		default:
			return nil // it is of an upstream within this process
		}
	}
}

// freshConn is a connection that was made for the attempt, most likely.
type freshConn struct {
	conn net.Conn
	at   time.Time // when the attempt had it, TLS included
}
