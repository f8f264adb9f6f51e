package health

import (
	"net/http"
	"time"

	"github.com/ccload/ccload/ai"
)

// Claim is the permission to try one target once. It is a value; the zero
// Claim is of no target and its methods do nothing.
type Claim struct {
	channel  *Channel
	url, key int
	protocol ai.Protocol
	model    string
	epoch    uint64
	probe    *probe // nil unless something was due or is forced
}

// Begin asks to try a target. Where its rest is over, the claim is the probe
// that the others wait for; ok is false if such a probe is under way already,
// or if something of the target rests.
//
// With force what rests is tried nevertheless, because there is nothing better:
// one attempt at a time, and its failure does not double the rest.
//
// Every claim that is ok must be ended by Report or Abandon. A probe of which
// nothing is heard is given up after a time that depends on what it probes.
func (c *Channel) Begin(url, key int, p ai.Protocol, model string, now time.Time, force bool) (Claim, bool) {
	cl := Claim{channel: c, url: url, key: key, protocol: p, model: model}
	if c.calm() {
		cl.epoch = c.board.epoch.Load()
		return cl, true
	}
	c.lock(now)
	defer c.unlock()
	cl.epoch = c.board.epoch.Load()
	var pr *probe
	for _, cell := range cl.cells() {
		if cell == nil {
			continue
		}
		state := cell.at(now)
		switch {
		case state == resting && !force, state == probing, state == resting && cell.held(now):
			return Claim{}, false
		case state == resting || cell.pending:
			if pr == nil {
				pr = new(probe)
			}
			pr.cells[pr.n], pr.forced[pr.n] = cell, state == resting
			pr.n++
		}
	}
	if pr != nil {
		cl.probe = pr
		for _, cell := range pr.cells[:pr.n] {
			b := backoffOf(cell.kind)
			cell.holder, cell.holderEnds = pr, now.Add(b.probe)
		}
	}
	return cl, true
}

// cells are those that a target touches, nil where it is well.
func (cl *Claim) cells() [8]*cell {
	c := cl.channel
	url, key := c.urls[cl.url].place, c.keys[cl.key].place
	cells := [8]*cell{
		c.area.self.own, c.area.self.models[cl.model], url.own, url.protocols[cl.protocol], url.models[cl.model],
		key.own, key.models[cl.model],
	}
	if c.shared != nil {
		cells[7] = c.shared.self.own
	}
	return cells
}

// Probe reports whether the attempt is one that others wait for.
func (cl Claim) Probe() bool { return cl.probe != nil }

// Abandon ends a claim without evidence: the client is gone, or the fault was
// the caller's. What was due is due again.
func (cl Claim) Abandon() {
	if cl.probe == nil {
		return
	}
	cl.channel.lockOnly()
	defer cl.channel.unlock()
	cl.release()
}

// Report ends a claim with what became of the attempt. Success clears all
// that the target touches, unless it failed after the attempt began, and reads
// the rate-limit headers h of the answer. Failure rests what the outcome speaks
// of; until is when that ends, zero if nothing rests because of it.
//
// It is called once, and a second time only if an answer that was reported as
// good broke off later; such an outcome must not be retried (Outcome.Retry).
func (cl Claim) Report(o ai.Outcome, h http.Header, now time.Time) (until time.Time) {
	c := cl.channel
	if c == nil {
		return time.Time{}
	}
	if o.Kind != ai.OK {
		return cl.fail(&o, now)
	}
	limits := readLimits(h, now)
	if cl.probe == nil && c.calm() && !limits.any() {
		return time.Time{} // by far the most frequent
	}
	c.lock(now)
	defer c.unlock()
	for _, cell := range cl.cells() {
		if cell == nil || cl.epoch < cell.epoch || !cell.visible() {
			continue
		}
		if cell.failures == 0 && !limits.rest.IsZero() {
			continue // the precaution goes on
		}
		cl.recover(cell, now)
	}
	cl.release()
	return cl.remember(&limits, now)
}

// recover ends the trouble of a cell after a success.
func (cl *Claim) recover(cell *cell, now time.Time) {
	b, a := cl.channel.board, cl.channel.areaOf(&cell.ref)
	if cell.late && cell.failures > 0 {
		if cell.pending {
			cell.eased(now)
			a.expect(cell)
			b.recovered(cell, now)
		}
		return
	}
	low, ref := cell.low, cell.ref
	b.drop(a, cell, now)
	if low.After(now) {
		again := b.add(a, ref, now)
		again.low = low
		a.expect(again)
	}
}

// fail rests what a failure speaks of.
func (cl *Claim) fail(o *ai.Outcome, now time.Time) time.Time {
	c := cl.channel
	c.lock(now)
	defer c.unlock()
	defer cl.release()
	if backoffOf(o.Kind).class == harmless || o.Scope == ai.ScopeNone {
		return time.Time{}
	}
	b, ref := c.board, cl.ref(o.Scope)
	a := c.areaOf(&ref)
	cell := b.add(a, ref, now)
	forced := false
	if pr := cl.probe; pr != nil && cell.holder == pr {
		for i := range pr.cells[:pr.n] {
			forced = forced || pr.cells[i] == cell && pr.forced[i]
		}
	}
	if cell.failed(o, cl.epoch, &b.epoch, forced, b.jitter(), now) {
		b.rests(cell, now)
	}
	a.expect(cell)
	if !cell.until.After(now) {
		return time.Time{}
	}
	return cell.until
}

// release gives up the probe. It is called with the locks held.
func (cl *Claim) release() {
	if cl.probe == nil {
		return
	}
	for _, cell := range cl.probe.cells[:cl.probe.n] {
		if cell.holder == cl.probe {
			cell.holder = nil
		}
	}
}

// headersRule is the Rule of a rest that rate-limit headers asked for.
const headersRule = "headers"

// remember takes what the headers of a good answer say of its key.
func (cl *Claim) remember(l *left, now time.Time) time.Time {
	c := cl.channel
	if !l.lowWhole.IsZero() {
		cell := c.board.add(c.area, cl.ref(ai.ScopeKey), now)
		cell.low = later(cell.low, l.lowWhole)
		c.area.expect(cell)
	}
	if l.low.IsZero() && l.rest.IsZero() {
		return time.Time{}
	}
	cell := c.board.add(c.area, cl.ref(ai.ScopeKeyModel), now)
	cell.low = later(cell.low, later(l.low, l.rest))
	if cell.failures == 0 && l.rest.After(cell.until) {
		if cell.until.IsZero() {
			cell.since = now
		}
		// Answers that were under way together say the same in slightly other
		// words: only news is told.
		told := l.rest.Sub(cell.until) < shortestWindow
		cell.until, cell.kind, cell.rule = l.rest, ai.RateLimited, headersRule
		cell.message = "a rate-limit header says that nothing is left"
		cell.epoch = c.board.epoch.Add(1)
		if !told {
			c.board.rests(cell, now)
		}
	}
	c.area.expect(cell)
	if cell.failures > 0 {
		return time.Time{}
	}
	return cell.until
}

// ref names what an outcome of this target with this scope speaks of.
func (cl *Claim) ref(s ai.Scope) Ref {
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

// areaOf is the area that keeps a ref of this view.
func (c *Channel) areaOf(r *Ref) *area {
	if r.Scope == ai.ScopeGroup {
		return c.shared
	}
	return c.area
}

// lockOnly takes the locks where no time is known.
func (c *Channel) lockOnly() {
	if c.shared != nil {
		c.shared.mu.Lock()
	}
	c.area.mu.Lock()
}
