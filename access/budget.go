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

// Spending holds what has been spent, by name: tokens and channels. It lives as
// long as the process. It is safe for concurrent use.
type Spending struct {
	mu     sync.Mutex
	byName map[string]*Spend
}

// NewSpending returns an empty set.
func NewSpending() *Spending { return &Spending{byName: make(map[string]*Spend)} }

// Of returns the spend account of a name, making it if need be.
func (p *Spending) Of(name string) *Spend {
	p.mu.Lock()
	defer p.mu.Unlock()
	spend := p.byName[name]
	if spend == nil {
		spend = new(Spend)
		p.byName[name] = spend
	}
	return spend
}

// Spent is what was spent from a spend account on a day.
type Spent struct {
	Name   string // of the spend account
	Day    ai.Day
	Amount ai.Money
}

// Load adds what was spent in an earlier life of the process, or what calls
// cost more or less now that they are priced anew.
func (p *Spending) Load(spent []Spent) {
	for _, s := range spent {
		spend := p.Of(s.Name)
		spend.mu.Lock()
		spend.add(s.Day, s.Amount)
		spend.mu.Unlock()
	}
}

// Of is what has been spent of one budget, and what calls under way have
// reserved. Amounts are kept by day, so that a clock that is set forth or back
// finds what that day has spent already: no day's budget is given twice, and
// none is lost. The zero value is ready; it must not be copied.
type Spend struct {
	mu       sync.Mutex
	days     map[ai.Day]ai.Money
	months   map[ai.Day]ai.Money // by the month's first day
	total    ai.Money
	reserved ai.Money

	// Where several processes share the budget; see share.go.
	share   *Share
	allow   ai.Money // of the share: what is written is spent by all, and taken off
	short   ai.Money // what was refused for want of a share
	pending ai.Money // spent, and not written to the store yet
	written ai.Money // written since what was spent was last read
}

// keptDays is how many days and months a spend account remembers each: a month of them
// and some for clocks that jump.
const keptDays = 64

// Reserve sets an amount aside if the budget is not used up by what was spent
// and what others have reserved. Of any number of calls that ask at once, the
// last that is admitted may pass the limit, by no more than its own amount. If
// it was not admitted, over is the limit in the way.
func (s *Spend) Reserve(day ai.Day, b Budget, amount ai.Money) (ok bool, over Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := s.over(day, b); over != "" {
		return false, over
	}
	if s.beyondShare(day, b, amount) {
		s.short = max(s.short, amount, 1)
		s.share.wake()
		return false, b.limitThatEnds()
	}
	s.reserved += amount
	return true, ""
}

// Over is the limit that is used up now, "" if none is.
func (s *Spend) Over(day ai.Day, b Budget) Limit {
	s.mu.Lock()
	defer s.mu.Unlock()
	over := s.over(day, b)
	if over == "" && s.beyondShare(day, b, 1) {
		s.short = max(s.short, 1)
		s.share.wake()
		return b.limitThatEnds()
	}
	return over
}

// over asks for the limit that lasts longest first: it is what decides when
// there is room again.
func (s *Spend) over(day ai.Day, b Budget) Limit {
	switch {
	case b.Total > 0 && s.total+s.reserved >= b.Total:
		return LimitTotal
	case b.Month > 0 && s.months[day.Month()]+s.reserved >= b.Month:
		return LimitMonth
	case b.Day > 0 && s.days[day]+s.reserved >= b.Day:
		return LimitDay
	}
	return ""
}

// Settle gives back a reservation and spends what the call cost instead, on
// the day it began.
func (s *Spend) Settle(day ai.Day, reserved, cost ai.Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved -= reserved
	s.pending += cost
	s.add(day, cost)
}

// Add spends without a reservation.
func (s *Spend) Add(day ai.Day, cost ai.Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending += cost
	s.add(day, cost)
}

func (s *Spend) add(day ai.Day, cost ai.Money) {
	if cost == 0 {
		return
	}
	if s.days == nil {
		s.days, s.months = make(map[ai.Day]ai.Money), make(map[ai.Day]ai.Money)
	}
	s.total += cost
	s.days[day] += cost
	s.months[day.Month()] += cost
	forgetOldest(s.days)
	forgetOldest(s.months)
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

// State is what a spend account holds, for people.
type State struct {
	Day      ai.Money `json:"day"`      // spent on the day
	Month    ai.Money `json:"month"`    // spent in the day's month
	Total    ai.Money `json:"total"`    // ever spent
	Reserved ai.Money `json:"reserved"` // by calls under way
}

// State is what the spend account holds as of a day.
func (s *Spend) State(day ai.Day) State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{Day: s.days[day], Month: s.months[day.Month()], Total: s.total, Reserved: s.reserved}
}
