package protocol

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// googleDetail reads one entry of a Google error's details.
func googleDetail(f *ai.Failure, m object) {
	waits(f, m)
	meta := membersOf(m["metadata"])
	waits(f, meta)
	set(&f.Code, m.text("reason")) // ErrorInfo
	if meta.text("model") != "" {
		f.Model = true
	}
	violations := m["violations"]
	if len(violations) == 0 || violations[0] != '[' {
		return
	}
	_ = scan.Elements(violations, func(start, end int) bool {
		v := membersOf(violations[start:end])
		dimensions := membersOf(v["quotaDimensions"])
		if strings.Contains(v.text("quotaId"), "PerModel") || dimensions.text("model") != "" {
			f.Model = true
		}
		return true
	})
}

// waits reads the fields that say how long to wait, or until when.
func waits(f *ai.Failure, m object) {
	if len(m) == 0 {
		return
	}
	if f.RetryAfter == 0 {
		f.RetryAfter = wait(m)
	}
	if f.Reset.IsZero() {
		for _, name := range []string{"resets_at", "reset_at", "resetsAt", "resetAt", "reset_time", "resetTime", "quotaResetTimeStamp"} {
			if at := moment(m.text(name)); !at.IsZero() {
				f.Reset = at
				return
			}
		}
	}
}

// wait reads a duration from the fields that vendors use for it.
func wait(m object) time.Duration {
	for _, field := range [...]struct {
		name string
		unit time.Duration // of a bare number
	}{
		{"retryDelay", time.Second},
		{"retry_delay", time.Second},
		{"retry_after_ms", time.Millisecond},
		{"retry_after", time.Second},
		{"retryAfter", time.Second},
		{"retry_after_seconds", time.Second},
		{"resets_in_seconds", time.Second},
		{"reset_seconds", time.Second},
		{"reset_after", time.Second},
		{"quotaResetDelay", time.Second},
	} {
		raw, ok := m[field.name]
		if !ok {
			continue
		}
		if inner := membersOf(raw); inner != nil { // protobuf as JSON: {"seconds":26,"nanos":0}
			seconds, _ := scan.Int(inner["seconds"])
			nanos, _ := scan.Int(inner["nanos"])
			if d := span(float64(seconds), time.Second) + span(float64(nanos), 1); d > 0 {
				return d
			}
			continue
		}
		text := m.text(field.name)
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			if d := span(n, field.unit); d > 0 {
				return d
			}
		} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return d
		}
	}
	return 0
}

// span is n units, or 0 where that is no sensible wait.
func span(n float64, unit time.Duration) time.Duration {
	d := n * float64(unit)
	if math.IsNaN(d) || d <= 0 || d > float64(10*365*24*time.Hour) {
		return 0
	}
	return time.Duration(d)
}

// moment reads a point in time: RFC 3339, or Unix seconds or milliseconds. A
// small number is no moment but a wait that was badly named.
func moment(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	const first, last = 1e9, 1e11 // 2001 and 5138 in seconds
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n):
	case n >= first && n < last:
		return time.UnixMilli(int64(n * 1000))
	case n >= first*1000 && n < last*1000:
		return time.UnixMilli(int64(n))
	}
	return time.Time{}
}
