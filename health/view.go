package health

import (
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
)

// Spec names a channel and its parts.
type Spec struct {
	Name  string
	Group string   // shares fate with other channels; empty: none
	URLs  []string // base addresses
	Keys  []string // fingerprints; empty: one nameless key
	// Protocols are what each URL speaks; nil, as a whole or for one URL: all.
	Protocols [][]ai.Protocol
}

// Channel is a view on the state of one channel: URLs and keys are addressed by
// their place in the Spec. Views of the same names see the same state.
type Channel struct {
	tracker  *Tracker
	name     string
	group    string
	scopeSet *scopeSet
	shared   *scopeSet // of the group, nil if there is none
	urls     []part
	keys     []part
}

// part is a URL or a key of a view.
type part struct {
	name string
	*breakers
	speaks []ai.Protocol
}

// Channel returns a view of a channel for one generation of the config.
func (tr *Tracker) Channel(s Spec) *Channel {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	c := &Channel{tracker: tr, name: s.Name, group: s.Group, scopeSet: scopeSetOf(tr.channels, s.Name)}
	if s.Group != "" {
		c.shared = scopeSetOf(tr.groups, s.Group)
	}
	c.scopeSet.mu.Lock()
	defer c.scopeSet.mu.Unlock()
	for i, name := range orNameless(s.URLs) {
		p := part{name: name, breakers: breakersOf(c.scopeSet.urls, name)}
		if i < len(s.Protocols) {
			p.speaks = s.Protocols[i]
		}
		c.urls = append(c.urls, p)
	}
	for _, name := range orNameless(s.Keys) {
		c.keys = append(c.keys, part{name: name, breakers: breakersOf(c.scopeSet.keys, name)})
	}
	return c
}

func orNameless(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// Readiness says whether something can be tried now.
type Readiness struct {
	OK bool
	// Kind and Scope say what is in the way, if it is not OK.
	Kind  ai.Kind
	Scope ai.Scope
	// Until is when it is due, zero if OK or Probing.
	Until time.Time
	// Probing says that nothing cools down any more, but a probe is under way
	// whose outcome decides.
	Probing bool
	// Gamble says that it may be tried, but that upstream states a cooldown which
	// is not over: it probably fails. Who tries it should have another attempt
	// left.
	Gamble bool
	// UsableKeys is how many keys can be used, for this model.
	UsableKeys int
	// Low says that rate-limit headers announced that little is left: of the
	// key, or of every usable key.
	Low bool
}

// calm reports whether nothing of the channel and its group cools down or failed
// lately. It is the fast path: two loads, no lock.
func (c *Channel) calm() bool {
	return c.scopeSet.count.Load() == 0 && (c.shared == nil || c.shared.count.Load() == 0)
}

// Ready says whether a call can be served: neither group nor channel nor model
// cooldownUntil, and at least one URL that speaks p and one key are usable. An empty
// model stands for calls without one.
func (c *Channel) Ready(p ai.Protocol, model string, now time.Time) Readiness {
	if c.calm() {
		return Readiness{OK: true, UsableKeys: len(c.keys)}
	}
	return c.ready(p, model, now)
}

// ReadyURL says whether one URL can be used, apart from channel and group. An
// empty protocol asks for no protocol in particular.
func (c *Channel) ReadyURL(url int, p ai.Protocol, model string, now time.Time) Readiness {
	if c.calm() {
		return Readiness{OK: true, UsableKeys: len(c.keys)}
	}
	c.lock(now)
	defer c.unlock()
	look := c.urls[url].glance(p, model, now)
	r := look.readiness()
	r.UsableKeys, _ = c.usable(model, now)
	return r
}

// ReadyKey says whether one key can be used, apart from channel and group.
func (c *Channel) ReadyKey(key int, model string, now time.Time) Readiness {
	if c.calm() {
		return Readiness{OK: true, UsableKeys: 1}
	}
	c.lock(now)
	defer c.unlock()
	look := c.keys[key].glance("", model, now)
	r := look.readiness()
	if r.OK {
		r.UsableKeys = 1
	}
	return r
}

// Least finds the least bad target when everything cools down: the URL and key that
// are due first, those before others whose trouble may pass by itself. until is
// when the target is due and kind what is in the way. transient says that all
// that is in the way may be over already, so that an attempt makes sense.
func (c *Channel) Least(p ai.Protocol, model string, now time.Time) (url, key int, until time.Time, kind ai.Kind, transient bool) {
	c.lock(now)
	defer c.unlock()
	url, best := least(c.urls, p, model, now)
	if url < 0 {
		return -1, -1, time.Time{}, ai.NoSuchEndpoint, false
	}
	key, total := c.leastKey(best, model, now)
	return url, key, total.until, total.kind, !total.hopeless
}

// LeastAt is Least for one URL, which speaks the protocol.
func (c *Channel) LeastAt(url int, p ai.Protocol, model string, now time.Time) (key int, until time.Time, kind ai.Kind, transient bool) {
	c.lock(now)
	defer c.unlock()
	key, total := c.leastKey(c.urls[url].glance(p, model, now), model, now)
	return key, total.until, total.kind, !total.hopeless
}

// leastKey is the key that is due first, and what is in the way of it at a URL.
func (c *Channel) leastKey(atURL glance, model string, now time.Time) (int, glance) {
	key, best := least(c.keys, "", model, now)
	return key, c.common(model, now).and(atURL).and(best)
}

func least(parts []part, p ai.Protocol, model string, now time.Time) (int, glance) {
	index, best := -1, glance{}
	for i := range parts {
		if !parts[i].speaksTo(p) {
			continue
		}
		if g := parts[i].glance(p, model, now); index < 0 || g.less(best) {
			index, best = i, g
		}
	}
	return index, best
}

func (c *Channel) ready(p ai.Protocol, model string, now time.Time) Readiness {
	c.lock(now)
	defer c.unlock()
	total := c.common(model, now)
	best, found := glance{}, false
	for i := range c.urls {
		if !c.urls[i].speaksTo(p) {
			continue
		}
		if g := c.urls[i].glance(p, model, now); !found || g.sooner(best) {
			best, found = g, true
		}
	}
	if !found {
		return Readiness{Kind: ai.NoSuchEndpoint, Scope: ai.ScopeChannel}
	}
	total = total.and(best)
	usable, best := c.usable(model, now)
	total = total.and(best)
	r := total.readiness()
	r.UsableKeys, r.Low = usable, best.low
	return r
}

// usable counts the usable keys and looks at the one that is usable first; low
// only if all usable ones are.
func (c *Channel) usable(model string, now time.Time) (n int, best glance) {
	low := true
	for i := range c.keys {
		g := c.keys[i].glance("", model, now)
		if g.state == free {
			n++
			low = low && g.low
		}
		if i == 0 || g.sooner(best) {
			best = g
		}
	}
	best.low = n > 0 && low
	return n, best
}

// common looks at what every target of the channel shares.
func (c *Channel) common(model string, now time.Time) glance {
	g := c.scopeSet.own.glance("", model, now)
	if c.shared == nil {
		return g
	}
	return c.shared.own.glance("", "", now).and(g) // of two that cool down alike the wider is named
}

// lock takes the locks of the view, the group's first, and forgets what is
// over; unlock releases them and tells of changes.
func (c *Channel) lock(now time.Time) {
	if c.shared != nil {
		c.shared.mu.Lock()
		c.tracker.sweep(c.shared, now)
	}
	c.scopeSet.mu.Lock()
	c.tracker.sweep(c.scopeSet, now)
}

func (c *Channel) unlock() {
	c.scopeSet.mu.Unlock()
	if c.shared != nil {
		c.shared.mu.Unlock()
	}
	c.tracker.deliver()
}

func (p *part) speaksTo(protocol ai.Protocol) bool {
	return p.speaks == nil || protocol == "" || slices.Contains(p.speaks, protocol)
}
