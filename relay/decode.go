package relay

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrEncoding says that a body is in an encoding nobody here can read.
var ErrEncoding = errors.New("unknown content encoding")

const (
	// zstdWindow bounds what a body may make us allocate. RFC 8878 asks decoders
	// to support 8 MB.
	zstdWindow = 8 << 20
	// maxEncodings on top of each other. More than one is rare, many are an
	// attack.
	maxEncodings = 3
)

// Decode returns a reader of a body without its content encodings, which are
// those of the header's Content-Encoding. It reads no further than it must, so
// that a stream that is compressed passes event by event. If there is nothing
// to decode, decoded is false and r reads body as it is. Closing r does not
// close body.
func Decode(header http.Header, body io.Reader) (r io.ReadCloser, decoded bool, err error) {
	d, err := newDecoding(header, body)
	switch {
	case err != nil:
		return nil, false, err
	case d == nil:
		return io.NopCloser(body), false, nil
	}
	return d, true, nil
}

// decoding is decoders on top of each other.
type decoding struct {
	top    io.Reader
	source source
	used   []pooled
}

// pooled is a decoder that goes back to its pool.
type pooled struct {
	pool    *sync.Pool
	decoder resetter
}

type resetter interface {
	io.Reader
	Reset(src io.Reader) error
}

// source remembers how the encoded bytes ended.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// newDecoding returns nil if there is nothing to decode.
func newDecoding(header http.Header, body io.Reader) (*decoding, error) {
	lines := header["Content-Encoding"]
	if len(lines) == 0 {
		return nil, nil //nolint:nilnil // nothing to decode is no error
	}
	var encodings []string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				encodings = append(encodings, name)
			}
		}
	}
	switch {
	case len(encodings) == 0:
		return nil, nil //nolint:nilnil // the same
	case len(encodings) > maxEncodings:
		return nil, fmt.Errorf("%w: %d of them", ErrEncoding, len(encodings))
	}
	d := &decoding{source: source{Reader: body}}
	d.top = &d.source
	for _, encoding := range slices.Backward(encodings) { // the last one was applied last
		if err := d.add(encoding); err != nil {
			_ = d.Close()
			return nil, err
		}
	}
	return d, nil
}

// decoders are pools by encoding: each decoder holds tables and windows of
// tens of kilobytes and more.
var decoders = map[string]*sync.Pool{
	"gzip":   {New: func() any { return new(gzip.Reader) }},
	"x-gzip": {New: func() any { return new(gzip.Reader) }},
	"br":     {New: func() any { return new(brotli.Reader) }},
	"zstd": {New: func() any {
		// With a concurrency of 1 it has no goroutines and need not be closed.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err) // one of the options is impossible
		}
		return d
	}},
	"deflate": {New: func() any { return new(deflate) }},
}

func (d *decoding) add(encoding string) error {
	pool := decoders[encoding]
	if pool == nil {
		return fmt.Errorf("%w %.40q", ErrEncoding, encoding)
	}
	decoder := pool.Get().(resetter)
	d.used = append(d.used, pooled{pool, decoder})
	d.top = &lateReader{src: d.top, decoder: decoder}
	return nil
}

// Read reads what is decoded.
func (d *decoding) Read(p []byte) (int, error) { return d.top.Read(p) }

// Close returns the decoders to their pools. They keep the body until they are
// used again, but no one reads it.
func (d *decoding) Close() error {
	for _, u := range d.used {
		u.pool.Put(u.decoder)
	}
	d.used, d.top = nil, closedReader{}
	return nil
}

// garbled reports whether err is that of a decoder that was given all it asked
// for: the body is not what its header says.
func (d *decoding) garbled(err error) bool {
	return (d.source.err == nil || errors.Is(d.source.err, io.EOF)) && !errors.Is(err, io.ErrUnexpectedEOF)
}

type closedReader struct{}

func (closedReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// lateReader sets a decoder up at the first read, because that reads the
// header of the encoded data, which may not have arrived.
type lateReader struct {
	src     io.Reader
	decoder resetter
	ready   bool
	err     error
}

func (l *lateReader) Read(p []byte) (int, error) {
	if !l.ready {
		l.ready = true
		l.err = l.decoder.Reset(l.src)
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.decoder.Read(p)
}

// deflate reads "deflate", which is zlib by RFC 9110, section 8.4.1.2, and
// which some servers take for the bare format.
type deflate struct {
	io.Reader
	buffer *bufio.Reader
}

// Reset makes the reader ready for another body.
func (d *deflate) Reset(src io.Reader) error {
	if d.buffer == nil {
		d.buffer = bufio.NewReader(src)
	} else {
		d.buffer.Reset(src)
	}
	head, err := d.buffer.Peek(2)
	if err != nil {
		if len(head) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		d.Reader, err = zlib.NewReader(d.buffer)
		return err
	}
	d.Reader = flate.NewReader(d.buffer)
	return nil
}
