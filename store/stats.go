package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// MostStats is the most rows that Stats answers.
const MostStats = 50_000

// StatsFilter says which statistics are wanted. Empty fields do not narrow.
//
// What happens once in a call counts at the channel and key of its last attempt:
// the one that served, or failed last. Attempts, tokens and costs count at the
// channel and key of each attempt. So whatever rows are told apart by, they add
// up to the same, to the rows of the calls and to what was spent of budgets.
//
// All calls written are in the statistics at once, and stay when they are
// pruned. Counters are exact, with these bounds: a name longer than 200 bytes
// counts as its beginning; what is below zero counts as 0, and a number of one call above 2^50 as
// that. Quantiles are off by at most 2 %, between a millisecond and an hour.
//
// The time is exact to the minute for the last MinutesKept, to the hour for the last
// HoursKept, and to the day, in UTC, before: Since and Until are moved outwards
// to whole minutes, hours or days of those that are still kept, and what is wider than
// Step counts where it begins. A call counts when it arrived.
//
// Quick is what tells apart or narrows by one dimension and by outcome, or by
// channel, key and outcome; everything else reads each combination of all
// dimensions that occurred.
type StatsFilter struct {
	Since time.Time // arrived then or later
	Until time.Time // arrived before

	// Step is the width of a row in time, a multiple of a minute; 0 makes one
	// row of the whole time. Steps are counted from Origin: zero is 1970 in UTC,
	// so that hours and days begin as they do in UTC.
	Step   time.Duration
	Origin time.Time

	// By are the dimensions that rows are told apart by.
	By []Dimension

	// Exact, or patterns as in CallFilter.
	Channel, Key, Model, Token, Protocol, Outcome string

	// Quantiles asks for them, which takes longer.
	Quantiles bool
}

// StatsRow is what the calls of a group add up to.
type StatsRow struct {
	Start time.Time `json:"start"` // of the step; StatsFilter.Since if there is none

	// The values of the dimensions asked for, the others empty. A value may be
	// empty too: no channel was asked.
	Channel  string `json:"channel,omitempty"`
	Key      string `json:"key,omitempty"`
	Model    string `json:"model,omitempty"`
	Token    string `json:"token,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Outcome  string `json:"outcome,omitempty"`

	Calls       int64    `json:"calls"` // 0 where only attempts were that another channel or key followed
	Attempts    int64    `json:"attempts"`
	FailedOver  int64    `json:"failed_over"` // calls of more than one attempt
	Streams     int64    `json:"streams"`
	Input       int64    `json:"input"` // tokens of the attempts, these five
	CachedInput int64    `json:"cached_input"`
	CacheWrite  int64    `json:"cache_write"`
	Output      int64    `json:"output"`
	Reasoning   int64    `json:"reasoning"`
	Cost        ai.Money `json:"usd"`
	ListCost    ai.Money `json:"list_usd"`
	Unpriced    int64    `json:"unpriced"`  // calls, at their first attempt that is
	Estimated   int64    `json:"estimated"` // calls, likewise

	// Sums in microseconds, of all calls, because nanoseconds would not fit.
	Duration      int64 `json:"duration_us"`
	FirstContent  int64 `json:"first_content_us"`
	FirstContents int64 `json:"first_contents"` // calls that had some

	// Of the calls that went well, if asked for and there are any.
	DurationQuantiles     *Quantiles `json:"duration,omitempty"`
	FirstContentQuantiles *Quantiles `json:"first_content,omitempty"`
}

// Quantiles are those of durations.
type Quantiles struct {
	P50 time.Duration `json:"p50_ns"`
	P95 time.Duration `json:"p95_ns"`
	P99 time.Duration `json:"p99_ns"`
}

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

// stretch is a time that is read from the roll-ups of one level.
type stretch struct {
	level       level
	from, until int64
}

// stretches divides the time asked for, so that as few rows as possible are
// read: whole stretches of the widest level that fits the step, the edges from
// finer ones. What is kept of no finer level is widened.
func (q *statsQuery) stretches(now time.Time) []stretch {
	widest := minutely
	for _, l := range levels {
		if q.step%int64(l) == 0 && q.origin%int64(l) == 0 {
			widest = l
		}
	}
	var list []stretch
	for i, finest := range slices.Backward(levels) { // the oldest first
		from, until := keptFrom(finest, now), nanos(lastMoment)
		if i > 0 {
			until = keptFrom(levels[i-1], now)
		}
		from, until = max(from, floor(q.since, finest)), min(until, ceiling(q.until, finest))
		if from < until {
			list = cover(list, i, max(i, slices.Index(levels, widest)), from, until)
		}
	}
	return list
}

// cover appends the stretches between two bounds of the finest level, the
// widest first tried.
func cover(list []stretch, finest, widest int, from, until int64) []stretch {
	l := levels[widest]
	begin, end := ceiling(from, l), floor(until, l)
	if widest == finest {
		return append(list, stretch{l, from, until})
	}
	if begin >= end {
		return cover(list, finest, widest-1, from, until)
	}
	if from < begin {
		list = cover(list, finest, widest-1, from, begin)
	}
	list = append(list, stretch{l, begin, end})
	if end < until {
		list = cover(list, finest, widest-1, end, until)
	}
	return list
}

// ceiling is the first begin of a stretch at a moment or after it.
func ceiling(moment int64, l level) int64 {
	down := floor(moment, l)
	if down == moment || down > nanos(lastMoment)-int64(l) {
		return moment
	}
	return down + int64(l)
}

// fill makes a row of a group's sums.
func (q *statsQuery) fill(key group, s *sums) StatsRow {
	v, n := &key.values, &s.counts
	row := StatsRow{
		Start: q.whole, Channel: v[0], Key: v[1], Model: v[2], Token: v[3], Protocol: v[4], Outcome: v[5],
		Calls: n[countCalls], Attempts: n[countAttempts], FailedOver: n[countFailedOver], Streams: n[countStreams],
		Input: n[countInput], CachedInput: n[countCachedInput], CacheWrite: n[countCacheWrite], Output: n[countOutput],
		Reasoning: n[countReasoning], Cost: ai.Money(n[countCost]), ListCost: ai.Money(n[countListCost]),
		Unpriced: n[countUnpriced], Estimated: n[countEstimated],
		Duration: n[countDuration], FirstContent: n[countFirstContent], FirstContents: n[countFirstContents],
	}
	if q.step > 0 {
		row.Start = time.Unix(0, key.start).UTC()
	}
	if s.duration.Count() > 0 {
		row.DurationQuantiles = &Quantiles{s.duration.Quantile(0.5), s.duration.Quantile(0.95), s.duration.Quantile(0.99)}
	}
	if s.firstContent.Count() > 0 {
		row.FirstContentQuantiles = &Quantiles{s.firstContent.Quantile(0.5), s.firstContent.Quantile(0.95), s.firstContent.Quantile(0.99)}
	}
	return row
}
