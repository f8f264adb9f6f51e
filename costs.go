package ccload

import (
	"cmp"
	"math/rand/v2"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/tokens"
)

// This file is what a call is expected to use, and what it used.

// expectation is how many tokens a call is expected to use.
type expectation struct {
	count tokens.Count // of the input
	known bool
}

// generates reports whether the call makes a model answer, which is what tokens
// are counted for.
func (c *call) generates() bool { return c.Operation == ai.Generate || c.Operation == ai.Complete }

// countInput counts the input, once.
func (c *call) countInput() int64 {
	if !c.known {
		c.known = true
		c.count = c.h.app.state.gateway.Counter.Send(c.sent(), c.countedModel(), c.body.bytes)
	}
	return c.count.Tokens
}

// countedModel is the model whose tokens are counted: the upstream's name of
// it, because an alias tells nothing.
func (c *call) countedModel() string {
	if c.candidates != nil {
		return c.candidates.stages[0].candidates[0].model
	}
	return c.Model
}

// sent is how the call goes to whoever counts it, as far as its first candidate
// tells.
func (c *call) sent() tokens.Sent {
	s := tokens.Sent{Protocol: c.Protocol, Stream: c.Stream}
	if c.candidates != nil {
		s.Vertex = provider.Vertex(c.candidates.stages[0].candidates[0].conf)
	}
	return s
}

// expect is the usage that is set aside for a call: its input, and the smaller
// of what its client allows for output and what the model usually makes.
func (c *call) expect(model string) ai.Usage {
	u := ai.Usage{Input: c.countInput()}
	if c.generates() {
		u.Output = c.h.app.state.gateway.Outputs.Estimate(model)
		if c.MaxOutput > 0 {
			u.Output = min(u.Output, c.MaxOutput)
		}
	}
	return u
}

// expectedOf is what the call is expected to use of a candidate; nothing if
// none of its limits counts it.
func (c *call) expectedOf(cand *candidate) access.Use {
	if !cand.allowance.Measured() {
		return access.Use{}
	}
	u := c.expect(cand.model)
	return access.Use{Tokens: int(u.Input + u.Output), Money: c.priceAt(cand, &u).Amount}
}

// dearest is how many candidates are priced to find out what a call may cost.
const dearest = 16

// expected is what the call is expected to use of its token: what the dearest
// of the first candidates would take.
func (c *call) expected() access.Use {
	if !c.token.Allowance().Measured() {
		return access.Use{}
	}
	var most access.Use
	left := dearest
	for i := range c.candidates.stages {
		for j := range c.candidates.stages[i].candidates {
			if left--; left < 0 {
				return most
			}
			cand := &c.candidates.stages[i].candidates[j]
			u := c.expect(cand.model)
			most.Tokens = max(most.Tokens, int(u.Input+u.Output))
			most.Money = max(most.Money, c.priceAt(cand, &u).Amount)
		}
	}
	return most
}

// priceAt is what a usage costs at a candidate.
func (c *call) priceAt(cand *candidate, u *ai.Usage) ai.Cost {
	return c.h.app.state.gateway.Prices.Catalogue().Price(cand.conf.Provider, cand.model, c.Received, u, cand.conf.CostMultiplier)
}

// bill counts what an attempt used, and what that costs. Failed attempts are
// billed too if the provider says that they used something. answer is nil if
// nothing of it may be estimated: its client was given none of it.
func (c *call) bill(t *target, a *ai.Attempt, answer *relay.Answer, complete bool) {
	if answer != nil && c.generates() {
		c.estimate(t, &a.Usage, answer, complete)
	}
	if answer != nil {
		c.request.Order.Complete(c.Operation, &a.Usage)
	}
	if a.Usage.IsZero() {
		return
	}
	a.Usage.Region = cmp.Or(a.Usage.Region, provider.Region(t.conf, t.urls[t.url].host))
	a.Cost = c.priceAt(&t.candidate, &a.Usage)
	t.used = access.Use{Tokens: int(a.Usage.Input + a.Usage.Output), Money: a.Cost.Amount}
	c.used.Tokens += t.used.Tokens
	rec := &c.record.Cost
	rec.Amount += a.Cost.Amount
	rec.List += a.Cost.List
	rec.Unpriced = rec.Unpriced || a.Cost.Unpriced
	rec.OtherTier = rec.OtherTier || a.Cost.OtherTier
	rec.Drifted = rec.Drifted || a.Cost.Drifted
	rec.Price, rec.Multiplier = a.Cost.Price, a.Cost.Multiplier
	if a.Cost.Unpriced {
		c.h.app.observer.Unpriced(t.name, t.model)
	}
	if a.Cost.Drifted {
		c.h.app.observer.CostDrifted(t.name, t.model, &a.Cost)
	}
}

// mostTokens is more than any context window holds, by far: a number above it
// is a mistake, which must not use up somebody's budget.
const mostTokens = 20_000_000

// estimate counts here what the provider did not: all of an answer without
// usage, or with one that cannot be, and the output of one that broke off or
// whose client left before the usage came.
func (c *call) estimate(t *target, u *ai.Usage, answer *relay.Answer, complete bool) {
	u.Doubtful = u.Doubtful || u.Input > mostTokens || u.Output > mostTokens
	input := !u.Reported || u.Input == 0 || u.Input > mostTokens
	output := !u.Reported || !complete || u.Output > mostTokens || u.Output == 0 && (input || u.Doubtful)
	if !input && !output {
		c.learn(t, u)
		return
	}
	counter := c.h.app.state.gateway.Counter
	if input {
		u.CachedInput, u.CacheWrite, u.CacheWrite1h, u.AudioInput, u.ImageInput, u.CachedAudio, u.CachedImage = 0, 0, 0, 0, 0, 0, 0
		u.Input, u.Estimated = c.countInput(), true
	}
	if u.Output > mostTokens {
		u.Output, u.Reasoning, u.AudioOutput, u.ImageOutput, u.Estimated = 0, 0, 0, 0, true
	}
	if text, times := answer.Said(); output && len(text) > 0 {
		if said := int64(float64(counter.Answer(t.model, text)) * times); said > u.Output {
			u.Output, u.Estimated = said, true
		}
	}
}

// learnEvery is how many calls of up to learnSize bytes there are to one that
// is counted only to learn how well counting does; of larger ones there are
// more, so that what it costs does not grow.
const (
	learnEvery = 32
	learnSize  = 8 << 10
)

// learn compares what was counted with what the provider says, and remembers
// what the model usually makes.
func (c *call) learn(t *target, u *ai.Usage) {
	st := c.h.app.state
	st.gateway.Outputs.Observe(t.model, u.Output)
	if !c.known && (st.gateway.Counting.idle(c.Received) && rand.IntN(learnEvery*(1+c.BodySize/learnSize)) > 0) { //nolint:gosec // a sample
		return
	}
	c.countInput()
	if c.countedModel() == t.model {
		st.gateway.Counter.Learn(c.count, u.Input)
	}
}
