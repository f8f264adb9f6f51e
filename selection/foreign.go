package selection

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// askPolicy asks a policy of somebody else that knows situations.
func askPolicy(p Policy, v view) int {
	if v.among == nil && v.Group == nil {
		return p.Choose(v.Input)
	}
	some := *v.Input
	some.Group = nil
	some.Candidates = make([]Candidate, v.len())
	for i := range some.Candidates {
		some.Candidates[i] = *v.at(i)
		some.Candidates[i].InFlight, some.Candidates[i].Busy = v.at(i).inFlight(), nil
	}
	if v.Keys != nil {
		some.Keys = func(i int, buf []Key) []Key { return v.Keys(v.index(i), buf) }
	}
	i := p.Choose(&some)
	if i < 0 || i >= len(some.Candidates) {
		return -1
	}
	v.Why, v.Key = some.Why, some.Key
	return v.index(i)
}

// askSelector asks a selection policy that knows nothing of situations. It
// gets the candidates' Upstreams, and a request that carries the view for
// those of our policies that may be nested in it.
func askSelector(sel reverseproxy.Selector, v view) int {
	v.reason.method, v.reason.name = methodForeign, nameOf(sel)
	if v.Explain && !repeatable(sel) {
		if v.len() == 1 {
			return v.only()
		}
		v.reason.method = methodUnasked
		return -1
	}
	request := v.HTTP
	if request == nil {
		request = &http.Request{URL: new(url.URL), Header: make(http.Header)}
	}
	request = request.WithContext(context.WithValue(request.Context(), viewKey{}, &v))
	writer := v.Writer
	if writer == nil {
		writer = nowhere{}
	}
	s := borrow()
	defer s.giveBack()
	for i := range v.len() {
		if u := v.at(i).Upstream; u != nil {
			s.pool = append(s.pool, u)
		}
	}
	chosen := sel.Select(s.pool, request, writer)
	if chosen == nil {
		return -1
	}
	for i := range v.len() {
		if v.at(i).Upstream == chosen {
			return v.index(i)
		}
	}
	return -1 // not one of those it was offered
}

// Upstream stands for a channel before policies of others.
type Upstream = reverseproxy.Upstream

// NewUpstream returns the upstream that stands for a channel.
func NewUpstream(channel string) *Upstream {
	return &Upstream{Host: new(reverseproxy.Host), Dial: channel}
}

// Bound is a selector of any kind as a policy, so that who asks it need not know
// Caddy.
type Bound struct{ selector reverseproxy.Selector }

// Bind returns a selector as a policy.
func Bind(sel reverseproxy.Selector) Bound { return Bound{sel} }

// Choose asks the selector, see the function Choose.
func (b Bound) Choose(s *Input) int { return Choose(b.selector, s) }

// viewKey is the context key under which a selector's request carries the view.
type viewKey struct{}

// nameOf is a selector's name in the config.
func nameOf(sel reverseproxy.Selector) string {
	if m, ok := sel.(caddy.Module); ok {
		return m.CaddyModule().ID.Name()
	}
	return reflect.TypeOf(sel).String()
}

// repeatable reports whether a selector may be asked without leaving a trace,
// and answers the same for the same request.
func repeatable(sel reverseproxy.Selector) bool {
	switch sel.(type) {
	case *reverseproxy.FirstSelection, *reverseproxy.URIHashSelection:
		return true
	}
	return false
}

// nowhere is an answer that nobody gets.
type nowhere struct{}

func (nowhere) Header() http.Header         { return make(http.Header) }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

// Refuse returns an error if a policy, or one nested in it, cannot work in the
// ccload handler. Those of Caddy that cannot rely on counters only its own
// reverse_proxy keeps, or on the fixed position of an upstream in the pool,
// which candidates do not have. sel must be provisioned.
func Refuse(sel reverseproxy.Selector) error {
	if sel == nil {
		return nil
	}
	return refuse(reflect.ValueOf(sel), 0)
}

// refuse looks at a selector and at those in its fields. These are mostly
// unexported, so that only their types can be seen, which is enough.
func refuse(v reflect.Value, depth int) error {
	const deepest = 16 // a policy cannot contain itself; this is for the unforeseen
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || depth > deepest {
		return nil
	}
	for i := range refused {
		if v.Type() == reflect.TypeOf(refused[i].selector).Elem() {
			return refused[i].err()
		}
	}
	for _, field := range v.Fields() {
		if field.Kind() != reflect.Interface || field.IsNil() || !field.Elem().Type().Implements(selectorType) {
			continue
		}
		if err := refuse(field.Elem(), depth+1); err != nil {
			return err
		}
	}
	return nil
}

var selectorType = reflect.TypeFor[reverseproxy.Selector]()

// refusal is a policy of Caddy that cannot work here, and what to use instead.
type refusal struct {
	name     string
	selector reverseproxy.Selector
	because  string
	instead  string
}

var refused = []refusal{
	{
		"least_conn", new(reverseproxy.LeastConnSelection),
		"it reads request counters that only reverse_proxy keeps", "ccload_latency",
	},
	{
		"random_choose", new(reverseproxy.RandomChoiceSelection),
		"it reads request counters that only reverse_proxy keeps", "ccload_latency",
	},
	{
		"weighted_round_robin", new(reverseproxy.WeightedRoundRobinSelection),
		"it gives weights by position, and candidates have none", "ccload_weighted with a weight in each channel",
	},
}

func (r *refusal) err() error {
	return fmt.Errorf("the policy %s cannot work in the ccload handler: %s; use %s (there are ccload_priority, ccload_weighted, ccload_latency and ccload_affinity)",
		r.name, r.because, r.instead)
}

// refusedName returns the refusal of a policy by its name, nil if it is none.
func refusedName(name string) *refusal {
	if i := slices.IndexFunc(refused, func(r refusal) bool { return r.name == name }); i >= 0 {
		return &refused[i]
	}
	return nil
}

// scratch is memory for one decision.
type scratch struct {
	among []int32
	keys  []Key
	pool  reverseproxy.UpstreamPool
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func borrow() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) giveBack() {
	clear(s.pool) // upstreams of an old config may go
	s.among, s.keys, s.pool = s.among[:0], s.keys[:0], s.pool[:0]
	scratches.Put(s)
}
