package routing

import (
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// State is what choosing a target remembers, longer than any config: what
// cooldowns and why, latency and rotation, windows of rates, money spent, and calls
// under way. It is indexed by the names and fingerprints of things, never by
// pointers into a config.
type State struct {
	Board     *health.Tracker
	Selection *selection.State
	Meters    *access.RateWindows
	Purses    *access.Spending
	InFlight  *InFlight
}

// NewState returns a state that remembers nothing. changed is called when
// something begins or ceases to cool down; it may be nil.
func NewState(changed func(health.Change)) *State {
	return &State{
		Board:     health.NewTracker(health.Options{Changed: changed}),
		Selection: selection.NewState(),
		Meters:    access.NewRateWindows(),
		Purses:    access.NewSpending(),
		InFlight:  newInFlight(),
	}
}

// counts are the counters of limits, for days that begin in a time zone.
func (st *State) counts(zone *time.Location) *access.Counts {
	return &access.Counts{Windows: st.Meters, Spending: st.Purses, Calendar: access.NewCalendar(zone)}
}
