package health

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// resetter finds the moment from which upstream will serve again; zero if it
// does not say, or says something that cannot be.
type resetter func(f *facts, now time.Time) time.Time

// statedReset looks where servers usually say it: in headers made for it, in
// fields of the error, in the message. A header that is made for retries comes
// first, because it speaks of this request; the headers of the limits speak of
// whole windows.
func statedReset(f *facts, now time.Time) time.Time {
	return firstFuture(f, now, retryAfter, failureReset, limitReset, fieldReset, textReset)
}

// saidReset prefers what the error itself says: for an allowance that is used
// up a Retry-After is often the proxy's own guess.
func saidReset(f *facts, now time.Time) time.Time {
	return firstFuture(f, now, failureReset, fieldReset, textReset, retryAfter, limitReset)
}

func firstFuture(f *facts, now time.Time, byName ...resetter) time.Time {
	for _, look := range byName {
		if t := look(f, now); t.After(now) {
			return t
		}
	}
	return time.Time{}
}

// retryAfter reads Retry-After (RFC 9110: seconds or a date) and OpenAI's and
// Azure's retry-after-ms. Zero says nothing: Azure sends it beside a real one.
func retryAfter(f *facts, now time.Time) time.Time {
	if ms, err := strconv.ParseFloat(f.Header.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return after(now, ms*float64(time.Millisecond))
	}
	return parseMoment(f.Header.Get("Retry-After"), now)
}

// failureReset reads what the error's own fields say.
func failureReset(f *facts, now time.Time) time.Time {
	if f.Failure.RetryAfter > 0 {
		return after(now, float64(f.Failure.RetryAfter))
	}
	return f.Failure.Reset
}

// limitReset reads the headers of the limits, of which several may be used up:
// the last one to be renewed counts. If none says that it is used up, the
// request was too large for what is left of one, and the first to be renewed
// is the best guess.
func limitReset(f *facts, now time.Time) time.Time {
	if f.Status != http.StatusTooManyRequests {
		return time.Time{}
	}
	if t := unifiedReset(f, now); t.After(now) {
		return t
	}
	var last, first time.Time
	for i := range windows {
		w := &windows[i]
		reset := parseMoment(f.Header.Get(w.reset), now)
		if !reset.After(now) {
			continue
		}
		if left, ok := count(f.Header, w.remaining); ok && left <= 0 && reset.After(last) {
			last = reset
		}
		if first.IsZero() || reset.Before(first) {
			first = reset
		}
	}
	if !last.IsZero() {
		return last
	}
	if !first.IsZero() {
		return first
	}
	return parseMoment(f.Header.Get("X-Ratelimit-Reset"), now)
}

// unifiedReset reads the headers of Anthropic's subscriptions: the windows that
// are rejected count, the last one to be renewed if there are several.
func unifiedReset(f *facts, now time.Time) time.Time {
	var last time.Time
	for _, w := range unifiedWindows {
		if f.Header.Get(w.status) != "rejected" {
			continue
		}
		if t := parseMoment(f.Header.Get(w.reset), now); t.After(last) {
			last = t
		}
	}
	if last.After(now) {
		return last
	}
	return parseMoment(f.Header.Get("Anthropic-Ratelimit-Unified-Reset"), now)
}

// resetFields are names of body fields, e.g. of Codex (resets_at,
// resets_in_seconds) and CLIProxyAPI (reset_seconds, quotaResetDelay).
var resetFields = regexp.MustCompile(`(?i)"(resets_in_seconds|reset_seconds|reset_in_seconds|resets_at|reset_at|reset_time|resetTime|resetsAt|` +
	`quotaResetDelay|quotaResetTimeStamp|retry_after|retryAfter|retry_after_seconds|retry_after_ms|retryDelay)"\s*:\s*(?:"([^"]{1,64})"|([0-9.]{1,20}))`)

// fieldReset reads fields of the body. A span is more robust than a moment,
// since it needs no common clock.
func fieldReset(f *facts, now time.Time) time.Time {
	var moment time.Time
	for _, m := range resetFields.FindAllSubmatch(f.Body[:min(len(f.Body), bodyLimit)], 8) {
		name, value := strings.ToLower(string(m[1])), string(m[2])+string(m[3])
		if strings.HasSuffix(name, "_ms") {
			value += "ms"
		}
		t := parseMoment(value, now)
		if !t.After(now) {
			continue
		}
		if strings.Contains(name, "second") || strings.Contains(name, "delay") || strings.Contains(name, "after") {
			return t
		}
		if moment.IsZero() {
			moment = t
		}
	}
	return moment
}

var (
	// relative finds the number after "try again in", "retry after", "resets in" …
	relative = regexp.MustCompile(`(?i)(?:try again|retry|retried|wait|resets?|available again|come back)(?:[^\n0-9]{0,60}?(?:\bin|\bafter|\bfor|:))?\s+(?:about |approximately |at least )?([0-9])`)
	// chinese finds "30 秒后" and its like.
	chinese = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)\s*(秒|分钟|小时|天)(?:后|之后|以后)`)
	// absolute finds a date with a time, with or without a zone.
	absolute = regexp.MustCompile(`([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?\s?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?`)
	// piped finds the unix time of "Claude AI usage limit reached|1749924000".
	piped = regexp.MustCompile(`\|([0-9]{10,13})\b`)
)
