package relay

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrEncoding says that a body is in an encoding nobody here can read.
var ErrEncoding = errors.New("unknown content encoding")

// zstdWindow bounds what a body may make us allocate. RFC 8878 asks decoders
// to support 8 MB.
const zstdWindow = 8 << 20

// Decode returns a reader of a body without its content encodings, which are
// those of the header's Content-Encoding. It reads no further than it must, so
// that a stream that is compressed passes event by event. It returns body
// itself if there is nothing to decode. Closing it does not close body.
func Decode(header http.Header, body io.Reader) (r io.ReadCloser, decoded bool, err error) {
	var encodings []string
	for _, line := range header["Content-Encoding"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				encodings = append(encodings, name)
			}
		}
	}
	if len(encodings) == 0 {
		return io.NopCloser(body), false, nil
	}
	if len(encodings) > 3 {
		return nil, false, fmt.Errorf("%w: %d of them", ErrEncoding, len(encodings))
	}
	chain := &decoderChain{Reader: body}
	for i := len(encodings) - 1; i >= 0; i-- { // the last one was applied last
		if err := chain.add(encodings[i]); err != nil {
			chain.Close() //nolint:errcheck // nothing was read from it
			return nil, false, err
		}
	}
	return chain, true, nil
}

// decoderChain is decoders on top of each other.
type decoderChain struct {
	io.Reader
	close []func()
}

// Close returns what the decoders hold.
func (c *decoderChain) Close() error {
	for _, f := range c.close {
		f()
	}
	return nil
}

func (c *decoderChain) add(encoding string) error {
	src := c.Reader
	switch encoding {
	case "gzip", "x-gzip":
		c.Reader = &lateReader{open: func() (io.Reader, error) { return gzip.NewReader(src) }}
	case "br":
		c.Reader = brotli.NewReader(src)
	case "zstd":
		d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return fmt.Errorf("decoding zstd: %w", err)
		}
		c.Reader = d
		c.close = append(c.close, d.Close)
	case "deflate":
		c.Reader = &lateReader{open: func() (io.Reader, error) { return newDeflate(src) }}
	default:
		return fmt.Errorf("%w %q", ErrEncoding, encoding)
	}
	return nil
}

// lateReader opens a decoder at the first read, because opening reads the
// header of the compressed data, which may not have arrived.
type lateReader struct {
	open func() (io.Reader, error)
	r    io.Reader
	err  error
}

func (l *lateReader) Read(p []byte) (int, error) {
	if l.r == nil && l.err == nil {
		l.r, l.err = l.open()
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.r.Read(p)
}

// newDeflate reads "deflate", which is zlib by RFC 9110, section 8.4.1.2, and
// which some servers take for the bare format.
func newDeflate(src io.Reader) (io.Reader, error) {
	b := bufio.NewReader(src)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}
