package health

import (
	"math/bits"
	"time"

	"github.com/ccload/ccload/ai"
)

// class groups kinds that count as the same trouble: a server that fails now
// with 502 and now with silence has failed twice.
type class uint8

const (
	harmless  class = iota // nothing cools down
	transient              // may be over any moment
	limited                // too much in too short a time
	used                   // an allowance is used up
	refused                // the credential
	absent                 // the thing asked for is not there
)

// backoff says how long a failure of a kind cools things down: base, doubled with each
// further failure in a row up to most. probe bounds how long a probe keeps
// others waiting: a server that answered errors and now is silent is probably
// thinking, one that was silent probably is silent again.
type backoff struct {
	class         class
	base, longest time.Duration
	probe         time.Duration
	needsPerson   bool // it does not heal by waiting
}

// backoffs are the cooldowns where upstream does not state one. A stated cooldown is
// taken as it is. A kind that is absent starts no cooldown.
var backoffs = [...]backoff{
	ai.RateLimited:    {class: limited, base: 5 * time.Second, longest: 5 * time.Minute, probe: 30 * time.Second},
	ai.QuotaExhausted: {class: used, base: 10 * time.Minute, longest: 6 * time.Hour, probe: time.Minute},
	ai.AuthFailed:     {class: refused, base: 5 * time.Minute, longest: time.Hour, probe: time.Minute, needsPerson: true},
	ai.Overloaded:     {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.ServerError:    {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.SoftError:      {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.Truncated:      {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.Empty:          {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.BadAnswer:      {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.Timeout:        {class: transient, base: 10 * time.Second, longest: time.Minute, probe: 5 * time.Minute},
	ai.NetworkError:   {class: transient, base: 5 * time.Second, longest: time.Minute, probe: 30 * time.Second},
	ai.NoSuchModel:    {class: absent, base: 10 * time.Minute, longest: 6 * time.Hour, probe: 30 * time.Second},
	ai.NoSuchEndpoint: {class: absent, base: 10 * time.Minute, longest: 6 * time.Hour, probe: 30 * time.Second},
}

// backoffOf is the line of a kind.
func backoffOf(k ai.Kind) *backoff {
	if int(k) < len(backoffs) {
		return &backoffs[k]
	}
	return &backoffs[ai.OK]
}

const (
	// jitterPart is how far a cooldown is spread to both sides, so that many targets
	// (and many nodes) that failed together do not come back together.
	jitterPart = 0.2
	// maxFailures bounds the count; doubling has long met its maximum there.
	maxFailures = 1 << 10
	// shortestDecay bounds how fast a count of failures decays.
	shortestDecay = time.Minute
	// forgetAfter is how long after its cooldown a breaker is remembered at most.
	forgetAfter = 24 * time.Hour
)

// cooldownUntil is the cooldown after the n-th failure in a row; spread is in [0, 1).
func (b *backoff) cooldown(n int, spread float64) time.Duration {
	d := b.base
	for ; n > 1 && d < b.longest; n-- {
		d *= 2
	}
	d = min(d, b.longest)
	return time.Duration(float64(d) * (1 - jitterPart + 2*jitterPart*spread))
}

// halfLife is the time without news after which a count of failures counts
// half: the kind's longest cooldown.
func (b *backoff) halfLife() time.Duration { return max(b.longest, shortestDecay) }

// decayed is what is left of n failures after an idle time since their cooldown
// ended.
func (b *backoff) decayed(n int, idle time.Duration) int {
	if idle <= 0 {
		return n
	}
	if idle >= forgetAfter {
		return 0
	}
	return n >> min(bits.UintSize-2, uint(idle/b.halfLife())) //nolint:gosec // idle is not negative
}

// forgotten is the idle time after which nothing is left of n failures.
func (b *backoff) forgotten(n int) time.Duration {
	return min(forgetAfter, time.Duration(bits.Len(uint(n)))*b.halfLife())
}

// A cooldown that upstream states is believed for an hour: many quotas are back
// long before. After it a call tries an hour, six hours, a day, two days and so
// on after the first failure.
const (
	believedFor = time.Hour
	secondProbe = 6 * time.Hour
	laterProbes = 24 * time.Hour
	// probeGap is the least time between two of them, where the first came late
	// because nobody called.
	probeGap = 10 * time.Minute
)

// nextProbe is when a stated cooldown that began at a moment is probed next.
func nextProbe(from, now time.Time) time.Time {
	soon := now.Add(probeGap)
	for _, after := range [...]time.Duration{believedFor, secondProbe} {
		if t := from.Add(after); t.After(soon) {
			return t
		}
	}
	return from.Add((soon.Sub(from)/laterProbes + 1) * laterProbes)
}
