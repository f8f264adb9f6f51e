package gateway

import (
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// Observer is told what happens while calls are served, to count it and to tell
// people. Its methods may be called at once, and must not wait.
type Observer interface {
	// CallEnded is called with the finished record of each call. routed is
	// whether its model is one that the gateway serves.
	CallEnded(r *ai.Record, routed bool)
	// AttemptEnded is called after each try of a channel.
	AttemptEnded(channel string, kind ai.Kind)
	// CostDrifted is called when a vendor charges something else than the
	// catalogue says: one of both is out of date.
	CostDrifted(channel, model string, c *ai.Cost)
	// Unpriced is called when a model has no price, so that no budget counts it.
	Unpriced(channel, model string)
	// LimitReached is called when a limit of a thing ("token", "channel") refuses
	// a call. resets is when it has room again, zero if that is not known.
	LimitReached(thing, name string, limit access.Limit, resets time.Time)
	// NoTokens is called when a call is refused because nobody has a token.
	NoTokens()
}
