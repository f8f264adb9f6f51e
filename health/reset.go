package health

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
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

// textReset reads the message.
func textReset(f *facts, now time.Time) time.Time {
	text := f.Failure.Message
	if text == "" {
		text = f.text
	}
	text = text[:min(len(text), textLimit)]
	if m := relative.FindStringSubmatchIndex(text); m != nil {
		if d := leadingSpan(text[m[2]:]); d > 0 {
			return after(now, d)
		}
	}
	if m := chinese.FindString(text); m != "" {
		if d := leadingSpan(m); d > 0 {
			return after(now, d)
		}
	}
	for _, m := range absolute.FindAllStringSubmatch(text, 4) {
		if t := moment(m, now); t.After(now) {
			return t
		}
	}
	if m := piped.FindStringSubmatch(text); m != nil {
		return parseMoment(m[1], now)
	}
	return time.Time{}
}

// china is the zone of the stamps without zone that are met: Z.ai and Zhipu
// write Beijing time in every language.
var china = time.FixedZone("UTC+8", 8*60*60)

// moment makes a time of absolute's groups. A stamp without zone is read as
// Beijing time, and as UTC if that is over already: the earlier of the two that
// is still to come. Too early costs one refused probe, too late costs hours.
func moment(m []string, now time.Time) time.Time {
	stamp := m[1] + "-" + m[2] + "-" + m[3] + "T" + m[4]
	switch zone := m[5]; zone {
	case "":
		if t, err := time.ParseInLocation("2006-01-02T15:04:05", stamp, china); err == nil && t.After(now) {
			return t
		}
		stamp += "Z"
	case "UTC", "GMT":
		stamp += "Z"
	default:
		if len(zone) == len("+0800") {
			zone = zone[:3] + ":" + zone[3:]
		}
		stamp += zone
	}
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return time.Time{}
	}
	return t
}

// midnightPacific is when Gemini renews its daily quotas
// (ai.google.dev/gemini-api/docs/rate-limits). The RetryInfo beside such an
// error speaks of seconds and is of no use.
func midnightPacific(_ *facts, now time.Time) time.Time {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		zone = time.FixedZone("PST", -8*60*60) // no zone data on this machine: an hour late in summer
	}
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// parseMoment reads a moment in any of the forms that headers and fields use:
// RFC 3339, an HTTP date, a Go-like span ("1s", "6m0s", "120ms", "2d5h"), and
// numbers: unix milliseconds, unix seconds or seconds from now by their size.
// Zero if it is none of them.
func parseMoment(s string, now time.Time) time.Time {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return time.Time{}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case n >= 1e11 && n < 1e14: // milliseconds; 1e11 is 1973
			return time.UnixMilli(int64(n))
		case n >= 1e8 && n < 1e11: // seconds; 1e8 from now would be three years
			return time.UnixMicro(int64(n * 1e6))
		case n > 0 && n < 1e8:
			return after(now, n*float64(time.Second))
		}
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	if m := absolute.FindStringSubmatch(s); m != nil {
		return moment(m, now)
	}
	if t, err := http.ParseTime(s); err == nil {
		return t
	}
	if d := leadingSpan(s); d > 0 {
		return after(now, d)
	}
	return time.Time{}
}

// after adds a span given in nanoseconds, bounded, so that no number can
// overflow.
func after(now time.Time, nanoseconds float64) time.Time {
	if nanoseconds >= float64(longestCooldown) {
		return now.Add(longestCooldown)
	}
	return now.Add(time.Duration(nanoseconds))
}

// units are what a number may be followed by.
var units = map[string]time.Duration{
	"ms": time.Millisecond, "msec": time.Millisecond, "millisecond": time.Millisecond,
	"s": time.Second, "sec": time.Second, "second": time.Second, "秒": time.Second, "秒后": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "分钟": time.Minute, "分钟后": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "小时": time.Hour, "小时后": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "天": 24 * time.Hour, "天后": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// leadingSpan reads numbers with units at the beginning of s ("6m0s", "59.4s",
// "4 days 3 hours and 20 minutes") and returns nanoseconds. A lone number
// is seconds; the beginning of a date or of anything else is 0.
func leadingSpan(s string) float64 {
	total, found := 0.0, false
	for {
		s = strings.TrimPrefix(strings.TrimLeft(s, " ,"), "and ")
		end := 0
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' && end+1 < len(s) && s[end+1] >= '0' && s[end+1] <= '9') {
			end++
		}
		n, err := strconv.ParseFloat(s[:end], 64)
		if err != nil {
			return total
		}
		s = s[end:]
		if !found && s != "" && strings.ContainsRune("-:/", rune(s[0])) {
			return 0
		}
		s = strings.TrimLeft(s, " ")
		word := s
		if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
			word = s[:i]
		}
		unit, ok := units[strings.ToLower(word)]
		if !ok {
			unit, ok = units[strings.TrimSuffix(strings.ToLower(word), "s")]
		}
		if !ok {
			if !found && word == "" {
				return n * float64(time.Second)
			}
			return total
		}
		total, found = total+n*float64(unit), true
		s = s[len(word):]
	}
}
