package routing

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// index remembers which candidates of a step can be used, so that a call need not
// look at each. What it remembers holds for calls that have tried nothing yet,
// may use every channel and need no translation; the others look for themselves.
// It says what filter would say, which does not depend on it.
type index struct {
	asked   atomic.Bool // models that are asked for once are not worth it
	making  sync.Mutex
	current [8]atomic.Pointer[census] // by the place of the protocol in ai.Protocols
}

// census is what filter found for a protocol. It stands until one of the counters
// of changes has grown, or until a moment, and as long as the watched limiters
// say the same. It is immutable.
type census struct {
	health, limits uint64    // counters when it began
	made, until    time.Time // until: zero if time changes nothing
	group          *selection.Group
	indexes        []int // of the group's candidates, in the step's
	left           []Exclusion
	explained      []ai.Candidate
	watched        []watched
	varies         bool // it depends on more of the call than its protocol
	gambles        bool // one of the candidates is a probe that probably fails
}

// watched is a limiter that has to be asked by each call.
type watched struct {
	index int          // in the step's candidates
	over  access.Limit // what it said
	left  int          // in the census's exclusions, -1 if it is none
}

// census returns what stands now, nil if there is none for the protocol. The
// counters are read before anything is looked at, so that what is reported
// meanwhile makes it out of date.
func (x *index) census(s *Step, p ai.Protocol, now time.Time) *census {
	at := placeOf(p)
	if at < 0 || len(s.Candidates) == 0 {
		return nil
	}
	if c := x.current[at].Load(); c.stands(s, now) {
		return c
	}
	if !x.asked.Swap(true) {
		return nil
	}
	x.making.Lock()
	defer x.making.Unlock()
	if c := x.current[at].Load(); c.stands(s, now) {
		return c
	}
	c := takeCensus(s, p, now)
	x.current[at].Store(c)
	return c
}

func placeOf(p ai.Protocol) int {
	for i := range min(len(ai.Protocols), len(index{}.current)) {
		if ai.Protocols[i] == p {
			return i
		}
	}
	return -1
}

// early is how much before its making a census is believed: calls at the same
// time need not agree about it by the microsecond.
const early = 100 * time.Millisecond

// stands reports whether the census holds at a moment, but for what is watched.
func (c *census) stands(s *Step, now time.Time) bool {
	if c == nil || now.Before(c.made.Add(-early)) || !c.until.IsZero() && !now.Before(c.until) {
		return false
	}
	first := s.Candidates[0].Channel
	return c.health == first.Health.Changes() && c.limits == first.fullness.Load()
}

// takeCensus looks at every candidate.
func takeCensus(s *Step, p ai.Protocol, now time.Time) *census {
	first := s.Candidates[0].Channel
	c := &census{health: first.Health.Changes(), limits: first.fullness.Load(), made: now}
	look := Chooser{Call: &ai.Call{Protocol: p, Operation: ai.Generate}, Token: access.Unlimited, Now: now}
	look.filterEach(s)
	for i := range look.usable {
		u := &look.usable[i]
		u.InFlight, u.Busy = 0, s.Candidates[look.indexes[i]].Limiter
	}
	c.group, c.indexes, c.left = selection.NewGroup(look.usable), look.indexes, look.left
	left := make(map[int]int, len(c.left))
	for i := range c.left {
		left[c.left[i].Index] = i
	}
	for i := range s.Candidates {
		cand := &s.Candidates[i]
		if cand.Conf.Disabled || cand.Keyless {
			continue
		}
		c.sooner(cand.standing(now), now)
		over := cand.Limiter.Full(now)
		if over != "" || !cand.Limiter.Settled(now) {
			at, excluded := left[i]
			if !excluded {
				at = -1
			}
			c.watched = append(c.watched, watched{i, over, at})
		}
		c.varies = c.varies || look.variesFor(cand)
		c.gambles = c.gambles || cand.Health.Ready(p, cand.Model, now).Gamble
	}
	if len(c.left) > 0 {
		c.explained = look.appendExplained(nil)
	}
	return c
}

// standing is until when the candidate's hours and health stand, if nothing is
// reported.
func (cand *Candidate) standing(now time.Time) time.Time {
	until := cand.Health.Standing(now)
	if cand.hours != nil { // they begin and end with a minute
		if next := now.Truncate(time.Minute).Add(time.Minute); until.IsZero() || next.Before(until) {
			until = next
		}
	}
	return until
}

func (c *census) sooner(until, now time.Time) {
	if until.After(now) && (c.until.IsZero() || until.Before(c.until)) {
		c.until = until
	}
}

// variesFor reports whether it depends on the call, or on what becomes of it, how
// a candidate is asked: it may be in another protocol.
func (c *Chooser) variesFor(cand *Candidate) bool {
	if !cand.Speaks(c.Call.Protocol) {
		return !c.outranked(cand, len(c.usable))
	}
	return len(cand.Spoken) > 1 && cand.Health.Ready(c.Call.Protocol, cand.Model, c.Now).Scope == ai.ScopeURLProtocol
}

// counted takes the step's census for what filter would find, if it holds for the
// call.
func (c *Chooser) counted(s *Step) bool {
	if s.index == nil || len(c.Tried) > 0 || c.Pinned != nil || c.Token.Selects() {
		return false
	}
	n := s.index.census(s, c.Call.Protocol, c.Now)
	if n == nil || n.varies || n.gambles && c.mayNotGamble() {
		return false
	}
	full := len(c.Full)
	copied := false
	for i := range n.watched {
		w := &n.watched[i]
		limiter := s.Candidates[w.index].Limiter
		over := limiter.Full(c.Now)
		if over != w.over || over != "" && w.left < 0 {
			c.Full = c.Full[:full]
			s.index.current[placeOf(c.Call.Protocol)].CompareAndSwap(n, nil)
			return false
		}
		if over == "" || n.left[w.left].Reason != OverReason(over) {
			continue
		}
		until := limiter.Reopens(over, c.Now)
		c.Full = append(c.Full, FullChannel{s.Candidates[w.index].Name, over, until})
		if !copied {
			c.left, copied = append(c.left[:0], n.left...), true
		}
		c.left[w.left].Ready = health.Readiness{Until: until}
	}
	if !copied {
		c.left = c.left[:0]
	}
	c.step, c.census, c.leftOwn = s, n, copied
	c.usable, c.indexes, c.foreign = n.group.Candidates, n.indexes, c.foreign[:0]
	return true
}

// excluded are the candidates that are left out of the step that was looked at
// last.
func (c *Chooser) excluded() []Exclusion {
	if c.census != nil && !c.leftOwn {
		return c.census.left
	}
	return c.left
}

// own copies what belongs to the census, so that it can be changed.
func (c *Chooser) own() {
	if c.census == nil {
		return
	}
	if !c.leftOwn {
		c.left = append(c.left[:0], c.census.left...)
	}
	c.ownUsable = append(c.ownUsable[:0], c.usable...)
	c.ownIndexes = append(c.ownIndexes[:0], c.indexes...)
	c.usable, c.indexes, c.census = c.ownUsable, c.ownIndexes, nil
}
