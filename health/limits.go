package health

import (
	"net/http"
	"strconv"
	"time"
)

// windows are the headers that say how much of a limit is left, with every
// answer (docs.anthropic.com/en/api/rate-limits,
// platform.openai.com/docs/guides/rate-limits). They speak of one key and one
// model. Names are canonical.
var windows = []struct{ remaining, limit, reset string }{
	{"Anthropic-Ratelimit-Requests-Remaining", "Anthropic-Ratelimit-Requests-Limit", "Anthropic-Ratelimit-Requests-Reset"},
	{"Anthropic-Ratelimit-Tokens-Remaining", "Anthropic-Ratelimit-Tokens-Limit", "Anthropic-Ratelimit-Tokens-Reset"},
	{"Anthropic-Ratelimit-Input-Tokens-Remaining", "Anthropic-Ratelimit-Input-Tokens-Limit", "Anthropic-Ratelimit-Input-Tokens-Reset"},
	{"Anthropic-Ratelimit-Output-Tokens-Remaining", "Anthropic-Ratelimit-Output-Tokens-Limit", "Anthropic-Ratelimit-Output-Tokens-Reset"},
	{"X-Ratelimit-Remaining-Requests", "X-Ratelimit-Limit-Requests", "X-Ratelimit-Reset-Requests"},
	{"X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Limit-Tokens", "X-Ratelimit-Reset-Tokens"},
}

// unifiedWindows are those of Anthropic's subscriptions: which part of five
// hours and of a week is used, for the whole account, whatever the model.
var unifiedWindows = []struct{ utilization, status, reset string }{
	{"Anthropic-Ratelimit-Unified-5h-Utilization", "Anthropic-Ratelimit-Unified-5h-Status", "Anthropic-Ratelimit-Unified-5h-Reset"},
	{"Anthropic-Ratelimit-Unified-7d-Utilization", "Anthropic-Ratelimit-Unified-7d-Status", "Anthropic-Ratelimit-Unified-7d-Reset"},
}

const (
	// lowPart is the part of a limit below which a key is avoided while others
	// have more: one in lowPart.
	lowPart = 20
	// shortestWindow is the shortest cooldown worth the trouble: a bucket that is
	// full again within a second is not used up.
	shortestWindow = time.Second
	// longestWindow bounds what a header of a good answer may ask for.
	longestWindow = 24 * time.Hour
)

// remaining is what the headers of a good answer say of its key.
type remaining struct {
	cooldownUntil time.Time // nothing is left of a limit until then (this model)
	lowUntil      time.Time // little is left until then (this model)
	keyLowUntil   time.Time // little is left until then (whole key)
}

func (l *remaining) any() bool {
	return !l.cooldownUntil.IsZero() || !l.lowUntil.IsZero() || !l.keyLowUntil.IsZero()
}

// readLimits reads the headers of a good answer.
func readLimits(h http.Header, now time.Time) (l remaining) {
	if len(h) == 0 {
		return l
	}
	for i := range windows {
		w := &windows[i]
		remaining, ok := count(h, w.remaining)
		if !ok {
			continue
		}
		limit, known := count(h, w.limit)
		if known && limit <= 0 { // some relays send zeros
			continue
		}
		switch {
		case remaining <= 0:
			l.cooldownUntil = later(l.cooldownUntil, windowEnd(h, w.reset, now))
		case known && remaining*lowPart < limit:
			l.lowUntil = later(l.lowUntil, windowEnd(h, w.reset, now))
		}
	}
	for i := range unifiedWindows {
		w := &unifiedWindows[i]
		if v := h[w.utilization]; len(v) > 0 {
			if used, err := strconv.ParseFloat(v[0], 64); err == nil && used > 1-1.0/lowPart {
				l.keyLowUntil = later(l.keyLowUntil, windowEnd(h, w.reset, now))
			}
		}
	}
	return l
}

// count reads a header as a whole number.
func count(h http.Header, name string) (int64, bool) {
	v := h[name]
	if len(v) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(v[0], 10, 64)
	return n, err == nil && n < 1<<56
}

// windowEnd reads when a limit is renewed; zero if that is unknown, over, or
// not worth the trouble.
func windowEnd(h http.Header, name string, now time.Time) time.Time {
	t := parseMoment(h.Get(name), now)
	if t.Sub(now) < shortestWindow {
		return time.Time{}
	}
	if most := now.Add(longestWindow); t.After(most) {
		return most
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
