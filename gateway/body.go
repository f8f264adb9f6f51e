package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
)

// Size classes of pooled request buffers. Most requests of coding agents are
// 40 to 200 KB; a larger one than the last class is not pooled.
var bodyClasses = [...]int{4 << 10, 32 << 10, 128 << 10, 512 << 10, 2 << 20}

var bodyPools [len(bodyClasses)]sync.Pool

// body is one request body in a pooled buffer. Attempts may still be sending
// it when the call is over, so it is counted who holds it.
type body struct {
	bytes   []byte
	class   int // index of the pool, -1 for none
	holders atomic.Int32

	holding, releasing func() // hold and release, made once
}

func makeBody(size, class int) *body {
	b := &body{bytes: make([]byte, 0, size), class: class}
	b.holding, b.releasing = b.hold, b.release
	return b
}

// newBody returns an empty body with room for size bytes, held once.
func newBody(size int) *body {
	for class, room := range bodyClasses {
		if size <= room {
			b, _ := bodyPools[class].Get().(*body)
			if b == nil {
				b = makeBody(room, class)
			}
			b.bytes = b.bytes[:0]
			b.holders.Store(1)
			return b
		}
	}
	b := makeBody(size, -1)
	b.holders.Store(1)
	return b
}

// hold keeps the buffer until a matching release.
func (b *body) hold() { b.holders.Add(1) }

// release lets go of the buffer; the last one returns it to its pool.
func (b *body) release() {
	if b.holders.Add(-1) == 0 && b.class >= 0 {
		bodyPools[b.class].Put(b)
	}
}

// readBody reads a request's body whole. The error is a *protocol.RequestError
// when the client is at fault, and otherwise says that it is gone.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, patience time.Duration) (*body, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return newBody(0), nil
	}
	var src io.Reader = r.Body
	decoded, err := decodeRequest(r)
	if err != nil {
		return nil, err
	}
	if decoded != nil {
		defer decoded.Close()
		src = decoded
	}
	rc := http.NewResponseController(w)
	if patience > 0 {
		_ = rc.SetReadDeadline(time.Now().Add(patience)) // not every server can; then there is none
	}
	// One byte more than announced, so that the end is seen without growing.
	b := newBody(int(max(min(r.ContentLength, limit), 0)) + 1)
	for {
		if len(b.bytes) == cap(b.bytes) {
			b = b.grown()
		}
		n, err := src.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if int64(len(b.bytes)) > limit {
			b.release()
			return nil, tooLarge(limit)
		}
		if err == io.EOF {
			// After a failure the deadline stays: the server must not wait for
			// the rest of a body that does not come. Caddy's own writer would
			// set the server's read_timeout instead, whose end the server takes
			// for the client's leaving.
			if patience > 0 {
				_ = http.NewResponseController(relay.Innermost(w)).SetReadDeadline(time.Time{})
			}
			return b, nil
		}
		if err != nil {
			b.release()
			return nil, bodyError(r, err, decoded != nil)
		}
	}
}

// grown returns a body of the next size with the same bytes.
func (b *body) grown() *body {
	bigger := newBody(2*cap(b.bytes) + 1)
	bigger.bytes = append(bigger.bytes, b.bytes...)
	b.release()
	return bigger
}

func tooLarge(limit int64) error {
	return &protocol.RequestError{
		Status: http.StatusRequestEntityTooLarge, Code: "request_too_large",
		Message: "the request body is larger than this gateway takes (" + humanize.IBytes(uint64(max(limit, 0))) + ")",
	}
}

// bodyError says why a body could not be read.
func bodyError(r *http.Request, err error, compressed bool) error {
	var timeout net.Error
	var tooBig *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &protocol.RequestError{
			Status: http.StatusRequestTimeout, Code: "request_timeout", Message: "the request body did not arrive in time",
		}
	case errors.As(err, &tooBig):
		return tooLarge(tooBig.Limit)
	case r.Context().Err() != nil:
		return errClientGone
	case compressed:
		return &protocol.RequestError{
			Status: http.StatusBadRequest, Code: "invalid_encoding",
			Message: "the request body is not what its Content-Encoding says",
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errClientGone
	}
	return &protocol.RequestError{
		Status: http.StatusBadRequest, Code: "invalid_body", Message: "the request body could not be read",
	}
}

// errClientGone says that there is nobody left to answer.
var errClientGone = errors.New("the client hung up")

// decodeRequest returns a reader of a compressed request body, nil for one
// that is plain.
func decodeRequest(r *http.Request) (io.ReadCloser, error) {
	if len(r.Header["Content-Encoding"]) == 0 {
		return nil, nil //nolint:nilnil // nothing to decode is no error
	}
	decoded, encoded, err := relay.Decode(r.Header, r.Body)
	if err != nil {
		return nil, &protocol.RequestError{
			Status: http.StatusUnsupportedMediaType, Code: "unsupported_encoding",
			Message: "the request body's Content-Encoding is not supported: " + ai.Shorten(r.Header.Get("Content-Encoding"), 50) +
				"; there are gzip, deflate, br and zstd",
		}
	}
	if !encoded {
		return nil, nil //nolint:nilnil // the same
	}
	return decoded, nil
}
