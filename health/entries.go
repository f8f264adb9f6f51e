package health

import (
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// Entries lists everything that cools down or failed lately.
func (tr *Tracker) Entries() []Entry {
	now := tr.now()
	var list []Entry
	for _, a := range tr.scopeSets() {
		if a.count.Load() == 0 {
			continue
		}
		a.mu.Lock()
		tr.sweep(a, now)
		a.each(func(c *breaker) {
			if c.visible() {
				list = append(list, c.entry(now))
			}
		})
		a.mu.Unlock()
	}
	tr.deliver()
	slices.SortFunc(list, compareEntries)
	return list
}

// Restore takes back what Entries or Options.Changed told, after a restart or
// from another node. Nobody is told of it. An entry whose cooldown is over is due:
// it waits for its probe, and its count decays. What is known here and is newer
// stays.
func (tr *Tracker) Restore(entries []Entry) {
	now := tr.now()
	for i := range entries {
		e := &entries[i]
		if !e.valid() || backoffOf(e.Kind).class == harmless {
			continue
		}
		c := breaker{
			ref: e.Ref, until: e.Until, failures: min(max(0, e.Failures), maxFailures), kind: e.Kind, rule: e.Rule,
			message: e.Message, since: e.Since, pending: e.Failures > 0, announced: true,
			// Whether upstream stated it is not remembered; a limit usually is.
			stated: e.Failures > 0 && (e.Kind == ai.RateLimited || e.Kind == ai.QuotaExhausted && !e.Attention),
		}
		if most := now.Add(longestCooldown); c.until.After(most) {
			c.until = most
		}
		c.restoreWord(e, now)
		if !c.ends().After(now) {
			continue
		}
		a := tr.scopeSet(&e.Ref)
		a.mu.Lock()
		old := a.breakers(&e.Ref).breaker(&e.Ref)
		if old == nil || (old.until.Before(c.until) && old.holder == nil) {
			fresh := tr.add(a, e.Ref, now)
			c.low, c.epoch = fresh.low, fresh.epoch
			*fresh = c
			a.expect(fresh)
		}
		a.mu.Unlock()
	}
	tr.deliver()
}

// restoreWord takes back what upstream states, also of an entry from before such
// cooldowns were probed.
func (c *breaker) restoreWord(e *Entry, now time.Time) {
	switch {
	case e.StatedUntil.After(now):
		c.word, c.probesFrom = e.StatedUntil, e.Since
		if most := now.Add(longestCooldown); c.word.After(most) {
			c.word = most
		}
	case c.stated && !strings.HasPrefix(e.Rule, ruleName):
		c.probesFrom = e.Since
		if end := c.probeBefore(c.until, now); end.Before(c.until) {
			c.word, c.until = c.until, end
		}
	}
}
