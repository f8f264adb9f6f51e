package selection

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
)

func init() {
	caddy.RegisterModule(new(Latency))
}

// Latency prefers the channels that are quick to give the first content. It
// takes two at random and uses the one that is expected to be quicker, which
// spreads calls better than always using the quickest, and follows changes
// within seconds. Weights play no part.
//
// What is expected of a channel is learned for each model: the time to first
// content, without what the size of the input explains, where a slow answer
// counts at once and is forgotten within a minute or two. A failure counts as
// a very slow answer. The more calls a key is already serving, the longer it is
// expected to take. Differences below a quarter are left to chance.
//
// A channel that was never measured is used first, by one call at a time; one
// call in a hundred goes anywhere, so that a channel that has become quick
// again is noticed.
//
// In a stock reverse_proxy nobody measures, and of two random upstreams the
// one with fewer requests in flight is used.
type Latency struct {
	stock stock
}

// CaddyModule returns the Caddy module information.
func (*Latency) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  namespace + ".ccload_latency",
		New: func() caddy.Module { return new(Latency) },
	}
}

// UnmarshalCaddyfile sets up the module from Caddyfile tokens. Syntax:
//
//	lb_policy ccload_latency
func (l *Latency) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return l.unmarshal(d, reader{})
}

func (*Latency) unmarshal(d *caddyfile.Dispenser, _ reader) error { return takesNothing(d) }

// Choose returns the candidate that is expected to be quick.
func (l *Latency) Choose(s *Input) int { return Choose(l, s) }

// Select returns the less busy of two random available upstreams.
func (l *Latency) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	return l.stock.choose(l, pool, r)
}

const (
	exploreOne = 100 // one call in so many goes anywhere
	// looksForNew is how many candidates are searched for one that was never
	// measured. More would cost time in each call, and with traffic all are
	// found soon.
	looksForNew = 8
)

func (*Latency) pick(v view) int {
	n := v.len()
	if n == 1 {
		return v.only()
	}
	dice := v.rng(idLatency)
	if v.measured() {
		from := dice.below(n)
		for k := range min(n, looksForNew) {
			i := (from + k) % n
			if v.State.explore(ident{channel: v.at(i).Name, model: v.at(i).Model}, v.Now.UnixNano()) {
				v.reason.method = methodUnknown
				return v.index(i)
			}
		}
		if dice.below(exploreOne) == 0 {
			v.reason.method = methodExplore
			return v.index(dice.below(n))
		}
	}
	first, second := dice.below(n), dice.below(n-1)
	if second >= first {
		second++
	}
	a, b := v.rival(first), v.rival(second)
	verdict := compare(&a, &b, v.manner(), v.inputSeconds(v.at(first)))
	v.explain(&verdict)
	if verdict.decided && verdict.second || !verdict.decided && dice.below(2) == 1 {
		return v.index(second)
	}
	return v.index(first)
}

// measured reports whether calls like this one are measured. Others choose by
// what is known and do not go and find out.
func (v view) measured() bool {
	return !v.stock && (v.Call == nil || v.Call.Operation == "" || v.Call.Operation == ai.Generate)
}

func (v view) rival(i int) rival {
	c := v.at(i)
	r := rival{load: float64(c.inFlight()) / float64(c.keys())}
	if !v.stock {
		r.reading = v.State.measures.look(ident{channel: c.Name, model: c.Model}).read(v.Now.UnixNano())
	}
	return r
}

// inputSeconds is what the call's size adds to the time of any target.
func (v view) inputSeconds(c *Candidate) float64 {
	return v.State.fits.look(ident{model: c.Model}).slope(v.manner()) * float64(v.size())
}

func (v view) explain(d *verdict) {
	switch {
	case d.decided && d.byTime:
		a, b := roundMS(d.times[0]), roundMS(d.times[1])
		if d.second {
			a, b = b, a
		}
		v.reason.method, v.reason.a, v.reason.b = methodQuicker, a, b
	case d.byTime:
		v.reason.method = methodEqual
	case !d.decided:
		v.reason.method = methodChance
	case d.byLoad:
		v.reason.method = methodIdler
	default:
		v.reason.method = methodKnown
	}
}

// explore reports whether nobody knows anything of a target yet; if so, the
// caller is to find out.
func (st *State) explore(id ident, now int64) bool {
	return st.measures.get(id, now).explore(now)
}

// Interface guards
var (
	_ Policy                = (*Latency)(nil)
	_ picker                = (*Latency)(nil)
	_ reverseproxy.Selector = (*Latency)(nil)
	_ caddyfile.Unmarshaler = (*Latency)(nil)
)
