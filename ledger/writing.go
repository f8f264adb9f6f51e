package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ccload/ccload/internal/callrow"
)

// writing is the goroutine of a ledger that writes to the store. What is its
// own it needs no lock for.
type writing struct {
	*Ledger
	store  Writer
	reader reader

	batch []callrow.Row // those of the queue that are being written

	pause   time.Duration // after a failure, 0 while all is well
	waiting bool          // the timer runs

	toldTrouble time.Time // when Alarm was last told of it
	toldLost    time.Time
	lost        uint64 // how many Alarm has been told of
}

// run writes until the ledger is closed.
func (s *writing) run(ctx context.Context) {
	defer close(s.done)
	defer s.reader.close()
	due := time.NewTimer(batchWait)
	s.waiting = true
	defer due.Stop()
	for {
		var tried chan<- struct{}
		select {
		case <-s.wake:
			if s.pause > 0 || !s.full() {
				if !s.waiting {
					due.Reset(batchWait)
					s.waiting = true
				}
				continue
			}
		case <-due.C:
		case tried = <-s.flush:
		case <-s.stop:
			s.finish(ctx)
			return
		}
		wait := batchWait
		if err := s.drain(ctx); err != nil {
			wait = s.pause
		}
		if tried != nil {
			close(tried)
		}
		if s.waiting = s.left() > 0; s.waiting {
			due.Reset(wait)
		} else {
			due.Stop()
		}
		s.tidy()
		s.tellLost(time.Now())
	}
}

// full reports whether a whole batch waits in memory.
func (s *writing) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Depth >= maxBatch
}

// left is how many records wait.
func (s *writing) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Depth + s.spooled()
}

// finish writes what is left, as long as there is time.
func (s *writing) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, maxClose)
	defer cancel()
	for s.drain(ctx) != nil && !s.safe() {
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return
		}
	}
	s.tidy()
	s.tellLost(time.Now())
}

// safe reports whether everything that waits is in the journal.
func (s *writing) safe() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mend(time.Now().Add(mendEvery)) // the last chance of what is not
	for i := range s.queue {
		if s.queue[i].seg == nil {
			return false
		}
	}
	return true
}

// drain writes batch after batch until everything that was there when it began
// is written, or one batch fails. It keeps the pause.
func (s *writing) drain(ctx context.Context) error {
	var err error
	for left := s.left(); left > 0 && err == nil; {
		var n int
		if n, err = s.one(ctx); n == 0 {
			break
		}
		left -= n
	}
	if err != nil {
		s.pause = min(max(2*s.pause, pauseFirst), maxPause)
		s.tellTrouble(err, time.Now())
		return err
	}
	s.caughtUp()
	if s.pause > 0 {
		s.pause, s.toldTrouble = 0, time.Time{}
		s.alarm("the store takes records of calls again", nil)
	}
	return nil
}

// one writes one batch and returns how many records it had: first what other
// processes left, then what is in memory, which may be nowhere else, then what
// is in the journal only.
func (s *writing) one(ctx context.Context) (int, error) {
	rows, err := s.reader.next(maxBatch, false)
	if len(rows) == 0 { // or they cannot be read now, which holds up nothing else
		if n, err := s.fromMemory(ctx); n > 0 || err != nil {
			return n, err
		}
		if err == nil && !s.caughtUp() {
			rows, err = s.reader.next(maxBatch, true)
		}
	}
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := s.put(ctx, rows); err != nil {
		s.reader.again()
		return 0, err
	}
	s.reader.done(len(rows))
	return len(rows), nil
}

// caughtUp reports whether nothing of this process is in the journal only. What
// comes from now on stays in memory too.
func (s *writing) caughtUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, own := s.journal.counts(); own == 0 {
		s.behind = false
	}
	return !s.behind
}

// fromMemory writes the first of the queue.
func (s *writing) fromMemory(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	s.busy = min(len(s.queue), maxBatch)
	n = s.busy
	s.batch = s.batch[:0]
	for i := range s.queue[:n] {
		s.batch = append(s.batch, s.queue[i].row)
	}
	s.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	err = s.put(ctx, s.batch)
	clear(s.batch)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = 0
	if err != nil {
		if s.behind {
			s.fallBehind()
		}
		return 0, err
	}
	for i := range s.queue[:n] {
		if seg := s.queue[i].seg; seg != nil {
			seg.stored++
		}
		s.let(&s.queue[i])
	}
	switch rest := len(s.queue) - n; {
	case rest == 0 && cap(s.queue) > 4*maxBatch:
		s.queue = nil // it was made for a queue that was long
	case rest <= maxQueue: // its room is used again
		copy(s.queue, s.queue[n:])
		clear(s.queue[rest:])
		s.queue = s.queue[:rest]
	default:
		s.queue = s.queue[n:]
	}
	return n, nil
}

// put gives rows to the store.
func (s *writing) put(ctx context.Context, rows []callrow.Row) error {
	ctx, cancel := context.WithTimeout(ctx, maxWrite)
	defer cancel()
	err := s.store.WriteRows(ctx, rows)
	refused, err := refusals(err, len(rows))
	if refused.err != nil {
		s.alarm("the store refuses records of calls, which are lost", refused.err)
		s.lost += uint64(refused.n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stats.Failed++
		return err
	}
	s.stats.Written += uint64(len(rows)) - uint64(refused.n)
	s.stats.Lost += uint64(refused.n)
	return nil
}

// refusal is how many of a batch the store will never take.
type refusal struct {
	n   int
	err error
}

// refusals tells a store that is away from one that took the batch but for some
// of it.
func refusals(err error, batch int) (refusal, error) {
	if partly := (interface{ Refused() int })(nil); errors.As(err, &partly) {
		return refusal{min(max(0, partly.Refused()), batch), err}, nil
	}
	return refusal{}, err
}

// tidy removes what the journal needs no more, and tells of what was damaged.
func (s *writing) tidy() {
	s.mu.Lock()
	s.mend(time.Now())
	err := s.journal.tidy(time.Now())
	damages := s.journal.damages
	s.journal.damages = nil
	s.mu.Unlock()
	if err != nil {
		s.tellTrouble(err, time.Now())
	}
	for _, d := range damages {
		s.alarm(fmt.Sprintf("a file of the journal was damaged; what could be read is stored, at least %d records are lost, and the file is kept as %s", d.Lost, d.File), errBroken)
	}
}

// tellTrouble tells that the store fails, and from time to time that it still
// does.
func (s *writing) tellTrouble(err error, now time.Time) {
	if !s.toldTrouble.IsZero() && now.Sub(s.toldTrouble) < alarmEvery {
		return
	}
	s.toldTrouble = now
	stats := s.Stats()
	s.alarm(fmt.Sprintf("the store does not take records of calls; %d are kept in memory and %d on disk, and tried again", stats.Depth, stats.Spooled), err)
}

// tellLost tells of records that found no room.
func (s *writing) tellLost(now time.Time) {
	s.mu.Lock()
	lost := s.stats.Lost // the journal's are told with their files
	s.mu.Unlock()
	if lost == s.lost || (!s.toldLost.IsZero() && now.Sub(s.toldLost) < alarmEvery) {
		return
	}
	s.alarm(fmt.Sprintf("%d records of calls are lost", lost-s.lost), errTooMany)
	s.lost, s.toldLost = lost, now
}
