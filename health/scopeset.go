package health

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

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

// expect makes sure that the scope set is swept when c is over.
func (a *scopeSet) expect(c *breaker) {
	if end := c.ends(); end.Before(a.sweepAt) {
		a.sweepAt = end
	}
}
