package ledger

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Kill lets go of the ledger's files and locks as the end of its process would:
// nothing is written, removed or tidied up.
//
// What waits for another goroutine to be written, for a millisecond, is written.
func (l *Ledger) Kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.journal.flushing {
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
	}
	l.journal.flush(true)
	if !l.closed {
		l.closed = true
		close(l.stop)
	}
	l.journal.pending = nil
	l.journal.release()
}

// Await waits until the goroutines of a killed ledger have ended.
func (l *Ledger) Await() {
	if l.giveUp != nil {
		l.giveUp()
		<-l.done
	}
	if l.began {
		<-l.kept
	}
}

// JournalFiles lists the files of records below a folder, and those put aside.
func JournalFiles(base string) (names, damaged []string) {
	names, _ = filepath.Glob(filepath.Join(base, "*", "*"+suffix))
	damaged, _ = filepath.Glob(filepath.Join(base, "*", "*.damaged"))
	slices.Sort(names)
	return names, damaged
}

// MaxSegment is the size of a file of the journal.
const MaxSegment = maxSegment

// Sync does what the ledger does each second against power cuts.
func (l *Ledger) Sync() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.journal.sync()
}

// NewSegment begins a new file with the next record.
func (l *Ledger) NewSegment() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.journal.retire()
}

// BreakJournal makes each file of the journal that is begun from now on fail, as
// a full disk would, or mends it.
func (l *Ledger) BreakJournal(dir string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.journal.dir = dir
	if l.journal.current != nil {
		l.journal.current.close()
		l.journal.retire()
	}
}

// Drain writes what earlier processes left to a store, before anything else of
// it is used: so that what was spent before is known when the first call comes.
// What could not be written is written later.
func (l *Ledger) Drain(ctx context.Context, w Writer) error {
	r := reader{j: &l.journal, mu: &l.mu}
	defer r.close()
	for {
		rows, err := r.next(maxBatch, false)
		if err != nil || len(rows) == 0 {
			return err
		}
		refused, err := refusals(w.WriteRows(ctx, rows), len(rows))
		if err != nil {
			return err
		}
		r.done(len(rows))
		l.mu.Lock()
		l.stats.Written += uint64(len(rows)) - uint64(refused.n)
		l.stats.Lost += uint64(refused.n)
		err = l.journal.tidy(time.Now())
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
}
