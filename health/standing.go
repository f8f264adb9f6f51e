package health

import "time"

// This file is for who remembers what Ready said of many channels: it stands
// until Changes grows, or until the moment that Standing names.

// Changes counts what was reported, by anybody and of anything, that may change
// what Ready says. What the passing of time changes is not counted. Whoever reads
// it before asking Ready knows of all that came later by its growth.
func (c *Channel) Changes() uint64 { return c.tracker.changes.Load() }

// Standing is until when what Ready says of a channel stands if nothing is
// reported: the next moment at which a cooldown or the time of a probe ends, or
// something is forgotten. It is zero if time changes nothing. Readiness.Low is
// not meant.
func (c *Channel) Standing(now time.Time) (until time.Time) {
	if c.calm() {
		return time.Time{}
	}
	c.lock(now)
	defer c.unlock()
	earlier := func(t time.Time) {
		if t.After(now) && (until.IsZero() || t.Before(until)) {
			until = t
		}
	}
	for _, a := range [...]*scopeSet{c.shared, c.scopeSet} {
		if a == nil {
			continue
		}
		a.each(func(br *breaker) {
			earlier(br.until)
			earlier(br.word)
			earlier(br.ends())
			if br.holder != nil {
				earlier(br.holderEnds)
			}
		})
	}
	return until
}
