package gateway

import (
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/ccload/ccload/internal/demo"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/tokens"
)

// State is what serving calls remembers, longer than any config: prices,
// what was learned of counting tokens and of upstreams, connections, and what
// waits to be written to the store.
type State struct {
	Prices         *pricing.Book
	Counter        *tokens.Counter
	counting       lastUse // of the endpoints that count tokens
	outputs        tokens.OutputEstimator
	UsageSupport   UsageSupport
	responseOwners *responseOwners
	modelLists     *modelListCache
	Pool           *relay.Pool
	Ledger         *ledger.Ledger
	Captures       *ledger.Captures
	Responses      *StoredResponses
	Substituted    Substitutions
	UnderWay       atomic.Int64 // calls, of all configs
	Running        Running      // those of them that serve
	Guesses        TokenGuesses // of client tokens
	Recounts       *Recounts
}

// NewState returns a state that remembers nothing. What the ledger has to
// complain about goes to the logger of the moment.
func NewState(log func() *zap.Logger) *State {
	return &State{
		Prices:         new(pricing.Book),
		Counter:        tokens.New(),
		Recounts:       newRecounts(),
		Guesses:        newTokenGuesses(),
		responseOwners: newResponseOwners(),
		modelLists:     newModelListCache(),
		Pool:           newPool(),
		Captures:       ledger.NewCaptures(),
		Responses:      newStoredResponses(),
		Ledger:         ledger.New(ledger.Options{Alarm: func(msg string, err error) { log().Error(msg, zap.Error(err)) }}),
	}
}

// newPool makes the pool of connections to upstreams, the demo among them.
func newPool() *relay.Pool {
	return relay.NewPool(demo.Host, func() relay.Inner { return demo.Start() })
}
