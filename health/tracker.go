package health

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
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
	changes atomic.Uint64 // see Changes

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

// scopeSet is what is locked together: a channel with all its parts, or a group.
type scopeSet struct {
	// count is the number of breakers. 0 answers most questions without the lock.
	count atomic.Int32

	mu      sync.Mutex
	own     breakers
	urls    map[string]*breakers
	keys    map[string]*breakers
	models  int       // model-level breakers
	sweepAt time.Time // when the first breaker may be forgotten
}

// breakers holds the breakers of one channel, URL, key or group: its own, and those
// of its parts.
type breakers struct {
	own       *breaker
	protocols map[ai.Protocol]*breaker
	models    map[string]*breaker
}

func scopeSetOf(sets map[string]*scopeSet, name string) *scopeSet {
	a := sets[name]
	if a == nil {
		a = &scopeSet{urls: make(map[string]*breakers), keys: make(map[string]*breakers)}
		sets[name] = a
	}
	return a
}

func breakersOf(byName map[string]*breakers, name string) *breakers {
	p := byName[name]
	if p == nil {
		p = new(breakers)
		byName[name] = p
	}
	return p
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

// breakers finds where the breaker of a ref is kept.
func (a *scopeSet) breakers(r *Ref) *breakers {
	switch r.Scope {
	case ai.ScopeKey, ai.ScopeKeyModel:
		return breakersOf(a.keys, r.Key)
	case ai.ScopeURL, ai.ScopeURLModel, ai.ScopeURLProtocol:
		return breakersOf(a.urls, r.URL)
	}
	return &a.own
}

func (p *breakers) breaker(r *Ref) *breaker {
	switch {
	case r.modelLevel():
		return p.models[r.Model]
	case r.Scope == ai.ScopeURLProtocol:
		return p.protocols[r.Protocol]
	}
	return p.own
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
	tr.changes.Add(1)
	tr.recovered(c, now)
}

// each visits all breakers; fn may drop the one it is given.
func (a *scopeSet) each(fn func(*breaker)) {
	visit := func(p *breakers) {
		if p.own != nil {
			fn(p.own)
		}
		for _, c := range p.protocols {
			fn(c)
		}
		for _, c := range p.models {
			fn(c)
		}
	}
	visit(&a.own)
	for _, p := range a.urls {
		visit(p)
	}
	for _, p := range a.keys {
		visit(p)
	}
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

// expect makes sure that the scope set is swept when c is over.
func (a *scopeSet) expect(c *breaker) {
	if end := c.ends(); end.Before(a.sweepAt) {
		a.sweepAt = end
	}
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

// Entries lists everything that cools down or failed lately.
func (tr *Tracker) Entries() []Entry {
	now := tr.now()
	var list []Entry
	for _, a := range tr.scopeSets() {
		if a.count.Load() == 0 {
			continue
		}
		a.mu.Lock()
		tr.sweep(a, now)
		a.each(func(c *breaker) {
			if c.visible() {
				list = append(list, c.entry(now))
			}
		})
		a.mu.Unlock()
	}
	tr.deliver()
	slices.SortFunc(list, compareEntries)
	return list
}

// Restore takes back what Entries or Options.Changed told, after a restart or
// from another node. Nobody is told of it. An entry whose cooldown is over is due:
// it waits for its probe, and its count decays. What is known here and is newer
// stays.
func (tr *Tracker) Restore(entries []Entry) {
	now := tr.now()
	for i := range entries {
		e := &entries[i]
		if !e.valid() || backoffOf(e.Kind).class == harmless {
			continue
		}
		c := breaker{
			ref: e.Ref, until: e.Until, failures: min(max(0, e.Failures), maxFailures), kind: e.Kind, rule: e.Rule,
			message: e.Message, since: e.Since, pending: e.Failures > 0, announced: true,
			// Whether upstream stated it is not remembered; a limit usually is.
			stated: e.Failures > 0 && (e.Kind == ai.RateLimited || e.Kind == ai.QuotaExhausted && !e.Attention),
		}
		if most := now.Add(longestCooldown); c.until.After(most) {
			c.until = most
		}
		c.restoreWord(e, now)
		if !c.ends().After(now) {
			continue
		}
		a := tr.scopeSet(&e.Ref)
		a.mu.Lock()
		old := a.breakers(&e.Ref).breaker(&e.Ref)
		if old == nil || (old.until.Before(c.until) && old.holder == nil) {
			fresh := tr.add(a, e.Ref, now)
			c.low, c.epoch = fresh.low, fresh.epoch
			*fresh = c
			a.expect(fresh)
			tr.changes.Add(1)
		}
		a.mu.Unlock()
	}
	tr.deliver()
}

// restoreWord takes back what upstream states, also of an entry from before such
// cooldowns were probed.
func (c *breaker) restoreWord(e *Entry, now time.Time) {
	switch {
	case e.StatedUntil.After(now):
		c.word, c.probesFrom = e.StatedUntil, e.Since
		if most := now.Add(longestCooldown); c.word.After(most) {
			c.word = most
		}
	case c.stated && !strings.HasPrefix(e.Rule, ruleName):
		c.probesFrom = e.Since
		if end := c.probeBefore(c.until, now); end.Before(c.until) {
			c.word, c.until = c.until, end
		}
	}
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
	tr.changes.Add(1)
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
