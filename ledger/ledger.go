package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// Bounds of batches and pauses.
const (
	batchMost  = 500                    // records in one transaction
	batchWait  = 250 * time.Millisecond // the most a record waits for others
	pauseFirst = 250 * time.Millisecond // after a failure, doubled up to pauseMost
	pauseMost  = 15 * time.Second
	writeMost  = time.Minute      // the most one attempt to write may take
	closeMost  = 10 * time.Second // the most Close tries a store that fails
	alarmEvery = time.Minute      // how often the same trouble is told again
)

// Defaults of Options.
const (
	DefaultMaxRecords = 200_000
	DefaultMaxBytes   = 64 << 20
)

// Writer is the store, as far as the ledger needs it. WriteCalls writes all
// records or returns an error; writing one twice must do no harm. An error
// with a method Refused says that the batch was written but for so many
// records that cannot be stored at all.
type Writer interface {
	WriteCalls(ctx context.Context, records []*ai.Record) error
}

// Options of a ledger.
type Options struct {
	// Writer is where records go. It may come later, see Attach.
	Writer Writer
	// Alarm is told what an operator should know: that the store fails, that it
	// is back (then err is nil), that records are lost. It is called from the
	// ledger's own goroutine, so no call waits for it. Default: nobody.
	Alarm func(msg string, err error)
	// MaxRecords and MaxBytes, an estimate, bound what is kept while the store
	// is away. What comes beyond them is lost: the older records tell how the
	// trouble began. Defaults: DefaultMaxRecords and DefaultMaxBytes.
	MaxRecords int
	MaxBytes   int64
	// Spool is where records go while the store is away, and whatever cannot be
	// written at the end. It may come later, see UseSpool. nil: they are kept in
	// memory, and lost at the end.
	Spool *Spool
}

// Stats is the ledger at a moment, counted since it was made.
type Stats struct {
	Depth   int    // records in memory that wait to be written, or are being written
	Spooled int    // records on disk that wait to be written
	Bytes   int64  // estimate of the memory they hold
	Written uint64 // records written
	Lost    uint64 // records given up: memory was full, the store refuses them, or the spool was damaged; 0 if all is well
	Failed  uint64 // attempts to write that failed
}

// Ledger is safe for concurrent use. Records are written in the order in which
// they came.
type Ledger struct {
	alarm      func(string, error)
	maxRecords int
	maxBytes   int64

	mu     sync.Mutex
	queue  []entry       // what Record put there and nobody has taken
	shared *ai.Candidate // first candidate of the last record, see weigh
	stats  Stats
	writer Writer
	spool  *Spool
	closed bool

	wake   chan struct{}        // the queue got its first record, or a full batch
	flush  chan chan<- struct{} // closed when everything that was there is tried
	stop   chan struct{}
	done   chan struct{}
	giveUp context.CancelFunc // ends writing
}

// entry is a record and the memory it is counted with.
type entry struct {
	record *ai.Record
	bytes  int64
}

// New returns a ledger. Without a writer it keeps records until one is
// attached; with one, Close must be called in the end.
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
		alarm: o.Alarm, maxRecords: o.MaxRecords, maxBytes: o.MaxBytes, spool: o.Spool,
		wake: make(chan struct{}, 1), flush: make(chan chan<- struct{}),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
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
	s := scribe{Ledger: l, writer: w, spool: l.spool}
	go s.run(ctx)
	if len(l.queue) > 0 || l.spool != nil && l.spool.Len() > 0 {
		l.signal()
	}
}

// UseSpool gives the ledger its spool, before it is attached to a store. What is
// in it is written first.
func (l *Ledger) UseSpool(s *Spool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer == nil {
		l.spool = s
	}
}

// Record takes a record in. It never waits; the record must not be changed any
// more.
func (l *Ledger) Record(r *ai.Record) {
	l.mu.Lock()
	bytes := l.weigh(r)
	if l.closed || l.stats.Depth >= l.maxRecords || l.stats.Bytes+bytes > l.maxBytes {
		l.stats.Lost++
		l.mu.Unlock()
		return
	}
	l.queue = append(l.queue, entry{r, bytes})
	l.stats.Depth++
	l.stats.Bytes += bytes
	n := len(l.queue)
	l.mu.Unlock()
	if n == 1 || n == batchMost {
		l.signal()
	}
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
	if l.spool != nil {
		stats.Spooled = l.spool.Len()
		stats.Lost += uint64(l.spool.Lost()) //nolint:gosec // a count
	}
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
// records that could not be written are lost then, which is the error.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	first, running := !l.closed, l.writer != nil
	l.closed = true
	l.mu.Unlock()
	if running {
		if first {
			close(l.stop)
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			l.giveUp()
			<-l.done
		}
		l.giveUp()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if first && l.spool != nil {
		if err := l.spool.Close(); err != nil {
			l.alarm("closing the spool", err)
		}
	}
	left := l.stats.Depth
	if left <= 0 {
		return nil
	}
	l.stats.Lost += uint64(left)
	l.stats.Depth, l.stats.Bytes, l.queue = 0, 0, nil
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
