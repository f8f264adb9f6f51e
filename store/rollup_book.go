package store

import (
	"github.com/ccload/ccload/ai"
)

// Where a call is booked. What happens once in a call, such as its duration,
// counts at the channel and key of its last attempt. What an attempt used and
// cost counts at the channel and key of that attempt, with the model, token,
// protocol and outcome of the call. So the sums over any dimension are the same.

// callGroup is the group of a call in the finest roll-up.
func callGroup(r *ai.Record) group {
	v := dimensionValues{
		shortName(r.Channel), "", shortName(r.Model), shortName(r.Token), shortName(string(r.Protocol)), r.Outcome.String(),
	}
	if n := len(r.Attempts); n > 0 {
		v.ask(&r.Attempts[n-1])
	}
	return group{start: floor(max(nanos(r.Time), 0), minutely), values: v}
}

// ask sets the channel and key to those of an attempt.
func (v *dimensionValues) ask(a *ai.Attempt) {
	v[channelAt], v[keyAt] = shortName(a.Target.Channel), shortName(a.Target.Key)
}

// addCall counts a call.
func (g groups) addCall(r *ai.Record) {
	b := g.booking(r)
	b.addCounts()
	if r.Outcome == ai.OK {
		b.sums.duration.Add(r.Duration)
		if r.FirstContent > 0 {
			b.sums.firstContent.Add(r.FirstContent)
		}
	}
}

// addCounts is addCall without the durations that quantiles are made of.
func (g groups) addCounts(r *ai.Record) { g.booking(r).addCounts() }

// booking is where a call is booked, which is looked up once.
type booking struct {
	groups
	record *ai.Record
	key    group
	*sums  // of key
}

func (g groups) booking(r *ai.Record) booking {
	key := callGroup(r)
	return booking{g, r, key, g.of(key)}
}

// at are the sums of an attempt: those of the call, if it is the last one.
func (b booking) at(i int) *sums {
	if i == len(b.record.Attempts)-1 {
		return b.sums
	}
	at := b.key
	at.values.ask(&b.record.Attempts[i])
	return b.of(at)
}

func (b booking) addCounts() {
	b.sums.addCall(b.record)
	for i := range b.record.Attempts {
		b.at(i).counts[countAttempts]++
	}
	b.addCharges(1)
}

// addCall adds what happens once in a call.
func (c *counts) addCall(r *ai.Record) {
	c[countCalls]++
	c[countFailedOver] += flag(len(r.Attempts) > 1)
	c[countStreams] += flag(r.Stream)
	c[countDuration] += countable(r.Duration.Microseconds())
	c[countFirstContent] += countable(r.FirstContent.Microseconds())
	c[countFirstContents] += flag(r.FirstContent > 0)
}

// addCharges adds what a call used and cost, times sign, attempt by attempt. What
// of the call is in no attempt counts where the call does. A call is unpriced or
// estimated once, at its first attempt that is.
func (g groups) addCharges(r *ai.Record, sign int64) { g.booking(r).addCharges(sign) }

func (b booking) addCharges(sign int64) {
	r := b.record
	rest := charges(&r.Usage, &r.Cost)
	for i := range r.Attempts {
		a := &r.Attempts[i]
		n := charges(&a.Usage, &a.Cost)
		if n == (counts{}) {
			continue
		}
		n[countUnpriced] = min(n[countUnpriced], rest[countUnpriced])
		n[countEstimated] = min(n[countEstimated], rest[countEstimated])
		rest.addTimes(&n, -1)
		b.at(i).addTimes(&n, sign)
	}
	if rest != (counts{}) {
		b.sums.addTimes(&rest, sign)
	}
}

// charges are the counters of a usage and its cost.
func charges(u *ai.Usage, cost *ai.Cost) (c counts) {
	c[countInput] = countable(u.Input)
	c[countCachedInput] = countable(u.CachedInput)
	c[countCacheWrite] = countable(u.CacheWrite)
	c[countOutput] = countable(u.Output)
	c[countReasoning] = countable(u.Reasoning)
	c[countEstimated] = flag(u.Estimated)
	c[countCost] = countable(int64(cost.Amount))
	c[countListCost] = countable(int64(cost.List))
	c[countUnpriced] = flag(cost.Unpriced)
	return c
}
