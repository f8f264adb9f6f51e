package sse

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// ErrNotArray means that the stream is no JSON array and no single object. The
// scanner is of no use after it.
var ErrNotArray = errors.New("sse: stream is not a JSON array")

// ArrayScanner reads the elements of one JSON array as events without a name.
// The zero value is ready. It finds where elements end by counting brackets
// outside strings and leaves their validity to whoever reads them. A stream
// that is a single object, which is how some upstreams send an error, is one
// element. It is used by one goroutine.
type ArrayScanner struct {
	// Limit is how many bytes of one unfinished element are kept; 0 is MaxEvent.
	Limit int

	own    []byte // start of an element whose end has not come yet
	state  arrayState
	bare   bool // a single object instead of an array
	depth  int  // open brackets inside the element
	quoted bool // inside a string
	escape bool // behind a backslash inside a string
	done   bool // fn wanted no more
	count  int
	whole  int // what Whole says
}

type arrayState uint8

const (
	beforeArray   arrayState = iota
	betweenValues            // inside the array, outside its elements
	insideValue
	afterArray
)

// Reset makes the scanner ready for another stream, keeping its memory.
func (s *ArrayScanner) Reset() { *s = ArrayScanner{Limit: s.Limit, own: s.own[:0]} }

// Buffered is how many bytes of an unfinished element are kept.
func (s *ArrayScanner) Buffered() int { return len(s.own) }

// Whole is how many of the bytes last fed end with an element that was wanted.
func (s *ArrayScanner) Whole() int { return s.whole }

// Closed reports whether the closing bracket has been seen.
func (s *ArrayScanner) Closed() bool { return s.state == afterArray }

// Inside reports whether the last byte fed belongs to an unfinished element:
// nothing can be appended to the array then without breaking it.
func (s *ArrayScanner) Inside() bool { return s.state == insideValue }

// Elements is how many elements have been reported.
func (s *ArrayScanner) Elements() int { return s.count }

// Feed takes the next bytes and calls fn for each element they complete. Once
// fn returns false, no more elements are reported until Reset. The error is
// ErrTooLong or ErrNotArray.
func (s *ArrayScanner) Feed(chunk []byte, fn func(Event) bool) error {
	if s.done {
		return nil
	}
	start := 0 // of the element at hand in chunk
	s.whole = 0
	for i := 0; i < len(chunk); {
		c := chunk[i]
		switch s.state {
		case beforeArray:
			switch {
			case c == '[':
				s.state = betweenValues
			case c == '{':
				s.bare, s.state, start = true, insideValue, i
				continue
			case !blank(c) && c != 0xef && c != 0xbb && c != 0xbf: // byte order mark
				return ErrNotArray
			}
			i++
		case betweenValues:
			switch {
			case c == ']':
				s.state = afterArray
			case c == '}':
				return ErrNotArray
			case c != ',' && !blank(c):
				s.state, start = insideValue, i
				continue
			}
			i++
		case insideValue:
			end, complete := s.step(chunk, i)
			i = end
			if !complete {
				continue
			}
			if !s.report(chunk[start:end], fn) {
				return nil
			}
			s.whole = end
		case afterArray:
			return nil
		}
	}
	if s.state == insideValue {
		if len(s.own)+len(chunk)-start > s.limit() {
			return ErrTooLong
		}
		s.own = append(s.own, chunk[start:]...)
	}
	return nil
}

// step goes on inside an element from i to the next byte that matters, and
// says whether the element is complete there.
func (s *ArrayScanner) step(chunk []byte, i int) (end int, complete bool) {
	if s.quoted {
		if s.escape {
			s.escape = false
			return i + 1, false
		}
		if i = plain(chunk, i); i == len(chunk) {
			return i, false
		}
		if chunk[i] == '\\' {
			s.escape = true
			return i + 1, false
		}
		s.quoted = false
		return i + 1, s.depth == 0
	}
	switch c := chunk[i]; c {
	case '"':
		s.quoted = true
	case '{', '[':
		s.depth++
	case '}', ']':
		if s.depth == 0 { // a bare number or word ends before the array does
			return i, true
		}
		s.depth--
		return i + 1, s.depth == 0
	default:
		if s.depth == 0 && (c == ',' || blank(c)) {
			return i, true
		}
	}
	return i + 1, false
}

// plain skips what is neither a quote nor a backslash, eight bytes at a time.
func plain(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		// The lowest marked byte is the first hit; marks above it may be borrows.
		quote, slash := w^ones*'"', w^ones*'\\'
		if hit := ((quote-ones)&^quote | (slash-ones)&^slash) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// report hands over the element that ends with tail.
func (s *ArrayScanner) report(tail []byte, fn func(Event) bool) bool {
	if len(s.own) > 0 {
		s.own = append(s.own, tail...)
		tail = s.own
	}
	s.state = betweenValues
	if s.bare {
		s.state = afterArray
	}
	s.depth, s.count = 0, s.count+1
	if !fn(Event{Data: tail}) {
		s.done = true
	}
	s.own = s.own[:0]
	if cap(s.own) > keep {
		s.own = nil
	}
	return !s.done
}

// Close is called at the end of the stream and reports an unfinished element,
// cut as it is.
func (s *ArrayScanner) Close(fn func(Event) bool) {
	if !s.done && s.state == insideValue {
		s.report(nil, fn)
	}
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func (s *ArrayScanner) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return MaxEvent
}
