package fakeai

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// verbatim sends the body that the plan has given.
func (d *delivery) verbatim() {
	kind := jsonType
	if d.streams() {
		kind = sseType
	}
	d.contentType(kind)
	if d.b.RetryAfter > 0 {
		d.w.Header().Set("Retry-After", d.retryAfter())
	}
	d.setHeader()
	d.w.WriteHeader(d.status())
	if d.b.Split <= 0 {
		d.write(d.b.Body)
	} else {
		for chunk := range slices.Chunk(d.b.Body, d.b.Split) {
			d.write(chunk)
			d.flush()
			d.sleep(d.b.Gap)
		}
	}
	d.interrupt(d.b.Fault)
}

func (d *delivery) contentType(kind string) {
	if d.b.ContentType != "" {
		kind = d.b.ContentType
	}
	d.w.Header().Set("Content-Type", kind)
}

// setHeader has the last word on headers.
func (d *delivery) setHeader() {
	for name, values := range d.b.Header {
		d.w.Header()[http.CanonicalHeaderKey(name)] = values
	}
}

func (d *delivery) retryAfter() string {
	if d.b.RetryDate {
		return time.Now().Add(d.b.RetryAfter).UTC().Format(http.TimeFormat)
	}
	return strconv.FormatFloat(d.b.RetryAfter.Seconds(), 'f', -1, 64)
}

func (d *delivery) write(b []byte) {
	if _, err := d.w.Write(b); err != nil {
		d.abort()
	}
}

func (d *delivery) flush() {
	if err := http.NewResponseController(d.w).Flush(); err != nil {
		d.abort()
	}
}

// abort closes the connection as it is.
func (d *delivery) abort() { panic(http.ErrAbortHandler) }

// reset closes the connection with a TCP reset. Where there is no TCP
// connection of its own, as in HTTP/2, it aborts.
func (d *delivery) reset() {
	conn, _, err := http.NewResponseController(d.w).Hijack()
	if err != nil {
		d.abort()
	}
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // then Close resets
	}
	_ = conn.Close()
	d.abort()
}

// sleep waits, unless the client leaves or the server is closed.
func (d *delivery) sleep(wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.r.Context().Done():
		d.abort()
	case <-d.s.closed:
		d.abort()
	}
}

// hang waits until the client leaves or the server is closed.
func (d *delivery) hang() {
	select {
	case <-d.r.Context().Done():
	case <-d.s.closed:
	}
	d.abort()
}
