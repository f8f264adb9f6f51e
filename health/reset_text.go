package health

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
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
