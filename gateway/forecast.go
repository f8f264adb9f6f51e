package gateway

import (
	"sync"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/tokens"
)

// forecast is what a call is expected to use, before it has: its input, counted
// once, and as much output as is likely. It implements routing.Estimator.
type forecast struct {
	call  *Call
	mu    sync.Mutex   // the input may be counted by several
	count tokens.Count // of the input
	known bool
}

// countInput counts the input, once.
func (f *forecast) countInput() int64 { return f.inputCount(f.call.body).Tokens }

// inputCount is the count of the input, whose body is b.
func (f *forecast) inputCount(b *body) tokens.Count {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known {
		f.known = true
		f.count = f.call.site.gateway.State.Counter.Send(f.sent(), f.countedModel(), b.bytes)
	}
	return f.count
}

// set says what the count is, of whoever had to count to find a bound.
func (f *forecast) set(n tokens.Count) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count, f.known = n, true
}

const (
	maxRough     = 256 << 10
	bytesOfToken = 4
)

// rough is the input of a call that is not over: as it was counted for its
// limits or, where none counts it, a quarter of its bytes, of which more than
// maxRough are likely to be media.
func (f *forecast) rough() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known {
		return f.count.Tokens
	}
	return int64(min(f.call.BodySize, maxRough) / bytesOfToken)
}

// counted reports whether the input was counted.
func (f *forecast) counted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known
}

// countedModel is the model whose tokens are counted: the upstream's name of
// it, because an alias tells nothing.
func (f *forecast) countedModel() string {
	c := f.call
	if c.route != nil {
		return c.route.Steps[0].Candidates[0].Model
	}
	return c.Model
}

// sent is how the call goes to whoever counts it, as far as its first candidate
// tells.
func (f *forecast) sent() tokens.Sent {
	c := f.call
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
func (f *forecast) expect(model string, input int64) (usual, bound ai.Usage) {
	c := f.call
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
func (f *forecast) ExpectedUse(cand *routing.Candidate) access.Use {
	if !cand.Limiter.Measured() {
		return access.Use{}
	}
	return f.useAt(cand, f.countInput())
}

// useAt is what the call with so many tokens of input is expected to use of a candidate.
func (f *forecast) useAt(cand *routing.Candidate, input int64) access.Use {
	usual, bound := f.expect(cand.Model, input)
	return access.Use{
		Tokens: int(usual.Input + usual.Output), Money: f.priceAt(cand, &bound).Amount, Likely: f.priceAt(cand, &usual).Amount,
	}
}

// dearest is how many candidates are priced to find out what a call may cost.
const dearest = 16

// expected is what the call is expected to use of its token: what the dearest
// of the first candidates would take.
func (f *forecast) expected() access.Use {
	if !f.call.token.Limiter().Measured() {
		return access.Use{}
	}
	return f.expectedOf(f.countInput())
}

// expectedOf is expected for an input of so many tokens.
func (f *forecast) expectedOf(input int64) access.Use {
	c := f.call
	var most access.Use
	left := dearest
	for i := range c.route.Steps {
		for j := range c.route.Steps[i].Candidates {
			if left--; left < 0 {
				return most
			}
			cand := &c.route.Steps[i].Candidates[j]
			u := f.useAt(cand, input)
			most.Tokens = max(most.Tokens, u.Tokens)
			most.Money, most.Likely = max(most.Money, u.Money), max(most.Likely, u.Likely)
		}
	}
	return most
}

// priceAt is what a usage costs at a candidate.
func (f *forecast) priceAt(cand *routing.Candidate, u *ai.Usage) ai.Cost {
	c := f.call
	return c.site.gateway.State.Prices.Catalogue().Price(cand.Conf.Provider, cand.Model, c.Received, u, cand.Conf.CostMultiplier)
}
