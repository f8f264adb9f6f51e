package selection

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/dustin/go-humanize"

	"github.com/ccload/ccload/ai"
)

func init() {
	caddy.RegisterModule(new(Affinity))
}

// Affinity keeps a conversation on the key that holds its prompt cache. What is
// read from a cache costs a tenth and is answered sooner. Conversations are
// told apart by the session that the client names, or else by tools, system
// prompt and first user turn.
//
// A conversation returns to the key that served it last, unless
//
//   - that key cools down or has been tried by the call: then it leaves at once;
//   - that key serves more calls than BoundedLoad allows;
//   - its channel has become so slow, measured against the quickest other one,
//     that the cache does not make up for it: 10,000 cached tokens are worth a
//     second of waiting, and half a second is always put up with. A key whose
//     rate limit is nearly used up counts as two seconds slower.
//
// A conversation that has no such key is placed by a hash, in which channels
// have their weight (multiplied by usable keys) as in ccload_weighted. Several
// gateways agree on this place without a message between them. If its key is
// busier than allowed, the next place is taken, and so on. With another nested
// policy than ccload_weighted, that policy chooses the channel and the hash
// only the key: it was asked for, and a hash would not know what it knows.
//
// Calls that have nothing to keep together go to the nested policy: those
// without a conversation, and prompts too short to be cached.
//
// In a stock reverse_proxy the session that a header names, or else the
// client's address, decides by the same hash, with bounded load.
type Affinity struct {
	// BoundedLoad is how many calls in flight a key may have before
	// conversations leave it, relative to its share of all calls in flight.
	// One call more is always allowed, and up to four more for a conversation
	// that would lose much. Default 1.25; at least 1. Larger values keep more
	// conversations together and load keys less evenly.
	BoundedLoad float64 `json:"bounded_load,omitempty"`

	// MinPrompt is the size in bytes of a request body from which on a prompt
	// may be cached. Smaller ones go to the nested policy unless the client
	// names a session or a cache was reported before. Default 4096, for no
	// provider caches less than 1,024 tokens; 0 holds all together.
	MinPrompt *int64 `json:"min_prompt,omitempty"`

	// Then chooses for calls that have nothing to keep together, and for those
	// whose conversation has no place. Default: ccload_weighted.
	ThenRaw json.RawMessage `json:"then,omitempty" caddy:"namespace=http.reverse_proxy.selection_policies inline_key=policy"`

	then  reverseproxy.Selector
	stock stock
}

const (
	defaultBoundedLoad = 1.25
	defaultMinPrompt   = 4096 // bytes, 1,024 tokens of 4
)

// What a cache is worth.
const (
	secondsPerToken = 1e-4  // a cached token, in seconds of waiting
	patience        = 0.5   // seconds that are always put up with
	lowSeconds      = 2     // what it is worth not to exhaust a rate limit
	tokensPerCall   = 16384 // cached tokens that are worth one call more on a key
	maxExtraCalls   = 4
	looksForQuicker = 8
	maxPlacesToLook = 16
)

// CaddyModule returns the Caddy module information.
func (*Affinity) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  namespace + ".ccload_affinity",
		New: func() caddy.Module { return new(Affinity) },
	}
}

// Provision loads the nested policy.
func (a *Affinity) Provision(ctx caddy.Context) (err error) {
	if a.ThenRaw == nil {
		a.then = nil // ccload_weighted, see ask
		return nil
	}
	a.then, err = loadNested(ctx, a, a.ThenRaw)
	return err
}

// Validate checks the numbers.
func (a *Affinity) Validate() error {
	if a.BoundedLoad != 0 && !(a.BoundedLoad >= 1 && a.BoundedLoad <= 1000) {
		return fmt.Errorf("bounded_load must be between 1 and 1000, not %v", a.BoundedLoad)
	}
	if a.MinPrompt != nil && *a.MinPrompt < 0 {
		return errors.New("min_prompt must not be negative")
	}
	return nil
}

// UnmarshalCaddyfile sets up the module from Caddyfile tokens. Syntax:
//
//	lb_policy ccload_affinity [<policy> [<args...>]] {
//		bounded_load <factor>
//		min_prompt   <size>|off
//		then         <policy> [<args...>]
//	}
func (a *Affinity) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return a.unmarshal(d, reader{})
}

func (a *Affinity) unmarshal(d *caddyfile.Dispenser, r reader) error {
	return r.nesting(d, &a.ThenRaw, map[string]func(value string) error{
		"bounded_load": func(value string) (err error) {
			a.BoundedLoad, err = parseFactor(value)
			return err
		},
		"min_prompt": func(value string) error {
			size := uint64(0)
			if value != "off" {
				var err error
				if size, err = humanize.ParseBytes(value); err != nil || size > math.MaxInt64 {
					return fmt.Errorf("%q is not a size such as 4KiB, or off", value)
				}
			}
			n := int64(size)
			a.MinPrompt = &n
			return nil
		},
	})
}

// Choose returns the candidate that holds the conversation's prompt cache.
func (a *Affinity) Choose(s *Input) int { return Choose(a, s) }

// Select keeps a client on its upstream.
func (a *Affinity) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	return a.stock.choose(a, pool, r)
}

func (a *Affinity) pick(v view) int {
	if v.len() == 1 && v.at(0).UsableKeys <= 1 {
		return v.only()
	}
	v = v.below(idAffinity, 0)
	if v.Call == nil || v.Call.Conversation == 0 || !readsPrompt[v.Call.Operation] {
		return ask(a.then, v)
	}
	key := conversationKey(v.Call)
	last, known := v.State.conversations.look(key, v.Now.UnixNano())
	if (!known || last.cached == 0) && a.tooSmall(v) {
		return ask(a.then, v)
	}
	s := borrow()
	defer s.giveBack()
	p := placing{view: v, scratch: s, key: key, factor: a.BoundedLoad, except: -1, fallback: -1}
	if p.factor == 0 {
		p.factor = defaultBoundedLoad
	}
	p.survey()
	if known {
		if i := p.stay(&last); i >= 0 {
			return i
		}
	}
	if a.placesByHash() {
		if i := p.place(); i >= 0 {
			v.reason.method = methodPlace
			return i
		}
	}
	i := ask(a.then, v)
	if i >= 0 && v.Key == "" && !a.placesByHash() {
		v.Key, _ = p.placeKey(i, math.Inf(1))
	}
	return i
}

// placesByHash reports whether the hash chooses the channel.
func (a *Affinity) placesByHash() bool {
	_, weighted := a.then.(*Weighted)
	return weighted || a.then == nil
}

// readsPrompt are the operations that make use of a prompt cache.
var readsPrompt = map[ai.Operation]bool{"": true, ai.Generate: true, ai.Compact: true, ai.Complete: true}

// tooSmall reports whether a prompt is not going to be cached by anybody. An
// unknown size is not too small.
func (a *Affinity) tooSmall(v view) bool {
	least := int64(defaultMinPrompt)
	if a.MinPrompt != nil {
		least = *a.MinPrompt
	}
	size := int64(v.size())
	return size > 0 && size < least && sessionOf(v.HTTP) == ""
}

// Interface guards
var (
	_ Policy                = (*Affinity)(nil)
	_ picker                = (*Affinity)(nil)
	_ caddy.Provisioner     = (*Affinity)(nil)
	_ caddy.Validator       = (*Affinity)(nil)
	_ reverseproxy.Selector = (*Affinity)(nil)
	_ caddyfile.Unmarshaler = (*Affinity)(nil)
)
