package access

import (
	"sync"
	"sync/atomic"
	"time"
)

// Windows holds what has been used of every limited thing, by name: tokens and
// channels. It lives as long as the process, so a new config finds the windows
// and counters of the old one. It is safe for concurrent use.
type RateWindows struct {
	mu     sync.Mutex
	byName map[string]*RateWindow
}

// NewRateWindows returns an empty set.
func NewRateWindows() *RateWindows { return &RateWindows{byName: make(map[string]*RateWindow)} }

// Of returns the rate window of a name, making it if need be. It is meant to be
// asked once per config and name, not once per call.
func (m *RateWindows) Of(name string) *RateWindow {
	m.mu.Lock()
	defer m.mu.Unlock()
	window := m.byName[name]
	if window == nil {
		window = new(RateWindow)
		m.byName[name] = window
	}
	return window
}

// RateWindow counts the calls of one thing: those under way, those that began
// within the last 60 seconds, and their tokens. Limits are given with each call
// because they may change while the counts go on. The zero value is ready; it
// must not be copied.
//
// Where no rate is set nothing is remembered of a call but that it is under
// way, and no lock is taken. A rate that is set later starts from there.
type RateWindow struct {
	inFlight atomic.Int64
	mu       sync.Mutex
	calls    window
	tokens   window
	share    atomic.Pointer[Share] // nil: all of the limits
	short    shortfall
	inVain   atomic.Int64 // when somebody waited for a larger share in vain, since epoch
	bounds   atomic.Int64 // calls under way whose tokens or money are a bound
}

// Rates are the limits a RateWindow keeps; 0 means no limit.
type Rates struct {
	RPM         int // calls that begin in any 60 seconds
	TPM         int // tokens of the calls that begin in any 60 seconds
	Concurrency int // calls under way
}

// TryAcquire admits a call that begins now, and is expected to use so many
// tokens, if no limit is in the way. If it was admitted, exactly one Release or
// Cancel must follow, with the same now, rates and tokens. If not, over says
// which limit was in the way, and nothing is counted.
//
// A call that alone uses more tokens than a minute has is admitted when nothing
// else was used, or it never would be.
func (w *RateWindow) TryAcquire(now time.Time, r Rates, tokens int) (ok bool, over Limit) {
	if s := w.share.Load(); s != nil && r != (Rates{}) {
		return w.tryShared(s, now, r, tokens)
	}
	if r.RPM > 0 || r.TPM > 0 {
		return w.tryAcquireRated(sinceEpoch(now), r, tokens)
	}
	if !w.takeSlot(r.Concurrency) {
		return false, LimitConcurrency
	}
	return true, ""
}

// tryAcquireRated takes nothing before it knows that it gets everything, so
// that nobody is refused for what somebody else could not use.
func (w *RateWindow) tryAcquireRated(now time.Duration, r Rates, tokens int) (ok bool, over Limit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls.forget(now)
	w.tokens.forget(now)
	switch {
	case r.RPM > 0 && w.calls.total >= r.RPM:
		return false, LimitRPM
	case r.TPM > 0 && w.tokens.total > 0 && w.tokens.total+tokens > r.TPM:
		return false, LimitTPM
	case !w.takeSlot(r.Concurrency):
		return false, LimitConcurrency
	}
	if r.RPM > 0 {
		w.calls.add(now, 1, r.RPM > exactEntries)
	}
	if r.TPM > 0 {
		w.tokens.add(now, tokens, true)
	}
	return true, ""
}

// takeSlot compares and swaps rather than adding and taking back, because the
// moment in between could refuse somebody else for nothing.
func (w *RateWindow) takeSlot(max int) bool {
	if max <= 0 {
		w.inFlight.Add(1)
		return true
	}
	for {
		n := w.inFlight.Load()
		if n >= int64(max) {
			return false
		}
		if w.inFlight.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release ends a call that was admitted, and that used so many tokens more, or
// fewer, than were expected.
func (w *RateWindow) Release(admitted time.Time, r Rates, more int) {
	w.inFlight.Add(-1)
	if r.TPM > 0 && more != 0 {
		w.mu.Lock()
		w.tokens.change(sinceEpoch(admitted), more)
		w.mu.Unlock()
	}
}

// Cancel undoes an admission that led to nothing: the call is neither under
// way nor counted.
func (w *RateWindow) Cancel(admitted time.Time, r Rates, tokens int) {
	w.inFlight.Add(-1)
	if r.RPM > 0 || r.TPM > 0 {
		w.mu.Lock()
		defer w.mu.Unlock()
	}
	if r.RPM > 0 {
		w.calls.takeBack()
	}
	if r.TPM > 0 {
		w.tokens.change(sinceEpoch(admitted), -tokens)
	}
}

// InFlight is the number of calls under way.
func (w *RateWindow) InFlight() int { return int(w.inFlight.Load()) }

// Full is the limit that would be in the way of a call that begins now, even
// of the smallest; "" if none is.
func (w *RateWindow) Full(now time.Time, r Rates) Limit {
	if s := w.share.Load(); s != nil && r != (Rates{}) {
		return w.fullShared(s, now, r)
	}
	switch {
	case r.Concurrency > 0 && w.InFlight() >= r.Concurrency:
		return LimitConcurrency
	case r.RPM > 0 && w.RetryAfter(now, Rates{RPM: r.RPM}, 0) > 0:
		return LimitRPM
	case r.TPM > 0 && w.RetryAfter(now, Rates{TPM: r.TPM}, 1) > 0:
		return LimitTPM
	}
	return ""
}

// RetryAfter is how long it takes, from now, until the rates have room for a
// call of so many tokens; 0 if they have.
func (w *RateWindow) RetryAfter(now time.Time, r Rates, tokens int) time.Duration {
	if r.RPM <= 0 && r.TPM <= 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var wait time.Duration
	if r.RPM > 0 {
		wait = w.calls.wait(sinceEpoch(now), r.RPM-1)
	}
	if r.TPM > 0 {
		wait = max(wait, w.tokens.wait(sinceEpoch(now), max(0, r.TPM-tokens)))
	}
	return wait
}

// epoch turns times into numbers by the monotonic clock, where they have it:
// a wall clock that is set back must not stretch anybody's minute.
var epoch = time.Now()

func sinceEpoch(now time.Time) time.Duration { return now.Sub(epoch) }

const minute = time.Minute

// exactEntries is how many calls of a window are remembered one by one. For a
// limit above it, and for tokens, calls that begin within minute/exactEntries (59 ms) share an
// entry that leaves the window with the last of them: the limit is never
// exceeded in any 60 seconds, and memory stays below 50 KB.
const exactEntries = 1024

// window is the calls that began within the last minute, or their tokens,
// oldest first, in a ring.
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

// add counts something that begins now, together with what began just before
// if it may share an entry.
func (w *window) add(now time.Duration, count int, share bool) {
	w.total += count
	if w.used > 0 {
		newest := w.at(w.used - 1)
		now = max(now, newest.last) // callers may come in another order than their times
		if share && now-newest.began < minute/exactEntries {
			newest.last = now
			newest.count += count
			return
		}
	}
	if w.used == len(w.ring) {
		w.grow()
	}
	w.used++
	*w.at(w.used - 1) = entry{began: now, last: now, count: count}
}

// change corrects what began at a time; it leaves the window when that does.
func (w *window) change(began time.Duration, more int) {
	for i := w.used - 1; i >= 0; i-- {
		if e := w.at(i); e.began <= began || i == 0 && e.last >= began {
			more = max(more, -e.count)
			e.count += more
			w.total += more
			return
		}
	}
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

// wait is how long it takes until no more than most are in the window.
func (w *window) wait(now time.Duration, most int) time.Duration {
	w.forget(now)
	left := w.total
	for i := 0; left > most && i < w.used; i++ {
		e := w.at(i)
		if left -= e.count; left <= most {
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
