package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
)

// TestOldBookingsAreMoved: calls that an earlier version booked whole are booked
// as they would be today, their rows included, however often it is broken off;
// calls whose rows are gone keep their sums.
func TestOldBookingsAreMoved(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Hour)
	failing := ai.Attempt{
		Target: ai.Target{Channel: "a", Key: "k1"}, Outcome: ai.Outcome{Kind: ai.ServerError},
		Usage: ai.Usage{Input: 100, Output: 3, Reported: true}, Cost: ai.Cost{Amount: 7, List: 7},
	}
	served := ai.Attempt{
		Target: ai.Target{Channel: "b", Key: "k2"}, Usage: ai.Usage{Input: 110, Output: 50, Estimated: true}, Cost: ai.Cost{Amount: 20, Unpriced: true},
	}
	// As earlier versions wrote them: the usage is that of the last attempt.
	old := func() []*ai.Record {
		return []*ai.Record{
			{
				ID: "two", Time: now, Operation: ai.Generate, Channel: "b", Token: "t", Attempts: []ai.Attempt{failing, served},
				Usage: served.Usage, Cost: ai.Cost{Amount: 27, List: 7, Unpriced: true}, Duration: time.Second, FirstContent: time.Millisecond,
			},
			{
				ID: "none", Time: now, Operation: ai.Generate, Token: "t", Outcome: ai.ServerError, Attempts: []ai.Attempt{failing},
				Cost: failing.Cost,
			},
			{ID: "one", Time: now, Operation: ai.Generate, Channel: "b", Token: "u", Attempts: []ai.Attempt{served}, Usage: served.Usage, Cost: served.Cost},
			{ID: "count", Time: now, Operation: ai.CountTokens, Token: "t", Usage: ai.Usage{Input: 9000, Estimated: true}},
		}
	}
	gone := &ai.Record{ID: "gone", Time: now, Channel: "b", Token: "t", Attempts: []ai.Attempt{failing, served}, Usage: served.Usage, Cost: ai.Cost{Amount: 27}}

	s, c := open(t)
	if err := s.WriteCalls(t.Context(), old()); err != nil {
		t.Fatal(err)
	}
	tx, err := c.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := make(groups)
	for _, r := range append(old(), gone) { // in place of what was just counted
		whole.addWhole(r, 1)
	}
	for _, r := range old() {
		undo := make(groups)
		undo.addCounts(r)
		for key, n := range undo {
			whole.of(key).addTimes(&n.counts, -1)
		}
	}
	if err := c.leavePending(t.Context(), tx, whole); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`UPDATE rollup_state SET value = CASE name WHEN 'rebooked' THEN 0 ELSE (SELECT max(seq) FROM calls) END
		WHERE name IN ('rebooked', 'rebook_until')`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}

	for range 2 { // the second finds nothing to do
		if err := c.rebookRest(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := s.Stats(t.Context(), StatsFilter{By: []Dimension{ByChannel, ByKey}})
		if err != nil {
			t.Fatal(err)
		}
		want := []StatsRow{
			{Channel: "", Calls: 1},
			{Channel: "a", Key: "k1", Calls: 1, Attempts: 2, Input: 200, Output: 6, Cost: 14, ListCost: 14},
			{
				Channel: "b", Key: "k2", Calls: 3, Attempts: 2 + 2, FailedOver: 2, Input: 3 * 110, Output: 3 * 50, Cost: 20 + 20 + 27,
				Unpriced: 2, Estimated: 3, Duration: time.Second.Microseconds(), FirstContent: 1000, FirstContents: 1,
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		for id, want := range map[string]ai.Usage{
			"two":  {Input: 210, Output: 53, Reported: true, Estimated: true},
			"none": failing.Usage, "one": served.Usage, "count": {},
		} {
			if r, err := s.Call(t.Context(), id); err != nil || !r.Usage.Equal(&want) {
				t.Errorf("%s: %+v, %v, want %+v", id, r.Usage, err, want)
			}
		}
	}
}
