package health

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// breaker is the state of one thing that is or was unwell. What is well has none.
// It is guarded by the lock of its scope set.
//
// With failures it cools down until a moment, is due after it, and is probing while
// a probe holds it. Without failures it is a precaution of a rate-limit header:
// it cools down, and is gone when the cooldown is over. Either way it may know that
// little is left of a limit.
type breaker struct {
	ref      Ref
	until    time.Time
	failures int
	kind     ai.Kind
	rule     string
	message  string
	since    time.Time
	low      time.Time // little is left of a limit until then

	// word is what upstream states as the end, where until is a probe before it;
	// else zero. The probes are counted from probesFrom.
	word, probesFrom time.Time

	// epoch is when the cooldown began, on the tracker's clock of failures. News of
	// attempts that began before it are old: they say nothing about what came
	// after.
	epoch uint64
	// pending says that the end of the cooldown has to be proved by a probe.
	pending bool
	// stated says that upstream itself said until when.
	stated bool
	// late says that the failure came after a good beginning, so that a good
	// beginning proves nothing.
	late bool
	// announced says that people were told that it cools down, and not yet that it
	// has recovered.
	announced bool

	holder     *probe    // the probe, if one is under way
	holderEnds time.Time // when it has had its time
}

// probe is a permit for breakers that are due (or, forced, on such that cool down).
type probe struct {
	breakers [8]*breaker
	forced   [8]bool
	n        int
}

// state of a breaker or of several together; the higher the worse.
type state uint8

const (
	free state = iota
	probing
	cooling
)

// at is the breaker's state at a moment.
func (c *breaker) at(now time.Time) state {
	switch {
	case c.until.After(now):
		return cooling
	case c.pending && c.held(now):
		return probing
	}
	return free
}

// held reports whether a probe is under way. One that had its time without a
// word is given up: its handler may have died.
func (c *breaker) held(now time.Time) bool { return c.holder != nil && c.holderEnds.After(now) }

// count is the number of failures that still count.
func (c *breaker) count(now time.Time) int {
	b := backoffOf(c.kind)
	return b.decayed(c.failures, now.Sub(c.until))
}

// ends is when the breaker can be forgotten if nothing happens.
func (c *breaker) ends() time.Time {
	end := c.until
	if c.failures > 0 {
		b := backoffOf(c.kind)
		end = end.Add(b.forgotten(c.failures))
	}
	return later(later(end, c.low), c.word)
}

// visible reports whether there is more to it than a low limit.
func (c *breaker) visible() bool { return c.failures > 0 || !c.until.IsZero() }

// healsAlone reports whether an attempt before the end of the cooldown might
// succeed: the cooldown is a guess, and its cause may be over.
func (c *breaker) healsAlone() bool {
	switch backoffOf(c.kind).class {
	case transient:
		return true
	case limited:
		return !c.stated
	}
	return false
}

func (c *breaker) entry(now time.Time) Entry {
	b := backoffOf(c.kind)
	failures := c.count(now)
	if c.failures > 0 && c.word.After(now) {
		failures = max(1, failures) // what upstream states does not decay
	}
	return Entry{
		Ref: c.ref, Until: c.until, StatedUntil: c.word, Failures: failures, Kind: c.kind, Rule: c.rule, Message: c.message, Since: c.since,
		Attention: b.needsPerson || (b.class == used && !c.stated),
	}
}

// failed takes the news of a failure. epoch is when the attempt began, clock
// the tracker's clock of failures; forced says that the attempt was made during
// the cooldown because nothing better was there. It reports whether anything
// changed.
//
// Three things keep the cooldown from growing without reason: old news (many
// requests that began together fail together) counts once; a forced attempt
// does not prolong the cooldown it ignored; and trouble of another class starts its
// own count, but never ends a cooldown early. What upstream states is taken as it
// is, also if it is sooner than our guess, but for a cooldown of more than an
// hour: that is probed before its end.
func (c *breaker) failed(o *ai.Outcome, epoch uint64, clock *atomic.Uint64, forced bool, spread float64, now time.Time) bool {
	b := backoffOf(o.Kind)
	first := c.failures == 0
	same := !first && b.class == backoffOf(c.kind).class
	fresh := !same || epoch >= c.epoch
	cools, stated := c.until.After(now), o.Until.After(now)
	word := o.Until
	if most := now.Add(longestCooldown); word.After(most) {
		word = most
	}

	n := c.failuresWith(same, fresh && !forced, now)
	until := c.until
	switch {
	case stated && cools && !first && (!same || !fresh):
		until = later(word, c.until)
	case stated:
		until = word
	case !fresh, forced && same && cools:
	case cools:
		until = later(now.Add(b.cooldown(n, spread)), c.until)
	default:
		until = now.Add(b.cooldown(n, spread))
	}
	end := until
	isStated := stated && until.Equal(word)
	if isStated && !o.Configured {
		end = c.probeBefore(until, now)
	}
	if !fresh && end.Equal(c.until) {
		return false
	}
	if fresh {
		c.epoch = clock.Add(1)
	}
	if !first && !same && end.Equal(c.until) {
		return false // other trouble has a longer cooldown and stays what it is
	}
	changed := first || n != c.failures || !end.Equal(c.until)
	if first {
		c.since = now
	}
	c.kind, c.rule, c.message = o.Kind, o.Rule, o.Message
	c.stated = isStated
	c.late = !o.Retry
	c.failures, c.pending = n, true
	c.coolUntil(end, until, now)
	return changed
}

// coolUntil sets the end of the cooldown: a probe, where that comes before what
// upstream states.
func (c *breaker) coolUntil(end, stated, now time.Time) {
	switch {
	case end.Equal(stated):
		c.word, c.probesFrom = time.Time{}, time.Time{}
	case c.word.IsZero():
		c.word, c.probesFrom = stated, now
	default:
		c.word = stated
	}
	c.until = end
}

// probeBefore is the end of a cooldown that upstream states: its own word, or
// the next probe, if the cooldown is longer than anybody should be believed.
func (c *breaker) probeBefore(stated, now time.Time) time.Time {
	if stated.Sub(now) <= believedFor {
		return stated
	}
	from := c.probesFrom
	if from.IsZero() {
		from = now
	}
	if probe := nextProbe(from, now); probe.Before(stated) {
		return probe
	}
	return stated
}

// failuresWith is the number of failures in a row with one more: those of the
// same class count on, decayed, and only a new one adds to them.
func (c *breaker) failuresWith(same, adds bool, now time.Time) int {
	if !same {
		return 1
	}
	n := c.count(now)
	if adds {
		n = min(n+1, maxFailures)
	}
	return max(1, n)
}

// eased ends the cooldown but keeps the count, which decays: the answer began well,
// which it did before it broke off last time, too.
func (c *breaker) eased(now time.Time) {
	c.failures = c.count(now)
	c.until, c.pending, c.stated, c.holder = now, false, false, nil
	c.word, c.probesFrom = time.Time{}, time.Time{}
}
