package control

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
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

// live is what is told of this moment: to the operator, or to the holder of a
// token.
func (st *State) live(token string, whole bool) any {
	now := time.Now()
	current := st.Current()
	if token != "" {
		own := admin.OwnMetrics{Time: now.UTC()}
		if current != nil {
			if t := current.gateway.Table().Tokens.ByName(token); t != nil {
				b := budgetState("token", token, t.Limiter(), now)
				own.Budget = &b
			}
		}
		return own
	}
	stats, sum := st.Gateway.Ledger.Stats(), &st.totals
	m := admin.LiveMetrics{
		Time: now.UTC(), InFlight: st.Gateway.UnderWay.Load(), Calls: sum.calls.Load(), Failed: sum.failed.Load(),
		Input: sum.input.Load(), Output: sum.output.Load(), Cost: ai.Money(sum.cost.Load()),
		Cooling: len(st.Cooling()),
		Journal: admin.LiveJournal{Depth: stats.Depth, Spooled: stats.Spooled, Written: stats.Written, Lost: stats.Lost},
	}
	if !whole {
		return m
	}
	s := admin.LiveSnapshot{LiveMetrics: m, Channels: []admin.Channel{}}
	if current != nil {
		s.Channels = current.Channels(now)
	}
	if known := st.stored.Load(); known != nil {
		s.Revision = known.revision
	}
	return s
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
func (st *State) PublishChange(c admin.LiveChange) {
	if st.Shared.Hub.Watched() {
		st.Shared.Hub.PublishChannel(c)
	}
}
