package health

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Options of a Tracker. The zero value is ready for use.
type Options struct {
	// Now is the clock of Entries, Restore and Clear; the other methods are told
	// the time. Default time.Now.
	Now func() time.Time
	// Jitter spreads cooldowns; it returns values in [0, 1), 0.5 for no change.
	// Default random. It must be safe for concurrent use.
	Jitter func() float64
	// Changed is told of every change, in the order they happened for each
	// thing, one at a time, without any lock held: it may ask the Tracker. It runs
	// on the goroutine that reports an outcome, or on another one that does so at
	// the same moment, so it should be quick. Default: nobody is told.
	Changed func(Change)
}

// Tracker remembers who must cool down. It is owned by whatever outlives the
// configs; a generation of the config asks it for views.
//
// What it remembers is bounded: a channel's model-level breakers by maxModelBreakers,
// the others by the names that were ever configured.
type Tracker struct {
	now     func() time.Time
	jitter  func() float64
	changed func(Change)
	epoch   atomic.Uint64 // counts failures; see breaker.epoch

	mu       sync.Mutex // guards the maps, not what they hold
	channels map[string]*scopeSet
	groups   map[string]*scopeSet

	events events
}

// maxModelBreakers is how many breakers with a model's name a channel may have.
// Clients choose model names, so the number must be bounded.
const maxModelBreakers = 512

// NewTracker returns an empty tracker.
func NewTracker(o Options) *Tracker {
	tr := &Tracker{
		now: o.Now, jitter: o.Jitter, changed: o.Changed,
		channels: make(map[string]*scopeSet), groups: make(map[string]*scopeSet),
	}
	if tr.now == nil {
		tr.now = time.Now
	}
	if tr.jitter == nil {
		tr.jitter = rand.Float64
	}
	return tr
}

// scopeSet finds the scope set of a ref, making it if needed.
func (tr *Tracker) scopeSet(r *Ref) *scopeSet {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if r.Scope == ai.ScopeGroup {
		return scopeSetOf(tr.groups, r.Group)
	}
	return scopeSetOf(tr.channels, r.Channel)
}

// scopeSets lists every scope set.
func (tr *Tracker) scopeSets() []*scopeSet {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	list := make([]*scopeSet, 0, len(tr.channels)+len(tr.groups))
	for _, a := range tr.groups {
		list = append(list, a)
	}
	for _, a := range tr.channels {
		list = append(list, a)
	}
	return list
}

// add makes the breaker of a ref if there is none.
func (tr *Tracker) add(a *scopeSet, r Ref, now time.Time) *breaker {
	p := a.breakers(&r)
	if c := p.breaker(&r); c != nil {
		return c
	}
	c := &breaker{ref: r}
	switch {
	case r.modelLevel():
		if a.models >= maxModelBreakers {
			tr.evict(a, now)
		}
		if p.models == nil {
			p.models = make(map[string]*breaker)
		}
		p.models[r.Model] = c
		a.models++
	case r.Scope == ai.ScopeURLProtocol:
		if p.protocols == nil {
			p.protocols = make(map[ai.Protocol]*breaker)
		}
		p.protocols[r.Protocol] = c
	default:
		p.own = c
	}
	a.count.Add(1)
	return c
}

// drop forgets a breaker and tells of it, if anybody was told that it exists.
func (tr *Tracker) drop(a *scopeSet, c *breaker, now time.Time) {
	p := a.breakers(&c.ref)
	if p.breaker(&c.ref) != c {
		return // dropped before
	}
	switch {
	case c.ref.modelLevel():
		delete(p.models, c.ref.Model)
		a.models--
	case c.ref.Scope == ai.ScopeURLProtocol:
		delete(p.protocols, c.ref.Protocol)
	default:
		p.own = nil
	}
	a.count.Add(-1)
	tr.recovered(c, now)
}

// sweep forgets what is over. It costs nothing until something is.
func (tr *Tracker) sweep(a *scopeSet, now time.Time) {
	if a.count.Load() == 0 || a.sweepAt.After(now) {
		return
	}
	var next time.Time
	a.each(func(c *breaker) {
		end := c.ends()
		switch {
		case !end.After(now) && !c.held(now):
			tr.drop(a, c, now)
			return
		case !end.After(now):
			end = c.holderEnds
		}
		if next.IsZero() || end.Before(next) {
			next = end
		}
	})
	a.sweepAt = next
}

// evict makes room for a model-level breaker: what is over goes, or else the one
// that would be over first.
func (tr *Tracker) evict(a *scopeSet, now time.Time) {
	a.sweepAt = now
	tr.sweep(a, now)
	if a.models < maxModelBreakers {
		return
	}
	var first *breaker
	a.each(func(c *breaker) {
		if c.ref.modelLevel() && (first == nil || c.ends().Before(first.ends())) {
			first = c
		}
	})
	tr.drop(a, first, now)
}

// StartCooldown starts the cooldown of something because a person says so, whatever it is known for.
// It is told of like any other cooldown. The error says that nothing is named.
func (tr *Tracker) StartCooldown(e Entry) error {
	if !e.valid() || backoffOf(e.Kind).class == harmless {
		return errors.New("this names nothing that could rest")
	}
	now := tr.now()
	a := tr.scopeSet(&e.Ref)
	a.mu.Lock()
	c := tr.add(a, e.Ref, now)
	*c = breaker{
		ref: e.Ref, until: e.Until, kind: e.Kind, rule: e.Rule, message: e.Message, since: e.Since, low: c.low, epoch: tr.epoch.Add(1), stated: true,
	}
	a.expect(c)
	tr.startedCooldown(c, now)
	a.mu.Unlock()
	tr.deliver()
	return nil
}

// Clear forgets everything that match says, as a person does who knows that it
// is well again, and returns how much that was.
func (tr *Tracker) Clear(match func(Ref) bool) int {
	now := tr.now()
	n := 0
	for _, a := range tr.scopeSets() {
		if a.count.Load() == 0 {
			continue
		}
		a.mu.Lock()
		a.each(func(c *breaker) {
			if match(c.ref) {
				if c.visible() {
					n++
				}
				tr.drop(a, c, now)
			}
		})
		a.mu.Unlock()
	}
	tr.deliver()
	return n
}
