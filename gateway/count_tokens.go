package gateway

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// CountHeader is how a client asks the upstream to count.
const CountHeader = "X-Ccload-Count"

// CountsHere reports whether the call asks for a count of tokens that is made
// here: without an upstream, at once, for any model.
func (c *Call) CountsHere() bool {
	return c.Operation == ai.CountTokens && (!c.token.MayCountUpstream() || c.r.Header.Get(CountHeader) != "upstream")
}

// CountTokens answers how many tokens a request would have.
func (c *Call) CountTokens() error {
	st := c.site.gateway.State
	st.counting.use(c.Received)
	c.route = c.snapshot.table.Route(c.Model, c.site.Limits.FuzzyModels)
	format := c.match.Format.(protocol.TokenCounter) // whoever has the endpoint is one
	body, sent := format.CountedRequest(c.body.bytes), c.forecast.sent()
	if len(body) != len(c.body.bytes) {
		sent.Index = nil // it is of the whole body
	}
	n := st.Counter.Send(sent, c.forecast.countedModel(), body).Tokens
	return c.answer(format.CountAnswer(n))
}

// lastUse remembers when somebody last asked for something.
type lastUse struct{ at atomic.Int64 }

// usedFor is how long after a use the next one is expected.
const usedFor = 10 * time.Minute

func (l *lastUse) use(now time.Time) { l.at.Store(now.UnixNano()) }

// idle reports whether nobody has asked lately.
func (l *lastUse) idle(now time.Time) bool {
	return now.UnixNano()-l.at.Load() > int64(usedFor)
}
