package routing

import (
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// Tried is what became of a target that the call has tried.
type Tried struct {
	Channel  *Channel
	Protocol ai.Protocol
	URL, Key int
	Model    string
	Kind     ai.Kind
	Scope    ai.Scope  // how much it rules out for the rest of the call
	Until    time.Time // when a limit it met is over; zero: nobody said
	Again    bool      // the same may be asked once more, where nobody else is left
	Gamble   bool      // a probe of a cooldown that upstream states to last longer
}

// sameLimit is how many keys of a channel are tried that meet the same rate
// limit, while another channel can be tried: by then it is the account's.
const sameLimit = 2

// wasteful reports whether a candidate should be tried only if nothing else can
// be: a channel whose keys meet the same rate limit one after the other, any
// channel that was tried where only one attempt is left, and a probe that
// probably fails where the call has had one or has no attempt to spare.
func (c *Chooser) wasteful(cand *Candidate, ready *health.Readiness) bool {
	return len(c.Tried) > 0 && (c.Left == 1 && c.tried(cand) || c.limitsMet(cand) >= sameLimit) ||
		ready.Gamble && c.mayNotGamble()
}

// mayNotGamble reports whether the call has no attempt to spare for a probe that
// probably fails, or has spent it.
func (c *Chooser) mayNotGamble() bool {
	return c.Left == 1 || slices.ContainsFunc(c.Tried, func(t Tried) bool { return t.Gamble })
}

// tried reports whether the call has tried a channel.
func (c *Chooser) tried(cand *Candidate) bool {
	return slices.ContainsFunc(c.Tried, func(t Tried) bool { return t.Channel == cand.Channel })
}

// limitsMet counts the attempts at a channel that met a rate limit of a key.
// Allowances and refused keys are no such limits: those differ from key to key.
func (c *Chooser) limitsMet(cand *Candidate) int {
	n := 0
	for i := range c.Tried {
		t := &c.Tried[i]
		if t.Channel == cand.Channel && t.Kind == ai.RateLimited && (t.Scope != ai.ScopeKeyModel || t.Model == cand.Model) {
			n++
		}
	}
	return n
}

// overBy reports whether the attempt met a limit that is over at a moment.
func (t *Tried) overBy(when time.Time) bool {
	return t.Kind == ai.RateLimited && !t.Until.IsZero() && !t.Until.After(when)
}

// ForgetLimits forgets the attempts that met a limit which is over now.
func (c *Chooser) ForgetLimits() {
	c.Tried = slices.DeleteFunc(c.Tried, func(t Tried) bool { return t.overBy(c.Now) })
}

// exhausted reports whether the call has nothing left to try of a candidate, in
// a protocol.
func (c *Chooser) exhausted(cand *Candidate, p ai.Protocol) bool {
	if len(c.Tried) == 0 {
		return false
	}
	for i := range c.Tried {
		t := &c.Tried[i]
		switch {
		case t.Kind == ai.ContextLength && t.Model == cand.Model:
			return true // its window is no larger elsewhere
		case t.Scope == ai.ScopeGroup && t.Channel.Conf.Group != "" && t.Channel.Conf.Group == cand.Conf.Group:
			return true
		case t.Channel != cand.Channel:
		case t.Scope == ai.ScopeChannel || (t.Scope == ai.ScopeModel && t.Model == cand.Model):
			return true
		}
	}
	return !c.urlLeft(cand, p) || !c.keyLeft(cand)
}

// urlLeft reports whether any of a candidate's addresses may be tried.
func (c *Chooser) urlLeft(cand *Candidate, p ai.Protocol) bool {
	for i := range cand.URLs {
		if c.mayTryURL(cand, i, p) {
			return true
		}
	}
	return false
}

// keyLeft is the same for keys.
func (c *Chooser) keyLeft(cand *Candidate) bool {
	for i := range cand.Keys {
		if c.mayTryKey(cand, i) {
			return true
		}
	}
	return false
}

// targetLeft reports whether an address that is well and a key that is well have
// not been tried: of those that are well, the call may have tried every one.
func (c *Chooser) targetLeft(cand *Candidate, p ai.Protocol) bool {
	url := len(cand.URLs) == 1
	for i := 0; i < len(cand.URLs) && !url; i++ {
		url = c.mayTryURL(cand, i, p) && cand.Health.ReadyURL(i, p, cand.Model, c.Now).OK
	}
	key := len(cand.Keys) == 1
	for i := 0; i < len(cand.Keys) && !key; i++ {
		key = c.mayTryKey(cand, i) && cand.Health.ReadyKey(i, cand.Model, c.Now).OK
	}
	return url && key
}

// mayTryURL reports whether an earlier attempt of the call has not ruled out an
// address.
func (c *Chooser) mayTryURL(cand *Candidate, url int, p ai.Protocol) bool {
	for i := range c.Tried {
		t := &c.Tried[i]
		if t.Channel == cand.Channel && t.URL == url && (t.Scope == ai.ScopeURL || (t.Scope == ai.ScopeURLProtocol && t.Protocol == p) ||
			(t.Scope == ai.ScopeURLModel && t.Model == cand.Model)) {
			return false
		}
	}
	return slices.Contains(cand.URLs[url].Speaks, p)
}

// mayTryKey is the same for a key.
func (c *Chooser) mayTryKey(cand *Candidate, key int) bool {
	for i := range c.Tried {
		t := &c.Tried[i]
		if t.Channel == cand.Channel && t.Key == key &&
			(t.Scope == ai.ScopeKey || (t.Scope == ai.ScopeKeyModel && t.Model == cand.Model)) {
			return false
		}
	}
	return c.Pinned == nil || c.Pinned.Key == cand.Keys[key].ID
}

// mayRetry reports whether an address of a channel may be tried although it
// cools down: not at all if the call met something there that is no sooner over,
// such as silence or a limit, and once if it failed in a way that may be over
// with the next request. What is wrong with one address says nothing of another.
func (c *Chooser) mayRetry(cand *Candidate, url int) (ok, again bool) {
	tries := 0
	for i := range c.Tried {
		t := &c.Tried[i]
		if t.Channel != cand.Channel || t.URL != url && (t.Scope == ai.ScopeURL || t.Scope == ai.ScopeURLModel || t.Scope == ai.ScopeURLProtocol) {
			continue
		}
		tries++
		if !t.Again {
			return false, false
		}
	}
	return tries < 2, tries > 0
}

// LargerWindowLeft reports whether a candidate with another upstream model than
// t's can be asked now, which may take a longer request. It is so once in a
// call.
func (c *Chooser) LargerWindowLeft(t *Target) bool {
	for i := range c.Tried {
		if c.Tried[i].Kind == ai.ContextLength && c.Tried[i].Model != t.Model {
			return false
		}
	}
	for i := range c.Route.Steps {
		for j := range c.Route.Steps[i].Candidates {
			cand := &c.Route.Steps[i].Candidates[j]
			if cand.Model == t.Model {
				continue
			}
			if reason, _ := c.judge(cand); reason != ai.Eligible {
				continue
			}
			if p := c.pathTo(cand); p.reason == ai.Eligible && !c.exhausted(cand, p.protocol) && c.targetLeft(cand, p.protocol) {
				return true
			}
		}
	}
	return false
}

// AnyLeft reports whether any channel but one can be asked now; nil leaves out
// none.
func (c *Chooser) AnyLeft(but *Channel) bool {
	full := len(c.Full)
	defer func() { c.Full = c.Full[:full] }()
	for i := range c.Route.Steps {
		for j := range c.Route.Steps[i].Candidates {
			cand := &c.Route.Steps[i].Candidates[j]
			if cand.Channel == but {
				continue
			}
			if reason, _ := c.judge(cand); reason != ai.Eligible {
				continue
			}
			if p := c.pathTo(cand); p.reason == ai.Eligible && !c.exhausted(cand, p.protocol) && c.targetLeft(cand, p.protocol) {
				return true
			}
		}
	}
	return false
}
