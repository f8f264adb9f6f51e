package routing

import (
	"iter"
	"slices"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// Policy chooses among the candidates that can serve a call now. The bound
// selectors of package selection are policies.
type Policy interface {
	// Choose returns the index of a candidate, -1 for none.
	Choose(s *selection.Input) int
}

// Translator says whether a call can be put in another protocol than its own.
type Translator interface {
	// CanTranslate fails if the call cannot be said in a protocol, for a model
	// by its upstream's name; the error is for people. whole is whether all of
	// its tools can.
	CanTranslate(p ai.Protocol, model string) (whole bool, err error)
}

// Estimator foresees what a call will use.
type Estimator interface {
	// ExpectedUse is what the call is expected to use of a candidate.
	ExpectedUse(cand *Candidate) access.Use
}

// Chooser decides which target a call tries next, and keeps what it has tried.
// The choice depends on the fields and on what health, limits and State
// remember, and on nothing else: there is no clock but Now and no chance but
// Seed, so that a choice can be explained and replayed.
//
// A Chooser belongs to one call and one goroutine. It may be used again after
// Reset, which keeps its memory: with hundreds of channels the lists it works
// with are the largest part of a call.
type Chooser struct {
	Route  *Route           // what the call's model amounts to, see Table.Route
	Call   *ai.Call         // as far as it is read
	Token  *access.Token    // which channels may be used depends on it
	Pinned *ai.Target       // the only key that may serve, for stored responses; nil: any
	Tried  []Tried          // what became of earlier attempts
	State  *selection.State // what policies remember; a Clone if the choice is only thought about
	Policy Policy
	Now    time.Time // of the next decision; whoever waits sets it anew
	Seed   uint64    // of all chance of the call; it advances with each draw
	Effort

	Translator Translator // nil: the call cannot be translated
	Estimator  Estimator  // nil: nothing is expected to be used

	// Input is what the policy is asked with. Whoever has an HTTP request
	// puts it and its writer there, for policies of others that look at it; the
	// rest is filled in for each decision.
	Input selection.Input

	// Full are the limits of channels that the last Next has met.
	Full []FullChannel

	step    *Step   // whose candidates the lists are about
	census  *census // whose usable and indexes are; nil: they are the chooser's own
	leftOwn bool    // left is the chooser's own, though there is a census
	usable  []selection.Candidate
	indexes []int       // of usable, in the step's candidates
	left    []Exclusion // the others, but for those already tried
	foreign []int       // candidates that would have to be translated to
	keys    []selection.Key
	keysOf  func(int, []selection.Key) []selection.Key

	ownUsable  []selection.Candidate // memory for usable and indexes
	ownIndexes []int
}

// Effort is what a call has spent, and may spend, to be served.
type Effort struct {
	// Left is how many attempts the call has left, the next one included; 0 if
	// they are not counted.
	Left int
	// Waited is how long the call has waited for something that was due.
	Waited time.Duration
	// Repeats says that failures may be repeated in place, and Repeat what is to
	// be repeated next; nil: nothing.
	Repeats bool
	Repeat  *Repetition

	restrained bool // candidates may be held back, see Next
	heldBack   bool // one was
	impatient  bool // the call has waited for a slow start as long as it may
	queued     bool // a slow start had no room for the call
}

// FullChannel is a channel that a limit keeps from serving.
type FullChannel struct {
	Channel string
	Limit   access.Limit
	Until   time.Time // when there is room again; zero if that is not known
}

// Reset makes the chooser ready for another call, without anything of this one.
func (c *Chooser) Reset() {
	clear(c.ownUsable[:cap(c.ownUsable)])
	clear(c.keys[:cap(c.keys)])
	clear(c.left[:cap(c.left)])
	clear(c.Tried[:cap(c.Tried)])
	clear(c.Full[:cap(c.Full)])
	*c = Chooser{
		Tried: c.Tried[:0], Full: c.Full[:0], ownUsable: c.ownUsable[:0], ownIndexes: c.ownIndexes[:0],
		left: c.left[:0], foreign: c.foreign[:0], keys: c.keys[:0], keysOf: c.keysOf,
	}
}

// draw returns the next of the random numbers that Seed stands for (splitmix64).
func (c *Chooser) draw() uint64 {
	c.Seed += 0x9e3779b97f4a7c15
	x := c.Seed
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Next picks what to try now and takes its place, nil if nothing can serve.
// Whoever gets a target ends its Permit with Report or Abandon, and then the target
// with Release. What would waste an attempt is tried only if nothing else can
// be, see wasteful.
func (c *Chooser) Next() *Target {
	c.Full, c.queued = c.Full[:0], false
	c.restrained, c.heldBack = true, false
	t := c.pickStep()
	c.restrained = false
	if t == nil && c.heldBack {
		t = c.pickStep()
	}
	return t
}

// NextAtLast is Next for a call that has waited as long as it may: a slow start
// keeps it back no longer.
func (c *Chooser) NextAtLast() *Target {
	c.impatient = true
	defer func() { c.impatient = false }()
	return c.Next()
}

func (c *Chooser) pickStep() *Target {
	for i := range c.Route.Steps {
		if t := c.pick(&c.Route.Steps[i]); t != nil {
			return t
		}
	}
	return nil
}

// pick lets the policy choose among a step's usable candidates until one can be
// claimed.
func (c *Chooser) pick(s *Step) *Target {
	c.filter(s)
	for len(c.usable) > 0 {
		i := c.ask()
		if i < 0 {
			return nil
		}
		index := c.indexes[i]
		t, refused := c.acquire(&s.Candidates[index])
		if t != nil {
			return t
		}
		c.own()
		c.leaveOut(Exclusion{Index: index, Reason: refused, Detail: c.whyRefused(refused)})
		c.usable = slices.Delete(c.usable, i, i+1)
		c.indexes = slices.Delete(c.indexes, i, i+1)
	}
	return nil
}

// ask puts the usable candidates before the policy.
func (c *Chooser) ask() int {
	if c.keysOf == nil {
		c.keysOf = c.keysOfUsable
	}
	s := &c.Input
	if s.Group = nil; c.census != nil {
		s.Group = c.census.group
	}
	s.Call, s.Candidates, s.Now, s.Seed, s.State, s.Keys, s.Key = c.Call, c.usable, c.Now, c.draw(), c.State, c.keysOf, ""
	return c.Policy.Choose(s)
}

// Preview says what would be picked of a step that was just explained. It
// claims nothing. State should be a Clone: policies take turns in it.
func (c *Chooser) Preview() (t ai.Target, why string, ok bool) {
	if len(c.usable) == 0 {
		return t, "", false
	}
	c.Input.Explain = true
	i := c.ask()
	if i < 0 {
		return t, "", false
	}
	cand := &c.step.Candidates[c.indexes[i]]
	url, key := c.chooseURL(cand, c.pathTo(cand).protocol), c.chooseKey(cand)
	if url < 0 || key < 0 {
		return t, "", false
	}
	target := Target{Candidate: *cand, URL: url, Key: key}
	return target.ID(), c.Input.Why, true
}

// filter lists the candidates of a step that can be used now, and notes of the
// others why not.
func (c *Chooser) filter(s *Step) {
	if !c.counted(s) {
		c.filterEach(s)
	}
}

// filterEach is filter by a look at each candidate.
func (c *Chooser) filterEach(s *Step) {
	c.step, c.census = s, nil
	c.usable, c.indexes, c.left, c.foreign = c.ownUsable[:0], c.ownIndexes[:0], c.left[:0], c.foreign[:0]
	defer func() { c.ownUsable, c.ownIndexes = c.usable, c.indexes }()
	for i := range s.Candidates {
		cand := &s.Candidates[i]
		if reason, ready := c.judge(cand); reason != ai.Eligible {
			c.leaveOut(Exclusion{Index: i, Reason: reason, Ready: ready})
			continue
		}
		if !cand.Speaks(c.Call.Protocol) {
			c.foreign = append(c.foreign, i)
			continue
		}
		c.consider(i, 0)
	}
	native := len(c.usable)
	for _, i := range c.foreign {
		if !c.outranked(&s.Candidates[i], native) {
			c.consider(i, native)
		}
	}
}

// outranked reports whether one of the first usable candidates, which speak the
// client's protocol, is of the same priority as one that does not: those go
// first. It is eligible, and asked when they have failed.
func (c *Chooser) outranked(cand *Candidate, native int) bool {
	return slices.ContainsFunc(c.usable[:native], func(u selection.Candidate) bool { return u.Priority == cand.Conf.Priority })
}

// consider makes a candidate usable if there is a path to it. native is how many
// of the usable ones are asked in the client's own protocol.
func (c *Chooser) consider(index, native int) {
	cand := &c.step.Candidates[index]
	p := c.pathTo(cand)
	if p.reason != ai.Eligible {
		c.leaveOut(Exclusion{Index: index, Reason: p.reason, Ready: p.ready, Detail: p.detail})
		return
	}
	if c.exhausted(cand, p.protocol) {
		return // tried in this call: the attempts tell
	}
	if c.restrained && c.wasteful(cand, &p.ready) {
		c.heldBack = true
		return
	}
	if p.partial && native > 0 {
		return // whoever has all the tools goes first, whatever the priority
	}
	c.indexes = append(c.indexes, index)
	c.usable = append(c.usable, selection.Candidate{
		Name: cand.Name, Priority: cand.Conf.Priority, Weight: cand.Conf.Share(), Standby: cand.Conf.Share() == 0,
		UsableKeys: p.ready.UsableKeys, InFlight: cand.Limiter.InFlight(), Model: cand.Model, Upstream: cand.upstream,
	})
}

// whyRefused is what there is to say of a candidate that could be used, but not
// be had.
func (c *Chooser) whyRefused(r ai.Reason) string {
	if r == ai.Probing {
		return "others are trying it; this one waits for what becomes of them"
	}
	return ""
}

func (c *Chooser) leaveOut(e Exclusion) { c.left = append(c.left, e) }

// judge says whether a candidate may be used now, whatever the protocol, and if
// not, why not. The first reason that holds is the one recorded.
func (c *Chooser) judge(cand *Candidate) (ai.Reason, health.Readiness) {
	switch {
	case cand.Conf.Disabled:
		return ai.Disabled, health.Readiness{}
	case cand.Keyless:
		return ai.NoKey, health.Readiness{}
	case !c.Token.MayUseChannel(cand.Name):
		return ai.NotAllowed, health.Readiness{}
	case c.Pinned != nil && c.Pinned.Channel != cand.Name:
		return ai.NotTheOwner, health.Readiness{}
	case !cand.Open(c.Now):
		return ai.OutsideHours, health.Readiness{}
	}
	if over := cand.Limiter.Full(c.Now); over != "" {
		until := cand.Limiter.Reopens(over, c.Now)
		c.Full = append(c.Full, FullChannel{cand.Name, over, until})
		return OverReason(over), health.Readiness{Until: until}
	}
	return ai.Eligible, health.Readiness{}
}

// Exclusions goes through the candidates that are left out now, of every step.
// The exclusions are valid until the next one.
func (c *Chooser) Exclusions() iter.Seq2[*Candidate, *Exclusion] {
	return func(yield func(*Candidate, *Exclusion) bool) {
		for i := range c.Route.Steps {
			s := &c.Route.Steps[i]
			c.filter(s)
			c.own()
			for j := range c.left {
				if !yield(&s.Candidates[c.left[j].Index], &c.left[j]) {
					return
				}
			}
		}
	}
}

// chooseURL picks one of a candidate's addresses, -1 if none is usable.
func (c *Chooser) chooseURL(cand *Candidate, p ai.Protocol) int {
	if len(cand.URLs) == 1 {
		return 0
	}
	urls := make([]selection.URL, len(cand.URLs))
	usable := false
	for i := range cand.URLs {
		urls[i].Address = cand.URLs[i].Address
		urls[i].Usable = c.mayTryURL(cand, i, p) && cand.Health.ReadyURL(i, p, cand.Model, c.Now).OK
		usable = usable || urls[i].Usable
	}
	if !usable {
		return -1
	}
	return selection.ChooseURL(c.State, cand.Name, urls, cand.Model, c.Call.BodySize, c.Now, c.draw())
}

// chooseKey picks one of a candidate's keys, -1 if none is usable.
func (c *Chooser) chooseKey(cand *Candidate) int {
	if len(cand.Keys) == 1 {
		return 0
	}
	c.keys = c.appendKeys(cand, c.keys[:0])
	return selection.ChooseKey(c.State, cand.Name, c.keys, c.Input.Key)
}

// keysOfUsable is what a policy may ask of a usable candidate's keys.
func (c *Chooser) keysOfUsable(i int, buf []selection.Key) []selection.Key {
	return c.appendKeys(&c.step.Candidates[c.indexes[i]], buf)
}

func (c *Chooser) appendKeys(cand *Candidate, buf []selection.Key) []selection.Key {
	for i := range cand.Keys {
		ready := cand.Health.ReadyKey(i, cand.Model, c.Now)
		usable := ready.OK && c.mayTryKey(cand, i)
		if usable && c.restrained && ready.Gamble && c.mayNotGamble() {
			c.heldBack, usable = true, false
		}
		buf = append(buf, selection.Key{
			ID: cand.Keys[i].ID, Usable: usable, Low: ready.Low,
			InFlight: int(cand.Keys[i].InFlight.Load()),
		})
	}
	return buf
}
