package fakeai

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// encoder writes a body in a content encoding.
type encoder interface {
	io.WriteCloser
	Flush() error
}

// newEncoder returns an encoder of one of the encodings a scenario can name.
func newEncoder(name string, w io.Writer) encoder {
	switch name {
	case "gzip":
		return gzip.NewWriter(w)
	case "br":
		return brotli.NewWriterLevel(w, 4)
	case "zstd":
		enc, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic("fakeai: " + err.Error()) // only wrong options fail
		}
		return enc
	}
	return zlib.NewWriter(w) // HTTP's deflate is zlib
}

// encode is a whole body in an encoding.
func encode(name string, body []byte) []byte {
	var out bytes.Buffer
	enc := newEncoder(name, &out)
	_, _ = enc.Write(body) // a buffer takes everything
	_ = enc.Close()
	return out.Bytes()
}
