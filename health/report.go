package health

import (
	"net/http"
	"time"

	"github.com/ccload/ccload/ai"
)

// Report ends a permit with what became of the attempt. Success clears all
// that the target touches, unless it failed after the attempt began, and reads
// the rate-limit headers h of the answer. A failure cools down what the outcome speaks
// of; until is when that ends, zero if nothing cools down because of it.
//
// It is called once, and a second time only if an answer that was reported as
// good broke off later; such an outcome must not be retried (Outcome.Retry).
func (cl Permit) Report(o ai.Outcome, h http.Header, now time.Time) (until time.Time) {
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
	for _, br := range cl.breakers() {
		if br == nil || cl.epoch < br.epoch || !br.visible() {
			continue
		}
		if br.failures == 0 && !limits.cooldownUntil.IsZero() {
			continue // the precaution goes on
		}
		cl.recover(br, now)
	}
	cl.endProbe()
	return cl.remember(&limits, now)
}

// recover ends the trouble of a breaker after a success.
func (cl *Permit) recover(br *breaker, now time.Time) {
	tr, a := cl.channel.tracker, cl.channel.scopeSetOf(&br.ref)
	if br.late && br.failures > 0 {
		if br.pending {
			br.eased(now)
			a.expect(br)
			tr.recovered(br, now)
		}
		return
	}
	low, ref := br.low, br.ref
	tr.drop(a, br, now)
	if low.After(now) {
		again := tr.add(a, ref, now)
		again.low = low
		a.expect(again)
	}
}

// fail starts the cooldowns that a failure asks for.
func (cl *Permit) fail(o *ai.Outcome, now time.Time) time.Time {
	c := cl.channel
	c.lock(now)
	defer c.unlock()
	defer cl.endProbe()
	if backoffOf(o.Kind).class == harmless || o.Scope == ai.ScopeNone {
		return time.Time{}
	}
	tr, ref := c.tracker, cl.ref(o.Scope)
	a := c.scopeSetOf(&ref)
	br := tr.add(a, ref, now)
	forced := cl.passing
	if pr := cl.probe; pr != nil && br.holder == pr {
		for i := range pr.breakers[:pr.n] {
			forced = forced || pr.breakers[i] == br && pr.forced[i]
		}
	}
	if br.failed(o, cl.epoch, &tr.epoch, forced, tr.jitter(), now) {
		tr.startedCooldown(br, now)
	}
	a.expect(br)
	if !br.until.After(now) {
		return time.Time{}
	}
	return br.until
}

// endProbe gives up the probe. It is called with the locks held.
func (cl *Permit) endProbe() {
	if cl.probe == nil {
		return
	}
	for _, br := range cl.probe.breakers[:cl.probe.n] {
		if br.holder == cl.probe {
			br.holder = nil
		}
	}
}

// headersRule is the Rule of a cooldown that rate-limit headers asked for.
const headersRule = "headers"

// remember takes what the headers of a good answer say of its key.
func (cl *Permit) remember(l *remaining, now time.Time) time.Time {
	c := cl.channel
	if !l.keyLowUntil.IsZero() {
		br := c.tracker.add(c.scopeSet, cl.ref(ai.ScopeKey), now)
		br.low = later(br.low, l.keyLowUntil)
		c.scopeSet.expect(br)
	}
	if l.lowUntil.IsZero() && l.cooldownUntil.IsZero() {
		return time.Time{}
	}
	br := c.tracker.add(c.scopeSet, cl.ref(ai.ScopeKeyModel), now)
	br.low = later(br.low, later(l.lowUntil, l.cooldownUntil))
	stated := later(br.until, br.word)
	if br.failures == 0 && !l.cooldownUntil.IsZero() && (l.cooldownUntil.After(stated) || !br.until.After(now)) {
		if br.until.IsZero() {
			br.since = now
		}
		// Answers that were under way together say the same in slightly other
		// words: only news is told.
		told := br.until.After(now) && l.cooldownUntil.Sub(stated) < shortestWindow
		br.restUntil(br.probeBefore(l.cooldownUntil, now), l.cooldownUntil, now)
		br.kind, br.rule = ai.RateLimited, headersRule
		br.message = "a rate-limit header says that nothing is left"
		br.epoch = c.tracker.epoch.Add(1)
		if !told {
			c.tracker.startedCooldown(br, now)
		}
	}
	c.scopeSet.expect(br)
	if br.failures > 0 {
		return time.Time{}
	}
	return br.until
}
