package access

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// Allowance is what a token or a channel may use: places, rates and money. The
// limits belong to one config; what is used is counted in a meter and a purse
// that outlive it. It is safe for concurrent use.
type Allowance struct {
	Rates    Rates
	Budget   Budget
	calendar *Calendar
	meter    *Meter
	purse    *Purse
}

// NewAllowance returns an allowance.
func NewAllowance(r Rates, b Budget, c *Calendar, m *Meter, p *Purse) *Allowance {
	return &Allowance{Rates: r, Budget: b, calendar: c, meter: m, purse: p}
}

// Use is what a call uses, or is expected to.
type Use struct {
	Tokens int
	Money  ai.Money
}

// Measured reports whether Take must be told what a call is expected to use.
func (a *Allowance) Measured() bool { return a.Rates.TPM > 0 || a.Budget.Limited() }

// InFlight is the number of calls under way.
func (a *Allowance) InFlight() int { return a.meter.InFlight() }

// Calendar is the calendar the budget is kept by.
func (a *Allowance) Calendar() *Calendar { return a.calendar }

// Spent is what the budget's purse holds at a moment.
func (a *Allowance) Spent(now time.Time) State { return a.purse.State(a.calendar.Day(now)) }

// Take admits a call that begins now if it is within every limit. If it was
// admitted, exactly one Return or Cancel must follow, with the same moment and
// expectation. If not, over is the limit in the way, and nothing is counted.
func (a *Allowance) Take(now time.Time, expected Use) (ok bool, over Limit) {
	if ok, over = a.meter.TryAcquire(now, a.Rates, expected.Tokens); !ok {
		return false, over
	}
	if !a.Budget.Limited() {
		return true, ""
	}
	if ok, over = a.purse.Reserve(a.calendar.Day(now), a.Budget, expected.Money); !ok {
		a.meter.Cancel(now, a.Rates, expected.Tokens)
	}
	return ok, over
}

// Return ends a call that was admitted, and says what it used.
func (a *Allowance) Return(taken time.Time, expected, used Use) {
	a.meter.Release(taken, a.Rates, used.Tokens-expected.Tokens)
	if a.Budget.Limited() {
		a.purse.Settle(a.calendar.Day(taken), expected.Money, used.Money)
	} else if used.Money != 0 {
		a.purse.Spend(a.calendar.Day(taken), used.Money)
	}
}

// Cancel undoes an admission that led to nothing.
func (a *Allowance) Cancel(taken time.Time, expected Use) {
	a.meter.Cancel(taken, a.Rates, expected.Tokens)
	if a.Budget.Limited() {
		a.purse.Settle(a.calendar.Day(taken), expected.Money, 0)
	}
}

// Full is the limit that would be in the way of the smallest call now, of
// those that can be told without taking anything; "" if none is.
func (a *Allowance) Full(now time.Time) Limit {
	if over := a.meter.Full(now, a.Rates); over != "" {
		return over
	}
	if a.Budget.Limited() {
		return a.purse.Over(a.calendar.Day(now), a.Budget)
	}
	return ""
}

// Reopens is when a limit that is in the way has room again for the smallest
// call; zero if nobody knows.
func (a *Allowance) Reopens(over Limit, now time.Time) time.Time {
	if a.meter.share.Load() != nil && !a.usedUp(over, now) {
		return now.Add(sharePatience)
	}
	switch over {
	case LimitConcurrency:
		return time.Time{}
	case LimitRPM, LimitTPM:
		return now.Add(a.meter.RetryAfter(now, a.Rates, 1))
	}
	return a.calendar.Resets(over, a.calendar.Day(now))
}

// sharePatience is how soon it is worth asking again for what other processes
// have left over.
const sharePatience = 300 * time.Millisecond

// usedUp reports whether a limit is in the way even of a process that may use
// all of it.
func (a *Allowance) usedUp(over Limit, now time.Time) bool {
	n := a.used(now)
	switch over {
	case LimitConcurrency:
		return n.Slots >= int64(a.Rates.Concurrency)
	case LimitRPM:
		return n.Calls >= int64(a.Rates.RPM)
	case LimitTPM:
		return n.Tokens >= int64(a.Rates.TPM)
	}
	day := a.calendar.Day(now)
	a.purse.mu.Lock()
	defer a.purse.mu.Unlock()
	return a.purse.over(day, a.Budget) != ""
}

// limitError says that a limit of a token is in the way.
func (a *Allowance) limitError(over Limit, now time.Time, expected Use) *LimitError {
	e := &LimitError{Limit: over, Shared: a.meter.share.Load() != nil && a.meter.mayWait(now) && !a.usedUp(over, now)}
	switch over {
	case LimitConcurrency:
		// Nobody knows when a slot gets free. A second keeps clients from spinning.
		e.Max, e.RetryAfter = a.Rates.Concurrency, time.Second
	case LimitRPM:
		// Another call may have found room since; then it is worth trying at once.
		e.Max, e.RetryAfter = a.Rates.RPM, a.meter.RetryAfter(now, a.Rates, expected.Tokens)
	case LimitTPM:
		e.Max, e.RetryAfter = a.Rates.TPM, a.meter.RetryAfter(now, a.Rates, expected.Tokens)
	default:
		day := a.calendar.Day(now)
		state := a.purse.State(day)
		e.Spent, e.Budget = state.of(over), a.Budget.of(over)
		if e.Resets = a.calendar.Resets(over, day); !e.Resets.IsZero() {
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
