package ledger

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
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
	frameMost        = 16 << 20
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
// A file that ends within a frame was being written when the process died; the
// rest of that frame is dropped. It is safe for concurrent use.
type Spool struct {
	dir  string
	most int64

	mu       sync.Mutex
	files    []segment // oldest first; the last one is written to
	out      *os.File  // of the last one, if it was opened for writing
	bytes    int64     // of all files
	records  int       // that have not been acknowledged
	in       *bufio.Reader
	inFile   *os.File
	readHere int // records read from the first file
}

type segment struct {
	name    string
	bytes   int64
	records int
}

// errSpoolFull says that the spool has reached its bound.
var errSpoolFull = errors.New("the spool has reached its bound")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
	}
	return s, nil
}

// measure counts the whole frames of a file.
func (g *segment) measure() error {
	f, err := os.Open(g.name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		frame, err := readFrame(r)
		if err != nil {
			return nil // what follows was not written to its end
		}
		g.bytes += int64(frameHead + len(frame))
		g.records++
	}
}

const frameHead = 8

// readFrame reads the next record's text; the error is io.EOF at the end, and
// another one for a frame that is broken.
func readFrame(r io.Reader) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:4])
	if length == 0 || length > frameMost {
		return nil, errors.New("a frame of impossible length")
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	if crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, errors.New("a frame with a wrong checksum")
	}
	return text, nil
}

// Len is how many records wait there.
func (s *Spool) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records
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
		batch = binary.BigEndian.AppendUint32(batch, uint32(len(text))) //nolint:gosec // bounded
		batch = binary.BigEndian.AppendUint32(batch, crc32.Checksum(text, castagnoli))
		batch = append(batch, text...)
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
		f, err := os.Open(first.name)
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		s.inFile, s.in, s.readHere = f, bufio.NewReaderSize(f, 64<<10), 0
	}
	var list []*ai.Record
	for len(list) < most && s.readHere < first.records {
		text, err := readFrame(s.in)
		if err != nil {
			// Somebody else has changed it: what can be read was read.
			s.records -= first.records - s.readHere
			first.records = s.readHere
			break
		}
		s.readHere++
		r := new(ai.Record)
		if json.Unmarshal(text, r) == nil {
			list = append(list, r)
		} else {
			s.records--
			first.records--
			s.readHere--
		}
	}
	return list, nil
}

// Done says that so many records of the last Next are in the store.
func (s *Spool) Done(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records -= n
	if first := &s.files[0]; s.readHere >= first.records && (len(s.files) > 1 || s.records == 0) {
		return s.removeFirst()
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
	if s.inFile != nil {
		_ = s.inFile.Close()
		s.in, s.inFile, s.readHere = nil, nil, 0
	}
}

// removeFirst removes the first file.
func (s *Spool) removeFirst() error {
	s.closeIn()
	first := s.files[0]
	if len(s.files) == 1 && s.out != nil {
		_ = s.out.Close()
		s.out = nil
	}
	if err := os.Remove(first.name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing what is stored from the spool: %w", err)
	}
	s.files = s.files[1:]
	s.bytes -= first.bytes
	return nil
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
		if partly := (interface{ Refused() int })(nil); err != nil && !errors.As(err, &partly) {
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
