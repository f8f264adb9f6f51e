// Package selection decides who is next: which channel, which of its
// addresses, which of its keys.
//
// The handler asks with a Input: the candidates that can serve the call
// now, the moment, a random seed, and the State that remembers earlier calls.
// A policy answers with one of the candidates. If that one cannot be claimed
// or fails, the handler takes it out and asks again, so the load of a failing
// channel spreads over all the others and does not fall on a single second
// one.
//
// Policies are Caddy modules and nest:
//
//   - ccload_priority keeps the candidates of the highest priority and lets
//     another policy choose among these;
//   - ccload_affinity sends a conversation to the key that holds its prompt
//     cache, as long as that key is not busier than its share allows, and
//     leaves the cooldown to another policy;
//   - ccload_weighted and ccload_latency choose among equals, by weight or by
//     measured speed.
//
// When the channel is known, ChooseURL picks the quickest of its addresses and
// ChooseKey the key whose turn it is, or the one the policy asked for.
//
// A decision depends on the State, the Input and nothing else: there is no
// clock and no random source but Now and Seed. The same call, asked of a Clone
// of the State, gets the same answer, which is how a decision can be explained
// and replayed.
//
// The policies also implement reverseproxy.Selector, so they work in Caddy's
// own reverse_proxy with what is known there: no weights, no priorities, no
// keys, and nothing about how quick an upstream was. The other way round, the
// ccload handler takes the selection policies of Caddy and of others, but for
// those that Refuse names.
package selection

import (
	"math/bits"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
)

// Policy chooses one of a situation's candidates. The policies of this package
// implement it; other modules may, to see more than a request.
type Policy interface {
	reverseproxy.Selector

	// Choose returns the index of a candidate, -1 for none. It may set the
	// situation's results and must change nothing else of it.
	Choose(s *Input) int
}

// Input is what a decision depends on, and what comes of it. It belongs to
// one call and must not be shared by goroutines.
type Input struct {
	Call       *ai.Call    // may be nil
	Candidates []Candidate // those that can serve the call now; the policy only reads them
	Group      *Group      // whose Candidates they are, where many calls choose among the same; else nil
	Now        time.Time
	Seed       uint64 // anything random; equal seeds make equal decisions
	State      *State // what is remembered of earlier calls

	// HTTP is the client's request, for policies of others that look at it.
	HTTP *http.Request
	// Writer is where policies of others may add headers to the answer, as
	// Caddy's cookie policy does. May be nil: what they add is lost.
	Writer http.ResponseWriter

	// Keys appends the keys of Candidates[i] to buf. It is asked only for
	// candidates where the key matters. May be nil: nothing is known of keys.
	Keys func(i int, buf []Key) []Key

	// Explain says that the choice is only thought about. Policies of others,
	// which keep their state to themselves, are not asked then. State should
	// be a Clone.
	Explain bool

	Why string // result: why it was chosen, for people
	Key string // result: ID of the key that should serve, empty if any will do

	reason reason // of which Why is made
	asks   int    // how often it was put before a policy
	stock  bool   // in a plain reverse_proxy: nobody will tell how the call went
}

// Candidate is a channel that can serve the call.
type Candidate struct {
	Name       string // channel
	Priority   int    // higher is preferred
	Weight     int    // share of calls for each usable key; less than 1 counts as 1
	Standby    bool   // serves only while no other of its priority can
	UsableKeys int    // keys that do not cool down, at least 1
	InFlight   int    // calls the channel is serving now, on all keys and models; see Busy
	Model      string // the channel's own name of the model

	// Busy tells InFlight where candidates are kept from call to call; nil: the
	// field tells. Policies of others find the field filled in.
	Busy interface{ InFlight() int }

	// Upstream stands for the channel before policies of others. It may be nil
	// where only policies of this package are used.
	Upstream *reverseproxy.Upstream
}

// Key is an upstream key of a candidate.
type Key struct {
	ID       string // fingerprint, never the key itself; empty for a channel without keys
	Usable   bool   // does not cool down, and was not tried in vain by this call
	Low      bool   // its rate limit is nearly used up
	InFlight int    // calls it is serving now
}

func (c *Candidate) inFlight() int {
	if c.Busy != nil {
		return c.Busy.InFlight()
	}
	return c.InFlight
}

func (c *Candidate) weight() int64 { return int64(max(c.Weight, 1)) }
func (c *Candidate) keys() int64   { return int64(max(c.UsableKeys, 1)) }

// share is the candidate's part of all calls, relative to the others'.
func (c *Candidate) share() int64 { return c.weight() * c.keys() }

// Choose asks a policy for one of the candidates. It returns an index in
// s.Candidates, or -1 if the policy wants none of them, and sets s.Why and
// s.Key. Selectors that are not Policies are asked through a pool of the
// candidates' Upstreams.
//
// The same Input must be asked again when the choice could not be claimed
// or failed: second choices take turns of their own, or a deal of turns that
// fits the pattern of failures could give them all to one channel.
func Choose(sel reverseproxy.Selector, s *Input) int {
	s.Why, s.Key, s.reason = "", "", reason{}
	if s.State == nil {
		s.State = NewState()
	}
	s.State.tick(s.Now.UnixNano())
	v := view{Input: s}
	if s.Group != nil && !s.Group.standby {
		v.tier = &s.Group.all
	}
	if s.asks++; s.asks > 1 {
		v.path = idAgain
	}
	if s.hasStandby() {
		spare := borrow()
		defer spare.giveBack()
		spare.among = s.active(sel, spare.among)
		v.among = spare.among
	}
	i := ask(sel, v)
	if i < 0 || i >= len(s.Candidates) {
		i = -1
	}
	if s.Why == "" {
		s.Why = s.reason.text()
	}
	return i
}

// picker is a policy of this package. It returns an index in the view's
// Candidates.
type picker interface{ pick(v view) int }

// ask puts the question to a policy of any kind; nil is ccload_weighted.
func ask(sel reverseproxy.Selector, v view) int {
	if v.len() == 0 {
		return -1
	}
	switch p := sel.(type) {
	case nil:
		return (*Weighted)(nil).pick(v)
	case picker:
		return p.pick(v)
	case Policy:
		return askPolicy(p, v)
	}
	return askSelector(sel, v)
}

// view is a situation as a nested policy sees it: some of the candidates, and
// the policy's place in the tree.
type view struct {
	*Input
	among []int32 // indexes of the candidates to choose from; nil: all
	tier  *tier   // what is known of the candidates to choose from; may be nil
	path  uint64  // names the policy by the policies above it, for its State
}

func (v view) len() int {
	if v.among == nil {
		return len(v.Candidates)
	}
	return len(v.among)
}

// index is the place in Candidates of the i-th candidate of the view.
func (v view) index(i int) int {
	if v.among == nil {
		return i
	}
	return int(v.among[i])
}

func (v view) at(i int) *Candidate { return &v.Candidates[v.index(i)] }

// below is the same view for a nested policy. which tells siblings apart, such
// as the tiers of a priority policy.
func (v view) below(policy uint64, which int) view {
	v.path = mix(v.path ^ mix(policy^uint64(which))) //nolint:gosec // an index
	return v
}

// only answers for a view of one candidate.
func (v view) only() int {
	v.reason.method = methodOnly
	return v.index(0)
}

func (v view) model() string {
	if v.Call == nil {
		return ""
	}
	return v.Call.Model
}

func (v view) size() int {
	if v.Call == nil {
		return 0
	}
	return v.Call.BodySize
}

// manner is how the call wants its answer, which decides what a first content
// is: of a call that is not streamed it is the whole answer.
func (v view) manner() manner {
	if v.Call == nil || v.Call.Stream {
		return streamed
	}
	return atOnce
}

// rng is the random source of one policy in one decision.
func (v view) rng(policy uint64) rng { return newRNG(v.Seed, v.path^policy) }

type rng struct{ pcg rand.PCG }

func newRNG(seed, stream uint64) (d rng) {
	d.pcg.Seed(seed, stream)
	return d
}

// below returns a number from 0 up to but not including n, which must be
// positive. Its bias is below 2^-32 for any n that fits memory.
func (d *rng) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n)) //nolint:gosec // a count
	return int(hi)                                 //nolint:gosec // below n
}

// mix spreads the bits of x over all of the result (the finaliser of
// splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// What tells the policies apart in paths and random streams.
const (
	idPriority uint64 = iota + 1
	idWeighted
	idLatency
	idAffinity
	idURL
	idNested
	idAgain
)
