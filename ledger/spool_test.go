package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/ledger"
)

func openSpool(t *testing.T, dir string, most int64) *ledger.Spool {
	t.Helper()
	s, err := ledger.OpenSpool(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func numbered(from, to int) []*ai.Record {
	var list []*ai.Record
	for n := from; n < to; n++ {
		list = append(list, &ai.Record{
			ID: fmt.Sprintf("req_%06d", n), Time: time.Unix(int64(n), 5).UTC(), Protocol: ai.Gemini, Outcome: ai.RateLimited, Day: 20261123,
			Usage: ai.Usage{Input: 5, Reported: true}, Cost: ai.Cost{Amount: 123_456_789, Multiplier: new(0.3)},
			Attempts:   []ai.Attempt{{Target: ai.Target{Channel: "a"}, Outcome: ai.Outcome{Kind: ai.Overloaded, Scope: ai.ScopeURLModel}}},
			Candidates: []ai.Candidate{{Channel: "a", Reason: ai.Cooling, Until: time.Unix(9, 0).UTC()}},
		})
	}
	return list
}

// take reads a spool to its end and says that all of it is stored.
func take(t *testing.T, s *ledger.Spool) []*ai.Record {
	t.Helper()
	var all []*ai.Record
	for {
		list, err := s.Next(7)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return all
		}
		all = append(all, list...)
		if err := s.Done(len(list)); err != nil {
			t.Fatal(err)
		}
	}
}

func spoolFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// What was spooled comes back as it was and in its order, over restarts, and
// leaves no file behind.
func TestSpoolComesBackInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	want := numbered(0, 100)
	for i := 0; i < len(want); i += 20 {
		s := openSpool(t, dir, 0)
		if n, err := s.Append(want[i : i+20]); n != 20 || err != nil {
			t.Fatal(n, err)
		}
		if s.Len() != i+20 {
			t.Fatalf("%d records, want %d", s.Len(), i+20)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := openSpool(t, dir, 0)
	if list, err := s.Next(30); len(list) != 20 || err != nil { // to the end of a file
		t.Fatal(len(list), err)
	}
	s.Again()
	if diff := cmp.Diff(want, take(t, s)); diff != "" {
		t.Error(diff)
	}
	if names := spoolFiles(t, dir); len(names) != 0 || s.Len() != 0 {
		t.Errorf("left behind: %v, %d records", names, s.Len())
	}
	if n, err := s.Append(want[:3]); n != 3 || err != nil { // it can be used again
		t.Fatal(n, err)
	}
	if got := take(t, s); len(got) != 3 {
		t.Errorf("%d records", len(got))
	}
}

// A file that was cut or damaged gives every record that is whole.
func TestSpoolAfterACrash(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "spool")
	s := openSpool(t, whole, 0)
	if _, err := s.Append(numbered(0, 10)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	text, err := os.ReadFile(spoolFiles(t, whole)[0])
	if err != nil {
		t.Fatal(err)
	}
	frame := len(text) / 10
	for _, damage := range []struct {
		name string
		text []byte
		want int
	}{
		{"cut within the last frame", text[:len(text)-1], 9},
		{"cut within a head", text[:frame*3+4], 3},
		{"empty", nil, 0},
		{"a flipped bit", append(append([]byte{}, text[:frame*5+20]...), append([]byte{text[frame*5+20] ^ 1}, text[frame*5+21:]...)...), 9},
		{"zeros behind", append(append([]byte{}, text...), make([]byte, 4096)...), 10},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000001.spool"), damage.text, 0o600); err != nil {
			t.Fatal(err)
		}
		s := openSpool(t, dir, 0)
		if n := s.Len(); n != damage.want {
			t.Errorf("%s: %d records, want %d", damage.name, n, damage.want)
		}
		if _, err := s.Append(numbered(50, 52)); err != nil {
			t.Fatal(err)
		}
		if got := take(t, s); len(got) != damage.want+2 || got[len(got)-1].ID != "req_000051" {
			t.Errorf("%s: %d records came back", damage.name, len(got))
		}
	}
}

func TestSpoolIsBounded(t *testing.T) {
	s := openSpool(t, t.TempDir(), 10_000)
	n := 0
	for ; n < 100; n++ {
		if _, err := s.Append(numbered(n, n+1)); err != nil {
			break
		}
	}
	if n < 5 || n > 30 {
		t.Errorf("%d records found room in 10 KB", n)
	}
	if got := take(t, s); len(got) != n {
		t.Errorf("%d of %d records came back", len(got), n)
	}
}

// away is a store that can be switched off.
type away struct {
	mu   sync.Mutex
	off  bool
	have []string
	seen map[string]bool
}

func (a *away) set(off bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.off = off
}

func (a *away) WriteCalls(_ context.Context, records []*ai.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.off {
		return errors.New("the store is away")
	}
	for _, r := range records {
		if !a.seen[r.ID] { // a store takes a record once
			a.seen[r.ID] = true
			a.have = append(a.have, r.ID)
		}
	}
	return nil
}

// While the store is away records go to disk, memory stays small, and when it
// is back it gets all of them, in their order, once.
func TestLedgerSpoolsWhileTheStoreIsAway(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := &away{seen: make(map[string]bool)}
		l := ledger.New(ledger.Options{Writer: store, Spool: openSpool(t, dir, 0), MaxRecords: 2000})
		n := 0
		record := func(many int) {
			for _, r := range numbered(n, n+many) {
				l.Record(r)
			}
			n += many
		}
		record(10)
		time.Sleep(time.Second)
		store.set(true)
		for range 60 { // a minute
			record(1000)
			time.Sleep(time.Second)
		}
		if stats := l.Stats(); stats.Lost != 0 || stats.Spooled < 50_000 || stats.Depth > 2000 {
			t.Fatalf("%+v", stats)
		}
		store.set(false)
		time.Sleep(30 * time.Second)
		record(5)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(store.have) != n {
			t.Fatalf("%d of %d records arrived", len(store.have), n)
		}
		for i, id := range store.have {
			if id != fmt.Sprintf("req_%06d", i) {
				t.Fatalf("record %d is %s", i, id)
			}
		}
	})
	if names := spoolFiles(t, dir); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// A store that is away at the end costs no record: the next process writes it.
func TestNothingIsLostAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	store := &away{seen: make(map[string]bool), off: true}
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{Writer: store, Spool: openSpool(t, dir, 0)})
		for _, r := range numbered(0, 1234) {
			l.Record(r)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	store.set(false)
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{Writer: store, Spool: openSpool(t, dir, 0)})
		for _, r := range numbered(1234, 1240) {
			l.Record(r)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(store.have) != 1240 || store.have[0] != "req_000000" || store.have[1239] != "req_001239" {
		t.Errorf("%d records", len(store.have))
	}
}
