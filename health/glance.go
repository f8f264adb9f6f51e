package health

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// glance is what one sees of several breakers together.
type glance struct {
	state    state
	until    time.Time // if cooling down
	kind     ai.Kind
	scope    ai.Scope
	low      bool
	hopeless bool // an attempt before the end of the cooldown makes no sense
	gamble   bool // a probe is due before the end that upstream states
}

// glance combines the breakers of a place that concern a call. Most places have
// none.
func (p *breakers) glance(protocol ai.Protocol, model string, now time.Time) glance {
	if p.own == nil && len(p.protocols) == 0 && len(p.models) == 0 {
		return glance{}
	}
	return p.glanceClosely(protocol, model, now)
}

func (p *breakers) glanceClosely(protocol ai.Protocol, model string, now time.Time) glance {
	g := p.own.glance(now)
	if len(p.protocols) > 0 {
		g = g.and(p.protocols[protocol].glance(now))
	}
	if len(p.models) > 0 {
		g = g.and(p.models[model].glance(now))
	}
	return g
}

func (c *breaker) glance(now time.Time) glance {
	if c == nil {
		return glance{}
	}
	g := glance{state: c.at(now), low: c.low.After(now)}
	if g.state != free {
		g.kind, g.scope = c.kind, c.ref.Scope
	}
	g.gamble = g.state == free && c.word.After(now)
	if g.state == resting {
		g.until, g.hopeless = c.until, !c.healsAlone()
	}
	return g
}

// and is for things that must all be usable: the worse counts.
func (g glance) and(o glance) glance {
	worse, other := g, o
	if o.state > g.state || o.state == g.state && o.until.After(g.until) {
		worse, other = o, g
	}
	worse.low = g.low || o.low
	worse.hopeless = worse.hopeless || other.hopeless
	worse.gamble = worse.state == free && (worse.gamble || other.gamble)
	return worse
}

// sooner is for things of which one must be usable.
func (g glance) sooner(o glance) bool {
	if g.state == o.state && g.state == free {
		return !g.gamble && o.gamble
	}
	return g.state < o.state || g.state == o.state && g.until.Before(o.until)
}

// less orders what could be tried in spite of its cooldown. A probe under way comes
// last: nobody may join it.
func (g glance) less(o glance) bool {
	if g.hopeless != o.hopeless {
		return o.hopeless
	}
	if p, q := g.state == probing, o.state == probing; p != q {
		return q
	}
	return g.until.Before(o.until)
}

func (g glance) readiness() Readiness {
	return Readiness{
		OK: g.state == free, Kind: g.kind, Scope: g.scope, Until: g.until, Probing: g.state == probing, Low: g.low, Gamble: g.gamble,
	}
}
