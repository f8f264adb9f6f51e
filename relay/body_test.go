package relay

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// writes is a connection that notes the largest write.
type writes struct {
	net.Conn
	largest atomic.Int64
}

func (w *writes) Write(b []byte) (int, error) {
	w.largest.Store(max(w.largest.Load(), int64(len(b))))
	return w.Conn.Write(b)
}

// A large body is written from where it lies, in as few writes as it has parts.
func TestBodiesAreNotCopied(t *testing.T) {
	var got []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.ReadAll(r.Body) }))
	defer s.Close()
	conn := new(writes)
	dial := timed(func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		conn.Conn = c
		return conn, err
	})
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	body := Body{Parts: [5][]byte{bytes.Repeat([]byte("a"), 10<<10), []byte("b"), nil, bytes.Repeat([]byte("c"), 300<<10)}}
	want := bytes.Join(body.Parts[:], nil)
	released := make(chan struct{})
	body.Release = func() { close(released) }
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body.reader())
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = int64(body.Len())
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	<-released
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, of %d", len(got), len(want))
	}
	if largest := conn.largest.Load(); largest < 300<<10 {
		t.Errorf("the largest write had %d bytes", largest)
	}
}

// What the transport closes while it is being written stays held until the write
// has ended.
func TestBodiesAreHeldWhileTheyAreWritten(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	var released atomic.Bool
	body := Body{Parts: [5][]byte{[]byte("first"), []byte("second")}, Release: func() { released.Store(true) }}
	r := body.reader()
	ended := make(chan error)
	go func() {
		_, err := (&dialedConn{Conn: near}).ReadFrom(io.LimitReader(r, int64(body.Len())))
		ended <- err
	}()
	if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if released.Load() {
		t.Error("it is released while it is written")
	}
	far.Close()
	if err := <-ended; err == nil {
		t.Error("the write does not fail")
	}
	if !released.Load() {
		t.Error("it is not released")
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d, %v", n, err)
	}
}
