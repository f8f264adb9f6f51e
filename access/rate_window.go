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
