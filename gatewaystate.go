package ccload

import (
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/control"
	"github.com/ccload/ccload/internal/demo"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/tokens"
)

// gatewayState is what serving calls remembers, longer than any config: prices,
// what was learned of counting tokens and of upstreams, connections, and what
// waits to be written to the store.
type gatewayState struct {
	Prices         *pricing.Book
	Counter        *tokens.Counter
	Counting       lastUse // of the endpoints that count tokens
	Outputs        tokens.OutputEstimator
	UsageSupport   usageHabits
	ResponseOwners *pins
	ModelLists     *modelLists
	Pool           *relay.Pool
	Ledger         *ledger.Ledger
	Captures       *captures
	Totals         totals
	UnderWay       atomic.Int64 // calls, of all configs
}

// newGatewayState returns a state that remembers nothing. What the ledger has to
// complain about goes to the logger of the moment.
func newGatewayState(log func() *zap.Logger) *gatewayState {
	return &gatewayState{
		Prices:         new(pricing.Book),
		Counter:        tokens.New(),
		ResponseOwners: newPins(),
		ModelLists:     newModelLists(),
		Pool:           newPool(),
		Captures:       newCaptures(),
		Ledger:         ledger.New(ledger.Options{Alarm: func(msg string, err error) { log().Error(msg, zap.Error(err)) }}),
	}
}

// newPool makes the pool of connections to upstreams, the demo among them.
func newPool() *relay.Pool {
	return relay.NewPool(demo.Host, func() relay.Inner { return demo.Start() })
}

// totals are what calls have come to since the process began.
type totals struct {
	calls, failed, input, output, cost atomic.Int64
}

func (t *totals) add(r *ai.Record) {
	t.calls.Add(1)
	if r.Outcome != ai.OK && r.Outcome != ai.ClientGone {
		t.failed.Add(1)
	}
	t.input.Add(r.Usage.Input)
	t.output.Add(r.Usage.Output)
	t.cost.Add(int64(r.Cost.Amount))
}

// traffic sums up the calls of this process.
func (st *gatewayState) traffic() control.Traffic {
	t := &st.Totals
	return control.Traffic{
		InFlight: st.UnderWay.Load(), Calls: t.calls.Load(), Failed: t.failed.Load(),
		Input: t.input.Load(), Output: t.output.Load(), Cost: ai.Money(t.cost.Load()),
	}
}
