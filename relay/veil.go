package relay

import (
	"bytes"

	"github.com/ccload/ccload/protocol/sse"
)

// veil keeps some events of a stream from the client: those it did not ask
// for, but we did. Events are given away whole, so that what is hidden leaves
// no trace; everything else passes byte for byte.
type veil struct {
	hide    func(data []byte) bool
	pending []byte // the beginning of an event, not yet given away
	next    []byte // what the last call gave away, if that was put together here
}

// through returns what of the bytes, and of those before them, may go to the
// client now. It is valid until the next call.
func (v *veil) through(b []byte) []byte {
	if v.hide == nil {
		return b
	}
	if len(v.pending) == 0 && bytes.HasSuffix(b, blankLine) && !bytes.Contains(b, usageName) {
		return b
	}
	v.pending = append(v.pending, b...)
	if len(v.pending) > sse.MaxEvent {
		v.hide = nil // nobody knows where its events begin
		return v.pending
	}
	v.next = v.next[:0]
	from := 0
	for {
		end := eventEnd(v.pending[from:])
		if end < 0 {
			break
		}
		event := v.pending[from : from+end]
		from += end
		if !v.hides(event) {
			v.next = append(v.next, event...)
		}
	}
	v.pending = append(v.pending[:0], v.pending[from:]...)
	return v.next
}

var (
	blankLine = []byte("\n\n")
	usageName = []byte(`"usage"`)
)

// eventEnd is the length of the first event, with the blank line behind it; -1
// if it is not complete.
func eventEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest := b[at:]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

func (v *veil) hides(event []byte) bool {
	if !bytes.Contains(event, usageName) {
		return false
	}
	hidden := false
	var scanner sse.Scanner
	_ = scanner.Feed(event, func(ev sse.Event) bool {
		hidden = v.hide(ev.Data)
		return !hidden
	})
	return hidden
}

// rest returns what is left at a proper end: an event whose blank line is
// missing.
func (v *veil) rest() []byte {
	rest := v.pending
	v.pending = nil
	if v.hide != nil && v.hides(append(bytes.Clone(rest), blankLine...)) {
		return nil
	}
	return rest
}

// drop forgets the beginning of an event that will not come to its end. It
// reports whether there was one: then the client has whole events only.
func (v *veil) drop() bool {
	if v.hide == nil {
		return false
	}
	v.pending = nil
	return true
}
