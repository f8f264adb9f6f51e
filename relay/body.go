package relay

import (
	"io"
	"net"
	"sync"
)

// bodyReader reads the parts of a body one after the other. It is locked,
// because net/http may close a body while another goroutine still reads it,
// and after the close the bytes may belong to another request.
type bodyReader struct {
	mu      sync.Mutex
	parts   [len(Body{}.Parts)][]byte
	part    int
	release func()
	writing bool // the bytes are in use, also after the close
	closed  bool
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.part < len(r.parts) {
		if len(r.parts[r.part]) == 0 {
			r.part++
			continue
		}
		n := copy(p, r.parts[r.part])
		r.parts[r.part] = r.parts[r.part][n:]
		return n, nil
	}
	return 0, io.EOF
}

// Close is called by the transport when it has done with the body, also when
// it has not read all of it. It does not wait for a write that is under way.
func (r *bodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.part, r.closed = len(r.parts), true
	r.letGo()
	return nil
}

// letGo releases the bytes once nobody uses them. It is called with the lock held.
func (r *bodyReader) letGo() {
	if r.closed && !r.writing && r.release != nil {
		r.release()
		r.release = nil
	}
}

// take takes what is left to read, if that is no more than limit bytes; written
// must be called when it is in use no more.
func (r *bodyReader) take(limit int64) (left net.Buffers) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := 0
	for _, part := range r.parts[min(r.part, len(r.parts)):] {
		size += len(part)
	}
	if size == 0 || int64(size) > limit {
		return nil
	}
	left = r.parts[r.part:]
	r.part, r.writing = len(r.parts), true
	return left
}

// written says that what was taken is in use no more.
func (r *bodyReader) written() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing = false
	r.letGo()
}

// ReadFrom sends a request's body from where it lies. net/http offers it behind
// the headers, as far as it did not fit beside them, limited to its length;
// anything else is copied in pieces.
func (c *dialedConn) ReadFrom(r io.Reader) (n int64, err error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if body, ok := limited.R.(*bodyReader); ok {
			if left := body.take(limited.N); left != nil {
				defer body.written()
				n, err = left.WriteTo(c.Conn)
				limited.N -= n
				return n, err
			}
		}
	}
	return io.Copy(c.Conn, r)
}
