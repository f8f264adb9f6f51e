package access

import (
	"sync"
	"sync/atomic"
	"time"
)

// Meters holds what has been used of every limited thing, by name: tokens and
// channels. It lives as long as the process, so a new config finds the windows
// and counters of the old one. It is safe for concurrent use.
type Meters struct {
	mu     sync.Mutex
	byName map[string]*Meter
}

// NewMeters returns an empty set.
func NewMeters() *Meters { return &Meters{byName: make(map[string]*Meter)} }

// Meter returns the meter of a name, making it if need be. It is meant to be
// asked once per config and name, not once per call.
func (m *Meters) Meter(name string) *Meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	meter := m.byName[name]
	if meter == nil {
		meter = new(Meter)
		m.byName[name] = meter
	}
	return meter
}

// Meter counts the calls of one thing: those under way, and those that began
// within the last 60 seconds. Limits are given with each call because they may
// change while the counts go on. The zero value is ready; it must not be
// copied.
//
// Where no rate is set nothing is remembered of a call but that it is under
// way, and no lock is taken. A rate that is set later starts from there.
type Meter struct {
	inFlight atomic.Int64
	mu       sync.Mutex
	window   window
}

// TryAcquire admits a call that begins now if fewer than rpm calls began in
// the 60 seconds before it and fewer than max are under way; 0 means no limit.
// If it was admitted, exactly one Release or Cancel must follow. If not, over
// says which limit was in the way, and nothing is counted.
func (m *Meter) TryAcquire(now time.Time, rpm, max int) (ok bool, over Limit) {
	if rpm > 0 {
		return m.tryAcquireRated(sinceEpoch(now), rpm, max)
	}
	if !m.takeSlot(max) {
		return false, LimitConcurrency
	}
	return true, ""
}

// tryAcquireRated takes nothing before it knows that it gets both, so that
// nobody is refused for what somebody else could not use.
func (m *Meter) tryAcquireRated(now time.Duration, rpm, max int) (ok bool, over Limit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.window.forget(now)
	if m.window.total >= rpm {
		return false, LimitRPM
	}
	if !m.takeSlot(max) {
		return false, LimitConcurrency
	}
	m.window.add(now, rpm)
	return true, ""
}

// takeSlot compares and swaps rather than adding and taking back, because the
// moment in between could refuse somebody else for nothing.
func (m *Meter) takeSlot(max int) bool {
	if max <= 0 {
		m.inFlight.Add(1)
		return true
	}
	for {
		n := m.inFlight.Load()
		if n >= int64(max) {
			return false
		}
		if m.inFlight.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release ends a call that was admitted.
func (m *Meter) Release() { m.inFlight.Add(-1) }

// Cancel undoes an admission that led to nothing: the call is neither under
// way nor counted in the window. rpm is the limit it was admitted with.
func (m *Meter) Cancel(rpm int) {
	m.Release()
	if rpm > 0 {
		m.mu.Lock()
		m.window.takeBack()
		m.mu.Unlock()
	}
}

// InFlight is the number of calls under way.
func (m *Meter) InFlight() int { return int(m.inFlight.Load()) }

// RetryAfter is how long it takes, from now, until the rate has room for a
// call; 0 if it has.
func (m *Meter) RetryAfter(now time.Time, rpm int) time.Duration {
	if rpm <= 0 {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.window.wait(sinceEpoch(now), rpm)
}

// epoch turns times into numbers by the monotonic clock, where they have it:
// a wall clock that is set back must not stretch anybody's minute.
var epoch = time.Now()

func sinceEpoch(now time.Time) time.Duration { return now.Sub(epoch) }

const minute = time.Minute

// exactEntries is how many calls of a window are remembered one by one. For a
// limit above it, calls that begin within minute/exactEntries (59 ms) share an
// entry that leaves the window with the last of them: the limit is never
// exceeded in any 60 seconds, and memory stays below 50 KB.
const exactEntries = 1024

// window is the calls that began within the last minute, oldest first, in a
// ring.
type window struct {
	ring  []entry // length is a power of two, or 0
	first int
	used  int
	total int // sum of the counts of all entries
}

// entry is one call, or several that began close together.
type entry struct {
	began time.Duration // of the first of them
	last  time.Duration // of the last of them
	count int
}

// add counts a call that begins now.
func (w *window) add(now time.Duration, limit int) {
	w.total++
	if w.used > 0 {
		newest := w.at(w.used - 1)
		now = max(now, newest.last) // callers may come in another order than their times
		if limit > exactEntries && now-newest.began < minute/exactEntries {
			newest.last = now
			newest.count++
			return
		}
	}
	if w.used == len(w.ring) {
		w.grow()
	}
	w.used++
	*w.at(w.used - 1) = entry{began: now, last: now, count: 1}
}

// takeBack forgets the newest call. It may be another than the one that is
// meant; that one then takes the other's place, which began about as lately.
func (w *window) takeBack() {
	if w.used == 0 {
		return
	}
	w.total--
	if e := w.at(w.used - 1); e.count > 1 {
		e.count--
	} else {
		w.used--
	}
}

// wait is how long it takes until fewer than limit calls are in the window.
func (w *window) wait(now time.Duration, limit int) time.Duration {
	w.forget(now)
	left := w.total
	for i := 0; left >= limit && i < w.used; i++ {
		e := w.at(i)
		if left -= e.count; left < limit {
			return e.last + minute - now
		}
	}
	return 0
}

// forget drops the calls that began a minute ago or earlier.
func (w *window) forget(now time.Duration) {
	for w.used > 0 && now-w.ring[w.first].last >= minute {
		w.total -= w.ring[w.first].count
		w.first = (w.first + 1) & (len(w.ring) - 1)
		w.used--
	}
}

// at is the i-th oldest entry.
func (w *window) at(i int) *entry { return &w.ring[(w.first+i)&(len(w.ring)-1)] }

func (w *window) grow() {
	ring := make([]entry, max(8, 2*len(w.ring)))
	for i := range w.used {
		ring[i] = *w.at(i)
	}
	w.ring, w.first = ring, 0
}
