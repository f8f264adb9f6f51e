package store

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// distinctCalls are calls of as many models, a minute apart from each other.
func distinctCalls(n int, last time.Time) []*ai.Record {
	list := make([]*ai.Record, n)
	for i := range list {
		at := last.Add(-time.Duration(n-i) * time.Minute)
		list[i] = &ai.Record{
			ID: fmt.Sprintf("req_%06d", i), Time: at, Model: fmt.Sprintf("model-%06d", i), Channel: "a", Token: "t", Status: 200,
		}
	}
	return list
}

// TestFoldingGoesInSteps: nothing is counted twice or lost between the steps,
// each is short, and batches that come later end it.
func TestFoldingGoesInSteps(t *testing.T) {
	s, c := open(t)
	const many = 5*partGroups + 7
	calls := distinctCalls(many+8, time.Now())
	if err := s.WriteCalls(t.Context(), calls[:many]); err != nil {
		t.Fatal(err)
	}
	counted := func() (n int64) {
		t.Helper()
		rows, err := s.Stats(t.Context(), StatsFilter{})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d rows: %v", len(rows), err)
		}
		return rows[0].Calls
	}
	pending := func() (n int) {
		t.Helper()
		if err := c.read.QueryRow("SELECT count(*) FROM rollup_pending").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	c.folding.next = time.Time{} // as if a minute had passed
	seen := []int{pending()}
	for i := range 8 {
		if err := s.WriteCalls(t.Context(), calls[many+i:many+i+1]); err != nil {
			t.Fatal(err)
		}
		if got := counted(); got != int64(many+i+1) {
			t.Fatalf("after %d batches there are %d calls, want %d", i+1, got, many+i+1)
		}
		seen = append(seen, pending())
	}
	// One batch pending; gathered into six parts; then each batch folds one part
	// and leaves a row of its own, until there are no parts.
	if want := "[1 6 6 6 6 6 6 6 7]"; fmt.Sprint(seen) != want {
		t.Errorf("%v rows were pending, want %s", seen, want)
	}
	if err := c.foldNow(t.Context()); err != nil || pending() != 0 {
		t.Fatalf("%d rows are pending: %v", pending(), err)
	}
	// Many groups that turn out to be few are gathered, and wait.
	for range 3 {
		c.folding.pending.Store(foldGroups - 1)
		again := distinctCalls(many+8, time.Now())[:2]
		for _, r := range again {
			r.ID += fmt.Sprint(len(seen))
		}
		if err := s.WriteCalls(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, pending())
	}
	if left := seen[len(seen)-3:]; fmt.Sprint(left) != "[1 1 1]" || c.folding.parts != nil || c.folding.pending.Load() != 2 {
		t.Errorf("%v rows, %v groups wait", left, c.folding.pending.Load())
	}
	if err := c.foldNow(t.Context()); err != nil || pending() != 0 || counted() != many+8+6 {
		t.Errorf("%d rows are pending, %d calls are counted: %v", pending(), counted(), err)
	}
}

// TestRollupsThatNobodyReadsAreNotWritten: what is to be forgotten at once.
func TestRollupsThatNobodyReadsAreNotWritten(t *testing.T) {
	s, c := open(t)
	old := distinctCalls(3, time.Now().Add(-10*24*time.Hour))
	if err := s.WriteCalls(t.Context(), append(old, distinctCalls(6, time.Now())[3:]...)); err != nil {
		t.Fatal(err)
	}
	if err := c.foldNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	for l, want := range map[level]int64{minutely: 3, hourly: 6, daily: 6} {
		var n int64
		if err := c.read.QueryRow("SELECT sum(calls) FROM rollups WHERE level = ? AND dims = ?", seconds(l), int64(every)).Scan(&n); err != nil || n != want {
			t.Errorf("level %v has %d calls, want %d: %v", l, n, want, err)
		}
	}
}

// TestPatternsOfManyNames: whether the names that match are few, too many to be
// merged, or too many to be told, the list is the same.
func TestPatternsOfManyNames(t *testing.T) {
	s, c := open(t)
	calls := distinctCalls(maxNames+200, time.Now())
	for _, part := range []struct {
		calls   int
		pattern string
		merged  bool
		want    int
	}{
		{maxMatch / 2, "model-*", true, 50},
		{maxMatch / 2, "*-00001*", true, 10},
		{maxMatch / 2, "nothing*", true, 0},
		{maxNames - 1, "model-*", false, 50},
		{maxNames - 1, "MODEL-00001*", true, 10},
		{maxNames + 200, "model-00001*", false, 10},
		{maxNames + 200, "nothing*", false, 0},
	} {
		if err := s.WriteCalls(t.Context(), calls[:part.calls]); err != nil { // those that are there stay
			t.Fatal(err)
		}
		f := CallFilter{Model: part.pattern}
		list, err := s.Calls(t.Context(), f)
		if err != nil || len(list) != part.want {
			t.Errorf("%d calls, %s: %d, want %d: %v", part.calls, part.pattern, len(list), part.want, err)
		}
		for i := 1; i < len(list); i++ {
			if !list[i].Time.Before(list[i-1].Time) {
				t.Errorf("%d calls, %s: not the latest first", part.calls, part.pattern)
			}
		}
		if err := c.view(t.Context(), "choosing", func(tx *sql.Tx) error {
			w, err := c.choose(t.Context(), tx, &f)
			if merged := w.column != ""; err == nil && merged != part.merged {
				t.Errorf("%d calls, %s: merged %v, want %v", part.calls, part.pattern, merged, part.merged)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
