package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ccload/ccload/internal/callrow"
)

// OpenJournal gives the ledger its journal, in a folder that processes may
// share, before it is attached to a store. most bounds the bytes of its files; 0
// is DefaultMaxJournal. Whatever keeps it from being opened, the ledger works
// without, and Stats tells why.
func (l *Ledger) OpenJournal(base string, most int64) error {
	l.mu.Lock()
	again := l.journal.base != "" || l.writer != nil || l.closed
	l.journal.base, l.journal.most = base, most
	if most <= 0 {
		l.journal.most = DefaultMaxJournal
	}
	l.mu.Unlock()
	if again {
		return nil
	}
	left, err := takeOver(base) // without the lock: it reads files, and calls come already
	l.mu.Lock()
	defer l.mu.Unlock()
	j := &l.journal
	j.dir, j.last, j.segments, j.locks, j.lost = left.dir, left.last, left.segments, left.locks, left.lost
	for _, s := range left.segments {
		j.bytes += s.bytes
	}
	for _, row := range left.rows {
		f := newFrame(callrow.Done, row.Record)
		c, b := j.put(f.b)
		row.Details = b[f.details : len(b)-1]
		l.enqueue(entry{row: row, frame: b, chunk: c, bytes: l.weigh(row.Record)})
		f.release()
	}
	l.began = true
	go l.keep()
	if err != nil {
		j.halt(err)
		return err
	}
	j.mend = time.Time{}
	l.mend(time.Now())
	return j.fault
}

// Recovered is how many records of earlier processes wait to be written.
func (l *Ledger) Recovered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	earlier, _ := l.journal.counts()
	return earlier
}

// keep writes what no call waits for, and tries again after a fault, until the
// ledger is closed.
func (l *Ledger) keep() {
	defer close(l.kept)
	tick := time.NewTicker(mendEvery)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-l.journal.wake:
			time.Sleep(groupWait)
			l.mu.Lock()
			l.journal.flush(true)
			l.mu.Unlock()
		case <-tick.C:
			l.mu.Lock()
			l.mend(time.Now())
			l.journal.sync()
			l.mu.Unlock()
		case <-l.stop:
			l.mu.Lock()
			l.journal.flush(true)
			l.mu.Unlock()
			return
		}
		l.mu.Lock()
		fault := l.journal.fault
		l.mu.Unlock()
		switch {
		case fault != nil && !told:
			l.alarm("the journal cannot be written: calls go on, and their records are kept in memory until the store has them", fault)
		case fault == nil && told:
			l.alarm("the journal is written again", nil)
		}
		told = fault != nil
	}
}

// sync makes sure that what waits for the store survives a power cut too. While
// the store takes records that is not worth its price.
func (j *journal) sync() {
	if s := j.current; s != nil && s.file != nil && s.stored < s.records {
		f := s.file
		j.mu.Unlock()
		_ = f.Sync() // it may have been closed meanwhile: then it was removed, or is written by another one
		j.mu.Lock()
	}
}

// mend tries the journal again after a fault, beginning with what is in memory
// only.
func (l *Ledger) mend(now time.Time) {
	j := &l.journal
	if j.fault == nil || j.base == "" || now.Before(j.mend) || l.busy > 0 || j.flushing {
		return
	}
	if j.dir == "" {
		if err := j.ownFolder(); err != nil {
			j.halt(err)
			return
		}
	}
	j.fault = nil
	for i := range l.queue {
		if e := &l.queue[i]; e.seg == nil && j.fault == nil {
			l.journalEntry(e)
		}
	}
	j.flush(true)
	if l.behind || len(l.queue) > min(maxQueue, l.maxRecords) {
		l.fallBehind()
	}
}

// journalEntry writes a record to the journal that is in memory only.
func (l *Ledger) journalEntry(e *entry) {
	c, b := l.journal.add(e.frame, e.row.Set)
	if c.seg == nil {
		return // it has no room
	}
	c.refs++
	old := e.chunk
	details := len(b) - 1 - len(e.row.Details)
	e.chunk, e.frame, e.row.Details = c, b, b[details:len(b)-1]
	e.seg, e.end = c.seg, c.seg.bytes
	c.seg.records++
	old.refs--
	l.journal.drop(old)
}

// ownFolder takes a folder that no process ever wrote to.
func (j *journal) ownFolder() error {
	for n := 1; n <= maxFolders; n++ {
		dir := filepath.Join(j.base, strconv.Itoa(n))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the journal: %w", err)
		}
		lock, held, err := lockFile(filepath.Join(dir, lockName))
		if err != nil {
			return fmt.Errorf("making the journal: %w", err)
		}
		if held {
			continue
		}
		if found, err := findSegments(dir); err != nil || len(found) > 0 {
			_ = lock.Close() // the next process reads it
			continue
		}
		j.dir, j.locks = dir, append(j.locks, lock)
		return nil
	}
	return fmt.Errorf("making the journal: all %d folders in %s are in use", maxFolders, j.base)
}

// salvage keeps in memory what is pending and cannot be written.
func (l *Ledger) salvage() {
	j := &l.journal
	for _, c := range j.pending {
		seg, good := c.seg, c.at+int64(c.written)
		if l.behind {
			l.salvageChunk(c)
		}
		for i := range l.queue {
			if e := &l.queue[i]; e.seg == seg && e.end > good {
				e.seg = nil
				seg.records--
			}
		}
		for o := j.open.next; o != &j.open; o = o.next {
			if o.seg == seg && o.at >= good {
				seg.open--
				o.seg = nil
			}
		}
		lost := int64(len(c.b) - c.written)
		seg.bytes -= lost
		j.bytes -= lost
		c.written = len(c.b)
		if c == j.chunk {
			j.retireChunk()
		}
		j.drop(c)
	}
	j.pending = j.pending[:0]
}

// salvageChunk takes the records back into memory that stand in a chunk and
// were let go of.
func (l *Ledger) salvageChunk(c *chunk) {
	sets := make(callrow.Sets)
	for set := range c.seg.sets {
		sets.Put(set)
	}
	for b := c.b[c.written:]; len(b) > frameHead; {
		size := frameHead + frameLength(b)
		text := b[frameHead:size]
		whole := b[:size:size]
		b = b[size:]
		if callrow.KindOf(text) != callrow.Done {
			continue
		}
		row, err := sets.Decode(text)
		if err != nil || l.stats.Depth >= l.maxRecords {
			l.stats.Lost++
			c.seg.records--
			continue
		}
		l.enqueue(entry{row: row, frame: whole, chunk: c, seg: c.seg, end: c.at + int64(len(c.b)), bytes: int64(size) + l.weigh(row.Record)})
	}
}

// closeJournal lets go of the files. What is in the store is removed.
func (l *Ledger) closeJournal() {
	j := &l.journal
	j.flush(true)
	if j.current != nil && j.current.stored == j.current.records && j.current.open == 0 {
		j.retire()
	}
	if err := j.tidy(time.Now()); err != nil {
		l.alarm("closing the journal", err)
	}
	j.release()
}
