package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ccload/ccload/internal/callrow"
)

// suffix of the files of a journal.
const suffix = ".journal"

// segment is a file of a journal.
type segment struct {
	name    string
	earlier bool // of another process, which has ended
	made    time.Time

	file  *os.File // while it is written; the flusher's
	bytes int64    // appended; they may wait to be written
	good  int64    // of them, written

	records int // of calls that have ended
	stored  int // of them, the first ones, that are in the store
	open    int // calls under way whose latest text stands here

	sets map[*callrow.Set]bool // lists of channels that stand here; own segments only

	lost    int // records that could not be read, at least
	damaged bool
}

// fileNumber is the number in the name of a segment, 0 if it has none.
func fileNumber(name string) (n int) {
	if _, err := fmt.Sscanf(filepath.Base(name), "%d"+suffix, &n); err != nil {
		return 0
	}
	return n
}

// appendTo appends to the file of a segment, which is made if it is nil. What was
// written of it when it fails is cut off, or the next record could not be read.
// It is called without the ledger's lock; the file that it returns is kept with it.
func appendTo(f *os.File, name string, b []byte, at int64) (*os.File, error) {
	if f == nil {
		var err error
		if f, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return nil, err
		}
	}
	_, err := f.Write(b)
	if err != nil {
		_ = f.Truncate(at)
		_, _ = f.Seek(at, io.SeekStart)
	}
	return f, err
}

func (s *segment) close() {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// findSegments lists the files of a journal that a process left, oldest first.
func findSegments(dir string) ([]*segment, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var list []*segment
	for _, name := range names {
		if fileNumber(name) > 0 {
			list = append(list, &segment{name: name, earlier: true})
		}
	}
	return list, nil
}

// measure counts the whole records of a file, and notes in open which calls it
// leaves under way, with their latest text.
func (s *segment) measure(open map[string][]byte) error {
	r, err := openFrames(s.name, -1)
	if err != nil {
		return err
	}
	defer r.close()
	s.bytes, s.good = r.end, r.end
	for {
		text, err := r.next()
		if err != nil {
			s.lost, s.damaged = r.lost, r.damaged
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		switch callrow.KindOf(text) {
		case callrow.Done:
			s.records++
			if id, err := callrow.ID(text); err == nil {
				delete(open, id)
			}
		case callrow.Open:
			if id, err := callrow.ID(text); err == nil {
				open[id] = text
			}
		case callrow.SetOf:
		default: // whole, and nothing of this version
			s.records++
		}
	}
}

// remove removes the file, or puts it aside if it was damaged, and says where
// it is kept then.
func (s *segment) remove() (aside string, err error) {
	s.close()
	if s.damaged {
		aside, err = putAside(s.name)
		if err != nil {
			return "", fmt.Errorf("putting a damaged file of the journal aside: %w", err)
		}
		return aside, nil
	}
	if err := os.Remove(s.name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("removing what is stored from the journal: %w", err)
	}
	return "", nil
}

// putAside renames a file so that it is not read again, and not in the place of
// one that was put aside before: numbers of files begin anew.
func putAside(name string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = name + ".damaged"
		if n > 1 {
			aside = fmt.Sprintf("%s.%d.damaged", name, n)
		}
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(name, aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return aside, nil
}
