package ledger

import (
	"path/filepath"
	"runtime"
	"slices"
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
