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
	ByChannel  Dimension = "channel"  // the one that served, empty if none did
	ByKey      Dimension = "key"      // fingerprint of the key of the last attempt
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

// outcomeAt is the place of the outcome among the dimensions.
const outcomeAt = 5

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

func dimensionsOf(r *ai.Record) dimensionValues {
	key := ""
	if n := len(r.Attempts); n > 0 {
		key = r.Attempts[n-1].Target.Key
	}
	return dimensionValues{
		shortName(r.Channel), shortName(key), shortName(r.Model), shortName(r.Token), shortName(string(r.Protocol)),
		r.Outcome.String(),
	}
}

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

// addCost adds what of a call may change later, times sign.
func (c *counts) addCost(r *ai.Record, sign int64) {
	c[countCost] += sign * countable(int64(r.Cost.Amount))
	c[countListCost] += sign * countable(int64(r.Cost.List))
	c[countUnpriced] += sign * flag(r.Cost.Unpriced)
}

// addCall adds a call.
func (c *counts) addCall(r *ai.Record) {
	c[countCalls]++
	c[countAttempts] += int64(len(r.Attempts))
	c[countFailedOver] += flag(len(r.Attempts) > 1)
	c[countStreams] += flag(r.Stream)
	c[countInput] += countable(r.Usage.Input)
	c[countCachedInput] += countable(r.Usage.CachedInput)
	c[countCacheWrite] += countable(r.Usage.CacheWrite)
	c[countOutput] += countable(r.Usage.Output)
	c[countReasoning] += countable(r.Usage.Reasoning)
	c[countEstimated] += flag(r.Usage.Estimated)
	c[countDuration] += countable(r.Duration.Microseconds())
	c[countFirstContent] += countable(r.FirstContent.Microseconds())
	c[countFirstContents] += flag(r.FirstContent > 0)
	c.addCost(r, 1)
}

func (c *counts) add(other *counts) {
	for i, n := range other {
		c[i] += n
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

// minuteGroup is the group of a call in the finest roll-up.
func minuteGroup(r *ai.Record) group {
	return group{start: floor(max(nanos(r.Time), 0), minutely), values: dimensionsOf(r)}
}

// addCall counts a call.
func (g groups) addCall(r *ai.Record) {
	s := g.of(minuteGroup(r))
	s.addCall(r)
	if r.Outcome == ai.OK {
		s.duration.Add(r.Duration)
		if r.FirstContent > 0 {
			s.firstContent.Add(r.FirstContent)
		}
	}
}

// addCost corrects what a call cost.
func (g groups) addCost(r *ai.Record, sign int64) { g.of(minuteGroup(r)).addCost(r, sign) }

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
