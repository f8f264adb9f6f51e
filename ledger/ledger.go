// Package ledger settles calls: it takes their records and writes them to the
// store behind the calls' backs, in batches, so that no call waits for a
// database. While the store is away it keeps what it has, within bounds, and
// tries again. It does the same for what begins and ceases to rest.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// Bounds of batches and of what is kept in memory.
const (
	batchMost  = 500                    // records in one transaction
	batchWait  = 250 * time.Millisecond // the most a record waits for others
	retryFirst = 500 * time.Millisecond // after a failure, doubled up to retryMost
	retryMost  = 15 * time.Second
	keepMost   = 200_000 // records kept while the store is away; about 200 MB at worst
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
	// Alarm is told what an operator should know: that the store fails, that it
	// is back, that records are lost. Default: nobody.
	Alarm func(msg string, err error)
}

// Stats is the ledger at a moment.
type Stats struct {
	Depth   int    // records that wait to be written
	Written uint64 // records written since the start
	Lost    uint64 // records given up: memory was full, or the store refuses them; 0 if all is well
	Failed  uint64 // attempts to write that failed
}

// Ledger is safe for concurrent use. Records are written in the order in which
// they came.
type Ledger struct {
	alarm func(string, error)

	mu      sync.Mutex
	pending []*ai.Record
	stats   Stats
	writer  Writer
	closed  bool

	wake   chan struct{}      // something to write, or a flush is asked for
	flush  chan chan struct{} // closed when everything that was there is tried
	stop   chan struct{}
	done   chan struct{}
	cancel context.CancelFunc
}

// New returns a ledger that keeps records until a writer is attached.
func New(o Options) *Ledger {
	if o.Alarm == nil {
		o.Alarm = func(string, error) {}
	}
	return &Ledger{
		alarm: o.Alarm, wake: make(chan struct{}, 1), flush: make(chan chan struct{}),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// Attach begins to write to w. It is called once.
func (l *Ledger) Attach(w Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer != nil || l.closed {
		return
	}
	l.writer = w
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go l.run(ctx)
}

// Record takes a record in. It never waits; the record must not be changed any
// more.
func (l *Ledger) Record(r *ai.Record) {
	l.mu.Lock()
	lost := l.closed || len(l.pending) >= keepMost
	if lost {
		l.stats.Lost++
	} else {
		l.pending = append(l.pending, r)
	}
	first, full := l.stats.Lost == 1, len(l.pending) >= batchMost
	l.mu.Unlock()
	if lost && first {
		l.alarm("records of calls are lost: too many wait for the store", nil)
	}
	if full {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// Stats returns the numbers of the moment.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Depth = len(l.pending)
	return s
}

// Flush waits until everything that was recorded before has been written, or
// has failed to be.
func (l *Ledger) Flush(ctx context.Context) error {
	l.mu.Lock()
	idle := l.writer == nil || l.closed
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

// Close writes what is left and ends the ledger. The error says that not all
// could be written before ctx ended.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	running := l.writer != nil && !l.closed
	l.closed = true
	l.mu.Unlock()
	if !running {
		return nil
	}
	close(l.stop)
	select {
	case <-l.done:
	case <-ctx.Done():
		l.cancel()
		<-l.done
	}
	l.cancel()
	if n := l.Stats().Depth; n > 0 {
		return fmt.Errorf("%d records of calls could not be written", n)
	}
	return nil
}

// run is the goroutine that writes. Attach starts it, Close ends it.
func (l *Ledger) run(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(batchWait)
	defer tick.Stop()
	var retry time.Duration
	var notBefore time.Time
	for {
		var tried chan struct{}
		stopping := false
		select {
		case <-tick.C:
		case <-l.wake:
		case tried = <-l.flush:
			notBefore = time.Time{}
		case <-l.stop:
			stopping = true
			notBefore = time.Time{}
		}
		if !time.Now().Before(notBefore) {
			err := l.drain(ctx)
			switch {
			case err == nil && retry > 0:
				l.alarm("the store takes records of calls again", nil)
				retry = 0
			case err != nil:
				if retry == 0 {
					l.alarm("the store does not take records of calls; they are kept and tried again", err)
				}
				retry = min(max(2*retry, retryFirst), retryMost)
				notBefore = time.Now().Add(retry)
			}
		}
		if tried != nil {
			close(tried)
		}
		if stopping {
			return
		}
	}
}

// drain writes batch after batch until nothing waits or one fails.
func (l *Ledger) drain(ctx context.Context) error {
	for {
		l.mu.Lock()
		batch := l.pending[:min(len(l.pending), batchMost)]
		l.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		err := l.writer.WriteCalls(ctx, batch)
		refused := 0
		if partly := (interface{ Refused() int })(nil); errors.As(err, &partly) {
			l.alarm("the store refuses records of calls", err)
			refused, err = partly.Refused(), nil
		}
		l.mu.Lock()
		if err != nil {
			l.stats.Failed++
			l.mu.Unlock()
			return err
		}
		l.stats.Written += uint64(len(batch) - refused)
		l.stats.Lost += uint64(refused)
		clear(batch) // let go of the records; the array is used again
		if l.pending = l.pending[len(batch):]; len(l.pending) == 0 {
			l.pending = nil
		}
		l.mu.Unlock()
	}
}
