// Package sse cuts a stream of bytes into events while it passes by: server
// sent events as the WHATWG HTML standard defines them (Scanner), and the
// elements of a JSON array, which is how Gemini streams without alt=sse
// (ArrayScanner). Both only look: the bytes themselves are the caller's to
// forward.
//
// However the bytes are split into chunks, the events are the same. An event
// that lies wholly in one chunk is not copied.
package sse

import (
	"bytes"
	"errors"
)

// MaxEvent is how many bytes of one unfinished event are kept at most, unless
// a scanner's Limit says otherwise.
const MaxEvent = 16 << 20

// ErrTooLong means that an event grew beyond the limit. The scanner is of no
// use after it.
var ErrTooLong = errors.New("sse: event is too long")

// Event is one event of a stream. Its bytes are valid only during the call
// that hands it over.
type Event struct {
	Name []byte // the event field; empty if there was none
	Data []byte // the data lines, joined with a line feed; or an array's element
}

// Splitter is what Scanner and ArrayScanner have in common.
type Splitter interface {
	// Feed takes the next bytes and calls fn for each event they complete.
	// Once fn returns false, no more events are reported until Reset.
	Feed(chunk []byte, fn func(Event) bool) error
	// Close is called at the end of the stream, however that came about. It
	// reports the last event if only its end is missing.
	Close(fn func(Event) bool)
	// Buffered is how many bytes of an unfinished event are kept.
	Buffered() int
	// Whole is how many of the bytes last fed end no later than the last event
	// that fn wanted more after: where a stream can be left without a half event.
	Whole() int
	// Reset makes the scanner ready for another stream, keeping its memory.
	Reset()
}

var (
	_ Splitter = (*Scanner)(nil)
	_ Splitter = (*ArrayScanner)(nil)
)

// keep is the size from which a buffer is given back once its event is over,
// so that one huge event does not cost its size for the rest of the stream.
const keep = 64 << 10

// Scanner reads server-sent events. The zero value is ready. Lines may end in
// LF, CRLF or CR; a byte order mark, comments and unknown fields are skipped.
// It is used by one goroutine.
type Scanner struct {
	// Limit is how many bytes of one unfinished event are kept; 0 is MaxEvent.
	Limit int

	line []byte // start of a line whose end has not come yet
	name []byte // event field of the event at hand
	data []byte // data of the event at hand: part of own, or of the chunk during Feed
	own  []byte // memory of data that outlives a chunk

	has   bool // the event at hand has data, maybe empty
	owned bool // data is part of own
	cr    bool // the last byte of the last chunk was a CR: an LF belongs to it
	begun bool // the first line has been read, so no byte order mark can come
	done  bool // fn wanted no more

	whole int // what Whole says
}

// Reset makes the scanner ready for another stream, keeping its memory.
func (s *Scanner) Reset() {
	*s = Scanner{Limit: s.Limit, line: s.line[:0], name: s.name[:0], own: s.own[:0]}
}

// Buffered is how many bytes of an unfinished event are kept.
func (s *Scanner) Buffered() int { return len(s.line) + len(s.data) + len(s.name) }

// Whole is how many of the bytes last fed stand before the event at hand.
func (s *Scanner) Whole() int { return s.whole }

// Feed takes the next bytes and calls fn for each event they complete. Once fn
// returns false, no more events are reported until Reset. The error is
// ErrTooLong.
func (s *Scanner) Feed(chunk []byte, fn func(Event) bool) error {
	if s.done {
		return nil
	}
	skipped := 0
	if s.cr && len(chunk) > 0 {
		s.cr = false
		if chunk[0] == '\n' {
			chunk, skipped = chunk[1:], 1
		}
	}
	s.whole = 0
	// The next LF and the next CR are looked for once each and remembered
	// while lines are cut, so a chunk with only one of them stays linear.
	lf, cr := next(chunk, 0, '\n'), next(chunk, 0, '\r')
	at := 0
	for {
		end := min(lf, cr)
		if end == len(chunk) {
			break
		}
		line := chunk[at:end]
		at = end + 1
		if end == cr {
			if at == len(chunk) {
				s.cr = true
			} else if chunk[at] == '\n' {
				at++
			}
		}
		if lf < at {
			lf = next(chunk, at, '\n')
		}
		if cr < at {
			cr = next(chunk, at, '\r')
		}
		blank := len(line) == 0 && len(s.line) == 0
		if err := s.take(line, fn); err != nil || s.done {
			return err
		}
		if blank {
			s.whole = skipped + at
		}
	}
	if rest := chunk[at:]; len(rest) > 0 {
		if s.Buffered()+len(rest) > s.limit() {
			return ErrTooLong
		}
		s.line = append(s.line, rest...)
	}
	if s.has && !s.owned {
		s.own = append(s.own[:0], s.data...)
		s.data, s.owned = s.own, true
	}
	return nil
}

// next is where c is in chunk from at on, or the chunk's length.
func next(chunk []byte, at int, c byte) int {
	if i := bytes.IndexByte(chunk[at:], c); i >= 0 {
		return at + i
	}
	return len(chunk)
}

// Close is called at the end of the stream. The standard drops an event whose
// blank line is missing; here it is reported, because a cut in the very last
// event must be seen.
func (s *Scanner) Close(fn func(Event) bool) {
	if s.done {
		return
	}
	if len(s.line) > 0 {
		if s.take(nil, fn) != nil {
			return
		}
	}
	if s.has {
		s.dispatch(fn)
	}
}

// take reads one line, of which line is the part that was not kept.
func (s *Scanner) take(line []byte, fn func(Event) bool) error {
	carried := len(s.line) > 0
	if s.Buffered()+len(line) > s.limit() {
		return ErrTooLong
	}
	if carried {
		s.line = append(s.line, line...)
		line = s.line
	}
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	switch name, value := field(line); string(name) {
	case "data":
		s.addData(value, carried)
	case "event":
		s.name = append(s.name[:0], value...)
	case "":
		if len(line) == 0 {
			s.dispatch(fn)
		}
	}
	s.line = s.line[:0]
	return nil
}

var colon, space = []byte{':'}, []byte{' '}

// field cuts a line into name and value. A comment has no name.
func field(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, colon)
	return name, bytes.TrimPrefix(value, space)
}

// addData adds a data line. carried says that it lies in s.line.
func (s *Scanner) addData(value []byte, carried bool) {
	switch {
	case !s.has && carried:
		// The event takes the line's memory and leaves its own for the next.
		s.own, s.line = s.line, s.own[:0]
		s.data, s.owned = value, true
	case !s.has:
		s.data, s.owned = value, false
	default:
		// data may be a part of own: build in place if it is its start.
		if !s.owned || len(s.data) == 0 || len(s.own) == 0 || &s.data[0] != &s.own[0] {
			s.own = append(s.own[:0], s.data...)
		}
		s.own = append(append(s.own, '\n'), value...)
		s.data, s.owned = s.own, true
	}
	s.has = true
}

// dispatch reports the event at hand, if it has data, and forgets it.
func (s *Scanner) dispatch(fn func(Event) bool) {
	if s.has && !fn(Event{Name: s.name, Data: s.data}) {
		s.done = true
	}
	s.has, s.owned, s.data, s.name = false, false, nil, s.name[:0]
	if cap(s.own) > keep {
		s.own = nil
	}
	if len(s.line) == 0 && cap(s.line) > keep {
		s.line = nil
	}
}

func (s *Scanner) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return MaxEvent
}
