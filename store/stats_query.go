package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// statsQuery is a StatsFilter made ready.
type statsQuery struct {
	since, until int64 // nanoseconds
	step, origin int64 // step 0: none; origin is at or before every start
	whole        time.Time
	by           dimensionSet
	cut          dimensionSet
	filter       dimensionValues // empty: any
	quantiles    bool
	pattern      pattern
}

// query checks a filter.
func (f *StatsFilter) query() (q statsQuery, err error) {
	if f.Step < 0 || f.Step%time.Minute != 0 {
		return q, fmt.Errorf("step %v: must be a multiple of a minute", f.Step)
	}
	q = statsQuery{
		since: 0, until: nanos(lastMoment), step: int64(f.Step), whole: f.Since.UTC(), quantiles: f.Quantiles,
		filter: dimensionValues{f.Channel, f.Key, f.Model, f.Token, f.Protocol, f.Outcome},
	}
	if !f.Since.IsZero() {
		q.since = max(nanos(f.Since), 0)
	}
	if !f.Until.IsZero() {
		q.until = max(nanos(f.Until), 0)
	}
	if q.step > 0 && !f.Origin.IsZero() {
		// A whole number of steps before 1970, where nothing is.
		q.origin = floor(nanos(f.Origin), minutely) % q.step
		if q.origin > 0 {
			q.origin -= q.step
		}
	}
	need := dimensionSet(0)
	for _, d := range f.By {
		i := slices.Index(Dimensions, d)
		if i < 0 {
			return q, fmt.Errorf("there is no dimension %q in statistics", d)
		}
		q.by |= 1 << i
	}
	for i, value := range q.filter {
		if value != "" {
			need |= 1 << i
		}
		if !strings.Contains(value, "*") {
			q.filter[i] = shortName(value)
		}
	}
	q.cut = cutFor(need | q.by)
	return q, nil
}

// bucket is the begin of the step that a moment is in.
func (q *statsQuery) bucket(moment int64) int64 {
	if q.step == 0 {
		return 0
	}
	return moment - (moment-q.origin)%q.step
}

// matches reports whether a group fits.
func (q *statsQuery) matches(key group) bool {
	for i, want := range q.filter {
		got := key.values[i]
		switch {
		case want == "" || want == got:
		case !strings.Contains(want, "*") || !matchesPattern(want, got):
			return false
		}
	}
	return true
}

// matchesPattern says what LIKE says in the database: * is any run of
// characters, and the case of ASCII letters is ignored.
func matchesPattern(pattern, s string) bool {
	parts := strings.Split(lowerASCII(pattern), "*")
	s = lowerASCII(s)
	s, begins := strings.CutPrefix(s, parts[0])
	if !begins {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, rest, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = rest
	}
	return strings.HasSuffix(s, parts[last])
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
