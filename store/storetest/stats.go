package storetest

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// counted is a call as busy gateways have them, with few different values, that
// arrived so long ago.
func counted(t *rapid.T, n int, now time.Time, age time.Duration) *ai.Record {
	draw := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	number := func(label string) int64 { return rapid.Int64Range(0, 1000).Draw(t, label) }
	r := call(n)
	r.Time = now.Add(-age)
	r.Channel, r.Model = draw("channel", "", "a", "b"), draw("model", "x", "X", "y'z")
	r.Token, r.Protocol = draw("token", "t", "u"), rapid.SampledFrom(ai.Protocols).Draw(t, "protocol")
	r.Outcome = rapid.SampledFrom([]ai.Kind{ai.OK, ai.Timeout, ai.RateLimited}).Draw(t, "outcome")
	r.Stream = rapid.Bool().Draw(t, "stream")
	r.Duration, r.FirstContent = time.Duration(number("duration"))*time.Millisecond, time.Duration(number("first"))*time.Microsecond/500
	r.Usage = ai.Usage{
		Input: number("input"), CachedInput: number("cached"), CacheWrite: number("written"), Output: number("output"),
		Reasoning: number("reasoning"), Estimated: rapid.Bool().Draw(t, "estimated"), Reported: true,
	}
	attempt := r.Attempts[0]
	r.Attempts = nil
	var used ai.Usage
	var cost ai.Cost
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		attempt.Target.Channel, attempt.Target.Key = draw("asked", "a", "b"), draw("key", "k1", "k2")
		attempt.Usage, attempt.Cost = ai.Usage{}, ai.Cost{}
		if rapid.Bool().Draw(t, "charged") {
			attempt.Usage = r.Usage
			attempt.Usage.Input = number("attempt's input")
			attempt.Cost = ai.Cost{Amount: ai.Money(number("cost")), List: ai.Money(number("list")), Unpriced: rapid.Bool().Draw(t, "unpriced")}
		}
		used.Add(&attempt.Usage)
		cost.Amount += attempt.Cost.Amount
		cost.List += attempt.Cost.List
		cost.Unpriced = cost.Unpriced || attempt.Cost.Unpriced
		r.Attempts = append(r.Attempts, attempt)
	}
	if len(r.Attempts) == 0 { // such as what was counted here
		r.Channel = ""
		return r
	}
	r.Usage, r.Cost = used, cost
	if r.Channel != "" {
		r.Channel = attempt.Target.Channel
	}
	return r
}

// posting is what of a call counts at one channel and key.
type posting struct {
	channel, key string
	sums         store.StatsRow
}

// postings are what a call adds up to: itself where its last attempt was, and
// each attempt where it was. It is unpriced and estimated once, at the first
// attempt that is.
func postings(r *ai.Record) []posting {
	one := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	call := posting{channel: r.Channel, sums: store.StatsRow{
		Calls: 1, FailedOver: one(len(r.Attempts) > 1), Streams: one(r.Stream), Duration: r.Duration.Microseconds(),
		FirstContent: r.FirstContent.Microseconds(), FirstContents: one(r.FirstContent > 0),
	}}
	if len(r.Attempts) == 0 {
		call.sums.Input, call.sums.CachedInput, call.sums.CacheWrite = r.Usage.Input, r.Usage.CachedInput, r.Usage.CacheWrite
		call.sums.Output, call.sums.Reasoning, call.sums.Estimated = r.Usage.Output, r.Usage.Reasoning, one(r.Usage.Estimated)
		return []posting{call}
	}
	var list []posting
	estimated, unpriced := false, false
	for i := range r.Attempts {
		a := &r.Attempts[i]
		list = append(list, posting{a.Target.Channel, a.Target.Key, store.StatsRow{
			Attempts: 1, Input: a.Usage.Input, CachedInput: a.Usage.CachedInput, CacheWrite: a.Usage.CacheWrite,
			Output: a.Usage.Output, Reasoning: a.Usage.Reasoning, Cost: a.Cost.Amount, ListCost: a.Cost.List,
			Estimated: one(a.Usage.Estimated && !estimated), Unpriced: one(a.Cost.Unpriced && !unpriced),
		}})
		estimated, unpriced = estimated || a.Usage.Estimated, unpriced || a.Cost.Unpriced
		call.channel, call.key = a.Target.Channel, a.Target.Key
	}
	return append(list, call)
}

// addTo adds a posting to a row.
func addTo(row, p *store.StatsRow) {
	row.Calls += p.Calls
	row.Attempts += p.Attempts
	row.FailedOver += p.FailedOver
	row.Streams += p.Streams
	row.Input += p.Input
	row.CachedInput += p.CachedInput
	row.CacheWrite += p.CacheWrite
	row.Output += p.Output
	row.Reasoning += p.Reasoning
	row.Cost += p.Cost
	row.ListCost += p.ListCost
	row.Unpriced += p.Unpriced
	row.Estimated += p.Estimated
	row.Duration += p.Duration
	row.FirstContent += p.FirstContent
	row.FirstContents += p.FirstContents
}

// values are what a posting of a call is told apart by.
func values(r *ai.Record, p *posting, by []store.Dimension) (row store.StatsRow) {
	for _, d := range by {
		switch d {
		case store.ByChannel:
			row.Channel = p.channel
		case store.ByKey:
			row.Key = p.key
		case store.ByModel:
			row.Model = r.Model
		case store.ByToken:
			row.Token = r.Token
		case store.ByProtocol:
			row.Protocol = string(r.Protocol)
		case store.ByOutcome:
			row.Outcome = r.Outcome.String()
		}
	}
	return row
}

// addUp is what a store has to answer, made from the calls. start is where a
// call counts.
func addUp(calls map[string]*ai.Record, by []store.Dimension, start func(time.Time) time.Time) []store.StatsRow {
	all := make(map[store.StatsRow]*store.StatsRow)
	for _, r := range calls {
		for _, p := range postings(r) {
			key := values(r, &p, by)
			key.Start = start(r.Time)
			row := all[key]
			if row == nil {
				row = new(key)
				all[key] = row
			}
			addTo(row, &p.sums)
		}
	}
	list := make([]store.StatsRow, 0, len(all))
	for _, row := range all {
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b store.StatsRow) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.Model, b.Model), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Outcome, b.Outcome))
	})
	return list
}

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

func (t suite) statsFilters() {
	s := t.opened()
	now := time.Now().Truncate(24 * time.Hour)
	for n, model := range []string{"gpt-5", "gpt-5-mini", "GPT-5", "a_b", "a%b", "axb", "x*", "claude"} {
		r := call(n)
		r.Time, r.Model = now, model
		if n%2 == 1 {
			r.Channel, r.Token, r.Protocol, r.Outcome = "spare", "phone", ai.OpenAI, ai.Timeout
			r.Attempts[0].Target.Channel, r.Attempts[0].Target.Key = "spare", "k2"
		}
		t.write(s, r)
	}
	for range 2 { // pending, then folded
		for _, c := range []struct {
			f    store.StatsFilter
			want int64
		}{
			{store.StatsFilter{}, 8},
			{store.StatsFilter{Model: "gpt-5"}, 1},
			{store.StatsFilter{Model: "gpt-*"}, 3},
			{store.StatsFilter{Model: "*-M*i"}, 1},
			{store.StatsFilter{Model: "*gpt-5*gpt*"}, 0},
			{store.StatsFilter{Model: "a_*"}, 1},
			{store.StatsFilter{Model: "a%*"}, 1},
			{store.StatsFilter{Model: "*"}, 8},
			{store.StatsFilter{Model: "gpt"}, 0},
			{store.StatsFilter{Channel: "spare"}, 4},
			{store.StatsFilter{Channel: "' OR ''='"}, 0},
			{store.StatsFilter{Key: "k2"}, 4},
			{store.StatsFilter{Token: "phone"}, 4},
			{store.StatsFilter{Protocol: "openai"}, 4},
			{store.StatsFilter{Outcome: "timeout"}, 4},
			{store.StatsFilter{Outcome: "ok", Token: "phone"}, 0},
			{store.StatsFilter{Outcome: "ok", Model: "gpt-5", Token: "laptop", Protocol: "anthropic", Key: "k1", Channel: "main"}, 1},
			{store.StatsFilter{Since: now, Until: now.Add(time.Minute)}, 8},
			{store.StatsFilter{Since: now.Add(59 * time.Second)}, 8}, // whole minutes
			{store.StatsFilter{Since: now.Add(time.Minute)}, 0},
			{store.StatsFilter{Until: now}, 0},
			{store.StatsFilter{Since: now, Until: now.Add(-time.Hour)}, 0},
		} {
			rows, err := s.Stats(t.Context(), c.f)
			if err != nil {
				t.Fatal(err)
			}
			var got int64
			for _, row := range rows {
				got += row.Calls
			}
			if got != c.want || len(rows) > 1 || len(rows) == 1 && !rows[0].Start.Equal(c.f.Since) {
				t.Errorf("%+v: %d calls, want %d: %+v", c.f, got, c.want, rows)
			}
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []store.StatsFilter{
		{Step: time.Second}, {Step: -time.Minute}, {Step: 90 * time.Second}, {By: []store.Dimension{"price; DROP TABLE calls"}},
	} {
		if rows, err := s.Stats(t.Context(), f); err == nil {
			t.Errorf("%+v: %+v", f, rows)
		}
	}
}

func (t suite) statsQuantiles() {
	s := t.opened()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	close := func(got, want time.Duration) bool { return got >= want*97/100 && got <= want*103/100 }
	for n := range 1000 {
		r := call(n)
		r.Time = day.Add(-time.Duration(n) * time.Minute)
		r.Duration = time.Duration(n+1) * 10 * time.Millisecond
		if r.FirstContent = r.Duration / 2; n%2 == 1 {
			r.FirstContent = 0
		}
		failed := call(n + 1000)
		failed.Time, failed.Outcome, failed.Duration, failed.Token = r.Time, ai.Timeout, time.Hour, "slow"
		t.write(s, r, failed)
	}
	for range 2 { // pending, then folded
		rows, err := s.Stats(t.Context(), store.StatsFilter{Quantiles: true, By: []store.Dimension{store.ByToken}})
		if err != nil || len(rows) != 2 || rows[0].DurationQuantiles == nil || rows[0].FirstContentQuantiles == nil {
			t.Fatalf("%+v, %v", rows, err)
		}
		d, first := rows[0].DurationQuantiles, rows[0].FirstContentQuantiles
		if !close(d.P50, 5*time.Second) || !close(d.P95, 9500*time.Millisecond) || !close(d.P99, 9900*time.Millisecond) || !close(first.P50, 2500*time.Millisecond) {
			t.Errorf("%+v, %+v", d, first)
		}
		if rows[1].DurationQuantiles != nil || rows[1].FirstContentQuantiles != nil {
			t.Errorf("of calls that failed: %+v", rows[1])
		}
		if rows, err := s.Stats(t.Context(), store.StatsFilter{}); err != nil || rows[0].DurationQuantiles != nil {
			t.Errorf("nobody asked for quantiles: %+v, %v", rows, err)
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func (t suite) statsAreLimited() {
	s := t.opened()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	const minutes, each = 1001, 50 // one group more than is allowed, with 50 of one more
	for m := range minutes {
		batch := make([]*ai.Record, each)
		for i := range batch {
			r := call(m*each + i)
			r.Time, r.Token = day.Add(-time.Duration(m)*time.Minute), strconv.Itoa(i)
			batch[i] = r
		}
		t.write(s, batch...)
	}
	f := store.StatsFilter{Step: time.Minute, By: []store.Dimension{store.ByToken}}
	for range 2 { // pending, then folded
		if rows, err := s.Stats(t.Context(), f); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		fewer := f
		fewer.Since = day.Add(-999 * time.Minute)
		if rows, err := s.Stats(t.Context(), fewer); err != nil || len(rows) != store.MostStats {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}
