package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ccload/ccload/ai"
)

// Bounds of a spool.
const (
	segmentMost      = 8 << 20 // bytes of a file; the next one is begun then
	DefaultSpoolMost = 1 << 30 // bytes of all files
)

// Spool is records on disk, for the time that the store is away: files to
// which is only appended, of frames with a checksum each, that are read in the
// order in which they were written and removed once everything in them is in
// the store. What was read may be read again after a crash, which does no harm:
// the store takes a record once.
//
//	file:  00000001.spool, 00000002.spool, …
//	frame: length of the record (4 bytes, big endian), CRC-32C of it (4 bytes), the record as JSON
//
// What is damaged is skipped up to the next whole frame, and counted as lost. A
// file in which that happened is not removed in the end but kept aside, its
// name with ".damaged" behind it. A file that ends within a frame was being
// written when the process died; that record is lost too, but nothing is kept.
// It is safe for concurrent use.
type Spool struct {
	dir  string
	most int64

	mu       sync.Mutex
	files    []segment // oldest first; the last one is written to
	out      *os.File  // of the last one, if it was opened for writing
	bytes    int64     // of all files
	records  int       // that have not been acknowledged
	in       *frameReader
	readHere int // records read from the first file

	lost    int       // records that were damaged, or that no store could take
	damages []Damaged // that TakeDamaged has not returned
}

type segment struct {
	name    string
	bytes   int64
	records int
	lost    int // of its records, as far as is known
	damaged bool
}

// Damaged is a file of a spool that was damaged and has been read as far as it
// could be.
type Damaged struct {
	File string // where it is kept
	Lost int    // records that could not be read, at least
}

// errSpoolFull says that the spool has reached its bound.
var errSpoolFull = errors.New("the spool has reached its bound")

// OpenSpool opens the spool in a directory, which is made when something is
// written. most bounds its bytes; 0 is DefaultSpoolMost. What it finds there is
// counted, and read by Next.
func OpenSpool(dir string, most int64) (*Spool, error) {
	if most <= 0 {
		most = DefaultSpoolMost
	}
	s := &Spool{dir: dir, most: most}
	names, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	if err != nil {
		return nil, fmt.Errorf("looking for spooled records: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		seg := segment{name: name}
		if err := seg.measure(); err != nil {
			return nil, fmt.Errorf("looking for spooled records: %w", err)
		}
		s.files = append(s.files, seg)
		s.bytes += seg.bytes
		s.records += seg.records
		s.lost += seg.lost
	}
	if err := s.removeEmpty(); err != nil {
		return nil, err
	}
	return s, nil
}

// measure counts the whole frames of a file.
func (g *segment) measure() error {
	r, err := openFrames(g.name, -1)
	if err != nil {
		return err
	}
	defer r.close()
	g.bytes = r.end
	for {
		_, err := r.next()
		if err != nil {
			g.lost, g.damaged = r.lost, r.damaged
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		g.records++
	}
}

// Len is how many records wait there.
func (s *Spool) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records
}

// Lost is how many records could not be read back, at least: those that were
// damaged on disk, and those that no store could take.
func (s *Spool) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// TakeDamaged returns the damaged files that were put aside since it was last
// called.
func (s *Spool) TakeDamaged() []Damaged {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.damages
	s.damages = nil
	return list
}

// Append writes records and makes sure that they are on disk: all of them, or
// none if there is an error. It returns how many there are; what cannot be
// written as JSON could never be stored.
func (s *Spool) Append(records []*ai.Record) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []byte
	fit := 0
	for _, r := range records {
		text, err := json.Marshal(r)
		if err != nil || len(text) > frameMost {
			continue // it could never be stored
		}
		fit++
		batch = appendFrame(batch, text)
	}
	if s.bytes+int64(len(batch)) > s.most {
		return 0, errSpoolFull
	}
	if err := s.writable(); err != nil {
		return 0, err
	}
	last := &s.files[len(s.files)-1]
	if _, err = s.out.Write(batch); err == nil {
		err = s.out.Sync()
	}
	if err != nil {
		// Half of it may be there. It is cut off, or the next frame could not be read.
		_ = s.out.Truncate(last.bytes)
		_, _ = s.out.Seek(last.bytes, io.SeekStart)
		return 0, fmt.Errorf("writing to the spool: %w", err)
	}
	last.bytes += int64(len(batch))
	last.records += fit
	s.bytes += int64(len(batch))
	s.records += fit
	return fit, nil
}

// writable makes sure that there is a file to append to. A file of an earlier
// process is not: it may end within a frame.
func (s *Spool) writable() error {
	if s.out != nil && s.files[len(s.files)-1].bytes < segmentMost {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making the spool: %w", err)
	}
	next := 1
	if n := len(s.files); n > 0 {
		base := strings.TrimSuffix(filepath.Base(s.files[n-1].name), ".spool")
		if _, err := fmt.Sscanf(base, "%d", &next); err != nil {
			return fmt.Errorf("the spool has a file %s, which is not one of its own", s.files[n-1].name)
		}
		next++
	}
	name := filepath.Join(s.dir, fmt.Sprintf("%08d.spool", next))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing to the spool: %w", err)
	}
	if s.out != nil {
		_ = s.out.Close()
	}
	s.out = f
	s.files = append(s.files, segment{name: name})
	return nil
}

// Next returns up to most records in their order, without removing them; it
// returns none when there are none left. Done must follow before the next call
// reads on.
func (s *Spool) Next(most int) ([]*ai.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.records > 0 {
		list, err := s.read(most)
		if err != nil || len(list) > 0 {
			return list, err
		}
		if err := s.removeFirst(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// read reads from the first file.
func (s *Spool) read(most int) ([]*ai.Record, error) {
	first := &s.files[0]
	if s.in == nil {
		in, err := openFrames(first.name, first.bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		s.in, s.readHere = in, 0
	}
	s.in.end = first.bytes // more may have been appended
	var list []*ai.Record
	for len(list) < most && s.readHere < first.records {
		text, err := s.in.next()
		if errors.Is(err, io.EOF) {
			// It was damaged since it was measured: what can be read was read.
			s.lose(first, max(first.lost+first.records-s.readHere, s.in.lost))
			s.records -= first.records - s.readHere
			first.records = s.readHere
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		r := new(ai.Record)
		if json.Unmarshal(text, r) == nil {
			s.readHere++
			list = append(list, r)
			continue
		}
		// It is whole, but no record of this version.
		s.records--
		first.records--
		s.lose(first, first.lost+1)
	}
	return list, nil
}

// lose notes how many records of a damaged file are lost.
func (s *Spool) lose(g *segment, lost int) {
	s.lost += lost - g.lost
	g.lost, g.damaged = lost, true
}

// Done says that so many records of the last Next are in the store.
func (s *Spool) Done(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records -= n
	if first := &s.files[0]; s.readHere >= first.records && (len(s.files) > 1 || s.records == 0) {
		if err := s.removeFirst(); err != nil {
			return err
		}
		return s.removeEmpty()
	}
	return nil
}

// removeEmpty removes the first files as long as nothing can be read of them. One
// that is written to stays.
func (s *Spool) removeEmpty() error {
	for len(s.files) > 0 && s.files[0].records == 0 && (len(s.files) > 1 || s.out == nil) {
		if err := s.removeFirst(); err != nil {
			return err
		}
	}
	return nil
}

// Again makes the next Next return the records of the first file once more,
// those that are done included: the store knows them.
func (s *Spool) Again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeIn()
	s.records = 0
	for i := range s.files {
		s.records += s.files[i].records
	}
}

func (s *Spool) closeIn() {
	if s.in != nil {
		s.in.close()
		s.in, s.readHere = nil, 0
	}
}

// removeFirst removes the first file, or puts it aside if it was damaged.
func (s *Spool) removeFirst() error {
	s.closeIn()
	first := s.files[0]
	if len(s.files) == 1 && s.out != nil {
		_ = s.out.Close()
		s.out = nil
	}
	if first.damaged {
		aside, err := putAside(first.name)
		if err != nil {
			return fmt.Errorf("putting a damaged file of the spool aside: %w", err)
		}
		s.damages = append(s.damages, Damaged{File: aside, Lost: first.lost})
	} else if err := os.Remove(first.name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing what is stored from the spool: %w", err)
	}
	s.files = s.files[1:]
	s.bytes -= first.bytes
	return nil
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

// Drain writes what is in the spool to a store, before anything else uses
// either: so that what was spent before is known when the first call comes. What
// could not be written stays.
func (s *Spool) Drain(ctx context.Context, w Writer) error {
	for {
		records, err := s.Next(batchMost)
		if err != nil || len(records) == 0 {
			return err
		}
		err = w.WriteCalls(ctx, records)
		partly := (interface{ Refused() int })(nil)
		switch {
		case errors.As(err, &partly):
			s.mu.Lock()
			s.lost += min(max(0, partly.Refused()), len(records))
			s.mu.Unlock()
		case err != nil:
			s.Again()
			return err
		}
		if err := s.Done(len(records)); err != nil {
			return err
		}
	}
}

// Close lets go of the files. What is in them is found again by OpenSpool.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeIn()
	if s.out != nil {
		err := s.out.Close()
		s.out = nil
		return err
	}
	return nil
}
