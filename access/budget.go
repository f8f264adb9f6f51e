package access

import (
	"math"
	"sync"

	"github.com/ccload/ccload/ai"
)

// Budget is how much may be spent in a day, in a month of the calendar, and at
// all. 0 means no limit.
type Budget struct {
	Day, Month, Total ai.Money
}

// Limited reports whether there is any limit.
func (b Budget) Limited() bool { return b != Budget{} }

// Left is what a budget leaves of what was spent; at least 0.
func (b Budget) Left(s State) int64 {
	left := int64(math.MaxInt64)
	for _, l := range [...]struct{ limit, spent ai.Money }{{b.Day, s.Day}, {b.Month, s.Month}, {b.Total, s.Total}} {
		if l.limit > 0 {
			left = min(left, int64(l.limit-l.spent))
		}
	}
	return max(0, left)
}

// Purses holds what has been spent, by name: tokens and channels. It lives as
// long as the process. It is safe for concurrent use.
type Purses struct {
	mu     sync.Mutex
	byName map[string]*Purse
}

// NewPurses returns an empty set.
func NewPurses() *Purses { return &Purses{byName: make(map[string]*Purse)} }

// Purse returns the purse of a name, making it if need be.
func (p *Purses) Purse(name string) *Purse {
	p.mu.Lock()
	defer p.mu.Unlock()
	purse := p.byName[name]
	if purse == nil {
		purse = new(Purse)
		p.byName[name] = purse
	}
	return purse
}

// Spent is what was spent from a purse on a day.
type Spent struct {
	Name   string // of the purse
	Day    ai.Day
	Amount ai.Money
}

// Load adds what was spent in an earlier life of the process, or what calls
// cost more or less now that they are priced anew.
func (p *Purses) Load(spent []Spent) {
	for _, s := range spent {
		purse := p.Purse(s.Name)
		purse.mu.Lock()
		purse.spend(s.Day, s.Amount)
		purse.mu.Unlock()
	}
}

// Purse is what has been spent of one budget, and what calls under way have
// reserved. Amounts are kept by day, so that a clock that is set forth or back
// finds what that day has spent already: no day's budget is given twice, and
// none is lost. The zero value is ready; it must not be copied.
type Purse struct {
	mu       sync.Mutex
	days     map[ai.Day]ai.Money
	months   map[ai.Day]ai.Money // by the month's first day
	total    ai.Money
	reserved ai.Money

	// Where several processes share the budget; see share.go.
	share   *Share
	allow   ai.Money // of the share: what is written is spent by all, and taken off
	lack    ai.Money // what was refused for want of a share
	pending ai.Money // spent, and not written to the store yet
	written ai.Money // written since what was spent was last read
}

// keptDays is how many days and months a purse remembers each: a month of them
// and some for clocks that jump.
const keptDays = 64

// Reserve sets an amount aside if the budget is not used up by what was spent
// and what others have reserved. Of any number of calls that ask at once, the
// last that is admitted may pass the limit, by no more than its own amount. If
// it was not admitted, over is the limit in the way.
func (p *Purse) Reserve(day ai.Day, b Budget, amount ai.Money) (ok bool, over Limit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if over := p.over(day, b); over != "" {
		return false, over
	}
	if p.beyondShare(day, b, amount) {
		p.lack = max(p.lack, amount, 1)
		p.share.wake()
		return false, b.limitThatEnds()
	}
	p.reserved += amount
	return true, ""
}

// Over is the limit that is used up now, "" if none is.
func (p *Purse) Over(day ai.Day, b Budget) Limit {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := p.over(day, b)
	if over == "" && p.beyondShare(day, b, 1) {
		p.lack = max(p.lack, 1)
		p.share.wake()
		return b.limitThatEnds()
	}
	return over
}

// over asks for the limit that lasts longest first: it is what decides when
// there is room again.
func (p *Purse) over(day ai.Day, b Budget) Limit {
	switch {
	case b.Total > 0 && p.total+p.reserved >= b.Total:
		return LimitTotal
	case b.Month > 0 && p.months[day.Month()]+p.reserved >= b.Month:
		return LimitMonth
	case b.Day > 0 && p.days[day]+p.reserved >= b.Day:
		return LimitDay
	}
	return ""
}

// Settle gives back a reservation and spends what the call cost instead, on
// the day it began.
func (p *Purse) Settle(day ai.Day, reserved, cost ai.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved -= reserved
	p.pending += cost
	p.spend(day, cost)
}

// Spend spends without a reservation.
func (p *Purse) Spend(day ai.Day, cost ai.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending += cost
	p.spend(day, cost)
}

func (p *Purse) spend(day ai.Day, cost ai.Money) {
	if cost == 0 {
		return
	}
	if p.days == nil {
		p.days, p.months = make(map[ai.Day]ai.Money), make(map[ai.Day]ai.Money)
	}
	p.total += cost
	p.days[day] += cost
	p.months[day.Month()] += cost
	forgetOldest(p.days)
	forgetOldest(p.months)
}

func forgetOldest(spent map[ai.Day]ai.Money) {
	if len(spent) <= keptDays {
		return
	}
	oldest := ai.Day(1<<31 - 1)
	for day := range spent {
		oldest = min(oldest, day)
	}
	delete(spent, oldest)
}

// State is what a purse holds, for people.
type State struct {
	Day      ai.Money `json:"day"`      // spent on the day
	Month    ai.Money `json:"month"`    // spent in the day's month
	Total    ai.Money `json:"total"`    // ever spent
	Reserved ai.Money `json:"reserved"` // by calls under way
}

// State is what the purse holds as of a day.
func (p *Purse) State(day ai.Day) State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return State{Day: p.days[day], Month: p.months[day.Month()], Total: p.total, Reserved: p.reserved}
}
