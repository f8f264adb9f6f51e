package control

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// totals are what calls have come to since the process began.
type totals struct {
	calls, failed, input, output, cost atomic.Int64
}

func (t *totals) add(r *ai.Record) {
	t.calls.Add(1)
	if r.Outcome != ai.OK && r.Outcome != ai.ClientGone && r.Outcome != ai.Ended {
		t.failed.Add(1)
	}
	t.input.Add(r.Usage.Input)
	t.output.Add(r.Usage.Output)
	t.cost.Add(int64(r.Cost.Amount))
}

// Metrics are told each second.
type Metrics struct {
	Time     time.Time `json:"time"`          // of these numbers
	InFlight int64     `json:"in_flight"`     // calls under way
	Calls    int64     `json:"calls"`         // that have ended since the process began
	Failed   int64     `json:"failed"`        // of them, without those that the client ended
	Input    int64     `json:"input_tokens"`  // since the process began
	Output   int64     `json:"output_tokens"` // since the process began
	Cost     ai.Money  `json:"cost_usd"`      // since the process began
	Cooling  int       `json:"cooling"`       // how many things cool down
	Journal  Journal   `json:"journal"`       // what waits to be written to the store
}

// Journal is what waits to be written to the store.
type Journal struct {
	Depth   int    `json:"depth"`   // records in memory
	Spooled int    `json:"spooled"` // records on disk, while the store is away
	Written uint64 `json:"written"` // records since the process began
	Lost    uint64 `json:"lost"`    // records that nothing could keep
}

// Snapshot is what a stream of events begins with.
type Snapshot struct {
	Metrics
	Revision int64           `json:"revision"` // of the stored configuration
	Channels []admin.Channel `json:"channels"` // those in use, and their state
}

// OwnMetrics are what the holder of a token sees.
type OwnMetrics struct {
	Time   time.Time     `json:"time"`   // of these numbers
	Budget *admin.Budget `json:"budget"` // of the token; null: it may not be used any more
}

// live is what is told of this moment: to the operator, or to the holder of a
// token.
func (st *State) live(token string, whole bool) any {
	now := time.Now()
	current := st.Current()
	if token != "" {
		own := OwnMetrics{Time: now.UTC()}
		if current != nil {
			if t := current.gateway.Table().Tokens.ByName(token); t != nil {
				b := budgetState("token", token, t.Limiter(), now)
				own.Budget = &b
			}
		}
		return own
	}
	stats, sum := st.Gateway.Ledger.Stats(), &st.totals
	m := Metrics{
		Time: now.UTC(), InFlight: st.Gateway.UnderWay.Load(), Calls: sum.calls.Load(), Failed: sum.failed.Load(),
		Input: sum.input.Load(), Output: sum.output.Load(), Cost: ai.Money(sum.cost.Load()),
		Cooling: len(st.Cooling()),
		Journal: Journal{stats.Depth, stats.Spooled, stats.Written, stats.Lost},
	}
	if !whole {
		return m
	}
	s := Snapshot{Metrics: m, Channels: []admin.Channel{}}
	if current != nil {
		s.Channels = current.Channels(now)
	}
	if known := st.stored.Load(); known != nil {
		s.Revision = known.revision
	}
	return s
}

// Change is told when something begins or ceases to cool down, or what is stored was
// changed.
type Change struct {
	Cooling          *health.Change `json:"cooling,omitempty"`  // what began or ceased to cool down here
	CoolingElsewhere bool           `json:"resting,omitempty"`  // another node has changed what cools down: ask anew
	Revision         int64          `json:"revision,omitempty"` // of the stored configuration
}

// PublishCall counts a call that has ended, and shows it to those who watch.
func (st *State) PublishCall(r *ai.Record) {
	st.totals.add(r)
	st.Shared.Pulse.Add(r)
	if st.Shared.Hub.Watched() {
		st.Shared.Hub.PublishCall(r.Token, r, admin.OwnRecord(r))
	}
}

// PublishChange shows a change to those who watch.
func (st *State) PublishChange(c Change) {
	if st.Shared.Hub.Watched() {
		st.Shared.Hub.PublishChannel(c)
	}
}
