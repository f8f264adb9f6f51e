package health

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// Permit is the permission to try one target once. It is a value; the zero
// Permit is of no target and its methods do nothing.
type Permit struct {
	channel  *Channel
	url, key int
	protocol ai.Protocol
	model    string
	epoch    uint64
	probe    *probe // nil unless something was due or is forced
	passing  bool   // made in spite of a cooldown, see Pass
}

// Acquire asks to try a target. Where its cooldown is over, the permit is the probe
// that the others wait for; ok is false if such a probe is under way already,
// or if something of the target cools down.
//
// With force what cools down is tried nevertheless, because there is nothing better:
// one attempt at a time, and its failure does not double the cooldown.
//
// Every permit that is ok must be ended by Report or Release. A probe of which
// nothing is heard is given up after a time that depends on what it probes.
func (c *Channel) Acquire(url, key int, p ai.Protocol, model string, now time.Time, force bool) (Permit, bool) {
	cl := Permit{channel: c, url: url, key: key, protocol: p, model: model}
	if c.calm() {
		cl.epoch = c.tracker.epoch.Load()
		return cl, true
	}
	c.lock(now)
	defer c.unlock()
	cl.epoch = c.tracker.epoch.Load()
	var pr *probe
	for _, br := range cl.breakers() {
		if br == nil {
			continue
		}
		state := br.at(now)
		switch {
		case state == resting && !force, state == probing, state == resting && br.held(now):
			return Permit{}, false
		case state == resting || br.pending:
			if pr == nil {
				pr = new(probe)
			}
			pr.breakers[pr.n], pr.forced[pr.n] = br, state == resting
			pr.n++
		}
	}
	if pr != nil {
		cl.probe = pr
		for _, br := range pr.breakers[:pr.n] {
			b := backoffOf(br.kind)
			br.holder, br.holderEnds = pr, now.Add(b.probe)
		}
	}
	return cl, true
}

// Pass asks to try a target in spite of cooldowns for causes that may be over
// any moment, beside any others that do: the target is the only one left and
// has served lately (History.Steady). ok is false if something else is in the
// way. Its failure does not double the cooldown.
func (c *Channel) Pass(url, key int, p ai.Protocol, model string, now time.Time) (Permit, bool) {
	cl := Permit{channel: c, url: url, key: key, protocol: p, model: model, passing: true}
	c.lock(now)
	defer c.unlock()
	cl.epoch = c.tracker.epoch.Load()
	for _, br := range cl.breakers() {
		if br != nil && br.at(now) != free && backoffOf(br.kind).class != transient {
			return Permit{}, false
		}
	}
	return cl, true
}

// breakers are those that a target touches, nil where it is well.
func (cl *Permit) breakers() [8]*breaker {
	c := cl.channel
	url, key := c.urls[cl.url].breakers, c.keys[cl.key].breakers
	brs := [8]*breaker{
		c.scopeSet.own.own, c.scopeSet.own.models[cl.model], url.own, url.protocols[cl.protocol], url.models[cl.model],
		key.own, key.models[cl.model],
	}
	if c.shared != nil {
		brs[7] = c.shared.own.own
	}
	return brs
}

// Probe reports whether the attempt is one that others wait for.
func (cl Permit) Probe() bool { return cl.probe != nil }

// Doubtful reports whether the target was unwell when the attempt began.
func (cl Permit) Doubtful() bool { return cl.probe != nil || cl.passing }

// Release ends a permit without evidence: the client is gone, or the fault was
// the caller's. What was due is due again.
func (cl Permit) Release() {
	if cl.probe == nil {
		return
	}
	cl.channel.lockOnly()
	defer cl.channel.unlock()
	cl.endProbe()
}

// ref names what an outcome of this target with this scope speaks of.
func (cl *Permit) ref(s ai.Scope) Ref {
	c := cl.channel
	if s == ai.ScopeGroup && c.shared == nil {
		s = ai.ScopeChannel
	}
	r := Ref{Scope: s, Channel: c.name}
	switch s {
	case ai.ScopeGroup:
		r.Channel, r.Group = "", c.group
	case ai.ScopeKey:
		r.Key = c.keys[cl.key].name
	case ai.ScopeKeyModel:
		r.Key, r.Model = c.keys[cl.key].name, cl.model
	case ai.ScopeURL:
		r.URL = c.urls[cl.url].name
	case ai.ScopeURLModel:
		r.URL, r.Model = c.urls[cl.url].name, cl.model
	case ai.ScopeURLProtocol:
		r.URL, r.Protocol = c.urls[cl.url].name, cl.protocol
	case ai.ScopeModel:
		r.Model = cl.model
	}
	return r
}

// scopeSetOf is the scope set that keeps a ref of this view.
func (c *Channel) scopeSetOf(r *Ref) *scopeSet {
	if r.Scope == ai.ScopeGroup {
		return c.shared
	}
	return c.scopeSet
}

// lockOnly takes the locks where no time is known.
func (c *Channel) lockOnly() {
	if c.shared != nil {
		c.shared.mu.Lock()
	}
	c.scopeSet.mu.Lock()
}
