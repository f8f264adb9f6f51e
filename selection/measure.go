package selection

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// manner is how a call wants its answer. What "first content" takes differs so
// much between the two that they are never compared.
type manner uint8

const (
	streamed manner = iota
	atOnce
	manners
)

// Constants of the measurement, in seconds.
const (
	// memorySpan is how long a sample counts: after it, a new one replaces
	// 63 % of what was believed.
	memorySpan = 30
	// leastWeight is the least a new sample counts, however quickly it follows.
	leastWeight = 0.02
	// halfLife is how long it takes for what was measured to count half if
	// nothing is measured any more. What was slow is tried again by this.
	halfLife = 120
	// A failure counts as a sample of twice what was believed, but at least and
	// at most this much.
	leastPenalty = 5
	maxPenalty   = 60
	// newPenalty is the sample of a failure where nothing was believed.
	newPenalty = 10
	// exploring is how long a call to something unmeasured may be under way
	// before another is sent after it.
	exploring = 60
)

// measure is how quick a target was.
//
// The value is a peak-EWMA: a sample above it replaces it at once, samples
// below draw it down slowly, so that trouble shows quickly and has to be
// lived down. Input size is taken out first, see fit.
type measure struct {
	mu       sync.Mutex
	tracks   [manners]track
	seen     bool  // something was observed, be it failure
	explored int64 // when a call was last sent to find out, unix nanoseconds
	waits    histogram
}

type track struct {
	seconds float64 // what an empty request takes
	at      int64   // when that was last changed, unix nanoseconds
	samples int     // failures included
	sizes   float64 // running mean of the request sizes
	times   float64 // running mean of the times, sizes not taken out
}

type sample struct {
	seconds, waited float64 // see Observation; 0: none
	size            float64 // bytes
	slope           float64 // seconds per byte
	ok              bool
	manner          manner
	now             int64
}

// add adds a sample. It returns how far the sample lies from the target's own
// means, for the fit of its model.
func (m *measure) add(s *sample) (dSize, dTime float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = true
	if !s.ok {
		for i := range m.tracks {
			m.tracks[i].penalise(s)
		}
		if s.manner == streamed && s.waited > 0 {
			m.waits.add(s.waited, s.now)
		}
		return 0, 0
	}
	if s.seconds <= 0 {
		return 0, 0
	}
	if s.manner == streamed {
		m.waits.add(s.seconds, s.now)
	}
	return m.tracks[s.manner].add(s)
}

func (t *track) add(s *sample) (dSize, dTime float64) {
	if t.sizes == 0 && t.times == 0 {
		t.sizes, t.times = s.size, s.seconds
	}
	dSize, dTime = s.size-t.sizes, s.seconds-t.times
	const drift = 0.05
	t.sizes += drift * dSize
	t.times += drift * dTime
	// The size explains a part of the time, never all of it.
	t.take(max(s.seconds-s.slope*s.size, s.seconds/10), s.now)
	return dSize, dTime
}

func (t *track) penalise(s *sample) {
	penalty := float64(newPenalty)
	if t.samples > 0 {
		penalty = max(2*t.now(s.now), leastPenalty)
	}
	t.take(min(max(penalty, s.seconds, s.waited), maxPenalty), s.now)
}

func (t *track) take(seconds float64, now int64) {
	believed := t.now(now)
	if t.samples > 0 && seconds < believed {
		keep := min(math.Exp(-sinceSeconds(t.at, now)/memorySpan), 1-leastWeight)
		seconds += (believed - seconds) * keep
	}
	t.seconds, t.at = seconds, max(now, t.at)
	t.samples++
}

// now is what is believed at a moment.
func (t *track) now(now int64) float64 {
	return t.seconds * math.Exp2(-sinceSeconds(t.at, now)/halfLife)
}

func sinceSeconds(from, to int64) float64 {
	return max(float64(to-from)/float64(time.Second), 0)
}

// reading is what a measure says at a moment.
type reading struct {
	seconds [manners]float64
	known   [manners]bool
	seen    bool
}

// read may be asked of a nil measure.
func (m *measure) read(now int64) (r reading) {
	if m == nil {
		return r
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r.seen = m.seen
	for i := range m.tracks {
		if t := &m.tracks[i]; t.samples > 0 {
			r.known[i], r.seconds[i] = true, t.now(now)
		}
	}
	return r
}

// explore reports whether nothing was ever observed and nobody is about to find
// out. If so, the caller is the one who does.
func (m *measure) explore(now int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen || m.explored != 0 && sinceSeconds(m.explored, now) < exploring {
		return false
	}
	m.explored = now
	return true
}

func (m *measure) limit() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waits.limit()
}

func (m *measure) clone() *measure {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &measure{tracks: m.tracks, seen: m.seen, explored: m.explored, waits: m.waits}
}

// rival is one of two that are compared.
type rival struct {
	reading
	load float64 // calls in flight for each key
}

// verdict is what a comparison says.
type verdict struct {
	second  bool // the second wins
	decided bool // one of them is better, it is no coin's affair
	byTime  bool // because of its time, or of what it has to do
	byLoad  bool // because of what it has to do alone
	times   [2]float64
}

// Two whose costs differ by less than this factor are equal: measurements are
// not better than that, and whoever wins by a hair would get everything.
const equalWithin = 1.25

// compare tells which of two is expected to answer a call sooner. The cost of
// each is its time to first content, multiplied by how much it has to do.
func compare(a, b *rival, m manner, inputSeconds float64) verdict {
	if !a.known[m] || !b.known[m] {
		m = 1 - m
	}
	if a.known[m] && b.known[m] {
		times := [2]float64{a.seconds[m] + inputSeconds, b.seconds[m] + inputSeconds}
		costs := [2]float64{times[0] * (1 + a.load), times[1] * (1 + b.load)}
		v := verdict{times: times, byTime: true, second: costs[1] < costs[0]}
		v.decided = max(costs[0], costs[1]) > equalWithin*min(costs[0], costs[1])
		return v
	}
	if a.seen != b.seen { // what was seen but not measured is no mystery either
		return verdict{second: b.seen, decided: true}
	}
	return verdict{second: b.load < a.load, decided: a.load != b.load, byLoad: true}
}

// fit is what a byte of input costs in a model: the slope of a straight line
// through size and time, learned from all its targets and forgetting slowly.
// Each target's samples count relative to its own means, so that a slow target
// with long conversations does not make size look expensive.
type fit struct {
	mu     sync.Mutex
	sums   [manners]struct{ sizes, both float64 }
	slopes [manners]atomic.Uint64 // bits of seconds per byte
}

const (
	fitMemory = 0.995 // what remains of a sample after the next
	// stiffness keeps the slope near 0 until sizes have differed by some 100 KB.
	stiffness = 1e10
	// steepest is 5 s for 100 KB of input, some 25,000 tokens.
	steepest = 5e-5
)

func (f *fit) slope(m manner) float64 {
	if f == nil {
		return 0
	}
	return math.Float64frombits(f.slopes[m].Load())
}

func (f *fit) add(m manner, dSize, dTime float64) {
	if dSize == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.sums[m]
	s.sizes = fitMemory*s.sizes + dSize*dSize
	s.both = fitMemory*s.both + dSize*dTime
	f.slopes[m].Store(math.Float64bits(min(max(s.both/(s.sizes+stiffness), 0), steepest)))
}

func (f *fit) clone() *fit {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &fit{sums: f.sums}
	for i := range f.slopes {
		c.slopes[i].Store(f.slopes[i].Load())
	}
	return c
}

// histogram counts waiting times in classes that grow by 2^(1/4), from 10 ms to
// 10 min. Old samples fade, by number and by age.
type histogram struct {
	counts [64]float32
	total  float32
	faded  int64 // when it last faded by age, unix nanoseconds
}

const (
	shortestWait = 0.010    // seconds, upper edge of the first class
	fadeAbove    = 1000     // samples
	fadeEvery    = 6 * 3600 // seconds
	enoughWaits  = 20
)

func (h *histogram) add(seconds float64, now int64) {
	if h.faded == 0 {
		h.faded = now
	}
	if h.total >= fadeAbove || sinceSeconds(h.faded, now) >= fadeEvery {
		h.fade(now)
	}
	class := math.Ceil(4 * math.Log2(seconds/shortestWait))
	h.counts[int(min(max(class, 0), float64(len(h.counts)-1)))]++
	h.total++
}

func (h *histogram) fade(now int64) {
	h.faded, h.total = now, 0
	for i := range h.counts {
		h.counts[i] /= 2
		h.total += h.counts[i]
	}
}

// quantile returns the upper edge, in seconds, of the class in which the given
// part of the samples is reached.
func (h *histogram) quantile(part float32) float64 {
	sum, top := float32(0), 0
	for i, n := range h.counts {
		if n > 0 {
			top = i
		}
		if sum += n; sum >= part*h.total && n > 0 {
			break
		}
	}
	return shortestWait * math.Exp2(float64(top)/4)
}

// Bounds of FirstContentLimit.
const (
	shortestLimit = 20 * time.Second
	longestLimit  = 5 * time.Minute
	limitFactor   = 4
)

func (h *histogram) limit() (time.Duration, bool) {
	if h.total < enoughWaits {
		return 0, false
	}
	limit := time.Duration(limitFactor * h.quantile(0.99) * float64(time.Second))
	return min(max(limit, shortestLimit), longestLimit), true
}
