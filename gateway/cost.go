package gateway

import (
	"cmp"
	"math/rand/v2"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
)

// This file is what a call used, and what that costs.

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
	a.record.Cost = c.forecast.priceAt(&t.Candidate, &a.record.Usage)
	t.Used = access.Use{Tokens: int(a.record.Usage.Input + a.record.Usage.Output), Money: a.record.Cost.Amount}
	c.admission.used.Tokens += t.Used.Tokens
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
		u.Input, u.Estimated = c.forecast.countInput(), true
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
	if !c.forecast.counted() && (st.counting.idle(c.Received) && rand.IntN(learnEvery*(1+c.BodySize/learnSize)) > 0) { //nolint:gosec // a sample
		return
	}
	n := c.forecast.inputCount(c.body)
	if c.forecast.countedModel() == t.Model {
		st.Counter.Learn(n, u.Input)
	}
}

// generates reports whether an operation makes a model answer, which is what
// tokens are counted for.
func generates(o ai.Operation) bool { return o == ai.Generate || o == ai.Complete }
