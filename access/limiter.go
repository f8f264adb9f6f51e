package access

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Limiter is what a token or a channel may use: places, rates and money. The
// limits belong to one config; what is used is counted in a rate window and a spend account
// that outlive it. It is safe for concurrent use.
type Limiter struct {
	Rates    Rates
	Budget   Budget
	calendar *Calendar
	window   *RateWindow
	spend    *Spend
	unknown  *atomic.Bool // it is not known what was spent; nil: it does not matter
	full     fullness
}

// NewLimiter returns a limiter.
func NewLimiter(r Rates, b Budget, c *Calendar, w *RateWindow, s *Spend) *Limiter {
	return &Limiter{Rates: r, Budget: b, calendar: c, window: w, spend: s}
}

// Use is what a call uses, or is expected to.
type Use struct {
	Tokens int
	Money  ai.Money // at most, of an expectation
	Likely ai.Money // what is likely to be the most of it; of an expectation only
}

// Measured reports whether Acquire must be told what a call is expected to use.
func (l *Limiter) Measured() bool { return l.Rates.TPM > 0 || l.Budget.Limited() }

// InFlight is the number of calls under way.
func (l *Limiter) InFlight() int { return l.window.InFlight() }

// Calendar is the calendar the budget is kept by.
func (l *Limiter) Calendar() *Calendar { return l.calendar }

// Spent is what the budget's spend account holds at a moment.
func (l *Limiter) Spent(now time.Time) State { return l.spend.State(l.calendar.Day(now)) }

// Acquire admits a call that begins now if it is within every limit. If it was
// admitted, exactly one Settle or Cancel must follow, with the same moment and
// expectation. If not, over is the limit in the way, and nothing is counted.
func (l *Limiter) Acquire(now time.Time, expected Use) (ok bool, over Limit) {
	if ok, over = l.window.TryAcquire(now, l.Rates, expected.Tokens); !ok {
		l.full.used(l, now)
		return false, over
	}
	l.full.used(l, now)
	if !l.Budget.Limited() {
		return true, ""
	}
	if l.spendingUnknown() {
		l.window.Cancel(now, l.Rates, expected.Tokens)
		return false, LimitUnknown
	}
	if ok, over = l.spend.Reserve(l.calendar.Day(now), l.Budget, expected.Money, expected.Likely); !ok {
		l.window.Cancel(now, l.Rates, expected.Tokens)
	}
	return ok, over
}

// Settle ends a call that was admitted, and says what it used.
func (l *Limiter) Settle(taken time.Time, expected, used Use) {
	l.window.Release(taken, l.Rates, used.Tokens-expected.Tokens)
	if l.Rates.TPM > 0 && used.Tokens > expected.Tokens {
		l.full.used(l, taken)
	}
	if l.Budget.Limited() {
		l.spend.Settle(l.calendar.Day(taken), expected.Money, used.Money)
	} else if used.Money != 0 {
		l.spend.Add(l.calendar.Day(taken), used.Money)
	}
}

// Cancel undoes an admission that led to nothing.
func (l *Limiter) Cancel(taken time.Time, expected Use) {
	l.window.Cancel(taken, l.Rates, expected.Tokens)
	if l.Budget.Limited() {
		l.spend.Settle(l.calendar.Day(taken), expected.Money, 0)
	}
}

// Full is the limit that would be in the way of the smallest call now, of
// those that can be told without taking anything; "" if none is.
func (l *Limiter) Full(now time.Time) Limit {
	if over := l.window.Full(now, l.Rates); over != "" {
		return over
	}
	switch {
	case !l.Budget.Limited():
		return ""
	case l.spendingUnknown():
		return LimitUnknown
	}
	return l.spend.Over(l.calendar.Day(now), l.Budget)
}

// spendingUnknown reports whether the budget cannot be judged yet.
func (l *Limiter) spendingUnknown() bool { return l.unknown != nil && l.unknown.Load() }

// unknownPatience is how soon it is worth asking again whether it is known what
// was spent.
const unknownPatience = 2 * time.Second

// Reopens is when a limit that is in the way has room again for the smallest
// call; zero if nobody knows.
func (l *Limiter) Reopens(over Limit, now time.Time) time.Time {
	if over == LimitUnknown {
		return now.Add(unknownPatience)
	}
	if l.window.share.Load() != nil && !l.usedUp(over, now) {
		return now.Add(sharePatience)
	}
	switch over {
	case LimitConcurrency:
		return time.Time{}
	case LimitRPM, LimitTPM:
		return now.Add(l.window.RetryAfter(now, l.Rates, 1))
	}
	return l.calendar.Resets(over, l.calendar.Day(now))
}

// sharePatience is how soon it is worth asking again for what other processes
// have left over.
const sharePatience = 300 * time.Millisecond

// reservedPatience is how soon it is worth asking again for what calls under way
// have reserved: most of them end within seconds.
const reservedPatience = 2 * time.Second

// Freed returns a channel that is closed when a call under way gives back what
// it reserved of the budget; nil if none has reserved anything. It is asked for
// before a call is refused, so that nothing given back meanwhile is missed.
func (l *Limiter) Freed() <-chan struct{} {
	if !l.Budget.Limited() {
		return nil
	}
	return l.spend.freed()
}

// usedUp reports whether a limit is in the way even of a process that may use
// all of it.
func (l *Limiter) usedUp(over Limit, now time.Time) bool {
	n := l.used(now)
	switch over {
	case LimitConcurrency:
		return n.Slots >= int64(l.Rates.Concurrency)
	case LimitRPM:
		return n.Calls >= int64(l.Rates.RPM)
	case LimitTPM:
		return n.Tokens >= int64(l.Rates.TPM)
	}
	day := l.calendar.Day(now)
	l.spend.mu.Lock()
	defer l.spend.mu.Unlock()
	return l.spend.over(day, l.Budget) != ""
}

// limitError says that a limit of a token is in the way.
func (l *Limiter) limitError(over Limit, now time.Time, expected Use) *LimitError {
	if over == LimitUnknown {
		return &LimitError{Limit: over, RetryAfter: unknownPatience}
	}
	e := &LimitError{Limit: over, Shared: l.window.share.Load() != nil && l.window.mayWait(now) && !l.usedUp(over, now)}
	switch over {
	case LimitConcurrency:
		// Nobody knows when a slot gets free. A second keeps clients from spinning.
		e.Max, e.RetryAfter = l.Rates.Concurrency, time.Second
	case LimitRPM:
		// Another call may have found room since; then it is worth trying at once.
		e.Max, e.RetryAfter = l.Rates.RPM, l.window.RetryAfter(now, l.Rates, expected.Tokens)
	case LimitTPM:
		e.Max, e.RetryAfter = l.Rates.TPM, l.window.RetryAfter(now, l.Rates, expected.Tokens)
	default:
		day := l.calendar.Day(now)
		state := l.spend.State(day)
		e.Spent, e.Budget, e.Likely = state.of(over), l.Budget.of(over), expected.Likely
		if e.Reserved = e.Spent < e.Budget && state.Reserved > 0; e.Reserved {
			e.RetryAfter = reservedPatience
			break
		}
		if e.Resets = l.calendar.Resets(over, day); !e.Resets.IsZero() {
			e.RetryAfter = e.Resets.Sub(now)
		}
	}
	if e.Shared {
		e.RetryAfter = time.Second
	}
	return e
}

func (b Budget) of(l Limit) ai.Money {
	switch l {
	case LimitDay:
		return b.Day
	case LimitMonth:
		return b.Month
	}
	return b.Total
}

func (s State) of(l Limit) ai.Money {
	switch l {
	case LimitDay:
		return s.Day
	case LimitMonth:
		return s.Month
	}
	return s.Total
}
