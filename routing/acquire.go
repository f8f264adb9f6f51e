package routing

import (
	"slices"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
)

// Target is one concrete thing to try, with what was claimed for it.
type Target struct {
	Candidate
	Protocol ai.Protocol // it is asked in
	URL, Key int         // indexes of the channel's addresses and keys
	Permit   health.Permit
	Why      string     // why it was picked, for people
	Used     access.Use // what the attempt used; set by who makes it, before Release

	admitted time.Time // from the channel's limiter
	expected access.Use
}

// ID is the target as it is remembered.
func (t *Target) ID() ai.Target {
	return ai.Target{Channel: t.Name, URL: t.Address(), Key: t.Keys[t.Key].ID, Model: t.Model}
}

// Address is the target's address, as configured.
func (t *Target) Address() string { return t.URLs[t.URL].Address }

// Base is where the endpoints of the protocol that it is asked in live.
func (t *Target) Base() config.Base { return t.URLs[t.URL].Bases[t.Protocol] }

// Secret is the credential that the target is asked with; empty if it needs
// none.
func (t *Target) Secret() string { return t.Keys[t.Key].Secret }

// Release gives back the places that were taken for the target.
func (t *Target) Release() {
	t.Limiter.Settle(t.admitted, t.expected, t.Used)
	t.Keys[t.Key].InFlight.Add(-1)
}

// acquire chooses URL and key of a candidate and takes their places; if it
// cannot, it says what is in the way.
func (c *Chooser) acquire(cand *Candidate) (*Target, ai.Reason) {
	p := c.pathTo(cand)
	if p.reason != ai.Eligible {
		return nil, p.reason
	}
	url, key := c.chooseURL(cand, p.protocol), c.chooseKey(cand)
	if url < 0 || key < 0 {
		return nil, ai.Cooling
	}
	t, over := c.Acquire(cand, p.protocol, url, key, false)
	switch {
	case over != "":
		return nil, OverReason(over)
	case t == nil:
		return nil, ai.Probing
	}
	t.Why = c.Input.Why
	return t, ai.Eligible
}

// Acquire takes the place of one target under the limits of its channel. It
// returns nil and the limit that is reached, or nil and no limit if another
// attempt is trying it already. With force also what cools down is taken, see
// health.Channel.Acquire.
func (c *Chooser) Acquire(cand *Candidate, p ai.Protocol, url, key int, force bool) (*Target, access.Limit) {
	var expected access.Use
	if c.Estimator != nil {
		expected = c.Estimator.ExpectedUse(cand)
	}
	if ok, over := cand.Limiter.Acquire(c.Now, expected); !ok {
		return nil, over
	}
	claim, ok := cand.Health.Acquire(url, key, p, cand.Model, c.Now, force)
	if !ok {
		cand.Limiter.Cancel(c.Now, expected)
		return nil, ""
	}
	cand.Keys[key].InFlight.Add(1)
	return &Target{Candidate: *cand, Protocol: p, URL: url, Key: key, Permit: claim, admitted: c.Now, expected: expected}, ""
}

// LeastBad picks, when everything cools down, the target that is due first among
// those whose trouble may pass by itself and that can be had; nil if there is
// none. Only one call at a time may try it, and its failure does not prolong
// the cooldown.
func (c *Chooser) LeastBad() *Target {
	type resting struct {
		cand     *Candidate
		protocol ai.Protocol
		url, key int
		due      time.Time
	}
	var list []resting
	for cand, e := range c.Exclusions() {
		if e.Reason != ai.Cooling || !c.mayRetry(cand) {
			continue
		}
		p := c.pathTo(cand)
		url, key, until, _, transient := cand.Health.Least(p.protocol, cand.Model, c.Now)
		if !transient || url < 0 || key < 0 || (c.Pinned != nil && cand.Keys[key].ID != c.Pinned.Key) {
			continue
		}
		list = append(list, resting{cand, p.protocol, url, key, until})
	}
	slices.SortStableFunc(list, func(a, b resting) int { return a.due.Compare(b.due) })
	for _, best := range list {
		if t, _ := c.Acquire(best.cand, best.protocol, best.url, best.key, true); t != nil {
			t.Why = "everything rests; this is due first"
			return t
		}
	}
	return nil
}

// probePoll is how often a call that waits for another call's probe looks
// whether it is over.
const probePoll = 25 * time.Millisecond

// Due says how long to wait for the first candidate that may serve then; ok is
// false if there is none within patience.
func (c *Chooser) Due(patience time.Duration) (pause time.Duration, ok bool) {
	pause = patience + 1
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
	c.Tried = tried
	return pause, pause <= patience
}

// OverReason is the reason that a channel's limit is recorded with.
func OverReason(l access.Limit) ai.Reason {
	switch l {
	case access.LimitConcurrency:
		return ai.OverConcurrent
	case access.LimitRPM:
		return ai.OverRate
	case access.LimitTPM:
		return ai.OverTokens
	}
	return ai.OverBudget
}
