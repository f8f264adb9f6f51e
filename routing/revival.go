package routing

import (
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// This file is what a call does when nothing can be picked: it goes to what rests,
// if that may be well again, or waits.

// resting is a target that rests for a cause that may be over by itself.
type resting struct {
	cand      *Candidate
	history   *health.History
	protocol  ai.Protocol
	url, key  int
	due       time.Time
	probing   bool // somebody is trying it
	transient bool // it may be over any moment, and is no limit
	again     bool // the call has tried the channel
}

// resting lists what may be tried although it rests, the first that is due
// first.
func (c *Chooser) resting() []resting {
	var list []resting
	for cand, e := range c.Exclusions() {
		if e.Reason != ai.Cooling && e.Reason != ai.Probing {
			continue
		}
		p := c.pathTo(cand)
		for url := range cand.URLs {
			ok, again := c.mayRetry(cand, url)
			if !ok || !slices.Contains(cand.URLs[url].Speaks, p.protocol) {
				continue
			}
			key, until, kind, heals := cand.Health.LeastAt(url, p.protocol, cand.Model, c.Now)
			if !heals || c.Pinned != nil && cand.Keys[key].ID != c.Pinned.Key {
				continue
			}
			list = append(list, resting{
				cand: cand, history: cand.history(url), protocol: p.protocol, url: url, key: key,
				due: until, probing: e.Reason == ai.Probing, transient: health.Transient(kind), again: again,
			})
		}
	}
	slices.SortStableFunc(list, func(a, b resting) int { return a.due.Compare(b.due) })
	return list
}

// LeastBad picks, when everything rests, the target that is due first among those
// whose trouble may be over and that can be had; nil if there is none. The only
// one that is left for the call is asked as if it did not rest, if it has served
// lately; else its slow start decides. Its failure does not prolong the rest.
//
// Rate limits that nobody stated the end of may be over too, but for them limits
// says so: they are waited for as long as the call can.
func (c *Chooser) LeastBad(limits bool) *Target {
	list := c.resting()
	if !slices.ContainsFunc(list, func(r resting) bool { return r.cand.Channel != list[0].cand.Channel }) {
		for i := range list {
			if t := c.pass(&list[i]); t != nil {
				return t
			}
		}
	}
	for i := range list {
		best := &list[i]
		if best.probing && best.history.Outlived(c.Now) == 0 || !best.transient && !limits || best.again && !best.history.Retries.Take(c.Now) {
			continue
		}
		var t *Target
		if best.transient {
			t = c.takeStarting(best.cand, best.protocol, best.url, best.key)
		} else {
			t, _ = c.Acquire(best.cand, best.protocol, best.url, best.key, Forced)
		}
		if t != nil {
			t.Why = "everything rests; this is due first"
			if best.again {
				t.Repeats = 1
			}
			return t
		}
	}
	return nil
}

// pass takes the only target that is left, if it has served lately.
func (c *Chooser) pass(only *resting) *Target {
	if !only.transient || !only.history.Steady(c.Now, c.Now) || only.again && !only.history.Retries.Take(c.Now) {
		return nil
	}
	t, _ := c.Acquire(only.cand, only.protocol, only.url, only.key, passing)
	if t != nil {
		t.Why = "the only one left; it has served lately"
		if only.again {
			t.Repeats = 1
		}
	}
	return t
}

// Repetition is a target that is to be tried once more in place.
type Repetition struct {
	Target *Target
	Alone  bool // nothing else is left
	Pause  time.Duration
}

// Again takes a target that has just failed once more, in place. alone says that
// nothing else is left for the call. It returns nil if the target cannot be had.
func (c *Chooser) Again(failed *Target, alone bool) *Target {
	cand := &failed.Candidate
	t, over := c.Acquire(cand, failed.Protocol, failed.URL, failed.Key, ordinary)
	if t == nil && over == "" && alone {
		if failed.History.Steady(c.Now, c.Now) {
			t, _ = c.Acquire(cand, failed.Protocol, failed.URL, failed.Key, passing)
		} else {
			t = c.takeStarting(cand, failed.Protocol, failed.URL, failed.Key)
		}
	}
	if t != nil {
		t.Why, t.Repeats = "once more in place", failed.Repeats+1
	}
	return t
}

// probePoll is how often a call that waits for another call's attempt looks
// whether it is over.
const probePoll = 25 * time.Millisecond

// Due says how long to wait for the first candidate that may serve then; ok is
// false if there is none within patience.
func (c *Chooser) Due(patience time.Duration) (pause time.Duration, ok bool) {
	pause = patience + 1
	if c.queued {
		pause = probePoll
	}
	// A limit that this call met itself may be over after the wait.
	tried := c.Tried
	c.Tried = slices.DeleteFunc(slices.Clone(tried), func(t Tried) bool { return t.overBy(c.Now.Add(patience)) })
	for cand, e := range c.Exclusions() {
		if c.exhausted(cand, c.pathTo(cand).protocol) {
			continue
		}
		switch e.Reason {
		case ai.Probing:
			pause = min(pause, probePoll)
		case ai.Cooling, ai.OverRate, ai.OverTokens:
			if due := e.Ready.Until.Sub(c.Now); due > 0 {
				pause = min(pause, due+time.Millisecond)
			}
		}
	}
	for _, r := range c.resting() {
		if r.transient {
			pause = min(pause, max(r.history.Start.Opens(c.Now).Sub(c.Now), probePoll))
		}
	}
	c.Tried = tried
	return pause, pause <= patience
}
