package selection

import (
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/cespare/xxhash/v2"

	"github.com/ccload/ccload/ai"
)

// stock is what a policy needs to work as a plain selector. Its memory is its
// own and ends with the config.
type stock struct {
	once  sync.Once
	state *State
}

// choose selects an upstream of a pool. Where the selector that asks was itself
// asked by the ccload handler, it goes on with the handler's situation.
func (k *stock) choose(p picker, pool reverseproxy.UpstreamPool, r *http.Request) *reverseproxy.Upstream {
	if v, ok := r.Context().Value(viewKey{}).(*view); ok {
		return chooseWithin(p, *v, pool)
	}
	k.once.Do(func() { k.state = NewState() })
	s := &Input{
		Call:  &ai.Call{Conversation: clientOf(r), Stream: true},
		Now:   time.Now(),
		Seed:  rand.Uint64(), //nolint:gosec // load balancing
		State: k.state, HTTP: r, stock: true,
	}
	s.Candidates = make([]Candidate, 0, len(pool))
	for _, u := range pool {
		if !u.Available() {
			continue
		}
		c := Candidate{Name: u.String(), Weight: 1, UsableKeys: 1, Upstream: u}
		if u.Host != nil {
			c.InFlight = u.NumRequests()
		}
		s.Candidates = append(s.Candidates, c)
	}
	i := Choose(p.(reverseproxy.Selector), s) //nolint:contextcheck // the request carries it
	if i < 0 {
		return nil
	}
	return s.Candidates[i].Upstream
}

// chooseWithin answers a selector that was given v and asks one of our
// policies, which is nested in it, about some of v's candidates.
func chooseWithin(p picker, v view, pool reverseproxy.UpstreamPool) *reverseproxy.Upstream {
	s := borrow()
	defer s.giveBack()
	n, from := v.len(), 0
	for _, u := range pool {
		if !u.Available() {
			continue
		}
		for j := range n { // pools mostly keep their order: go on where the last was found
			if at := (from + j) % n; v.at(at).Upstream == u {
				s.among, from = append(s.among, int32(v.index(at))), at+1 //nolint:gosec // an index
				break
			}
		}
	}
	if len(s.among) == 0 {
		return nil
	}
	v.among, v.tier = s.among, nil
	i := p.pick(v.below(idNested, 0))
	if i < 0 {
		return nil
	}
	return v.Candidates[i].Upstream
}

// sessionHeaders are the headers in which AI clients name their session.
var sessionHeaders = []string{
	"X-Claude-Code-Session-Id", "Session-Id", "Session_id", "Thread-Id", "X-Session-Id", "X-Session-Affinity",
	"X-Conversation-Id", "Conversation-Id", "Conversation_id", "X-Thread-Id", "X-Gemini-Session-Id",
}

// sessionOf is the session that a request names, empty if none.
func sessionOf(r *http.Request) string {
	if r == nil {
		return ""
	}
	for _, name := range sessionHeaders {
		if v := r.Header[name]; len(v) > 0 && v[0] != "" {
			return v[0]
		}
	}
	return ""
}

// clientOf is a hash of the session that a request names, or else of the
// client's address; never 0.
func clientOf(r *http.Request) uint64 {
	name := sessionOf(r)
	if name == "" {
		name, _ = caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	}
	if name == "" {
		name = r.RemoteAddr
	}
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return max(xxhash.Sum64String(name), 1)
}
