package relay

import (
	"io"
	"net"
	"sync"
)

// Body is what is sent: up to five parts, so that the client's body can be
// sent with two changes without being copied.
type Body struct {
	Parts [5][]byte
	// Hold is called when a sender begins to read the parts and Release when
	// it has ended; net/http may still be sending when the answer is there.
	Hold, Release func()
}

// Len is how many bytes are sent.
func (b *Body) Len() int {
	n := 0
	for _, part := range b.Parts {
		n += len(part)
	}
	return n
}

// single is the part that is all of the body; nil if it has several.
func (b *Body) single() []byte {
	var only []byte
	for _, part := range b.Parts {
		switch {
		case len(part) == 0:
		case only != nil:
			return nil
		default:
			only = part
		}
	}
	return only
}

// reader returns a reader of the parts.
func (b *Body) reader() *bodyReader {
	if b.Hold != nil {
		b.Hold()
	}
	return &bodyReader{parts: b.Parts, release: b.Release}
}

// bodyReader reads the parts of a body one after the other. It is locked,
// because net/http may close a body while another goroutine still reads it,
// and after the close the bytes may belong to another request.
type bodyReader struct {
	mu      sync.Mutex
	parts   [len(Body{}.Parts)][]byte
	part    int
	writing bool // sendTo reads the parts without the lock
	release func()
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

// sendTo writes all that was not read yet, at once where the system can.
func (r *bodyReader) sendTo(conn net.Conn) (int64, error) {
	r.mu.Lock()
	var rest net.Buffers
	for ; r.part < len(r.parts); r.part++ {
		if part := r.parts[r.part]; len(part) > 0 {
			rest = append(rest, part)
		}
	}
	r.writing = true
	r.mu.Unlock()
	n, err := rest.WriteTo(conn)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writing = false; r.part > len(r.parts) {
		r.letGo()
	}
	return n, err
}

// Close is called by the transport when it has done with the body, also when
// it has not read all of it.
func (r *bodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.part = len(r.parts) + 1
	if !r.writing {
		r.letGo()
	}
	return nil
}

// letGo tells the owner of the bytes, once, that nobody reads them any more.
func (r *bodyReader) letGo() {
	if r.release != nil {
		r.release()
		r.release = nil
	}
}
