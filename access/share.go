package access

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Limits that several processes share are divided among them: each keeps to its
// share, and asks for more when it needs more. Shares never add up to more than
// the limit, so the limit holds whatever the others do; the price is that a
// process may have to ask before it admits a call that the others have left
// room for.

// Share is what a process may use of the limits of one thing.
type Share struct {
	RPM, TPM, Concurrency int // of limits that are set; of others it does not matter

	// Money that may be reserved, or spent and not yet written.
	Money ai.Money

	// ExclusiveTPM and ExclusiveMoney say that no other process has a share, and this one
	// everything that is left. A call may then be larger than what is left, as
	// where nobody shares.
	ExclusiveTPM, ExclusiveMoney bool

	// Until is when the share ends if it is not renewed. After that the limits
	// themselves count, divided by Nodes.
	Until time.Time
	Nodes int

	// Wake is called when a call is refused for want of a share. It must not
	// wait.
	Wake func()
}

// caps are the limits in force for this process; -1 is none.
type caps struct {
	rpm, tpm, slots int
	exclusive       bool // a call larger than tpm may be admitted alone
}

// caps are what a share makes of the limits.
func (s *Share) caps(now time.Time, r Rates) caps {
	cap := func(limit, share int) int {
		switch {
		case limit <= 0:
			return -1
		case now.After(s.Until):
			return max(1, limit/max(1, s.Nodes))
		}
		return min(limit, share)
	}
	return caps{rpm: cap(r.RPM, s.RPM), tpm: cap(r.TPM, s.TPM), slots: cap(r.Concurrency, s.Concurrency), exclusive: s.ExclusiveTPM || now.After(s.Until)}
}

// shortfall is what calls were refused that the limits have room for.
type shortfall struct {
	calls, tokens, slots atomic.Int64
}

// tryShared is TryAcquire where the limits are shared.
func (w *RateWindow) tryShared(s *Share, at time.Time, r Rates, tokens int) (ok bool, over Limit) {
	c, now := s.caps(at, r), sinceEpoch(at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls.forget(now)
	w.tokens.forget(now)
	switch {
	case c.rpm >= 0 && w.calls.total >= c.rpm:
		if w.calls.total < r.RPM {
			w.short.calls.Add(1)
			s.wake()
		}
		return false, LimitRPM
	case c.tpm >= 0 && (w.tokens.total > 0 || !c.exclusive) && w.tokens.total+tokens > c.tpm:
		if w.tokens.total == 0 || w.tokens.total+tokens <= r.TPM {
			w.short.tokens.Add(int64(tokens))
			s.wake()
		}
		return false, LimitTPM
	case !w.takeShared(c.slots):
		if w.InFlight() < r.Concurrency {
			w.short.slots.Add(1)
			s.wake()
		}
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

func (w *RateWindow) takeShared(most int) bool {
	if most == 0 {
		return false
	}
	return w.takeSlot(most) // below 0 is none, as 0 is there
}

func (s *Share) wake() {
	if s.Wake != nil {
		s.Wake()
	}
}

// fullShared is Full where the limits are shared.
func (w *RateWindow) fullShared(s *Share, at time.Time, r Rates) Limit {
	c, now := s.caps(at, r), sinceEpoch(at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls.forget(now)
	w.tokens.forget(now)
	wants := func(l *atomic.Int64, used, limit int) {
		if used < limit {
			l.CompareAndSwap(0, 1)
			s.wake()
		}
	}
	switch {
	case c.slots >= 0 && w.InFlight() >= c.slots:
		wants(&w.short.slots, w.InFlight(), r.Concurrency)
		return LimitConcurrency
	case c.rpm >= 0 && w.calls.total >= c.rpm:
		wants(&w.short.calls, w.calls.total, r.RPM)
		return LimitRPM
	case c.tpm >= 0 && w.tokens.total >= c.tpm:
		wants(&w.short.tokens, w.tokens.total, r.TPM)
		return LimitTPM
	}
	return ""
}

// Need is what a process uses of the limits of one thing, and what it was short
// of since it was last asked.
type Need struct {
	Calls, Tokens, Slots                int64 // used
	ShortCalls, ShortTokens, ShortSlots int64
	Money, ShortMoney                   ai.Money // reserved, or spent and not yet written
	Allowed                             ai.Money // what is left of the share of money, Money included
}

// Short reports whether anything was short.
func (n *Need) Short() bool {
	return n.ShortCalls > 0 || n.ShortTokens > 0 || n.ShortSlots > 0 || n.ShortMoney > 0
}

// Need tells what the limiter uses now.
func (l *Limiter) Need(now time.Time) Need {
	w, n := l.window, l.used(now)
	n.ShortCalls, n.ShortTokens, n.ShortSlots = w.short.calls.Swap(0), w.short.tokens.Swap(0), w.short.slots.Swap(0)
	n.Money, n.ShortMoney, n.Allowed = l.spend.need()
	return n
}

// used is what the rate window counts now.
func (l *Limiter) used(now time.Time) Need {
	w := l.window
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls.forget(sinceEpoch(now))
	w.tokens.forget(sinceEpoch(now))
	return Need{Calls: int64(w.calls.total), Tokens: int64(w.tokens.total), Slots: int64(w.InFlight())}
}

// SetShare makes the limiter keep to a share from now on; nil ends sharing.
func (l *Limiter) SetShare(s *Share) {
	l.window.share.Store(s)
	l.spend.setShare(s, false)
}

// LowerShare is SetShare for a share of which nothing is larger than before.
func (l *Limiter) LowerShare(s *Share) {
	l.window.share.Store(s)
	l.spend.setShare(s, true)
}

// Shared is the share that the limiter keeps to, nil if it shares nothing.
func (l *Limiter) Shared() *Share { return l.window.share.Load() }

// Adopt takes over what all processes have spent, as the store has it.
func (l *Limiter) Adopt(day ai.Day, spent State) { l.spend.adopt(day, spent) }

// BeginAdopting says that what was spent is going to be read from the store:
// what is written from now on may be missing there.
func (l *Limiter) BeginAdopting() { l.spend.beginAdopting() }

// WaitedInVain notes that others left no room although somebody has waited for
// it: for a moment nobody else needs to.
func (l *Limiter) WaitedInVain(now time.Time) { l.window.inVain.Store(sinceEpoch(now).Nanoseconds()) }

// mayWait reports whether it is worth waiting for others to leave room.
func (w *RateWindow) mayWait(now time.Time) bool {
	last := w.inVain.Load()
	return last == 0 || sinceEpoch(now).Nanoseconds()-last > int64(time.Second)
}

// Limited reports whether there is any limit to share.
func (l *Limiter) Limited() bool { return l.Rates != Rates{} || l.Budget.Limited() }
