package relay

import (
	"bytes"

	"github.com/ccload/ccload/protocol/sse"
)

// eventFilter changes what a client gets of a stream: events that it did not
// ask for, but we did, are hidden, and the model has the name that the client
// knows it by. Events are given away whole, so that what is hidden leaves no
// trace; everything else passes byte for byte. The zero value changes nothing.
type eventFilter struct {
	hide   func(data []byte) bool // nil: nothing is hidden
	rename *renamer               // nil: the model keeps its name
	array  *elementEnds           // of a stream that is a JSON array, which hides nothing

	pending []byte // the beginning of an event, not yet given away
	seen    int    // of pending, where its end is not
	next    []byte // what the last call gave away, if that was put together here
}

func (f *eventFilter) active() bool { return f.hide != nil || f.rename != nil }

// through returns what of the bytes, and of those before them, may go to the
// client now. It is valid until the next call.
func (f *eventFilter) through(b []byte) []byte {
	if !f.active() || len(f.pending) == 0 && f.passes(b) {
		return b
	}
	if len(f.pending) > 0 {
		f.pending = append(f.pending, b...)
		b = f.pending
	}
	if len(b) > sse.MaxEvent {
		f.hide, f.rename, f.pending = nil, nil, nil // nobody knows where its events begin
		return b
	}
	f.next = f.next[:0]
	from := 0
	for {
		end := f.end(b[from:], f.seen)
		f.seen = 0
		if end < 0 {
			break
		}
		f.give(b[from : from+end])
		from += end
	}
	if from > 0 || len(f.pending) == 0 { // else pending is as it should be
		f.pending = append(f.pending[:0], b[from:]...)
	}
	f.seen = len(f.pending)
	return f.next
}

// passes reports whether bytes are whole events of which none is changed.
func (f *eventFilter) passes(b []byte) bool {
	return f.array == nil && bytes.HasSuffix(b, blankLine) && !f.concerns(b)
}

// concerns reports whether bytes may hold something to be changed.
func (f *eventFilter) concerns(b []byte) bool {
	return f.rename != nil && f.rename.concerns(b) || f.hide != nil && bytes.Contains(b, usageName)
}

// end is the length of the first event, which does not end before seen; -1 if
// it is not complete.
func (f *eventFilter) end(b []byte, seen int) int {
	if f.array != nil {
		return f.array.next(b, seen)
	}
	return eventEnd(b, seen)
}

// give adds an event to what is given away.
func (f *eventFilter) give(event []byte) {
	if !f.concerns(event) {
		f.next = append(f.next, event...)
		return
	}
	if f.hides(event) {
		return
	}
	if f.rename != nil {
		if start, end := f.rename.find(event, f.array == nil); start < end {
			f.next = append(append(append(f.next, event[:start]...), f.rename.name...), event[end:]...)
			return
		}
	}
	f.next = append(f.next, event...)
}

var (
	blankLine = []byte("\n\n")
	blankCR   = []byte("\r\r")
	usageName = []byte(`"usage"`)
)

// eventEnd is the length of the first event, with the blank line behind it,
// which does not end before seen; -1 if it is not complete.
func eventEnd(b []byte, seen int) int {
	for at := max(0, seen-len("\n\r\n")); ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			if i = bytes.Index(b[at:], blankCR); i >= 0 {
				return at + i + len(blankCR)
			}
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

func (f *eventFilter) hides(event []byte) bool {
	if f.hide == nil || !bytes.Contains(event, usageName) {
		return false
	}
	hidden := false
	var scanner sse.Scanner
	_ = scanner.Feed(event, func(ev sse.Event) bool {
		hidden = f.hide(ev.Data)
		return !hidden
	})
	return hidden
}

// remainder returns what is left at a proper end: an event whose blank line is
// missing, or the end of an array.
func (f *eventFilter) remainder() []byte {
	rest := f.pending
	f.pending = nil
	if len(rest) == 0 || !f.active() || f.array != nil {
		return rest
	}
	f.next = f.next[:0]
	if f.hides(append(bytes.Clone(rest), blankLine...)) {
		return nil
	}
	f.give(rest)
	return f.next
}

// drop forgets the beginning of an event that will not come to its end. It
// reports whether the client has whole events only, and more may be added.
func (f *eventFilter) drop() bool {
	f.pending = nil
	return f.active() && (f.array == nil || !f.array.closed)
}

// elementEnds finds where the elements of a JSON array end, and the array
// itself. Whether they are valid is not its concern.
type elementEnds struct {
	depth          int
	quoted, escape bool
	closed         bool
}

// next is the length of the bytes up to the next end; b was looked at up to
// seen before. -1 if none comes. Behind the array everything is one piece.
func (e *elementEnds) next(b []byte, seen int) int {
	if e.closed {
		if len(b) == 0 {
			return -1
		}
		return len(b)
	}
	for i := seen; i < len(b); i++ {
		switch c := b[i]; {
		case e.escape:
			e.escape = false
		case e.quoted:
			e.escape, e.quoted = c == '\\', c != '"'
		case c == '"':
			e.quoted = true
		case c == '{', c == '[':
			e.depth++
		case c == '}', c == ']':
			if e.depth--; e.depth <= 1 {
				e.closed = e.depth <= 0
				return i + 1
			}
		}
	}
	return -1
}
