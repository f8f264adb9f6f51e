package store

import (
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/quantile"
)

// Roll-ups are what calls add up to, by minute, hour and day. WriteCalls adds
// up its batch and writes the sums as one row of rollup_pending, in the
// transaction of the calls; about once a minute what is pending is folded into
// the table rollups, each group once for the whole minute, which is what makes
// it cheap. Whoever reads adds what is still pending to what is folded, so at
// any moment both together are what the calls add up to.

// Dimension is what calls are told apart by in statistics.
type Dimension string

// The dimensions.
const (
	ByChannel  Dimension = "channel"  // of the attempt, empty for calls without any
	ByKey      Dimension = "key"      // fingerprint of the key of the attempt
	ByModel    Dimension = "model"    // as the client named it
	ByToken    Dimension = "token"    // of the client
	ByProtocol Dimension = "protocol" // of the client
	ByOutcome  Dimension = "outcome"  // of the whole call
)

// Dimensions are all of them.
var Dimensions = []Dimension{ByChannel, ByKey, ByModel, ByToken, ByProtocol, ByOutcome}

// dimensionColumns are their columns, in the same order.
var dimensionColumns = [dimensionCount]string{"channel", "key_id", "model", "token", "protocol", "outcome"}

const dimensionCount = 6

// Places among the dimensions.
const (
	channelAt = 0
	keyAt     = 1
	outcomeAt = 5
)

// dimensionSet is a set of dimensions: bit i stands for Dimensions[i].
type dimensionSet uint8

// every is all dimensions.
const every dimensionSet = 1<<dimensionCount - 1

func (s dimensionSet) has(i int) bool { return s&(1<<i) != 0 }

// cuts are the sets that roll-ups are kept by, from those of few groups to
// those of many. Statistics are read from the first that tells enough apart. A
// key belongs to its channel, so it makes no more groups with it than alone.
var cuts = []dimensionSet{
	1<<4 | 1<<outcomeAt,        // protocol
	1<<0 | 1<<outcomeAt,        // channel
	1<<2 | 1<<outcomeAt,        // model
	1<<3 | 1<<outcomeAt,        // token
	1<<0 | 1<<1 | 1<<outcomeAt, // channel and key
	every,
}

// cutFor is the one of fewest groups that tells these apart.
func cutFor(need dimensionSet) dimensionSet {
	for _, cut := range cuts {
		if need&^cut == 0 {
			return cut
		}
	}
	return every
}

// dimensionValues are the values of the dimensions, in their order.
type dimensionValues [dimensionCount]string

// only empties what is not in the set.
func (v dimensionValues) only(set dimensionSet) dimensionValues {
	for i := range v {
		if !set.has(i) {
			v[i] = ""
		}
	}
	return v
}

// longestName is the most bytes of a name by which calls are told apart in
// statistics; longer ones count as what they begin with.
const longestName = 200

func shortName(s string) string { return ai.CutBytes(clean(s), longestName) }

// counts are the counters of a roll-up, in the order of countColumns.
type counts [countCount]int64

const (
	countCalls = iota
	countAttempts
	countFailedOver
	countStreams
	countInput
	countCachedInput
	countCacheWrite
	countOutput
	countReasoning
	countCost
	countListCost
	countUnpriced
	countEstimated
	countDuration
	countFirstContent
	countFirstContents
	countCount
)

// countColumns are the columns of the counters.
var countColumns = [countCount]string{
	"calls", "attempts", "failed_over", "streams", "input_tokens", "cached_input_tokens", "cache_write_tokens",
	"output_tokens", "reasoning_tokens", "cost", "list_cost", "unpriced", "estimated", "duration_us", "first_content_us",
	"first_contents",
}

// maxOfOne is the most that one call adds to a counter: a thousand million
// million tokens, a million dollars, thirty years. More is a mistake of somebody, which
// must not make the sums overflow.
const maxOfOne = 1 << 50

func countable(n int64) int64 { return min(max(n, 0), maxOfOne) }

func (c *counts) add(other *counts) { c.addTimes(other, 1) }

func (c *counts) addTimes(other *counts, sign int64) {
	for i, n := range other {
		c[i] += sign * n
	}
}

// sums are what the calls of a group add up to.
type sums struct {
	counts
	duration, firstContent quantile.Sketch // of calls that went well
}

func (s *sums) merge(other *sums) {
	s.add(&other.counts)
	s.duration.Merge(&other.duration)
	s.firstContent.Merge(&other.firstContent)
}

// group is whose sums they are: the calls that arrived in a stretch of time and
// have the same values. start is its begin, in nanoseconds.
type group struct {
	start  int64
	values dimensionValues
}

// groups are sums by group.
type groups map[group]*sums

func (g groups) of(key group) *sums {
	s := g[key]
	if s == nil {
		s = new(sums)
		g[key] = s
	}
	return s
}

// level is the width of what a roll-up covers.
type level = time.Duration

// The levels, and how long those that take much space are kept. Days are kept
// for good.
const (
	minutely level = time.Minute
	hourly   level = time.Hour
	daily    level = 24 * time.Hour

	MinutesKept = 3 * 24 * time.Hour
	HoursKept   = 100 * 24 * time.Hour
)

var levels = []level{minutely, hourly, daily}

// floor is the begin of the stretch that a moment, in nanoseconds, is in.
func floor(moment int64, l level) int64 {
	rest := moment % int64(l)
	if rest < 0 {
		rest += int64(l)
	}
	return moment - rest
}
