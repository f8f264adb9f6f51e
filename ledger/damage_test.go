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

// part is a frame of a journal: a call that ended, one under way, or a list of
// channels.
type part struct {
	start, end int
	kind       byte // d, o or s
	id         string
}

// journalText is what a process writes for some calls of which it is killed
// in the middle of the last one, and what stands in it.
func journalText(t *testing.T, calls int) (text []byte, parts []part) {
	t.Helper()
	base := t.TempDir()
	killed(t, base, func(l *ledger.Ledger) {
		for n, r := range numbered(0, calls) {
			var o ledger.Open
			l.Begin(&o, underWay(n, 0))
			if n == calls-1 {
				break
			}
			l.Record(r, &o)
		}
		l.Record(&ai.Record{ID: "req_last"}, nil) // takes the one under way along
	})
	names, _ := ledger.JournalFiles(base)
	text, err := os.ReadFile(names[0])
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	for at := 0; at < len(text); {
		end := at + 8 + int(binary.BigEndian.Uint32(text[at:]))
		p := part{start: at, end: end, kind: text[at+10]}
		if _, id, ok := strings.Cut(string(text[at:end]), `"id":"`); ok {
			p.id, _, _ = strings.Cut(id, `"`)
		}
		parts = append(parts, p)
		at = end
	}
	return text, parts
}

// expected is what the parts of a journal amount to: the calls that ended, in
// their order, and then those that were left under way.
func expected(parts []part) (ids []string, done int) {
	var open []string
	for _, p := range parts {
		switch p.kind {
		case 'o':
			if !slices.Contains(open, p.id) {
				open = append(open, p.id)
			}
		case 'd':
			ids = append(ids, p.id)
			open = slices.DeleteFunc(open, func(id string) bool { return id == p.id })
		}
	}
	slices.Sort(open)
	return append(ids, open...), len(ids)
}

// leave puts a file into the journal of a process that has ended.
func leave(t *testing.T, base string, text []byte) {
	t.Helper()
	dir := filepath.Join(base, "1")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "00000001.journal"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Wherever one byte is damaged, what stands in its frame is lost and nothing
// else; the file is kept.
func TestOneDamagedByteLosesOneRecord(t *testing.T) {
	text, parts := journalText(t, 2)
	for at := range text {
		for _, flip := range []byte{1 << (at % 8), text[at]} { // the second one makes it zero
			if flip == 0 || at%2 == 1 && at > 60 && flip == text[at] {
				continue
			}
			damaged := bytes.Clone(text)
			damaged[at] ^= flip
			hit := slices.IndexFunc(parts, func(p part) bool { return at < p.end })
			want, _ := expected(slices.Delete(slices.Clone(parts), hit, hit+1))
			base := t.TempDir()
			leave(t, base, damaged)
			store, stats := recovered(t, base)
			if got := store.ids(); !slices.Equal(got, want) {
				t.Fatalf("byte %d ^ %#x of %c: got %v, want %v", at, flip, parts[hit].kind, got, want)
			}
			// What is lost of a call under way is no record, but who knows that if its head is gone.
			if stats.Lost != 1 && (stats.Lost != 0 || parts[hit].kind == 'd') {
				t.Fatalf("byte %d ^ %#x of %c: %d lost", at, flip, parts[hit].kind, stats.Lost)
			}
			names, kept := ledger.JournalFiles(base)
			if len(names) != 0 || len(kept) != 1 || !strings.HasSuffix(kept[0], "00000001.journal.damaged") {
				t.Fatalf("byte %d ^ %#x: left behind: %v, %v", at, flip, names, kept)
			}
			if is, _ := os.ReadFile(kept[0]); !bytes.Equal(is, damaged) {
				t.Fatalf("byte %d: what is kept is not what was there", at)
			}
		}
	}
}

// Wherever a file ends, what stands before is read; a process that dies while it
// writes leaves nothing to look into.
func TestEveryCutOffEnd(t *testing.T) {
	text, parts := journalText(t, 3)
	for end := range len(text) + 1 {
		whole := parts
		if n := slices.IndexFunc(parts, func(p part) bool { return p.end > end }); n >= 0 {
			whole = parts[:n]
		}
		want, done := expected(whole)
		base := t.TempDir()
		leave(t, base, text[:end])
		store, stats := recovered(t, base)
		if got := store.ids(); !slices.Equal(got, want) {
			t.Fatalf("cut at %d: got %v, want %v", end, got, want)
		}
		for i, r := range store.have {
			if (r.Outcome == ai.Interrupted) != (i >= done) {
				t.Fatalf("cut at %d: call %d has outcome %v", end, i, r.Outcome)
			}
		}
		if stats.Lost > 1 {
			t.Fatalf("cut at %d: %d lost", end, stats.Lost)
		}
		if _, kept := ledger.JournalFiles(base); len(kept) > 0 {
			t.Fatalf("cut at %d: kept %v", end, kept)
		}
	}
}

// The process that recovers may be killed too, wherever it is: what it noted of
// calls under way may end anywhere, and the store may have taken any part.
func TestAKillWhileRecovering(t *testing.T) {
	text, parts := journalText(t, 4)
	want, _ := expected(parts)
	base := t.TempDir()
	leave(t, base, text)
	l := openLedger(t, base, ledger.Options{})
	l.Kill()
	l.Await()
	noted, err := os.ReadFile(filepath.Join(base, "1", "00000002.journal"))
	if err != nil || len(noted) == 0 {
		t.Fatalf("calls under way are not noted before anything else: %v", err)
	}
	for end := range len(noted) + 1 {
		base := t.TempDir()
		leave(t, base, text)
		if err := os.WriteFile(filepath.Join(base, "1", "00000002.journal"), noted[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		if store, stats := recovered(t, base); !slices.Equal(store.ids(), want) || stats.Lost > 1 {
			t.Fatalf("noted up to %d: got %v, want %v; %d lost", end, store.ids(), want, stats.Lost)
		}
	}
	for taken := range len(want) + 1 {
		base := t.TempDir()
		leave(t, base, text)
		store := newAway()
		for _, r := range numbered(0, len(want)) { // another process had written so many
			if len(store.have) < taken {
				store.seen[r.ID] = true
				store.have = append(store.have, r)
			}
		}
		for range 3 {
			l := openLedger(t, base, ledger.Options{})
			if err := l.Drain(t.Context(), store); err != nil {
				t.Fatal(err)
			}
			l.Kill() // before it has tidied up
			l.Await()
		}
		ids := store.ids()
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(store.have) {
			t.Errorf("calls came twice: %v", ids)
		}
	}
}

// A store that goes away while earlier records are written gets the rest later,
// from this process or the next one.
func TestAStoreThatGoesWhileRecovering(t *testing.T) {
	const calls = 2100
	base := t.TempDir()
	killed(t, base, func(l *ledger.Ledger) {
		for _, r := range numbered(0, calls) {
			l.Record(r, nil)
		}
	})
	store := newAway()
	for takes := 500; takes < calls; takes += 500 {
		store.takes = takes
		l := openLedger(t, base, ledger.Options{})
		if err := l.Drain(t.Context(), store); err == nil {
			t.Fatal("a store that is away took everything")
		}
		l.Kill()
		l.Await()
		if len(store.have) != takes {
			t.Fatalf("%d were taken, want %d", len(store.have), takes)
		}
	}
	store.set(false)
	l := openLedger(t, base, ledger.Options{})
	l.Attach(store)
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := store.ids(); len(got) != calls || !slices.IsSorted(got) {
		t.Errorf("%d of %d records", len(got), calls)
	}
}

// Whatever was overwritten: no record that is whole is lost, none that was not
// written appears, and that something is missing is noticed.
func TestRandomDamage(t *testing.T) {
	text, parts := journalText(t, 6)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		damaged := bytes.Clone(text)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(len(text))
			stretch := damaged[at:min(len(text), at+1+rng.IntN(400))]
			for i := range stretch {
				stretch[i] = byte(rng.Uint32())
			}
		}
		missing := 0
		whole := slices.DeleteFunc(slices.Clone(parts), func(p part) bool {
			hit := !bytes.Equal(damaged[p.start:p.end], text[p.start:p.end])
			if hit && p.kind == 'd' {
				missing++
			}
			return hit
		})
		want, _ := expected(whole)
		base := t.TempDir()
		leave(t, base, damaged)
		store, stats := recovered(t, base)
		if got := store.ids(); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if _, kept := ledger.JournalFiles(base); len(whole) < len(parts) && len(kept) == 0 && damaged[len(text)-1] == text[len(text)-1] {
			t.Fatalf("%d frames are damaged, %d lost, and the file is not kept", len(parts)-len(whole), stats.Lost)
		}
	}
}

// A file that is put aside does not take the place of one from before.
func TestDamagedFilesAreAllKept(t *testing.T) {
	base := t.TempDir()
	for n := range 3 {
		text, _ := journalText(t, 3)
		text[9] ^= 1
		leave(t, base, text)
		recovered(t, base)
		if names, kept := ledger.JournalFiles(base); len(names) != 0 || len(kept) != n+1 {
			t.Fatalf("kept: %v, %v", names, kept)
		}
	}
}

// What is damaged while the process runs is found when it is read.
func TestDamageThatIsFoundLate(t *testing.T) {
	text, parts := journalText(t, 6)
	base := t.TempDir()
	leave(t, base, text)
	l := openLedger(t, base, ledger.Options{})
	hit := slices.IndexFunc(parts, func(p part) bool { return p.id == "req_000003" && p.kind == 'd' })
	text[parts[hit].start+20] ^= 1
	leave(t, base, text)
	store := newAway()
	if err := l.Drain(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := store.ids(); len(got) != 6 || slices.Contains(got, "req_000003") || l.Stats().Lost != 1 {
		t.Errorf("got %v, %d lost", got, l.Stats().Lost)
	}
	if _, kept := ledger.JournalFiles(base); len(kept) != 1 {
		t.Errorf("kept: %v", kept)
	}
}

// The ledger tells of a damaged file with its name, and counts what is lost.
func TestLedgerTellsOfDamage(t *testing.T) {
	text, parts := journalText(t, 6)
	hit := slices.IndexFunc(parts, func(p part) bool { return p.id == "req_000002" && p.kind == 'd' })
	text[parts[hit].start+30] ^= 4
	base := t.TempDir()
	leave(t, base, text)
	store := newAway()
	var mu sync.Mutex
	var told []string
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, base, ledger.Options{Alarm: func(msg string, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%s: %v", msg, err))
		}})
		l.Attach(store)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if stats := l.Stats(); stats.Lost != 1 || stats.Written != 7 { // what stood of it when it began is there
			t.Errorf("%+v", stats)
		}
	})
	if len(told) != 1 || !strings.Contains(told[0], "00000001.journal.damaged") || !strings.Contains(told[0], "at least 1 records are lost") {
		t.Errorf("told: %q", told)
	}
	if len(store.have) != 7 {
		t.Errorf("stored: %v", store.ids())
	}
}
