package storetest

import (
	"cmp"
	"slices"
	"time"

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
