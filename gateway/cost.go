package gateway

import (
	"cmp"
	"math/rand/v2"
	"sync"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/tokens"
)

// This file is what a call is expected to use, and what it used.

// expectation is how many tokens a call is expected to use.
type expectation struct {
	mu    sync.Mutex   // the input may be counted by several
	count tokens.Count // of the input
	known bool
}

// countInput counts the input, once.
func (c *Call) countInput() int64 { return c.inputCount(c.body).Tokens }

// inputCount is the count of the input, whose body is b.
func (c *Call) inputCount(b *body) tokens.Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		c.known = true
		c.count = c.site.gateway.State.Counter.Send(c.sent(), c.countedModel(), b.bytes)
	}
	return c.count
}

// counted reports whether the input was counted.
func (c *Call) counted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// countedModel is the model whose tokens are counted: the upstream's name of
// it, because an alias tells nothing.
func (c *Call) countedModel() string {
	if c.route != nil {
		return c.route.Steps[0].Candidates[0].Model
	}
	return c.Model
}

// sent is how the call goes to whoever counts it, as far as its first candidate
// tells.
func (c *Call) sent() tokens.Sent {
	s := tokens.Sent{Protocol: c.Protocol, Stream: c.Stream, Index: &c.request.Index}
	if c.route != nil {
		s.Vertex = provider.Vertex(c.route.Steps[0].Candidates[0].Conf)
	}
	return s
}

// expect is the usage of a call with as much output as it usually has, and with
// as much as it hardly ever exceeds: what its client allows, where it says so.
// The first counts against rates, which are given back within a minute anyway;
// the second is set aside of budgets, so that calls at once cannot spend more
// than there is.
func (c *Call) expect(model string, input int64) (usual, bound ai.Usage) {
	usual = ai.Usage{Input: input}
	bound = usual
	if generates(c.Operation) {
		outputs := &c.site.gateway.State.outputs
		usual.Output, bound.Output = outputs.Estimate(model), outputs.Bound(model)
		if c.MaxOutput > 0 {
			usual.Output, bound.Output = min(usual.Output, c.MaxOutput), c.MaxOutput
		}
	}
	return usual, bound
}

// ExpectedUse implements routing.Estimator. Nothing is expected of a candidate
// none of whose limits counts it.
func (c *Call) ExpectedUse(cand *routing.Candidate) access.Use {
	if !cand.Limiter.Measured() {
		return access.Use{}
	}
	return c.useAt(cand, c.countInput())
}

// useAt is what the call with so many tokens of input is expected to use of a candidate.
func (c *Call) useAt(cand *routing.Candidate, input int64) access.Use {
	usual, bound := c.expect(cand.Model, input)
	usual.Region = regionOf(cand)
	bound.Region = usual.Region
	return access.Use{
		Tokens: int(usual.Input + usual.Output), Money: c.priceAt(cand, &bound).Amount, Likely: c.priceAt(cand, &usual).Amount,
	}
}

// regionOf is a region that a candidate may bill for, "" if none of its addresses
// is in one.
func regionOf(cand *routing.Candidate) string {
	for i := range cand.URLs {
		if region := provider.Region(cand.Conf, cand.URLs[i].Host); region != "" {
			return region
		}
	}
	return ""
}

// dearest is how many candidates are priced to find out what a call may cost.
const dearest = 16

// expected is what the call is expected to use of its token: what the dearest
// of the first candidates would take.
func (c *Call) expected() access.Use {
	if !c.token.Limiter().Measured() {
		return access.Use{}
	}
	return c.expectedOf(c.countInput())
}

// expectedOf is expected for an input of so many tokens.
func (c *Call) expectedOf(input int64) access.Use {
	var most access.Use
	left := dearest
	for i := range c.route.Steps {
		for j := range c.route.Steps[i].Candidates {
			if left--; left < 0 {
				return most
			}
			cand := &c.route.Steps[i].Candidates[j]
			u := c.useAt(cand, input)
			most.Tokens = max(most.Tokens, u.Tokens)
			most.Money, most.Likely = max(most.Money, u.Money), max(most.Likely, u.Likely)
		}
	}
	return most
}

// priceAt is what a usage costs at a candidate.
func (c *Call) priceAt(cand *routing.Candidate, u *ai.Usage) ai.Cost {
	return c.site.gateway.State.Prices.Catalogue().Price(cand.Conf.Provider, cand.Model, c.Received, u, cand.Conf.CostMultiplier)
}

// addCost counts what an attempt used, and what that costs. Failed attempts are
// billed too if the provider says that they used something. answer is nil if
// nothing of it may be estimated: its client was given none of it.
func (a *attempt) addCost(answer *relay.Answer, complete bool) {
	c, t := a.call, a.target
	if c.Operation == ai.CountTokens { // the answer is a number of tokens that nobody used
		a.record.Usage = ai.Usage{}
		return
	}
	if answer != nil && generates(c.Operation) {
		a.estimate(&a.record.Usage, answer, complete)
	}
	if answer != nil {
		c.request.Order.Complete(c.Operation, &a.record.Usage)
	}
	if a.record.Usage.IsZero() {
		return
	}
	a.record.Usage.Region = cmp.Or(a.record.Usage.Region, provider.Region(t.Conf, t.URLs[t.URL].Host))
	a.record.Cost = c.priceAt(&t.Candidate, &a.record.Usage)
	t.Used = access.Use{Tokens: int(a.record.Usage.Input + a.record.Usage.Output), Money: a.record.Cost.Amount}
	c.used.Tokens += t.Used.Tokens
	c.Record.Usage.Add(&a.record.Usage)
	rec := &c.Record.Cost
	rec.Amount += a.record.Cost.Amount
	rec.List += a.record.Cost.List
	rec.Unpriced = rec.Unpriced || a.record.Cost.Unpriced
	rec.OtherTier = rec.OtherTier || a.record.Cost.OtherTier
	rec.Drifted = rec.Drifted || a.record.Cost.Drifted
	rec.Price, rec.Multiplier = a.record.Cost.Price, a.record.Cost.Multiplier
	if a.record.Cost.Unpriced {
		c.site.gateway.Observer.Unpriced(t.Name, t.Model)
	}
	if a.record.Cost.Drifted {
		c.site.gateway.Observer.CostDrifted(t.Name, t.Model, &a.record.Cost)
	}
}

// givenUp is the answer of an attempt that was given up after its request had
// been sent, by us or by the client. What the upstream bills for it nobody will
// say, so it is estimated. nil: there is nothing to estimate.
func (a *attempt) givenUp(answer *relay.Answer) *relay.Answer {
	if k := answer.Evidence.Kind; answer.Sent() && (k == ai.Timeout || k == ai.ClientGone) && !a.record.Usage.Reported {
		return answer
	}
	return nil
}

// maxTokens is more than any context window holds, by far: a number above it
// is a mistake, which must not use up somebody's budget.
const maxTokens = 20_000_000

// estimate counts here what the provider did not: all of an answer without
// usage, or with one that cannot be, and the output of one that broke off or
// whose client left before the usage came.
func (a *attempt) estimate(u *ai.Usage, answer *relay.Answer, complete bool) {
	c, t := a.call, a.target
	u.Doubtful = u.Doubtful || u.Input > maxTokens || u.Output > maxTokens
	input := !u.Reported || u.Input == 0 || u.Input > maxTokens
	output := !u.Reported || !complete || u.Output > maxTokens || u.Output == 0 && (input || u.Doubtful)
	if !input && !output {
		a.learn(u)
		return
	}
	counter := c.site.gateway.State.Counter
	if input {
		u.CachedInput, u.CacheWrite, u.CacheWrite1h, u.AudioInput, u.ImageInput, u.CachedAudio, u.CachedImage = 0, 0, 0, 0, 0, 0, 0
		u.Input, u.Estimated = c.countInput(), true
	}
	if u.Output > maxTokens {
		u.Output, u.Reasoning, u.AudioOutput, u.ImageOutput, u.Estimated = 0, 0, 0, 0, true
	}
	if text, times := answer.Said(); output && len(text) > 0 {
		if said := int64(float64(counter.Answer(t.Model, text)) * times); said > u.Output {
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
func (a *attempt) learn(u *ai.Usage) {
	c, t := a.call, a.target
	st := c.site.gateway.State
	st.outputs.Observe(t.Model, u.Output)
	if !c.counted() && (st.counting.idle(c.Received) && rand.IntN(learnEvery*(1+c.BodySize/learnSize)) > 0) { //nolint:gosec // a sample
		return
	}
	n := c.inputCount(c.body)
	if c.countedModel() == t.Model {
		st.Counter.Learn(n, u.Input)
	}
}

// generates reports whether an operation makes a model answer, which is what
// tokens are counted for.
func generates(o ai.Operation) bool { return o == ai.Generate || o == ai.Complete }
