package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

// Bounds of batches and pauses.
const (
	maxBatch   = 500                    // records in one transaction
	batchWait  = 250 * time.Millisecond // the most a record waits for others
	pauseFirst = 250 * time.Millisecond // after a failure, doubled up to maxPause
	maxPause   = 15 * time.Second
	maxWrite   = time.Minute      // the most one attempt to write may take
	maxClose   = 10 * time.Second // the most Close tries a store that fails
	alarmEvery = time.Minute      // how often the same trouble is told again
	maxQueue   = 8 * maxBatch     // records of the journal that are in memory as well
)

// Defaults of Options.
const (
	DefaultMaxRecords = 200_000
	DefaultMaxBytes   = 64 << 20
)

// Writer is the store, as far as the ledger needs it. WriteRows writes all
// rows or returns an error; writing one twice must do no harm. An error with a
// method Refused says that the batch was written but for so many rows that
// cannot be stored at all.
type Writer interface {
	WriteRows(ctx context.Context, rows []callrow.Row) error
}

// Options of a ledger.
type Options struct {
	// Writer is where records go. It may come later, see Attach.
	Writer Writer
	// Alarm is told what an operator should know: that the store fails, that it
	// is back (then err is nil), that records are lost. It is called from the
	// ledger's own goroutines, so no call waits for it. Default: nobody.
	Alarm func(msg string, err error)
	// MaxRecords and MaxBytes, an estimate, bound what is kept in memory where
	// there is no journal or its disk is full. What comes beyond them is lost: the
	// older records tell how the trouble began. Defaults: DefaultMaxRecords and
	// DefaultMaxBytes.
	MaxRecords int
	MaxBytes   int64
}

// Stats is the ledger at a moment, counted since it was made.
type Stats struct {
	Depth   int    // records in memory that wait to be written, or are being written
	Spooled int    // records that wait to be written and are on disk only
	Bytes   int64  // estimate of the memory they hold
	Written uint64 // records written
	Lost    uint64 // records given up: memory was full, the store refuses them, or the journal was damaged; 0 if all is well
	Failed  uint64 // attempts to write that failed
	Journal error  // why nothing is written to the journal now; nil: it is
}

// Ledger is safe for concurrent use. Records are written in the order in which
// they came.
type Ledger struct {
	alarm      func(string, error)
	maxRecords int
	maxBytes   int64

	mu      sync.Mutex
	journal journal
	queue   []entry       // records in memory, oldest first
	busy    int           // of them, being written to the store
	behind  bool          // those of this process in the journal are not in the queue
	shared  *ai.Candidate // first candidate of the last record, see weigh
	stats   Stats
	writer  Writer
	closed  bool
	began   bool // the journal's goroutine runs

	wake   chan struct{}        // the queue got its first record, or a full batch
	flush  chan chan<- struct{} // closed when everything that was there is tried
	stop   chan struct{}
	done   chan struct{}
	kept   chan struct{}      // closed when the journal's goroutine has ended
	giveUp context.CancelFunc // ends writing
}

// entry is a record in memory.
type entry struct {
	row   callrow.Row
	frame []byte   // its text, with the head
	chunk *chunk   // that this stands in
	seg   *segment // of the journal; nil: it is in memory only
	end   int64    // in the segment
	bytes int64    // of memory it is counted with
}

// New returns a ledger. Without a writer it keeps records until one is
// attached; Close must be called in the end.
func New(o Options) *Ledger {
	if o.Alarm == nil {
		o.Alarm = func(string, error) {}
	}
	if o.MaxRecords <= 0 {
		o.MaxRecords = DefaultMaxRecords
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	l := &Ledger{
		alarm: o.Alarm, maxRecords: o.MaxRecords, maxBytes: o.MaxBytes,
		wake: make(chan struct{}, 1), flush: make(chan chan<- struct{}),
		stop: make(chan struct{}), done: make(chan struct{}), kept: make(chan struct{}),
	}
	l.journal.init(&l.mu, l.salvage)
	if o.Writer != nil {
		l.Attach(o.Writer)
	}
	return l
}

// Attach begins to write to w, also what came before. A ledger has one writer:
// a second one is ignored.
func (l *Ledger) Attach(w Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer != nil || l.closed {
		return
	}
	l.writer = w
	ctx, cancel := context.WithCancel(context.Background())
	l.giveUp = cancel
	s := writing{Ledger: l, store: w, reader: reader{j: &l.journal, mu: &l.mu}}
	go s.run(ctx)
	if len(l.queue) > 0 || l.spooled() > 0 {
		l.signal()
	}
}

// Begin notes that a call is under way, with the record that it has should
// nothing more be heard of it, and again whenever more of it is known. It is
// with the kernel within a millisecond. It never waits.
func (l *Ledger) Begin(o *Open, r *ai.Record) {
	f := newFrame(callrow.Open, r)
	defer f.release()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.journal.fault != nil {
		return
	}
	idle := len(l.journal.pending) == 0
	c, _ := l.journal.add(f.b, f.set)
	l.journal.note(o, c, len(f.b))
	if idle {
		l.journal.signal()
	}
}

// Record takes in the record of a call that has ended; o is what Begin was
// given, or nil. When it returns, the record is in the journal, if there is one,
// or another call is just writing it there. It waits for nothing else; the
// record must not be changed any more.
func (l *Ledger) Record(r *ai.Record, o *Open) {
	f := newFrame(callrow.Done, r)
	defer f.release()
	l.mu.Lock()
	defer l.mu.Unlock()
	j := &l.journal
	bytes := l.weigh(r) + int64(len(f.b))
	if l.closed {
		l.stats.Lost++
		return
	}
	if j.fault != nil && l.full(bytes) && !l.behind {
		l.fallBehind() // what is in the journal makes room for what is not
	}
	if j.fault != nil && l.full(bytes) {
		j.forget(o)
		l.stats.Lost++
		return
	}
	c, b := j.add(f.b, f.set)
	j.forget(o)
	if c.seg != nil {
		c.seg.records++
	}
	if c.seg == nil || !l.behind {
		e := entry{row: callrow.Row{Record: r, Set: f.set, Details: b[f.details : len(b)-1]}, frame: b, chunk: c, seg: c.seg, bytes: bytes}
		if c.seg != nil {
			e.end = c.seg.bytes
		}
		l.enqueue(e)
		if c.seg != nil && len(l.queue) > min(maxQueue, l.maxRecords) {
			l.fallBehind()
		}
	} else {
		l.signal()
	}
	j.flush(false)
}

// full reports whether memory has no room for a record.
func (l *Ledger) full(bytes int64) bool {
	return l.stats.Depth >= l.maxRecords || l.stats.Bytes+bytes > l.maxBytes
}

// enqueue puts a record into memory.
func (l *Ledger) enqueue(e entry) {
	e.chunk.refs++
	l.queue = append(l.queue, e)
	l.stats.Depth++
	l.stats.Bytes += e.bytes
	if n := len(l.queue); n == 1 || n == maxBatch {
		l.signal()
	}
}

// let lets go of the memory of a record.
func (l *Ledger) let(e *entry) {
	l.stats.Depth--
	l.stats.Bytes -= e.bytes
	e.chunk.refs--
	l.journal.drop(e.chunk)
	*e = entry{}
}

// fallBehind lets go of what is in the journal as well: the store is slower
// than records come, or away. From now on they are read from there.
func (l *Ledger) fallBehind() {
	l.behind = true
	kept := l.queue[:l.busy]
	for i := l.busy; i < len(l.queue); i++ {
		if e := &l.queue[i]; e.seg != nil {
			l.let(e)
		} else {
			kept = append(kept, *e)
		}
	}
	clear(l.queue[len(kept):])
	l.queue = kept
}

// spooled is how many records wait on disk and are not in memory.
func (l *Ledger) spooled() int {
	earlier, own := l.journal.counts()
	if !l.behind {
		return earlier
	}
	for i := range l.queue[:l.busy] {
		if l.queue[i].seg != nil {
			own--
		}
	}
	return earlier + own
}

// signal wakes the goroutine, which then looks for itself.
func (l *Ledger) signal() {
	select {
	case l.wake <- struct{}{}:
	default: // it has not even seen the last one
	}
}

var (
	recordBytes    = int64(reflect.TypeFor[ai.Record]().Size())
	attemptBytes   = int64(reflect.TypeFor[ai.Attempt]().Size())
	candidateBytes = int64(reflect.TypeFor[ai.Candidate]().Size())
)

// textBytes is what the short texts of a record, or of an attempt, take
// together, about.
const textBytes = 200

// weigh estimates the memory that a record holds. Most calls share their list
// of candidates with the one before; it is counted with the first of them. The
// caller holds the lock.
func (l *Ledger) weigh(r *ai.Record) int64 {
	bytes := recordBytes + textBytes + int64(len(r.Message)+len(r.Model))
	for i := range r.Attempts {
		bytes += attemptBytes + textBytes + int64(len(r.Attempts[i].Outcome.Message))
	}
	if len(r.Candidates) > 0 {
		if first := &r.Candidates[0]; first != l.shared {
			l.shared = first
			bytes += candidateBytes * int64(len(r.Candidates))
		}
	}
	return bytes
}

// Stats returns the numbers of the moment.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := l.stats
	stats.Spooled = l.spooled()
	stats.Lost += uint64(l.journal.lost) //nolint:gosec // a count
	stats.Journal = l.journal.fault
	return stats
}

// Flush waits until everything that was recorded before has been written, or
// has failed to be; then it is kept and Stats tells how much. It does not wait
// for a store that is away or not attached. The error is ctx's.
func (l *Ledger) Flush(ctx context.Context) error {
	l.mu.Lock()
	idle := l.writer == nil
	l.mu.Unlock()
	if idle {
		return nil
	}
	tried := make(chan struct{})
	select {
	case l.flush <- tried:
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the ledger: %w", ctx.Err())
	}
	select {
	case <-tried:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the ledger: %w", ctx.Err())
	}
}

// Close takes no more records, writes what is left and ends the ledger. A store
// that fails is tried again until ctx ends, but no longer than ten seconds;
// records that are neither in the store nor in the journal are lost then, which
// is the error.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	first, running, began := !l.closed, l.writer != nil, l.began
	l.closed = true
	l.mu.Unlock()
	if first {
		close(l.stop)
	}
	if running {
		select {
		case <-l.done:
		case <-ctx.Done():
			l.giveUp()
			<-l.done
		}
		l.giveUp()
	}
	if began {
		<-l.kept
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !first {
		return nil
	}
	l.closeJournal()
	left := 0
	for i := range l.queue {
		if l.queue[i].seg == nil {
			left++
		}
		l.let(&l.queue[i])
	}
	l.queue = nil
	if left == 0 {
		return nil
	}
	l.stats.Lost += uint64(left)
	return &LostError{Records: left}
}

// LostError says that the ledger was closed before all records were written.
type LostError struct {
	Records int
}

// Error says how many.
func (e *LostError) Error() string {
	return fmt.Sprintf("%d records of calls could not be written and are lost", e.Records)
}

var errTooMany = errors.New("more wait for the store than may be kept in memory")
