package ccload

import (
	"sync/atomic"

	"go.uber.org/zap"

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
