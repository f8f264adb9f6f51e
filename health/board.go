package health

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Options of a Board. The zero value is ready for use.
type Options struct {
	// Now is the clock of Entries, Restore and Clear; the other methods are told
	// the time. Default time.Now.
	Now func() time.Time
	// Jitter spreads rests; it returns values in [0, 1), 0.5 for no change.
	// Default random. It must be safe for concurrent use.
	Jitter func() float64
	// Changed is told of every change, in the order they happened for each
	// thing, one at a time, without any lock held: it may ask the Board. It runs
	// on the goroutine that reports an outcome, or on another one that does so at
	// the same moment, so it should be quick. Default: nobody is told.
	Changed func(Change)
}

// Board remembers who must rest. It is owned by whatever outlives the
// configs; a generation of the config asks it for views.
//
// What it remembers is bounded: a channel's model-level cells by maxModelCells,
// the others by the names that were ever configured.
type Board struct {
	now     func() time.Time
	jitter  func() float64
	changed func(Change)
	epoch   atomic.Uint64 // counts failures; see cell.epoch

	mu       sync.Mutex // guards the maps, not what they hold
	channels map[string]*area
	groups   map[string]*area

	news news
}

// maxModelCells is how many cells with a model's name a channel may have.
// Clients choose model names, so the number must be bounded.
const maxModelCells = 512

// NewBoard returns an empty board.
func NewBoard(o Options) *Board {
	b := &Board{
		now: o.Now, jitter: o.Jitter, changed: o.Changed,
		channels: make(map[string]*area), groups: make(map[string]*area),
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.jitter == nil {
		b.jitter = rand.Float64
	}
	return b
}

// area is what is locked together: a channel with all its parts, or a group.
type area struct {
	// count is the number of cells. 0 answers most questions without the lock.
	count atomic.Int32

	mu      sync.Mutex
	self    place
	urls    map[string]*place
	keys    map[string]*place
	models  int       // model-level cells
	sweepAt time.Time // when the first cell may be forgotten
}

// place holds the cells of one channel, URL, key or group: its own, and those
// of its parts.
type place struct {
	own       *cell
	protocols map[ai.Protocol]*cell
	models    map[string]*cell
}

func areaOf(areas map[string]*area, name string) *area {
	a := areas[name]
	if a == nil {
		a = &area{urls: make(map[string]*place), keys: make(map[string]*place)}
		areas[name] = a
	}
	return a
}

func placeOf(places map[string]*place, name string) *place {
	p := places[name]
	if p == nil {
		p = new(place)
		places[name] = p
	}
	return p
}

// area finds the area of a ref, making it if needed.
func (b *Board) area(r *Ref) *area {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Scope == ai.ScopeGroup {
		return areaOf(b.groups, r.Group)
	}
	return areaOf(b.channels, r.Channel)
}

// areas lists every area.
func (b *Board) areas() []*area {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]*area, 0, len(b.channels)+len(b.groups))
	for _, a := range b.groups {
		list = append(list, a)
	}
	for _, a := range b.channels {
		list = append(list, a)
	}
	return list
}

// place finds where the cell of a ref is kept.
func (a *area) place(r *Ref) *place {
	switch r.Scope {
	case ai.ScopeKey, ai.ScopeKeyModel:
		return placeOf(a.keys, r.Key)
	case ai.ScopeURL, ai.ScopeURLModel, ai.ScopeURLProtocol:
		return placeOf(a.urls, r.URL)
	}
	return &a.self
}

func (p *place) cell(r *Ref) *cell {
	switch {
	case r.modelLevel():
		return p.models[r.Model]
	case r.Scope == ai.ScopeURLProtocol:
		return p.protocols[r.Protocol]
	}
	return p.own
}

// add makes the cell of a ref if there is none.
func (b *Board) add(a *area, r Ref, now time.Time) *cell {
	p := a.place(&r)
	if c := p.cell(&r); c != nil {
		return c
	}
	c := &cell{ref: r}
	switch {
	case r.modelLevel():
		if a.models >= maxModelCells {
			b.evict(a, now)
		}
		if p.models == nil {
			p.models = make(map[string]*cell)
		}
		p.models[r.Model] = c
		a.models++
	case r.Scope == ai.ScopeURLProtocol:
		if p.protocols == nil {
			p.protocols = make(map[ai.Protocol]*cell)
		}
		p.protocols[r.Protocol] = c
	default:
		p.own = c
	}
	a.count.Add(1)
	return c
}

// drop forgets a cell and tells of it, if anybody was told that it exists.
func (b *Board) drop(a *area, c *cell, now time.Time) {
	p := a.place(&c.ref)
	if p.cell(&c.ref) != c {
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
	b.recovered(c, now)
}

// each visits all cells; fn may drop the one it is given.
func (a *area) each(fn func(*cell)) {
	visit := func(p *place) {
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
	visit(&a.self)
	for _, p := range a.urls {
		visit(p)
	}
	for _, p := range a.keys {
		visit(p)
	}
}

// sweep forgets what is over. It costs nothing until something is.
func (b *Board) sweep(a *area, now time.Time) {
	if a.count.Load() == 0 || a.sweepAt.After(now) {
		return
	}
	var next time.Time
	a.each(func(c *cell) {
		end := c.ends()
		switch {
		case !end.After(now) && !c.held(now):
			b.drop(a, c, now)
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

// expect makes sure that the area is swept when c is over.
func (a *area) expect(c *cell) {
	if end := c.ends(); end.Before(a.sweepAt) {
		a.sweepAt = end
	}
}

// evict makes room for a model-level cell: what is over goes, or else the one
// that would be over first.
func (b *Board) evict(a *area, now time.Time) {
	a.sweepAt = now
	b.sweep(a, now)
	if a.models < maxModelCells {
		return
	}
	var first *cell
	a.each(func(c *cell) {
		if c.ref.modelLevel() && (first == nil || c.ends().Before(first.ends())) {
			first = c
		}
	})
	b.drop(a, first, now)
}

// Entries lists everything that rests or failed lately.
func (b *Board) Entries() []Entry {
	now := b.now()
	var list []Entry
	for _, a := range b.areas() {
		if a.count.Load() == 0 {
			continue
		}
		a.mu.Lock()
		b.sweep(a, now)
		a.each(func(c *cell) {
			if c.visible() {
				list = append(list, c.entry(now))
			}
		})
		a.mu.Unlock()
	}
	b.deliver()
	slices.SortFunc(list, compareEntries)
	return list
}

// Restore takes back what Entries or Options.Changed told, after a restart or
// from another node. Nobody is told of it. An entry whose rest is over is due:
// it waits for its probe, and its count decays. What is known here and is newer
// stays.
func (b *Board) Restore(entries []Entry) {
	now := b.now()
	for i := range entries {
		e := &entries[i]
		if !e.valid() || backoffOf(e.Kind).class == harmless {
			continue
		}
		c := cell{
			ref: e.Ref, until: e.Until, failures: min(max(0, e.Failures), mostFailures), kind: e.Kind, rule: e.Rule,
			message: e.Message, since: e.Since, pending: e.Failures > 0, announced: true,
			// Whether upstream stated it is not remembered; a limit usually is.
			stated: e.Failures > 0 && (e.Kind == ai.RateLimited || e.Kind == ai.QuotaExhausted && !e.Attention),
		}
		if most := now.Add(longestRest); c.until.After(most) {
			c.until = most
		}
		if !c.ends().After(now) {
			continue
		}
		a := b.area(&e.Ref)
		a.mu.Lock()
		old := a.place(&e.Ref).cell(&e.Ref)
		if old == nil || (old.until.Before(c.until) && old.holder == nil) {
			fresh := b.add(a, e.Ref, now)
			c.low, c.epoch = fresh.low, fresh.epoch
			*fresh = c
			a.expect(fresh)
		}
		a.mu.Unlock()
	}
	b.deliver()
}

// Rest lets something rest because a person says so, whatever it is known for.
// It is told of like any other rest. The error says that nothing is named.
func (b *Board) Rest(e Entry) error {
	if !e.valid() || backoffOf(e.Kind).class == harmless {
		return errors.New("this names nothing that could rest")
	}
	now := b.now()
	a := b.area(&e.Ref)
	a.mu.Lock()
	c := b.add(a, e.Ref, now)
	*c = cell{
		ref: e.Ref, until: e.Until, kind: e.Kind, rule: e.Rule, message: e.Message, since: e.Since, low: c.low, epoch: b.epoch.Add(1), stated: true,
	}
	a.expect(c)
	b.rests(c, now)
	a.mu.Unlock()
	b.deliver()
	return nil
}

// Clear forgets everything that match says, as a person does who knows that it
// is well again, and returns how much that was.
func (b *Board) Clear(match func(Ref) bool) int {
	now := b.now()
	n := 0
	for _, a := range b.areas() {
		if a.count.Load() == 0 {
			continue
		}
		a.mu.Lock()
		a.each(func(c *cell) {
			if match(c.ref) {
				if c.visible() {
					n++
				}
				b.drop(a, c, now)
			}
		})
		a.mu.Unlock()
	}
	b.deliver()
	return n
}
