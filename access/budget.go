package access

import (
	"math"
	"sync"
	"sync/atomic"

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
	unknown atomic.Bool // what was spent before is not known yet

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

// SetKnown says whether it is known what was spent in earlier lives of the
// process, and by others. Until it is, budgets admit nothing unless their Counts
// are Unmetered. Of a new set it is known.
func (p *Spending) SetKnown(known bool) { p.unknown.Store(!known) }

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
