package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
)

// scribe is the goroutine of a ledger that writes. What is its own it needs no
// lock for.
type scribe struct {
	*Ledger
	writer Writer
	spool  *Spool // nil without one

	taken []entry      // from the queue
	at    int          // how many of them are done
	batch []*ai.Record // those that are being written

	pause   time.Duration // after a failure, 0 while all is well
	waiting bool          // the timer runs

	toldTrouble time.Time // when Alarm was last told of it
	toldLost    time.Time
	lost        uint64 // how many Alarm has been told of
}

// run writes until the ledger is closed.
func (s *scribe) run(ctx context.Context) {
	defer close(s.done)
	due := time.NewTimer(batchWait)
	s.waiting = true
	defer due.Stop()
	for {
		var tried chan<- struct{}
		select {
		case <-s.wake:
			if s.pause >= spillAfter && s.full() {
				s.spill()
			}
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
		if s.waiting = s.Stats().Depth+s.spooled() > 0; s.waiting {
			due.Reset(wait)
		} else {
			due.Stop()
		}
		s.tellDamaged()
		s.tellLost(time.Now())
	}
}

// full reports whether a whole batch waits.
func (s *scribe) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Depth >= batchMost
}

// finish writes what is left, as long as there is time.
func (s *scribe) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeMost)
	defer cancel()
	for s.drain(ctx) != nil {
		if s.spill() {
			break // it is safe on disk
		}
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return
		}
	}
	s.tellDamaged()
	s.tellLost(time.Now())
}

// spooled is how many records wait on disk.
func (s *scribe) spooled() int {
	if s.spool == nil {
		return 0
	}
	return s.spool.Len()
}

// spillAfter is the pause from which a store counts as away: after three
// failures in a row.
const spillAfter = 4 * pauseFirst

// spill moves everything from memory to the spool, in its order, and reports
// whether nothing is left.
func (s *scribe) spill() bool {
	if s.spool == nil {
		return false
	}
	for left := s.Stats().Depth; left > 0; left -= len(s.batch) {
		s.fill()
		if len(s.batch) == 0 {
			break
		}
		fit, err := s.spool.Append(s.batch)
		if err != nil {
			s.tellTrouble(err, time.Now())
			return false
		}
		s.mu.Lock()
		s.stats.Lost += uint64(len(s.batch) - fit) //nolint:gosec // no more fit than there are
		s.settle(len(s.batch))
		s.mu.Unlock()
	}
	return true
}

// replay writes what is in the spool, oldest first.
func (s *scribe) replay(ctx context.Context) error {
	for s.spooled() > 0 {
		records, err := s.spool.Next(batchMost)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		if err := s.put(ctx, records); err != nil {
			s.spool.Again()
			return err
		}
		if err := s.spool.Done(len(records)); err != nil {
			return err
		}
		if s.Stats().Depth > s.maxRecords/2 { // what comes meanwhile must find room
			s.spill()
		}
	}
	return nil
}

// drain writes batch after batch until everything that was there when it began
// is written, or one batch fails. It keeps the pause.
func (s *scribe) drain(ctx context.Context) error {
	err := s.replay(ctx)
	for left := s.Stats().Depth; left > 0 && err == nil; left -= len(s.batch) {
		s.fill()
		err = s.write(ctx)
	}
	if err != nil {
		s.pause = min(max(2*s.pause, pauseFirst), pauseMost)
		s.tellTrouble(err, time.Now())
		if s.pause >= spillAfter {
			s.spill()
		}
		return err
	}
	clear(s.batch[:cap(s.batch)])
	if s.pause > 0 {
		s.pause, s.toldTrouble = 0, time.Time{}
		s.alarm("the store takes records of calls again", nil)
	}
	return nil
}

// fill takes the next batch, which stays taken until it is written.
func (s *scribe) fill() {
	if s.at == len(s.taken) {
		spare := s.taken[:0]
		if cap(spare) > 4*batchMost {
			spare = nil // it was made for a queue that was long
		}
		s.mu.Lock()
		s.taken, s.queue = s.queue, spare
		s.mu.Unlock()
		s.at = 0
	}
	s.batch = s.batch[:0]
	for _, e := range s.taken[s.at:min(len(s.taken), s.at+batchMost)] {
		s.batch = append(s.batch, e.record)
	}
}

// write writes the batch.
func (s *scribe) write(ctx context.Context) error {
	if err := s.put(ctx, s.batch); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(len(s.batch))
	return nil
}

// put gives records to the store.
func (s *scribe) put(ctx context.Context, records []*ai.Record) error {
	ctx, cancel := context.WithTimeout(ctx, writeMost)
	defer cancel()
	err := s.writer.WriteCalls(ctx, records)
	refused := 0
	if partly := (interface{ Refused() int })(nil); errors.As(err, &partly) {
		s.alarm("the store refuses records of calls, which are lost", err)
		refused, err = min(max(0, partly.Refused()), len(records)), nil
		s.lost += uint64(refused)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stats.Failed++
		return err
	}
	s.stats.Written += uint64(len(records) - refused)
	s.stats.Lost += uint64(refused)
	return nil
}

// settle takes the first of the taken records out of memory. The caller holds
// the lock.
func (s *scribe) settle(n int) {
	gone := s.taken[s.at : s.at+n]
	for i := range gone {
		s.stats.Bytes -= gone[i].bytes
	}
	clear(gone) // let go of the records: the array is used again
	s.at += n
	s.stats.Depth -= n
}

// tellTrouble tells that the store fails, and from time to time that it still
// does.
func (s *scribe) tellTrouble(err error, now time.Time) {
	if !s.toldTrouble.IsZero() && now.Sub(s.toldTrouble) < alarmEvery {
		return
	}
	s.toldTrouble = now
	stats := s.Stats()
	s.alarm(fmt.Sprintf("the store does not take records of calls; %d are kept in memory and %d on disk, and tried again", stats.Depth, stats.Spooled), err)
}

// tellDamaged tells of each file of the spool that was damaged, once it has been
// read.
func (s *scribe) tellDamaged() {
	if s.spool == nil {
		return
	}
	for _, d := range s.spool.TakeDamaged() {
		s.alarm(fmt.Sprintf("a file of spooled records was damaged; what could be read is stored, at least %d records are lost, and the file is kept as %s", d.Lost, d.File), errBroken)
	}
}

// tellLost tells of records that found no room.
func (s *scribe) tellLost(now time.Time) {
	s.mu.Lock()
	lost := s.stats.Lost // the spool's are told with their files
	s.mu.Unlock()
	if lost == s.lost || (!s.toldLost.IsZero() && now.Sub(s.toldLost) < alarmEvery) {
		return
	}
	s.alarm(fmt.Sprintf("%d records of calls are lost", lost-s.lost), errTooMany)
	s.lost, s.toldLost = lost, now
}
