package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ccload/ccload/internal/callrow"
)

// A journal is a folder of its own for each process, numbered from 1, with a
// lock that its process holds:
//
//	1/lock  1/00000001.journal  1/00000002.journal …
//
// A process takes over every folder whose lock is free: nobody writes there any
// more. What is in them goes to the store as if it were its own. The lowest one,
// or a new one, becomes its own. Folders are not removed, so there are as many as
// there were ever processes at once.

const lockName = "lock"

// maxFolders bounds how many processes keep journals beside each other.
const maxFolders = 1000

// taken is what a process takes over.
type taken struct {
	dir      string // its own folder
	last     int    // number of the last file there
	segments []*segment
	locks    []*os.File
	lost     int
	// rows are of calls that were left under way and could not be noted as ended
	// in their folder.
	rows []callrow.Row
}

// takeOver locks and reads the folders of processes that have ended, and finds
// one for this process.
func takeOver(base string) (t taken, err error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return t, fmt.Errorf("making the journal: %w", err)
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		return t, fmt.Errorf("reading the journal: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 && e.IsDir() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		if err := t.take(filepath.Join(base, strconv.Itoa(n))); err != nil {
			return t, err
		}
	}
	for n := 1; t.dir == ""; n++ {
		if n > maxFolders {
			return t, fmt.Errorf("making the journal: all %d folders in %s are in use", maxFolders, base)
		}
		if !slices.Contains(numbers, n) {
			if err := t.take(filepath.Join(base, strconv.Itoa(n))); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// take takes a folder over, unless its process still runs.
func (t *taken) take(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the journal: %w", err)
	}
	lock, held, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return fmt.Errorf("making the journal: %w", err)
	}
	if held {
		return nil
	}
	t.locks = append(t.locks, lock)
	found, rows, err := recoverFolder(dir)
	t.rows = append(t.rows, rows...)
	if err != nil {
		return err
	}
	t.segments = append(t.segments, found...)
	for _, s := range found {
		t.lost += s.lost
	}
	if t.dir == "" {
		t.dir = dir
		if len(found) > 0 {
			t.last = fileNumber(found[len(found)-1].name)
		}
	}
	return nil
}

// recoverFolder reads what a process left. Calls that it left under way are
// added to its files as ended: before anything is written to the store, and
// nothing is removed until it is there, so that whoever is killed meanwhile
// leaves the next one the same to do. They are returned where that fails.
func recoverFolder(dir string) (list []*segment, left []callrow.Row, err error) {
	list, err = findSegments(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the journal: %w", err)
	}
	open := make(map[string][]byte)
	for _, s := range list {
		if err := s.measure(open); err != nil {
			return nil, nil, fmt.Errorf("reading the journal: %w", err)
		}
	}
	if len(open) == 0 {
		return list, nil, nil
	}
	texts := make([][]byte, 0, len(open))
	for _, text := range open {
		texts = append(texts, callrow.Closed(text))
	}
	slices.SortFunc(texts, slices.Compare) // ids grow with time
	ended := &segment{name: filepath.Join(dir, fmt.Sprintf("%08d"+suffix, fileNumber(list[len(list)-1].name)+1)), earlier: true}
	var b []byte
	for _, text := range texts {
		at := len(b)
		b = append(append(b, make([]byte, frameHead)...), text...)
		sealFrame(b[at:])
	}
	if ended.file, err = appendTo(nil, ended.name, b, 0); err == nil {
		ended.close()
		ended.bytes, ended.good, ended.records = int64(len(b)), int64(len(b)), len(texts)
		return append(list, ended), nil, nil
	}
	ended.close()
	_ = os.Remove(ended.name)
	for _, text := range texts {
		if row, err := (callrow.Sets{}).Decode(text); err == nil {
			row.Earlier = true
			left = append(left, row)
		}
	}
	return list, left, nil
}

// release lets go of the files, which whoever comes next takes over.
func (j *journal) release() {
	for _, s := range j.segments {
		s.close()
	}
	for _, lock := range j.locks {
		_ = lock.Close()
	}
	j.locks = nil
}
