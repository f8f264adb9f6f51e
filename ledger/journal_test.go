package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
	"github.com/ccload/ccload/ledger"
)

func numbered(from, to int) []*ai.Record {
	var list []*ai.Record
	for n := from; n < to; n++ {
		list = append(list, &ai.Record{
			ID: fmt.Sprintf("req_%06d", n), Time: time.Unix(int64(n)+1, 5).UTC(), Protocol: ai.Gemini, Outcome: ai.RateLimited, Day: 20261123,
			Usage: ai.Usage{Input: 5, Reported: true}, Cost: ai.Cost{Amount: 123_456_789, Multiplier: new(0.3)},
			Attempts:   []ai.Attempt{{Target: ai.Target{Channel: "a"}, Outcome: ai.Outcome{Kind: ai.Overloaded, Scope: ai.ScopeURLModel}}},
			Candidates: []ai.Candidate{{Channel: "a", Reason: ai.Cooling, Until: time.Unix(9, 0).UTC()}},
		})
	}
	return list
}

// away is a store that takes each call once, and can be switched off, at once or
// after some more.
type away struct {
	mu    sync.Mutex
	off   bool
	takes int // calls until it is switched off; 0: no such bound
	have  []*ai.Record
	twice int // calls that came again
	seen  map[string]bool
}

func newAway() *away { return &away{seen: make(map[string]bool)} }

func (a *away) set(off bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.off, a.takes = off, 0
}

func (a *away) WriteRows(_ context.Context, rows []callrow.Row) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.off || a.takes > 0 && len(a.have)+len(rows) > a.takes {
		return errors.New("the store is away")
	}
	for i := range rows {
		r := rows[i].Record
		if !strings.Contains(string(rows[i].Details), `"attempts"`) && len(r.Attempts) > 0 {
			return fmt.Errorf("the details of %s are %s", r.ID, rows[i].Details)
		}
		if a.seen[r.ID] {
			a.twice++
			continue
		}
		a.seen[r.ID] = true
		a.have = append(a.have, r)
	}
	return nil
}

func (a *away) ids() (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.have {
		ids = append(ids, r.ID)
	}
	return ids
}

func idsOf(records []*ai.Record) (ids []string) {
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// openLedger returns a ledger with a journal and without a store.
func openLedger(t *testing.T, base string, o ledger.Options) *ledger.Ledger {
	t.Helper()
	l := ledger.New(o)
	if err := l.OpenJournal(base, 0); err != nil {
		t.Fatal(err)
	}
	return l
}

// killed leaves what a process leaves in a folder that does this and is killed.
func killed(t *testing.T, base string, do func(l *ledger.Ledger)) {
	t.Helper()
	l := openLedger(t, base, ledger.Options{})
	do(l)
	l.Kill()
	l.Await()
}

// recovered is what the next process gets into the store of what was left.
func recovered(t *testing.T, base string) (*away, ledger.Stats) {
	t.Helper()
	store := newAway()
	l := openLedger(t, base, ledger.Options{})
	if err := l.Drain(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, l.Stats()
}

// Whatever was recorded when the process is killed is there, as it was and in
// its order, over any number of kills, and leaves no file behind.
func TestAKilledProcessLosesNoRecord(t *testing.T) {
	base := filepath.Join(t.TempDir(), "journal")
	want := numbered(0, 100)
	for i := 0; i < len(want); i += 20 {
		killed(t, base, func(l *ledger.Ledger) {
			for _, r := range want[i : i+20] {
				l.Record(r, nil)
			}
		})
	}
	names, _ := ledger.JournalFiles(base)
	for _, name := range append(names, filepath.Dir(names[0])) {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may look into %s: %v, %v", name, info.Mode(), err)
		}
	}
	store, _ := recovered(t, base)
	if diff := cmp.Diff(want, store.have); diff != "" {
		t.Error(diff)
	}
	if names, damaged := ledger.JournalFiles(base); len(names)+len(damaged) != 0 {
		t.Errorf("left behind: %v, %v", names, damaged)
	}
}

// underWay is the record of a call as Begin takes it.
func underWay(n int, output int64) *ai.Record {
	r := numbered(n, n+1)[0]
	r.Outcome, r.Candidates, r.Usage.Output = ai.Interrupted, nil, output
	return r
}

// A call under way when its process is killed is recorded with what was known
// of it last; one that ended is not.
func TestCallsUnderWayAreRecorded(t *testing.T) {
	base := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		killed(t, base, func(l *ledger.Ledger) {
			var ends, goes, waits ledger.Open
			l.Begin(&ends, underWay(1, 0))
			l.Begin(&goes, underWay(2, 0))
			l.Begin(&waits, underWay(3, 0))
			l.Record(numbered(1, 2)[0], &ends)
			l.Begin(&goes, underWay(2, 70))
			time.Sleep(time.Millisecond)
			synctest.Wait() // no call has ended since, so nobody else writes
		})
	})
	store, _ := recovered(t, base)
	want := []*ai.Record{numbered(1, 2)[0], underWay(2, 70), underWay(3, 0)}
	if diff := cmp.Diff(want, store.have); diff != "" {
		t.Error(diff)
	}
}

// Another process's journal is not touched while it runs, in the same folder,
// and is taken over once it is gone.
func TestEachProcessHasItsJournal(t *testing.T) {
	base := t.TempDir()
	one := openLedger(t, base, ledger.Options{})
	two := openLedger(t, base, ledger.Options{})
	for i, r := range numbered(0, 10) {
		[]*ledger.Ledger{one, two}[i%2].Record(r, nil)
	}
	store, _ := recovered(t, base)
	if len(store.have) != 0 {
		t.Errorf("records of processes that run were taken: %v", store.ids())
	}
	one.Kill()
	one.Await()
	store, _ = recovered(t, base)
	if got := store.ids(); len(got) != 5 || got[0] != "req_000000" || got[4] != "req_000008" {
		t.Errorf("of the one that was killed: %v", got)
	}
	two.Attach(store)
	if err := two.Close(t.Context()); err != nil || len(store.have) != 10 {
		t.Errorf("%v, %v", store.ids(), err)
	}
}

// While the store is away memory stays small, and when it is back it gets all
// records, in their order, once.
func TestLedgerKeepsRecordsWhileTheStoreIsAway(t *testing.T) {
	base := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := newAway()
		l := openLedger(t, base, ledger.Options{MaxRecords: 2000})
		l.Attach(store)
		n := 0
		record := func(many int) {
			for _, r := range numbered(n, n+many) {
				l.Record(r, nil)
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
		if stats := l.Stats(); stats.Spooled != 0 || stats.Depth != 5 {
			t.Errorf("once it is back: %+v", stats)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(store.have) != n || store.twice != 0 {
			t.Fatalf("%d of %d records arrived, %d twice", len(store.have), n, store.twice)
		}
		for i, id := range store.ids() {
			if id != fmt.Sprintf("req_%06d", i) {
				t.Fatalf("record %d is %s", i, id)
			}
		}
	})
	if names, _ := ledger.JournalFiles(base); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

// A store that is away at the end costs no record: the next process writes it.
func TestNothingIsLostAtTheEnd(t *testing.T) {
	base := t.TempDir()
	store := newAway()
	store.set(true)
	for from, to := range map[int]int{0: 1234} {
		synctest.Test(t, func(t *testing.T) {
			l := openLedger(t, base, ledger.Options{})
			l.Attach(store)
			for _, r := range numbered(from, to) {
				l.Record(r, nil)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	store.set(false)
	synctest.Test(t, func(t *testing.T) {
		l := openLedger(t, base, ledger.Options{})
		l.Attach(store)
		for _, r := range numbered(1234, 1240) {
			l.Record(r, nil)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if got := store.ids(); len(got) != 1240 || got[0] != "req_000000" || got[1239] != "req_001239" {
		t.Errorf("%d records", len(got))
	}
}

// What is in the store is not on disk for longer than a moment, or a call that
// was forgotten meanwhile would come back; a call that goes on for long is
// carried along.
func TestTheJournalIsEmptied(t *testing.T) {
	base := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := newAway()
		l := openLedger(t, base, ledger.Options{})
		l.Attach(store)
		var long ledger.Open
		l.Begin(&long, underWay(0, 7))
		size := func() (bytes int64) {
			names, _ := ledger.JournalFiles(base)
			for _, name := range names {
				if info, err := os.Stat(name); err == nil {
					bytes += info.Size()
				}
			}
			return bytes
		}
		for n := range 30 {
			for _, r := range numbered(1+1000*n, 1001+1000*n) {
				l.Record(r, nil)
			}
			time.Sleep(time.Second)
		}
		if most := size(); most > 2*ledger.MaxSegment {
			t.Errorf("%d bytes are kept of what is stored", most)
		}
		for _, r := range numbered(40_000, 40_003) {
			l.Record(r, nil)
			time.Sleep(time.Minute)
		}
		if most := size(); most > 2000 {
			t.Errorf("%d bytes are kept for one call", most)
		}
		l.Kill()
		l.Await()
		again, _ := recovered(t, base)
		if got := again.ids(); !slices.Contains(got, "req_000000") || len(got) > 2 {
			t.Errorf("the next process finds %v", got)
		}
	})
}

// Where the journal cannot be written calls go on, in memory; when it can again
// they are written first.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	base := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var alarms told
		l := openLedger(t, base, ledger.Options{Alarm: alarms.alarm})
		records := numbered(0, 30)
		for i, r := range records {
			switch i {
			case 10:
				l.BreakJournal(filepath.Join(base, "nowhere"))
			case 20:
				if s := l.Stats(); s.Journal == nil || s.Depth != 20 || s.Lost != 0 {
					t.Errorf("%+v", s)
				}
				time.Sleep(10 * time.Second) // it fails again
				l.BreakJournal(filepath.Join(base, "1"))
				time.Sleep(10 * time.Second)
				if s := l.Stats(); s.Journal != nil {
					t.Errorf("it is not written again: %+v", s)
				}
			}
			var o ledger.Open
			l.Begin(&o, underWay(i, 0))
			l.Record(r, &o)
		}
		l.Kill()
		l.Await()
		if len(alarms) != 2 || alarms.count("the journal cannot be written") != 1 || alarms.count("written again") != 1 {
			t.Errorf("%q", alarms)
		}
		store, _ := recovered(t, base)
		if got := store.ids(); !slices.Equal(got, idsOf(records)) {
			t.Errorf("the next process finds %v", got)
		}
	})
}

// The same while the store is away for so long that memory holds nothing of the
// journal's.
func TestAFullDiskWhileTheStoreIsAway(t *testing.T) {
	base := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := newAway()
		store.set(true)
		l := openLedger(t, base, ledger.Options{})
		l.Attach(store)
		records := numbered(0, 12_000)
		for i, r := range records {
			switch i {
			case 6000:
				l.BreakJournal(filepath.Join(base, "nowhere"))
			case 7000:
				l.BreakJournal(filepath.Join(base, "1"))
				time.Sleep(20 * time.Second)
			}
			l.Record(r, nil)
		}
		if s := l.Stats(); s.Lost != 0 || s.Depth+s.Spooled != len(records) || s.Journal != nil {
			t.Errorf("%+v", s)
		}
		store.set(false)
		time.Sleep(time.Minute)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := store.ids(); len(got) != len(records) || store.twice != 0 {
			t.Errorf("%d of %d records, %d twice", len(got), len(records), store.twice)
		}
	})
}

// The files are bounded; what comes beyond is kept in memory, within its bounds.
func TestTheJournalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{MaxRecords: 100})
		if err := l.OpenJournal(t.TempDir(), 20_000); err != nil {
			t.Fatal(err)
		}
		store := newAway()
		store.set(true)
		l.Attach(store)
		for _, r := range numbered(0, 500) {
			l.Record(r, nil)
		}
		s := l.Stats()
		if s.Journal == nil || !strings.Contains(s.Journal.Error(), "bound") || s.Lost == 0 || s.Spooled < 10 {
			t.Errorf("%+v", s)
		}
		if s.Depth+s.Spooled+int(s.Lost) != 500 {
			t.Errorf("%d in memory, %d on disk, %d lost of 500", s.Depth, s.Spooled, s.Lost)
		}
		store.set(false)
		time.Sleep(time.Minute)
		if got := len(store.ids()); got != 500-int(s.Lost) {
			t.Errorf("%d stored, %d lost of 500", got, s.Lost)
		}
		l.Record(numbered(600, 601)[0], nil)
		if s := l.Stats(); s.Journal != nil {
			t.Errorf("with room again: %+v", s)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A folder that cannot be made keeps nobody from recording.
func TestAJournalThatCannotBeOpened(t *testing.T) {
	base := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(base, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{})
		if err := l.OpenJournal(filepath.Join(base, "journal"), 0); err == nil {
			t.Error("a folder within a file was made")
		}
		l.Record(numbered(0, 1)[0], nil)
		os.Remove(base)
		time.Sleep(10 * time.Second)
		if s := l.Stats(); s.Journal != nil || s.Depth != 1 {
			t.Errorf("once there is room: %+v", s)
		}
		l.Kill()
		l.Await()
		if store, _ := recovered(t, filepath.Join(base, "journal")); len(store.have) != 1 {
			t.Errorf("the next process finds %v", store.ids())
		}
	})
}

// Many callers at once: each record is in the file when Record has returned, or
// at the latest when the others have.
func TestRecordsFromManySidesAreInTheFile(t *testing.T) {
	base := t.TempDir()
	l := openLedger(t, base, ledger.Options{})
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for _, r := range numbered(1000*w, 1000*w+500) {
				var o ledger.Open
				l.Begin(&o, r)
				l.Record(r, &o)
			}
		})
	}
	wait.Wait()
	l.Kill()
	l.Await()
	store, stats := recovered(t, base)
	if len(store.have) != 4000 || store.twice != 0 || stats.Lost != 0 {
		t.Errorf("%d of 4000 records, %d twice, %d lost", len(store.have), store.twice, stats.Lost)
	}
}

// What is done against power cuts disturbs nobody who writes, also where files
// begin meanwhile.
func TestFilesAreSyncedWhileTheyBegin(t *testing.T) {
	base := t.TempDir()
	l := openLedger(t, base, ledger.Options{})
	var writing, syncing sync.WaitGroup
	for w := range 4 {
		writing.Go(func() {
			for i, r := range numbered(1000*w, 1000*w+100) {
				if i%10 == 0 {
					l.NewSegment()
				}
				l.Record(r, nil)
			}
		})
	}
	ended := make(chan struct{})
	syncing.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
				l.Sync()
			}
		}
	})
	writing.Wait()
	close(ended)
	syncing.Wait()
	l.Kill()
	l.Await()
	if store, stats := recovered(t, base); len(store.have) != 400 || store.twice != 0 || stats.Lost != 0 {
		t.Errorf("%d of 400 records, %d twice, %d lost", len(store.have), store.twice, stats.Lost)
	}
}
