package storetest

import (
	"errors"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// statsAddUp writes random batches, some of them twice and with records that
// are refused, prices them anew, folds and prunes; whatever is asked in between
// must be what the calls add up to.
func (t suite) statsAddUp() {
	s, other := t.opened(), t.opened()
	now := time.Now().UTC().Truncate(time.Minute)
	known := make(map[string]*ai.Record)
	number := 0
	rapid.Check(t.T, func(rt *rapid.T) {
		batch := make([]*ai.Record, rapid.IntRange(0, 8).Draw(rt, "calls"))
		for i := range batch {
			number++
			age := time.Duration(rapid.Int64Range(0, int64(60*time.Hour)).Draw(rt, "age"))
			batch[i] = counted(rt, number, now, age)
		}
		refused := rapid.IntRange(0, 3).Draw(rt, "refused") == 0
		toWrite := slices.Clone(batch)
		if refused {
			toWrite = append(toWrite, nil)
			for _, r := range known {
				impostor := *r
				impostor.Time = r.Time.Add(time.Nanosecond)
				toWrite = append(toWrite, &impostor)
				break
			}
		}
		for range rapid.IntRange(1, 2).Draw(rt, "times") {
			err := s.WriteCalls(t.Context(), toWrite)
			if _, isRefusal := errors.AsType[*store.RefusedError](err); err != nil && (!refused || !isRefusal) {
				rt.Fatal(err)
			}
		}
		for _, r := range batch {
			known[r.ID] = r
		}
		switch rapid.IntRange(0, 9).Draw(rt, "then") {
		case 0:
			factor := ai.Money(rapid.Int64Range(0, 3).Draw(rt, "factor"))
			change := func(r *ai.Record) {
				if r.Usage.Input%2 != 0 || len(r.Attempts) == 0 {
					return
				}
				r.Cost = ai.Cost{}
				r.Attempts = slices.Clone(r.Attempts)
				for i := range r.Attempts {
					a := &r.Attempts[i]
					a.Cost.Amount, a.Cost.List, a.Cost.Unpriced = factor*ai.Money(a.Usage.Output), factor, factor == 0
					r.Cost.Amount += a.Cost.Amount
					r.Cost.List += a.Cost.List
					r.Cost.Unpriced = r.Cost.Unpriced || a.Cost.Unpriced
				}
			}
			since := now.Add(-30 * time.Hour)
			if _, _, err := other.Reprice(t.Context(), since, change); err != nil {
				rt.Fatal(err)
			}
			for _, r := range known {
				if !r.Time.Before(since) {
					change(r)
				}
			}
		case 1: // deletes nothing, so it folds
			if _, err := other.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
				rt.Fatal(err)
			}
		}
		by := rapid.Permutation(store.Dimensions).Draw(rt, "dimensions")[:rapid.IntRange(0, 6).Draw(rt, "by")]
		step := rapid.SampledFrom([]time.Duration{
			time.Minute, 7 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour, 72 * time.Hour,
		}).Draw(rt, "step")
		origin := time.Unix(0, 0).UTC().Add(time.Duration(rapid.Int64Range(0, 3).Draw(rt, "origin")) * 30 * time.Minute)
		f := store.StatsFilter{By: by, Step: step, Origin: origin}
		minute := func(label string) time.Time {
			return now.Add(-time.Duration(rapid.Int64Range(0, 60*60).Draw(rt, label)) * time.Minute)
		}
		asked := known
		if rapid.Bool().Draw(rt, "bounded") {
			f.Since, f.Until = minute("since"), minute("until")
			asked = make(map[string]*ai.Record)
			for id, r := range known {
				if !r.Time.Before(f.Since) && r.Time.Before(f.Until) {
					asked[id] = r
				}
			}
		}
		want := addUp(asked, by, func(m time.Time) time.Time {
			return m.Add(-((m.Sub(origin)%step + step) % step))
		})
		for _, from := range []store.Store{s, other} {
			got, err := from.Stats(t.Context(), f)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				rt.Fatalf("%+v (-want +got):\n%s", f, diff)
			}
		}
	})
}

// statsOfAllAges: the older, the coarser; and nothing is lost when calls and
// roll-ups are forgotten.
func (t suite) statsOfAllAges() {
	s := t.opened()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	known := make(map[string]*ai.Record)
	for n, days := range []int{400, 101, 99, 40, 4, 1, 0} {
		for i := range 3 {
			r := call(n*3 + i)
			r.Time = day.AddDate(0, 0, -days).Add(time.Duration(i) * 61 * time.Minute)
			known[r.ID] = r
			t.write(s, r)
		}
	}
	whole := func(d time.Duration) func(m time.Time) time.Time {
		return func(m time.Time) time.Time { return m.Truncate(d) }
	}
	check := func(f store.StatsFilter, start func(m time.Time) time.Time) {
		t.Helper()
		asked := make(map[string]*ai.Record)
		for id, r := range known {
			if m := start(r.Time); !m.Before(start(f.Since)) && (f.Until.IsZero() || m.Before(f.Until)) {
				asked[id] = r
			}
		}
		got, err := s.Stats(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(addUp(asked, nil, start), got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", f, diff)
		}
	}
	for range 2 { // with what has to be forgotten still there, and then without
		check(store.StatsFilter{}, func(time.Time) time.Time { return time.Time{} })
		check(store.StatsFilter{Step: 24 * time.Hour}, whole(24*time.Hour))
		for _, c := range []struct {
			days  int
			exact time.Duration
		}{{400, 24 * time.Hour}, {101, 24 * time.Hour}, {40, time.Hour}, {4, time.Hour}, {1, time.Minute}} {
			from := day.AddDate(0, 0, -c.days)
			check(store.StatsFilter{Since: from, Until: from.Add(24 * time.Hour), Step: time.Minute}, whole(c.exact))
			check(store.StatsFilter{Since: from.Add(90 * time.Minute), Until: from.Add(24 * time.Hour), Step: time.Minute}, whole(c.exact))
		}
		for {
			n, err := s.Prune(t.Context(), day.Add(48*time.Hour), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
}
