package ccload

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// target is one concrete thing to try, with what was claimed for it.
type target struct {
	candidate
	protocol ai.Protocol // it is asked in
	url, key int
	claim    health.Claim
	forced   bool   // it rests, but there is nothing better
	why      string // why it was picked

	question question // see askusage.go

	taken          time.Time // from the channel's allowance
	expected, used access.Use
}

// id is the target as it is remembered.
func (t *target) id() ai.Target {
	return ai.Target{
		Channel: t.name, URL: t.urls[t.url].address, Key: t.keys[t.key].id, Model: t.model,
	}
}

// release gives back the slots that were taken for the target.
func (t *target) release() {
	t.allowance.Return(t.taken, t.expected, t.used)
	t.keys[t.key].load.Add(-1)
}

// trial is what became of a target that was tried in this call.
type trial struct {
	channel  *channel
	protocol ai.Protocol
	url, key int
	model    string
	kind     ai.Kind
	scope    ai.Scope
	until    time.Time // when a limit it met is over; zero: nobody said
}

// overBy reports whether the trial met a limit that is over at a moment.
func (t *trial) overBy(when time.Time) bool {
	return t.kind == ai.RateLimited && !t.until.IsZero() && !t.until.After(when)
}

// scratch is the lists a choice works with. With hundreds of channels they are
// the largest part of a call, so they are used again.
type scratch struct {
	usable  []selection.Candidate
	indexes []int     // of usable, in the stage's candidates
	left    []leftOut // the others, but for those already tried
	foreign []int     // candidates that would have to be translated to
	keys    []selection.Key
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// giveBack returns the lists, without what they point to.
func (s *scratch) giveBack() {
	clear(s.usable[:cap(s.usable)])
	clear(s.keys[:cap(s.keys)])
	s.usable, s.indexes, s.left, s.keys, s.foreign = s.usable[:0], s.indexes[:0], s.left[:0], s.keys[:0], s.foreign[:0]
	scratches.Put(s)
}

// leftOut is a candidate that may not be picked, and why.
type leftOut struct {
	index  int
	reason ai.Reason
	ready  health.Readiness
	detail string
}

// next picks what to try, or says that nothing is left. It waits for
// something that is due within the handler's patience if nothing else can
// serve, and falls back on the least bad target that rests.
func (c *call) next(ctx context.Context) (*target, bool) {
	for {
		for i := range c.candidates.stages {
			if t := c.pick(&c.candidates.stages[i]); t != nil { //nolint:contextcheck // Caddy's selectors take it from the request
				return t, true
			}
		}
		if !c.wait(ctx) {
			break
		}
	}
	if ctx.Err() != nil {
		return nil, false
	}
	return c.leastBad()
}

// pick lets the policy choose among a stage's usable candidates until one can
// be claimed.
func (c *call) pick(s *stage) *target {
	now := time.Now()
	usable := c.filter(s, now)
	for len(usable) > 0 {
		c.situation.Call, c.situation.Candidates, c.situation.Now = &c.Call, usable, now
		c.situation.Seed, c.situation.HTTP, c.situation.Writer = rand.Uint64(), c.r, c.w //nolint:gosec // spreads load, guards nothing
		c.situation.State = c.h.app.state.routing.Selection
		c.situation.Keys = c.keysOf
		c.situation.Key = ""
		i := selection.Choose(c.h.policy, &c.situation)
		if i < 0 {
			return nil
		}
		index := c.indexes[i]
		t, refused := c.claim(&s.candidates[index], now)
		if t != nil {
			return t
		}
		c.leaveOut(leftOut{index: index, reason: refused})
		usable = slices.Delete(usable, i, i+1)
		c.indexes = slices.Delete(c.indexes, i, i+1)
		c.usable = usable
	}
	return nil
}

// filter lists the candidates of a stage that can be used now, and notes of
// the others why not.
func (c *call) filter(s *stage, now time.Time) []selection.Candidate {
	c.stage = s
	if c.scratch == nil {
		c.scratch = scratches.Get().(*scratch)
	}
	c.usable, c.indexes, c.left, c.foreign = c.usable[:0], c.indexes[:0], c.left[:0], c.foreign[:0]
	for i := range s.candidates {
		cand := &s.candidates[i]
		if reason, ready := c.judge(cand, now); reason != ai.Eligible {
			c.leaveOut(leftOut{index: i, reason: reason, ready: ready})
			continue
		}
		if !cand.speaks(c.Protocol) {
			c.foreign = append(c.foreign, i)
			continue
		}
		c.consider(i, 0, now)
	}
	native := len(c.usable)
	for _, i := range c.foreign {
		if !c.outranked(&s.candidates[i], native) {
			c.consider(i, native, now)
		}
	}
	return c.usable
}

// outranked reports whether one of the first usable candidates, which speak the
// client's protocol, is of the same priority as one that does not: those go
// first. It is eligible, and asked when they have failed.
func (c *call) outranked(cand *candidate, native int) bool {
	return slices.ContainsFunc(c.usable[:native], func(u selection.Candidate) bool { return u.Priority == cand.conf.Priority })
}

// consider makes a candidate usable if there is a way to ask it. native is how
// many of the usable ones are asked in the client's own protocol.
func (c *call) consider(index, native int, now time.Time) {
	cand := &c.stage.candidates[index]
	w := c.wayTo(cand, now)
	if w.reason != ai.Eligible {
		c.leaveOut(leftOut{index: index, reason: w.reason, ready: w.ready, detail: w.detail})
		return
	}
	if c.exhausted(cand, w.protocol) {
		return // tried in this call: the attempts tell
	}
	if w.protocol != c.Protocol && native > 0 && c.leavesTools(cand, w.protocol) {
		return // whoever has all the tools goes first, whatever the priority
	}
	c.indexes = append(c.indexes, index)
	c.usable = append(c.usable, selection.Candidate{
		Name: cand.name, Priority: cand.conf.Priority, Weight: cand.conf.Share(), Standby: cand.conf.Share() == 0,
		UsableKeys: w.ready.UsableKeys, InFlight: cand.allowance.InFlight(), Model: cand.model, Upstream: cand.upstream,
	})
}

func (c *call) leaveOut(l leftOut) { c.left = append(c.left, l) }

// judge says whether a candidate may be used now, whatever the protocol, and if
// not, why not. The first reason that holds is the one recorded.
func (c *call) judge(cand *candidate, now time.Time) (ai.Reason, health.Readiness) {
	switch {
	case cand.conf.Disabled:
		return ai.Disabled, health.Readiness{}
	case cand.keyless:
		return ai.NoKey, health.Readiness{}
	case !c.token.MayUseChannel(cand.name):
		return ai.NotAllowed, health.Readiness{}
	case c.pinned != nil && c.pinned.Channel != cand.name:
		return ai.NotTheOwner, health.Readiness{}
	case !cand.open(now):
		return ai.OutsideHours, health.Readiness{}
	}
	if over := cand.allowance.Full(now); over != "" {
		return overReason(over), c.overChannel(cand, over, now)
	}
	return ai.Eligible, health.Readiness{}
}

// overChannel says when a limit of a channel has room again, if that is known,
// and tells people if it is a budget.
func (c *call) overChannel(cand *candidate, over access.Limit, now time.Time) health.Readiness {
	until := cand.allowance.Reopens(over, now)
	c.h.app.observer.LimitReached("channel", cand.name, over, until)
	return health.Readiness{Until: until}
}

// exhausted reports whether this call has nothing left to try of a candidate,
// in a protocol.
func (c *call) exhausted(cand *candidate, p ai.Protocol) bool {
	if len(c.tried) == 0 {
		return false
	}
	for i := range c.tried {
		t := &c.tried[i]
		switch {
		case t.kind == ai.ContextLength && t.model == cand.model:
			return true // its window is no larger elsewhere
		case t.scope == ai.ScopeGroup && t.channel.conf.Group != "" && t.channel.conf.Group == cand.conf.Group:
			return true
		case t.channel != cand.channel:
		case t.scope == ai.ScopeChannel || (t.scope == ai.ScopeModel && t.model == cand.model):
			return true
		}
	}
	return !slices.ContainsFunc(indexes(len(cand.urls)), func(u int) bool { return c.mayTryURL(cand, u, p) }) ||
		!slices.ContainsFunc(indexes(len(cand.keys)), func(k int) bool { return c.mayTryKey(cand, k) })
}

// mayTryURL reports whether an earlier attempt of this call has not ruled out
// an address.
func (c *call) mayTryURL(cand *candidate, url int, p ai.Protocol) bool {
	for i := range c.tried {
		t := &c.tried[i]
		if t.channel == cand.channel && t.url == url && (t.scope == ai.ScopeURL || (t.scope == ai.ScopeURLProtocol && t.protocol == p) ||
			(t.scope == ai.ScopeURLModel && t.model == cand.model)) {
			return false
		}
	}
	return slices.Contains(cand.urls[url].speaks, p)
}

// mayTryKey is the same for a key.
func (c *call) mayTryKey(cand *candidate, key int) bool {
	for i := range c.tried {
		t := &c.tried[i]
		if t.channel == cand.channel && t.key == key &&
			(t.scope == ai.ScopeKey || (t.scope == ai.ScopeKeyModel && t.model == cand.model)) {
			return false
		}
	}
	return c.pinned == nil || c.pinned.Key == cand.keys[key].id
}

// claim chooses URL and key of a candidate and takes their places; if it
// cannot, it says what is in the way.
func (c *call) claim(cand *candidate, now time.Time) (*target, ai.Reason) {
	w := c.wayTo(cand, now)
	if w.reason != ai.Eligible {
		return nil, w.reason
	}
	url, key := c.chooseURL(cand, w.protocol, now), c.chooseKey(cand, now)
	if url < 0 || key < 0 {
		return nil, ai.Cooling
	}
	expected := c.expectedOf(cand)
	if ok, over := cand.allowance.Take(now, expected); !ok {
		return nil, overReason(over)
	}
	claim, ok := cand.health.Begin(url, key, w.protocol, cand.model, now, false)
	if !ok {
		cand.allowance.Cancel(now, expected)
		return nil, ai.Probing
	}
	cand.keys[key].load.Add(1)
	return &target{
		candidate: *cand, protocol: w.protocol, url: url, key: key, claim: claim, why: c.situation.Why, taken: now, expected: expected,
	}, ai.Eligible
}

func (c *call) chooseURL(cand *candidate, p ai.Protocol, now time.Time) int {
	return c.chooseURLFrom(c.h.app.state.routing.Selection, cand, p, now)
}

func (c *call) chooseURLFrom(memory *selection.State, cand *candidate, p ai.Protocol, now time.Time) int {
	if len(cand.urls) == 1 {
		return 0
	}
	urls := make([]selection.URL, len(cand.urls))
	any := false
	for i := range cand.urls {
		urls[i].Address = cand.urls[i].address
		urls[i].Usable = c.mayTryURL(cand, i, p) && cand.health.ReadyURL(i, p, cand.model, now).OK
		any = any || urls[i].Usable
	}
	if !any {
		return -1
	}
	return selection.ChooseURL(memory, cand.name, urls, cand.model, c.BodySize, now, rand.Uint64()) //nolint:gosec // spreads load, guards nothing
}

func (c *call) chooseKey(cand *candidate, now time.Time) int {
	return c.chooseKeyFrom(c.h.app.state.routing.Selection, cand, now)
}

func (c *call) chooseKeyFrom(memory *selection.State, cand *candidate, now time.Time) int {
	if len(cand.keys) == 1 {
		return 0
	}
	c.keys = c.appendKeys(cand, c.keys[:0], now)
	return selection.ChooseKey(memory, cand.name, c.keys, c.situation.Key)
}

// keysOf is what a policy may ask of a usable candidate's keys.
func (c *call) keysOf(i int, buf []selection.Key) []selection.Key {
	return c.appendKeys(&c.stage.candidates[c.indexes[i]], buf, c.situation.Now)
}

func (c *call) appendKeys(cand *candidate, buf []selection.Key, now time.Time) []selection.Key {
	for i := range cand.keys {
		ready := cand.health.ReadyKey(i, cand.model, now)
		buf = append(buf, selection.Key{
			ID: cand.keys[i].id, Usable: ready.OK && c.mayTryKey(cand, i), Low: ready.Low,
			InFlight: int(cand.keys[i].load.Load()),
		})
	}
	return buf
}

// probePoll is how often a call that waits for another call's probe looks
// whether it is over.
const probePoll = 25 * time.Millisecond

// wait waits for the first candidate that is due within the handler's
// patience. It reports whether there is something to look at again.
func (c *call) wait(ctx context.Context) bool {
	now := time.Now()
	patience := c.h.limits.MaxWait - c.waited
	pause := patience + 1
	// A limit that this call met itself may be over after the wait.
	tried := c.tried
	c.tried = slices.DeleteFunc(slices.Clone(tried), func(t trial) bool { return t.overBy(now.Add(patience)) })
	for i := range c.candidates.stages {
		c.filter(&c.candidates.stages[i], now)
		for _, l := range c.left {
			cand := &c.stage.candidates[l.index]
			if c.exhausted(cand, c.wayTo(cand, now).protocol) {
				continue
			}
			switch l.reason {
			case ai.Probing:
				pause = min(pause, probePoll)
			case ai.Cooling, ai.OverRate, ai.OverTokens:
				if due := l.ready.Until.Sub(now); due > 0 {
					pause = min(pause, due+time.Millisecond)
				}
			}
		}
	}
	c.tried = tried
	if pause > patience {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		c.waited += pause
		now = time.Now()
		c.tried = slices.DeleteFunc(c.tried, func(t trial) bool { return t.overBy(now) })
		return true
	}
}

// leastBad picks, when everything rests, the target that is due first among
// those whose trouble may pass by itself and that can be had. Only one call at
// a time may try it, and its failure does not prolong the rest.
func (c *call) leastBad() (*target, bool) {
	now := time.Now()
	type resting struct {
		*target
		due time.Time
	}
	var list []resting
	for i := range c.candidates.stages {
		s := &c.candidates.stages[i]
		c.filter(s, now)
		for _, l := range c.left {
			cand := &s.candidates[l.index]
			if l.reason != ai.Cooling || !c.mayRetry(cand) {
				continue
			}
			w := c.wayTo(cand, now)
			url, key, until, _, transient := cand.health.Least(w.protocol, cand.model, now)
			if !transient || url < 0 || key < 0 || (c.pinned != nil && cand.keys[key].id != c.pinned.Key) {
				continue
			}
			list = append(list, resting{&target{candidate: *cand, protocol: w.protocol, url: url, key: key, forced: true, taken: now}, until})
		}
	}
	slices.SortStableFunc(list, func(a, b resting) int { return a.due.Compare(b.due) })
	for _, best := range list {
		t := best.target
		t.expected = c.expectedOf(&t.candidate)
		if ok, _ := t.allowance.Take(now, t.expected); !ok {
			continue
		}
		claim, ok := t.health.Begin(t.url, t.key, t.protocol, t.model, now, true)
		if !ok {
			t.allowance.Cancel(now, t.expected)
			continue
		}
		t.keys[t.key].load.Add(1)
		t.claim, t.why = claim, "everything rests; this is due first"
		return t, true
	}
	return nil, false
}

// mayRetry reports whether a channel may be tried although it rests: not at
// all if this call met silence or a limit there, and once if it failed in a
// way that may be over with the next request.
func (c *call) mayRetry(cand *candidate) bool {
	tries := 0
	for i := range c.tried {
		t := &c.tried[i]
		if t.channel != cand.channel {
			continue
		}
		tries++
		if !retryInPlace[t.kind] {
			return false
		}
	}
	return tries < 2
}

// retryInPlace are the failures after which the same target may be asked once
// more within the call when there is nobody else.
var retryInPlace = map[ai.Kind]bool{
	ai.ServerError: true, ai.SoftError: true, ai.NetworkError: true,
	ai.Truncated: true, ai.Empty: true, ai.BadAnswer: true,
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// overReason is the reason a channel's limit is recorded with.
func overReason(l access.Limit) ai.Reason {
	switch l {
	case access.LimitConcurrency:
		return ai.OverConcurrent
	case access.LimitRPM:
		return ai.OverRate
	case access.LimitTPM:
		return ai.OverTokens
	}
	return ai.OverBudget
}
