package ledger

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ccload/ccload/internal/callrow"
)

// reader reads records back from the files of a journal, for the store. It is
// used by one goroutine, which holds no lock.
type reader struct {
	j  *journal
	mu *sync.Mutex

	seg  *segment // that is being read
	in   *frameReader
	sets callrow.Sets
	read int // records read from it
}

// next returns up to most rows that are in files and not in the store, the
// oldest first; own says whether those of this process are among them. done
// must follow before the next call.
func (r *reader) next(most int, own bool) ([]callrow.Row, error) {
	for {
		r.mu.Lock()
		seg, end := r.pick(own)
		r.mu.Unlock()
		if seg == nil {
			return nil, nil
		}
		list, err := r.from(seg, end, most)
		if err != nil {
			r.close()
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if len(list) > 0 {
			return list, nil
		}
		r.mu.Lock()
		again := seg.stored == seg.records
		r.mu.Unlock()
		if !again {
			return nil, nil // its end is not written yet
		}
	}
}

// pick returns the first segment with records to read, and where its written
// part ends.
func (r *reader) pick(own bool) (*segment, int64) {
	for _, s := range r.j.segments {
		if s.stored < s.records && (s.earlier || own) {
			return s, s.good
		}
	}
	return nil, 0
}

// from reads on in a segment.
func (r *reader) from(s *segment, end int64, most int) ([]callrow.Row, error) {
	if r.seg != s {
		r.close()
		in, err := openFrames(s.name, end)
		if err != nil {
			return nil, err
		}
		r.seg, r.in, r.sets, r.read = s, in, make(callrow.Sets), 0
	}
	r.in.end = end
	var list []callrow.Row
	for len(list) < most {
		text, err := r.in.next()
		if errors.Is(err, io.EOF) {
			r.shorter(s)
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		switch callrow.KindOf(text) {
		case callrow.Open:
			continue
		case callrow.SetOf:
			_ = r.sets.Add(text) // the calls are kept without it
			continue
		}
		if r.read++; r.read <= s.stored { // nobody else changes how many are
			continue
		}
		row, err := r.sets.Decode(text)
		if err != nil {
			r.mu.Lock()
			s.records--
			r.read--
			r.lose(s, s.lost+1)
			r.mu.Unlock()
			continue
		}
		row.Earlier = s.earlier
		list = append(list, row)
	}
	return list, nil
}

// shorter notes that a file ends before all its records were read: it was
// damaged since it was measured, or written.
func (r *reader) shorter(s *segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read >= s.records || !s.earlier && r.in.lost == 0 {
		return
	}
	if s == r.j.current {
		r.j.retire()
	}
	if s.good == s.bytes { // else some of them are on their way
		r.lose(s, max(s.lost+s.records-r.read, r.in.lost))
		s.records = r.read
	}
}

// lose notes how many records of a damaged file are lost.
func (r *reader) lose(s *segment, lost int) {
	r.j.lost += lost - s.lost
	s.lost, s.damaged = lost, true
}

// done says that so many rows of the last next are in the store.
func (r *reader) done(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seg.stored += n
}

// again makes next return what was not done once more.
func (r *reader) again() { r.close() }

func (r *reader) close() {
	if r.in != nil {
		r.in.close()
		r.in, r.seg = nil, nil
	}
}
