package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ccload/ccload/internal/callrow"
)

// Bounds of a journal.
const (
	maxSegment        = 4 << 20          // bytes of a file; the next one is begun then
	segmentLife       = time.Minute      // that a file of stored records is kept because a call is under way
	DefaultMaxJournal = 1 << 30          // bytes of all files
	groupWait         = time.Millisecond // the most a call under way waits to be written
	slowWrite         = 2 * time.Millisecond
	mendEvery         = 5 * time.Second
)

var (
	errNoJournal   = errors.New("there is no journal")
	errJournalFull = errors.New("the journal has reached its bound of bytes, because the store has been away for long")
)

// journal is the file that calls are written to, before anything else: what a
// client saw the end of is there, whatever becomes of the process. See doc.go.
// All of it is guarded by the ledger's lock, but for what says otherwise.
type journal struct {
	mu   *sync.Mutex // the ledger's
	base string      // folder of those of all processes; empty: there is none, and chunks stay in memory
	dir  string      // of this process
	most int64

	segments []*segment // oldest first
	current  *segment   // the last one, which is written to; nil: the next record begins one
	chunk    *chunk     // the last one
	pending  []*chunk   // those with bytes that are not in a file yet
	spare    []*chunk
	bytes    int64 // of all segments
	last     int   // number of the last segment

	flushing bool // somebody writes, without the lock
	slow     bool // the last write took long: calls do not write themselves

	open  Open // the calls under way: a ring
	fault error
	mend  time.Time // when to try again

	locks   []*os.File
	lost    int // records that were damaged
	damages []Damaged

	salvage func() // keeps in memory what is pending and cannot be written

	wake chan struct{} // there is something to write, for which no call waits
}

// Damaged is a file of a journal that was damaged and has been read as far as it
// could be.
type Damaged struct {
	File string // where it is kept
	Lost int    // records that could not be read, at least
}

// Open is a call under way in the journal. The zero value is one that is not
// there. It must not be copied.
type Open struct {
	prev, next *Open
	seg        *segment // nil: it stands nowhere
	at, size   int64
}

func (j *journal) init(mu *sync.Mutex, salvage func()) {
	j.mu, j.salvage, j.fault, j.wake = mu, salvage, errNoJournal, make(chan struct{}, 1)
	j.open.prev, j.open.next = &j.open, &j.open
}

// note remembers where the latest text of a call under way stands.
func (j *journal) note(o *Open, c *chunk, size int) {
	if o.next == nil {
		o.prev, o.next = j.open.prev, &j.open
		o.prev.next, j.open.prev = o, o
	}
	if o.seg != nil {
		o.seg.open--
	}
	if o.seg = c.seg; o.seg != nil {
		o.seg.open++
		o.at, o.size = o.seg.bytes-int64(size), int64(size)
	}
}

// forget takes a call out that has ended.
func (j *journal) forget(o *Open) {
	if o == nil || o.next == nil {
		return
	}
	if o.seg != nil {
		o.seg.open--
		o.seg = nil
	}
	o.prev.next, o.next.prev = o.next, o.prev
	o.prev, o.next = nil, nil
}

// add appends a frame to the journal or, while there is a fault, to what is in
// memory only. The copy is valid while the chunk is held.
func (j *journal) add(b []byte, set *callrow.Set) (c *chunk, copied []byte) {
	if j.fault == nil && j.bytes+int64(len(b)) > j.most {
		j.halt(errJournalFull)
	}
	if j.fault == nil {
		if j.current != nil && j.current.bytes >= maxSegment {
			j.retire()
		}
		if j.current == nil {
			j.last++
			j.current = &segment{
				name: filepath.Join(j.dir, fmt.Sprintf("%08d"+suffix, j.last)),
				made: time.Now(), sets: make(map[*callrow.Set]bool),
			}
			j.segments = append(j.segments, j.current)
		}
		if set != nil && !j.current.sets[set] {
			j.current.sets[set] = true
			j.put(setFrame(set))
		}
	}
	return j.put(b)
}

// put appends a frame to the last chunk, or to a new one.
func (j *journal) put(b []byte) (c *chunk, copied []byte) {
	c = j.chunk
	if c == nil || c.seg != j.current || len(c.b)+len(b) > cap(c.b) {
		j.retireChunk()
		c = j.newChunk(len(b))
		j.chunk = c
	}
	at := len(c.b)
	c.b = append(c.b, b...)
	if c.seg != nil {
		if c.written == at { // it has all been written, so it is not there yet
			j.pend(c)
		}
		c.seg.bytes += int64(len(b))
		j.bytes += int64(len(b))
	}
	return c, c.b[at:len(c.b):len(c.b)]
}

// pend queues a chunk to be written, unless it is queued.
func (j *journal) pend(c *chunk) {
	if n := len(j.pending); n == 0 || j.pending[n-1] != c {
		j.pending = append(j.pending, c)
	}
}

func (j *journal) newChunk(size int) *chunk {
	c := (*chunk)(nil)
	if n := len(j.spare); n > 0 && size <= chunkSize {
		c = j.spare[n-1]
		j.spare = j.spare[:n-1]
		*c = chunk{b: c.b[:0]}
	} else {
		c = &chunk{b: make([]byte, 0, max(size, chunkSize))}
	}
	if c.seg = j.current; c.seg != nil {
		c.at = c.seg.bytes
	}
	return c
}

// retireChunk adds nothing to the last chunk any more.
func (j *journal) retireChunk() {
	if c := j.chunk; c != nil {
		c.retired = true
		j.chunk = nil
		j.drop(c)
	}
}

// drop keeps a chunk for later that nobody needs any more.
func (j *journal) drop(c *chunk) {
	if c.retired && c.refs == 0 && (c.seg == nil || c.written == len(c.b)) && cap(c.b) == chunkSize && len(j.spare) < maxSpare {
		c.seg, c.retired = nil, false // so that it is kept once, whoever drops it again
		j.spare = append(j.spare, c)
	}
}

// retire begins a new segment with the next record.
func (j *journal) retire() {
	j.retireChunk()
	j.current = nil
}

// flush writes what waits, unless somebody does already, who then takes it
// along. A call that ends does so itself: its record is with the kernel before
// its answer has ended. While the disk is slow nobody waits for it but a
// goroutine of the ledger's own.
func (j *journal) flush(own bool) {
	if j.slow && !own {
		j.signal()
		return
	}
	for len(j.pending) > 0 && !j.flushing {
		c := j.pending[0]
		seg, b := c.seg, c.b[c.written:]
		at, f := c.at+int64(c.written), seg.file
		j.flushing = true
		j.mu.Unlock()
		began := time.Now()
		f, err := appendTo(f, seg.name, b, at)
		slow := time.Since(began) > slowWrite
		j.mu.Lock()
		seg.file = f
		j.flushing, j.slow = false, slow
		if err != nil {
			j.salvage()
			j.halt(fmt.Errorf("writing the journal: %w", err))
			return
		}
		c.written += len(b)
		seg.good += int64(len(b))
		if c.written == len(c.b) {
			j.pending = append(j.pending[:0], j.pending[1:]...)
			j.drop(c)
		}
		if seg != j.current && (len(j.pending) == 0 || j.pending[0].seg != seg) {
			seg.close()
		}
	}
}

// halt writes no more until it is tried again.
func (j *journal) halt(err error) {
	j.retire()
	j.fault, j.mend = err, time.Now().Add(mendEvery)
}

func (j *journal) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// counts is how many records of earlier processes, and of this one, stand in
// files and are not in the store.
func (j *journal) counts() (earlier, own int) {
	for _, s := range j.segments {
		if s.earlier {
			earlier += s.records - s.stored
		} else {
			own += s.records - s.stored
		}
	}
	return earlier, own
}

// tidy removes files that nothing in is needed of any more, the oldest first.
func (j *journal) tidy(now time.Time) error {
	if s := j.current; s != nil && s.stored == s.records && len(j.pending) == 0 && !j.flushing &&
		(s.open == 0 && now.Sub(s.made) >= time.Second || now.Sub(s.made) >= segmentLife) && s.bytes > 0 {
		j.retire()
	}
	for len(j.segments) > 0 && !j.flushing && len(j.pending) == 0 {
		s := j.segments[0]
		if s == j.current || s.stored < s.records {
			return nil
		}
		if s.open > 0 {
			if !j.carry(s) || s.open > 0 {
				return nil
			}
			continue
		}
		if err := j.removeFirst(); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) removeFirst() error {
	s := j.segments[0]
	aside, err := s.remove()
	if err != nil {
		return err
	}
	if aside != "" {
		j.damages = append(j.damages, Damaged{File: aside, Lost: s.lost})
	}
	j.segments = j.segments[1:]
	j.bytes -= s.bytes
	if s == j.current {
		j.retire()
	}
	return nil
}

// carry writes what stands of calls under way in a segment to the current one,
// and reports whether it is there.
func (j *journal) carry(s *segment) bool {
	f, err := os.Open(s.name)
	if err != nil {
		j.halt(fmt.Errorf("reading the journal: %w", err))
		return false
	}
	defer f.Close()
	for o := j.open.next; o != &j.open; o = o.next {
		if o.seg != s {
			continue
		}
		b := make([]byte, o.size)
		if _, err := f.ReadAt(b, o.at); err != nil && !errors.Is(err, io.EOF) {
			j.halt(fmt.Errorf("reading the journal: %w", err))
			return false
		}
		c, _ := j.add(b, nil)
		j.note(o, c, len(b))
	}
	j.flush(true)
	return j.fault == nil && len(j.pending) == 0 && !j.flushing
}
