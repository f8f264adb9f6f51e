package selection

import (
	"encoding/json"
	"math"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func init() {
	caddy.RegisterModule(new(Priority))
}

// Priority uses the channels of the highest priority as long as one of them can
// serve, then those of the next, and lets another policy choose among equals.
// It is the default of the ccload handler.
//
// In a stock reverse_proxy nothing is known of priorities: all upstreams are
// equals, and the other policy chooses.
type Priority struct {
	// Then chooses among channels of equal priority. Default: ccload_affinity
	// over ccload_weighted, because a conversation that stays on its key pays a
	// tenth for what the prompt cache holds, and calls without a cache still
	// go by weight.
	ThenRaw json.RawMessage `json:"then,omitempty" caddy:"namespace=http.reverse_proxy.selection_policies inline_key=policy"`

	then  reverseproxy.Selector
	stock stock
}

// CaddyModule returns the Caddy module information.
func (*Priority) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  namespace + ".ccload_priority",
		New: func() caddy.Module { return new(Priority) },
	}
}

// Provision loads the nested policy.
func (p *Priority) Provision(ctx caddy.Context) (err error) {
	if p.ThenRaw == nil {
		p.ThenRaw = caddyconfig.JSONModuleObject(new(Affinity), "policy", "ccload_affinity", nil)
	}
	p.then, err = loadNested(ctx, p, p.ThenRaw)
	return err
}

// UnmarshalCaddyfile sets up the module from Caddyfile tokens. Syntax:
//
//	lb_policy ccload_priority [<policy> [<args...>]] {
//		then <policy> [<args...>]
//	}
func (p *Priority) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.unmarshal(d, reader{})
}

func (p *Priority) unmarshal(d *caddyfile.Dispenser, r reader) error {
	return r.nesting(d, &p.ThenRaw, nil)
}

// Choose returns a candidate of the highest priority there is.
func (p *Priority) Choose(s *Input) int { return Choose(p, s) }

// Select leaves the choice to the nested policy.
func (p *Priority) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	return p.stock.choose(p, pool, r)
}

func (p *Priority) pick(v view) int {
	if v.tier != nil && v.tier == &v.Group.all {
		return ask(p.nested(), p.topOf(v))
	}
	top, equals := math.MinInt, 0
	for i := range v.len() {
		switch c := v.at(i); {
		case c.Priority > top:
			top, equals = c.Priority, 1
		case c.Priority == top:
			equals++
		}
	}
	if !v.stock {
		v.reason.tiered, v.reason.tier = true, top
	}
	next := v.below(idPriority, top)
	if equals == v.len() {
		return ask(p.nested(), next)
	}
	s := borrow()
	defer s.giveBack()
	for i := range v.len() {
		if v.at(i).Priority == top {
			s.among = append(s.among, int32(v.index(i))) //nolint:gosec // an index
		}
	}
	next.among = s.among
	return ask(p.nested(), next)
}

// topOf is the view of the candidates of the highest priority, where it is known.
func (p *Priority) topOf(v view) view {
	top := &v.Group.top
	if !v.stock {
		v.reason.tiered, v.reason.tier = true, top.priority
	}
	v = v.below(idPriority, top.priority)
	v.among, v.tier = top.among, top
	return v
}

// plainAffinity is the nested policy of a Priority that was not provisioned.
var plainAffinity = new(Affinity)

func (p *Priority) nested() reverseproxy.Selector {
	if p.then == nil {
		return plainAffinity
	}
	return p.then
}

// Interface guards
var (
	_ Policy                = (*Priority)(nil)
	_ picker                = (*Priority)(nil)
	_ caddy.Provisioner     = (*Priority)(nil)
	_ reverseproxy.Selector = (*Priority)(nil)
	_ caddyfile.Unmarshaler = (*Priority)(nil)
)
