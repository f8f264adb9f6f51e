package access

import (
	"sync/atomic"
	"time"
)

// This file is for who remembers which of many limiters have room: a limiter
// with room is asked again only once its counter has grown.

// suspicion is how long a limiter that was full is asked each time: it may be
// full again with the next call.
const suspicion = 10 * time.Second

// fullness is what a limiter tells of its being full.
type fullness struct {
	changes *atomic.Uint64 // nil: nobody wants to know
	last    atomic.Int64   // when it was full last, since the epoch; 0: never
}

// Watch makes the limiter count in changes that it has no room any more, or may
// have none for other reasons than its calls. It is called before the first call.
func (l *Limiter) Watch(changes *atomic.Uint64) { l.full.changes = changes }

// Settled reports whether Full finds room until the limiter is counted as
// changed, if it finds room now: so it is where only its own calls can use up
// what it has and it has not been full for a while. Budgets and shares are no
// such limits.
func (l *Limiter) Settled(now time.Time) bool {
	if l.full.changes == nil || l.Budget.Limited() {
		return false
	}
	if l.Rates == (Rates{}) {
		return true
	}
	last := l.full.last.Load()
	return l.window.share.Load() == nil && (last == 0 || sinceEpoch(now)-time.Duration(last) > suspicion)
}

// used notes that some of the limits' room was taken at a moment.
func (f *fullness) used(l *Limiter, now time.Time) {
	if f.changes == nil || l.Rates == (Rates{}) || l.window.Full(now, l.Rates) == "" {
		return
	}
	at := max(sinceEpoch(now), 1)
	if last := f.last.Swap(int64(at)); last == 0 || at-time.Duration(last) > suspicion/2 {
		f.changes.Add(1)
	}
}

// swapShare makes the limiter keep to a share, and counts a change if it kept to
// none before or keeps to none now.
func (l *Limiter) swapShare(s *Share) {
	old := l.window.share.Swap(s)
	if l.full.changes != nil && (old == nil) != (s == nil) {
		l.full.changes.Add(1)
	}
}
