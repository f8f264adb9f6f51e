package access

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// setShare sets what of the budget may be used. What was written since the
// share was asked for is spent already, and the others may have been told so.
func (s *Spend) setShare(share *Share, lower bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := s.share != nil
	if s.share = share; share == nil {
		return
	}
	switch {
	case !lower:
		s.allow = share.Money - s.written
	case shared:
		s.allow = min(s.allow, share.Money)
	default:
		s.allow = share.Money
	}
}

// outstanding is what the store does not know of.
func (s *Spend) outstanding() ai.Money { return s.reserved + s.pending }

func (s *Spend) need() (outstanding, lacking, allowed ai.Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lacking, s.short = s.short, 0
	return s.outstanding(), lacking, s.allow
}

// beyondShare reports whether an amount is more than the process has left of
// its share.
func (s *Spend) beyondShare(day ai.Day, b Budget, amount ai.Money) bool {
	share := s.share
	switch {
	case share == nil:
		return false
	case time.Now().After(share.Until):
		left := ai.Money(b.Left(State{Day: s.days[day], Month: s.months[day.Month()], Total: s.total}))
		return s.reserved+amount > left/ai.Money(max(1, share.Nodes))
	case share.ExclusiveMoney:
		return s.outstanding() >= s.allow
	}
	return s.outstanding()+amount > s.allow
}

// limitThatEnds is the limit that a lacking share is told as: the shortest.
func (b Budget) limitThatEnds() Limit {
	switch {
	case b.Day > 0:
		return LimitDay
	case b.Month > 0:
		return LimitMonth
	}
	return LimitTotal
}

func (s *Spend) beginAdopting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = 0
}

// adopt takes over what the store has. What was written since it was asked may
// be in it already or not: it counts, so that nothing is given out twice.
func (s *Spend) adopt(day ai.Day, spent State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.days == nil {
		s.days, s.months = make(map[ai.Day]ai.Money), make(map[ai.Day]ai.Money)
	}
	own := s.pending + s.written
	s.days[day], s.months[day.Month()], s.total = spent.Day+own, spent.Month+own, spent.Total+own
}

// Written says that what calls cost is in the store now.
func (p *Spending) Written(name string, cost ai.Money) {
	spend := p.Of(name)
	spend.mu.Lock()
	defer spend.mu.Unlock()
	spend.pending = max(0, spend.pending-cost)
	spend.written += cost
	if spend.share != nil {
		spend.allow -= cost
	}
}
