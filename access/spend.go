package access

import (
	"sync"

	"github.com/ccload/ccload/ai"
)

// Spend is what has been spent of one budget, and what calls under way have
// reserved. Amounts are kept by day, so that a clock that is set forth or back
// finds what that day has spent already: no day's budget is given twice, and
// none is lost. The zero value is ready; it must not be copied.
type Spend struct {
	mu       sync.Mutex
	days     map[ai.Day]ai.Money
	months   map[ai.Day]ai.Money // by the month's first day
	total    ai.Money
	reserved ai.Money
	waiting  chan struct{} // closed when something reserved is given back; nil: nobody waits

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

// margin is the part of a budget, one in so many, that calls under way may pass
// it by if each of them costs all that was set aside for it.
const margin = 10

// Reserve sets aside what a call costs at most if the budget is not used up by
// what was spent and what others have reserved. Calls at once may pass a limit
// by a tenth of it even if each costs all that was set aside for it. A call that
// is alone is measured by what it is likely to cost, so that the end of a budget
// is of use too; the first of all is always admitted. If it was not, over is the
// limit in the way.
func (s *Spend) Reserve(day ai.Day, b Budget, amount, likely ai.Money) (ok bool, over Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := s.over(day, b); over != "" {
		return false, over
	}
	passes := amount
	if s.reserved == 0 {
		passes = likely
	}
	if over := s.first(day, b, func(spent, limit ai.Money) bool {
		taken := spent + s.reserved
		return taken > 0 && taken+passes > limit+limit/margin
	}); over != "" {
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

// adjust changes what is reserved for a call under way. It always does: what a
// call costs it costs, and only newcomers can be refused.
func (s *Spend) adjust(more ai.Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved += more
	if more < 0 {
		s.wakeWaiting()
	}
}

// wakeWaiting wakes calls that wait for something reserved to be given back.
func (s *Spend) wakeWaiting() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}

// freed returns a channel that is closed when a call under way gives back what
// it had reserved, or nil if nothing is reserved. It is asked for before
// Reserve, so that nothing is missed between.
func (s *Spend) freed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserved == 0 {
		return nil
	}
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	return s.waiting
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

// over is the limit that is used up by what was spent and is reserved.
func (s *Spend) over(day ai.Day, b Budget) Limit {
	return s.first(day, b, func(spent, limit ai.Money) bool { return spent+s.reserved >= limit })
}

// first asks for the limit that lasts longest first: it is what decides when
// there is room again.
func (s *Spend) first(day ai.Day, b Budget, over func(spent, limit ai.Money) bool) Limit {
	switch {
	case b.Total > 0 && over(s.total, b.Total):
		return LimitTotal
	case b.Month > 0 && over(s.months[day.Month()], b.Month):
		return LimitMonth
	case b.Day > 0 && over(s.days[day], b.Day):
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
	s.wakeWaiting()
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
