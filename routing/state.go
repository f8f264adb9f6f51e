package routing

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// State is what choosing a target remembers, longer than any config: what
// cools down and why, latency and rotation, windows of rates, money spent, and calls
// under way. It is indexed by the names and fingerprints of things, never by
// pointers into a config.
type State struct {
	Tracker   *health.Tracker
	Histories health.Histories
	Selection *selection.State
	Windows   *access.RateWindows
	Spending  *access.Spending
	InFlight  *InFlight

	fullness atomic.Uint64 // counts limits of channels that are used up, see access.Limiter.Watch
}

// NewState returns a state that remembers nothing. changed is called when
// something begins or ceases to cool down; it may be nil.
func NewState(changed func(health.Change)) *State {
	return &State{
		Tracker:   health.NewTracker(health.Options{Changed: changed}),
		Selection: selection.NewState(),
		Windows:   access.NewRateWindows(),
		Spending:  access.NewSpending(),
		InFlight:  newInFlight(),
	}
}

// counts are the counters of limits, for days that begin in a time zone.
func (st *State) counts(zone *time.Location) *access.Counts {
	return &access.Counts{Windows: st.Windows, Spending: st.Spending, Calendar: access.NewCalendar(zone)}
}
