package selection

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func init() {
	caddy.RegisterModule(new(Weighted))
}

// Weighted gives each channel its share of the calls: its weight multiplied by
// the number of its keys that can serve now. A channel of weight 3 with two
// keys gets six calls where one of weight 1 with one key gets one; when one of
// the two keys cools down, it gets three.
//
// The shares are exact and well mixed (nginx's smooth weighted round-robin),
// for each model by itself, and go on where they were after a config reload or
// when a channel comes back. Calls that were under way when the gateway
// started are not considered, nor is how long calls take.
//
// In a stock reverse_proxy nothing is known of weights, and the available
// upstreams take turns.
type Weighted struct {
	stock stock
}

// CaddyModule returns the Caddy module information.
func (*Weighted) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  namespace + ".ccload_weighted",
		New: func() caddy.Module { return new(Weighted) },
	}
}

// UnmarshalCaddyfile sets up the module from Caddyfile tokens. Syntax:
//
//	lb_policy ccload_weighted
func (w *Weighted) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return w.unmarshal(d, reader{})
}

func (*Weighted) unmarshal(d *caddyfile.Dispenser, _ reader) error { return takesNothing(d) }

// Choose returns the candidate whose turn it is.
func (w *Weighted) Choose(s *Input) int { return Choose(w, s) }

// Select returns the available upstream whose turn it is.
func (w *Weighted) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	return w.stock.choose(w, pool, r)
}

// pick needs nothing of w, which may be nil: it is the policy where none is
// configured.
func (*Weighted) pick(v view) int {
	if v.len() == 1 {
		return v.only()
	}
	v = v.below(idWeighted, 0)
	dice := v.rng(idWeighted)
	turns := v.State.turns.get(ident{model: v.model(), path: v.path}, v.Now.UnixNano())
	n, candidates, among, total := v.len(), v.Candidates, v.among, int64(0)
	entry := func(i int) (string, int64) {
		if among != nil {
			i = int(among[i])
		}
		c := &candidates[i]
		return c.Name, c.share()
	}
	i := 0
	if seed := dice.pcg.Uint64() | 1; v.tier != nil {
		total = v.tier.total
		i = turns.turnOf(v.tier, n, entry, seed)
	} else {
		for i := range n {
			total += v.at(i).share()
		}
		i = turns.turn(n, total, entry, -1, seed)
	}
	v.reason.method, v.reason.a, v.reason.b = methodWeighted, int(v.at(i).share()), int(total)
	return v.index(i)
}

// Interface guards
var (
	_ Policy                = (*Weighted)(nil)
	_ picker                = (*Weighted)(nil)
	_ reverseproxy.Selector = (*Weighted)(nil)
	_ caddyfile.Unmarshaler = (*Weighted)(nil)
)
