package relay

import (
	"bytes"
	"io"
)

// unnamedEncodings are encodings that a body's first bytes give away: relays
// pass compressed bodies on without the header that says so. No text in UTF-8
// begins with any of these.
var unnamedEncodings = []struct {
	encoding string
	magic    []byte
}{
	{"gzip", []byte{0x1f, 0x8b, 0x08}},       // RFC 1952, section 2.3.1: the marks and the only method
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}}, // RFC 8878, section 3.1.1
}

// unnamedEncoding returns the encoding that a body begins with, and whether more
// of it must be read before that can be told.
func unnamedEncoding(head []byte) (encoding string, more bool) {
	for i := range unnamedEncodings {
		u := &unnamedEncodings[i]
		switch {
		case bytes.HasPrefix(head, u.magic):
			return u.encoding, false
		case len(head) > 0 && bytes.HasPrefix(u.magic, head):
			more = true
		}
	}
	return "", more
}

// fill reads until the held bytes are limit or the body is over.
func (a *Answer) fill(limit int) {
	for a.over == nil && len(*a.held) < limit {
		a.readSome()
	}
}

// readSome reads into the held bytes what is there.
func (a *Answer) readSome() {
	first := !a.begun
	a.readOnce()
	if !first || !a.begun {
		return
	}
	if a.decodeUnnamed(); len(*a.held) == 0 && a.over == nil {
		a.readOnce()
	}
}

// decodeUnnamed has the body decoded from its beginning on if it is compressed
// without saying so. It is called when some of the body has come, and reads on
// only where that is not enough to tell.
func (a *Answer) decodeUnnamed() {
	if a.Evidence.Status/100 == 2 && a.opaqueBody(mediaType(a.resp.Header)) {
		return // the client asked for bytes of whatever kind
	}
	encoding, more := unnamedEncoding(*a.held)
	for more && a.over == nil {
		a.readOnce()
		encoding, more = unnamedEncoding(*a.held)
	}
	if encoding == "" {
		return
	}
	if a.decoder == nil {
		a.decoder = &decoding{source: source{Reader: a.body}}
		a.decoder.top = &a.decoder.source
	}
	a.decoder.top = io.MultiReader(bytes.NewReader(bytes.Clone(*a.held)), &ended{a.decoder.top, a.over})
	if err := a.decoder.add(encoding); err != nil {
		return // it is one of the list above, which can all be read
	}
	*a.held = (*a.held)[:0]
	a.body, a.length, a.over = a.decoder, -1, nil
}

// ended is a reader that remembers how it ended before it was handed on.
type ended struct {
	io.Reader
	err error
}

func (e *ended) Read(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return e.Reader.Read(p)
}
