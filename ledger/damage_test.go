package ledger_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/ledger"
)

// spoolText is what a spool writes for records, and where each frame begins.
func spoolText(t *testing.T, records []*ai.Record) (text []byte, starts []int) {
	t.Helper()
	dir := t.TempDir()
	s := openSpool(t, dir, 0)
	if _, err := s.Append(records); err != nil {
		t.Fatal(err)
	}
	s.Close()
	text, err := os.ReadFile(spoolFiles(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(text); at += 8 + int(binary.BigEndian.Uint32(text[at:])) {
		starts = append(starts, at)
	}
	return text, starts
}

// damagedSpool opens a spool with one file of the given text.
func damagedSpool(t *testing.T, dir string, text []byte) *ledger.Spool {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "00000001.spool"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := ledger.OpenSpool(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func idsOf(records []*ai.Record) (ids []string) {
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// Wherever one byte is damaged, the record that it belongs to is lost and no
// other; it is counted, and the file is kept.
func TestOneDamagedByteLosesOneRecord(t *testing.T) {
	records := numbered(0, 3)
	text, starts := spoolText(t, records)
	dir := t.TempDir()
	for at := range text {
		for _, flip := range []byte{1 << (at % 8), text[at]} { // the second one makes it zero
			if flip == 0 {
				continue
			}
			damaged := bytes.Clone(text)
			damaged[at] ^= flip
			hit := len(starts) - 1
			for starts[hit] > at {
				hit--
			}
			want := idsOf(slices.Delete(slices.Clone(records), hit, hit+1))

			s := damagedSpool(t, dir, damaged)
			if s.Len() != 2 || s.Lost() != 1 {
				t.Fatalf("byte %d ^ %#x: %d records, %d lost", at, flip, s.Len(), s.Lost())
			}
			if got := idsOf(take(t, s)); !slices.Equal(got, want) {
				t.Fatalf("byte %d ^ %#x: got %v, want %v", at, flip, got, want)
			}
			if names := spoolFiles(t, dir); len(names) != 1 || !strings.HasSuffix(names[0], "00000001.spool.damaged") {
				t.Fatalf("byte %d ^ %#x: left behind: %v", at, flip, names)
			}
			kept, _ := os.ReadFile(filepath.Join(dir, "00000001.spool.damaged"))
			if !bytes.Equal(kept, damaged) {
				t.Fatalf("byte %d: what is kept is not what was there", at)
			}
			if list := s.TakeDamaged(); len(list) != 1 || list[0].Lost != 1 || s.Lost() != 1 || s.TakeDamaged() != nil {
				t.Fatalf("byte %d ^ %#x: told of %v, %d lost", at, flip, list, s.Lost())
			}
			os.Remove(filepath.Join(dir, "00000001.spool.damaged"))
		}
	}
}

// Wherever a file ends, the records before are read and the one that was begun
// is counted; a process that dies while it writes leaves nothing to look into.
func TestEveryCutOffEnd(t *testing.T) {
	text, starts := spoolText(t, numbered(0, 3))
	dir := t.TempDir()
	for end := range len(text) + 1 {
		whole, within := 0, 0
		for i, at := range starts {
			next := len(text)
			if i+1 < len(starts) {
				next = starts[i+1]
			}
			switch {
			case end >= next:
				whole++
			case end > at+3: // what is only zeros is nothing
				within = 1
			}
		}
		s := damagedSpool(t, dir, text[:end])
		if got := take(t, s); len(got) != whole {
			t.Fatalf("cut at %d: %d records, want %d", end, len(got), whole)
		}
		if lost := s.Lost(); lost < within || lost > 1 {
			t.Fatalf("cut at %d: %d lost, want %d", end, lost, within)
		}
	}
}

// Whatever was overwritten: no record that is whole is lost, none that was not
// written appears, and at least what is missing from the middle is noticed.
func TestRandomDamage(t *testing.T) {
	records := numbered(0, 8)
	text, starts := spoolText(t, records)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		damaged := bytes.Clone(text)
		hit := make([]bool, len(starts))
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(text))
			stretch := damaged[at:min(len(text), at+1+rng.IntN(400))]
			for i := range stretch {
				stretch[i] = byte(rng.Uint32())
			}
			for i, from := range starts {
				to := len(text)
				if i+1 < len(starts) {
					to = starts[i+1]
				}
				hit[i] = hit[i] || !bytes.Equal(damaged[from:to], text[from:to])
			}
		}
		var want []string
		missing := 0
		for i, r := range records {
			if hit[i] {
				missing++
			} else {
				want = append(want, r.ID)
			}
		}
		s := damagedSpool(t, t.TempDir(), damaged)
		if got := idsOf(take(t, s)); !slices.Equal(got, want) {
			t.Fatalf("hit %v: got %v", hit, got)
		}
		if lost := s.Lost(); lost < min(1, missing) || lost > missing {
			t.Fatalf("hit %v: %d lost", hit, lost)
		}
		for _, d := range s.TakeDamaged() {
			if !strings.HasSuffix(d.File, ".damaged") {
				t.Fatal(d)
			}
		}
	}
}

// A file that is put aside does not take the place of one from before.
func TestDamagedFilesAreAllKept(t *testing.T) {
	dir := t.TempDir()
	for n := range 3 {
		text, _ := spoolText(t, numbered(10*n, 10*n+2))
		text[9] ^= 1
		take(t, damagedSpool(t, dir, text))
		if names := spoolFiles(t, dir); len(names) != n+1 {
			t.Fatalf("kept: %v", names)
		}
	}
}

// A frame that is whole but holds no record is lost too, and so is what is
// damaged while the process runs.
func TestDamageThatIsFoundLate(t *testing.T) {
	text, starts := spoolText(t, numbered(0, 6))
	dir := t.TempDir()
	s := damagedSpool(t, dir, text)
	text[starts[3]+20] ^= 1
	if err := os.WriteFile(filepath.Join(dir, "00000001.spool"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := take(t, s); len(got) != 5 || s.Lost() != 1 || s.Len() != 0 {
		t.Errorf("%d records, %d lost, %d left", len(got), s.Lost(), s.Len())
	}
	if names := spoolFiles(t, dir); len(names) != 1 || !strings.HasSuffix(names[0], ".damaged") {
		t.Errorf("kept: %v", names)
	}
}

// A file of which nothing can be read is counted once, not at each start.
func TestNothingReadableIsToldOnce(t *testing.T) {
	text, _ := spoolText(t, numbered(0, 1))
	text[12] ^= 1
	for _, before := range []int{0, 2} { // records in a file before it
		dir := t.TempDir()
		if before > 0 {
			whole, _ := spoolText(t, numbered(0, before))
			if err := os.WriteFile(filepath.Join(dir, "00000000.spool"), whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := damagedSpool(t, dir, text)
		if got := take(t, s); len(got) != before || s.Lost() != 1 {
			t.Errorf("%d before: %d records, %d lost", before, len(got), s.Lost())
		}
		if list := s.TakeDamaged(); len(list) != 1 {
			t.Errorf("%d before: told of %v", before, list)
		}
		if names := spoolFiles(t, dir); len(names) != 1 || !strings.HasSuffix(names[0], ".damaged") {
			t.Errorf("%d before: kept: %v", before, names)
		}
	}
}

// The ledger tells of a damaged file with its name, and counts what is lost.
func TestLedgerTellsOfDamage(t *testing.T) {
	text, starts := spoolText(t, numbered(0, 6))
	text[starts[2]+30] ^= 4
	dir := t.TempDir()
	s := damagedSpool(t, dir, text)
	store := &away{seen: make(map[string]bool)}
	var mu sync.Mutex
	var told []string
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{Writer: store, Spool: s, Alarm: func(msg string, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%s: %v", msg, err))
		}})
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if stats := l.Stats(); stats.Lost != 1 || stats.Written != 5 {
			t.Errorf("%+v", stats)
		}
	})
	if len(told) != 1 || !strings.Contains(told[0], "00000001.spool.damaged") || !strings.Contains(told[0], "at least 1 records are lost") {
		t.Errorf("told: %q", told)
	}
	if len(store.have) != 5 {
		t.Errorf("stored: %v", store.have)
	}
}
