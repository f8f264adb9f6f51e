package store

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// MaxStats is the most rows that Stats answers.
const MaxStats = 50_000

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
