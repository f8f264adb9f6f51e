package ccload

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/selection"
	"github.com/ccload/ccload/store"
)

// This file is what the operator sees: the app as the admin API's source.

// Status sums up the gateway.
func (a *App) Status() admin.Status {
	stats, r := a.state.gateway.Ledger.Stats(), a.registry.Load()
	s := admin.Status{
		InFlight: a.state.gateway.UnderWay.Load(), Channels: len(r.channels), Tokens: len(r.tokens.Names()),
		Cooling: len(a.state.resting()),
	}
	s.Journal.Depth, s.Journal.Spooled = int64(stats.Depth), int64(stats.Spooled)
	s.Journal.Written, s.Journal.Lost = int64(stats.Written), int64(stats.Lost) //nolint:gosec // counts
	return s
}

// resting lists what rests right now.
func (st *state) resting() []health.Entry {
	now := time.Now()
	var list []health.Entry
	for _, e := range st.routing.Board.Entries() {
		if e.Until.After(now) {
			list = append(list, e)
		}
	}
	return list
}

// Channels returns every channel with its state.
func (a *App) Channels(now time.Time) []admin.Channel {
	entries := a.state.routing.Board.Entries()
	channels := a.registry.Load().channels
	list := make([]admin.Channel, 0, len(channels))
	for _, ch := range channels {
		shown := ch.inspect(entries, now)
		shown.Substituted = a.state.substituted.of(ch.name)
		list = append(list, shown)
	}
	return list
}

func (ch *channel) inspect(entries []health.Entry, now time.Time) admin.Channel {
	c := admin.Channel{
		Name: ch.name, Provider: ch.conf.Provider, Models: ch.patterns(), Priority: ch.conf.Priority,
		Weight: ch.conf.Share(), Group: ch.conf.Group, Origin: ch.origin, InFlight: ch.allowance.InFlight(),
		State: ai.Eligible, Protocols: []ai.Protocol{}, Keys: []admin.Key{}, Cooling: []health.Entry{},
	}
	for _, p := range ai.Protocols {
		if ch.speaks(p) {
			c.Protocols = append(c.Protocols, p)
		}
	}
	for i := range ch.urls {
		ready := ch.health.ReadyURL(i, ch.urls[i].speaks[0], "", now)
		c.URLs = append(c.URLs, admin.URL{
			URL: ch.urls[i].address, Protocols: ch.urls[i].speaks, Usable: ready.OK, Until: ready.Until,
		})
	}
	for i := range ch.keys {
		if ch.keys[i].id == "" {
			continue // it has none
		}
		ready := ch.health.ReadyKey(i, "", now)
		c.Keys = append(c.Keys, admin.Key{
			Fingerprint: ch.keys[i].id, LastFour: secrets.LastFour(ch.keys[i].secret), Usable: ready.OK, Low: ready.Low,
			Until: ready.Until, InFlight: ch.keys[i].load.Load(),
		})
	}
	for _, e := range entries {
		if e.Channel == ch.name || (e.Scope == ai.ScopeGroup && e.Group == ch.conf.Group && e.Group != "") {
			c.Cooling = append(c.Cooling, e)
		}
	}
	ready, over := ch.health.Ready(c.Protocols[0], "", now), ch.allowance.Full(now)
	switch {
	case ch.conf.Disabled:
		c.State = ai.Disabled
	case ch.keyless:
		c.State = ai.NoKey
	case !ch.open(now):
		c.State = ai.OutsideHours
	case over != "":
		c.State, c.Until = overReason(over), ch.allowance.Reopens(over, now)
	case !ready.OK:
		c.State, c.Until = ai.Cooling, ready.Until
	}
	return c
}

// Calls returns the newest calls that fit, what waits to be written included.
func (a *App) Calls(ctx context.Context, f admin.CallFilter) ([]*ai.Record, error) {
	if err := a.state.gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	return a.state.store.Calls(ctx, store.CallFilter{
		Token: f.Token, Channel: f.Channel, Model: f.Model, Outcome: f.Outcome, Status: f.Status,
		Since: f.Since, Until: f.Until, Before: f.Before, Limit: f.Limit,
	})
}

// Call returns one call. What waits to be written is written first, so that a
// call can be looked at the moment it has ended.
func (a *App) Call(ctx context.Context, id string) (*ai.Record, error) {
	rec, err := a.state.store.Call(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return rec, err
	}
	if err := a.state.gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	rec, err = a.state.store.Call(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admin.ErrNotFound
	}
	return rec, err
}

// ClearCooling ends rests early.
func (a *App) ClearCooling(which health.Ref) int {
	return a.state.routing.Board.Clear(func(r health.Ref) bool {
		return (which.Scope == ai.ScopeNone || which.Scope == r.Scope) &&
			(which.Channel == "" || which.Channel == r.Channel) && (which.URL == "" || which.URL == r.URL) &&
			(which.Key == "" || which.Key == r.Key) && (which.Model == "" || which.Model == r.Model) &&
			(which.Group == "" || which.Group == r.Group) && (which.Protocol == "" || which.Protocol == r.Protocol)
	})
}

// Explain tells where a call would go now. It decides on a copy of the
// policy's memory and claims nothing, so asking changes nothing.
func (a *App) Explain(q admin.Question) (*admin.Explanation, error) {
	c, err := a.hypothetical(q)
	if err != nil {
		return nil, err
	}
	e := &admin.Explanation{Model: q.Model, Protocol: c.Protocol, Policy: "ccload_priority", NotServing: []string{}, Candidates: []ai.Candidate{}}
	serving := make(map[string]bool)
	e.Problem = c.refusal()
	c.candidates = c.planFor(q.Model, false)
	if c.candidates == nil && e.Problem == "" {
		e.Problem = "no channel serves this model"
		if near := config.Closest(q.Model, c.names, 3); len(near) > 0 {
			e.Problem += fmt.Sprintf("; close to it are %v", near)
		}
	}
	if c.candidates == nil {
		c.candidates = new(plan)
	}
	for i := range c.candidates.stages {
		s := &c.candidates.stages[i]
		stage := admin.Stage{Model: s.model}
		for j := range s.candidates {
			stage.Channels = append(stage.Channels, s.candidates[j].name)
			serving[s.candidates[j].name] = true
		}
		e.Stages = append(e.Stages, stage)
		c.explainStage(s, e)
	}
	for _, ch := range c.channels {
		if !serving[ch.name] {
			e.NotServing = append(e.NotServing, ch.name)
		}
	}
	if e.Next == nil && e.Problem == "" {
		e.Problem = "every channel that serves the model is left out; see candidates"
	}
	return e, nil
}

// hypothetical is a call that is only thought about.
func (a *App) hypothetical(q admin.Question) (*call, error) {
	handler := a.anyHandler.Load()
	if handler == nil {
		return nil, errors.New("no site uses the ccload handler")
	}
	c := &call{h: handler, snapshot: handler.snapshot(), r: &http.Request{URL: new(url.URL), Header: make(http.Header)}, record: new(ai.Record)}
	c.Protocol, c.Operation, c.Model, c.Received = q.Protocol, ai.Generate, q.Model, time.Now()
	if c.Protocol == "" {
		c.Protocol = ai.Anthropic
	}
	if formatOf(c.Protocol) == nil {
		return nil, fmt.Errorf("%q is no protocol; there are %v", q.Protocol, ai.Protocols)
	}
	if q.Conversation != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(q.Conversation)) // a hash takes everything
		c.Conversation = h.Sum64()
	}
	c.token = access.Unlimited
	if q.Token != "" {
		if c.token = c.tokens.ByName(q.Token); c.token == nil {
			return nil, fmt.Errorf("there is no token %q", q.Token)
		}
	}
	return c, nil
}

// refusal says why the token would be refused before a channel is looked for;
// "" if it would not be.
func (c *call) refusal() string {
	over := c.token.Allowance().Full(c.Received)
	switch {
	case c.token.Expired(c.Received):
		return "token_expired: the token is of no use any more"
	case !c.token.MayUseModel(c.Model):
		return "model_not_permitted: the token may not ask for this model"
	case over != "":
		return fmt.Sprintf("the token has used up what it may: %s", over)
	}
	return ""
}

// explainStage adds what would become of a stage's candidates, and, if none
// was found before, the target.
func (c *call) explainStage(s *stage, e *admin.Explanation) {
	now := time.Now()
	usable := c.filter(s, now)
	from := len(e.Candidates)
	e.Candidates = append(e.Candidates, s.all...)
	for _, l := range c.left {
		e.Candidates[from+l.index] = l.explain(&s.candidates[l.index])
	}
	if e.Next != nil || e.Problem != "" || len(usable) == 0 {
		return
	}
	memory := c.h.app.state.routing.Selection.Clone()
	c.situation = selection.Situation{
		Call: &c.Call, Candidates: usable, Now: now, State: memory, HTTP: c.r, Keys: c.keysOf, Explain: true,
	}
	i := selection.Choose(c.h.policy, &c.situation)
	if i < 0 {
		return
	}
	cand := &s.candidates[c.indexes[i]]
	u, k := c.chooseURLFrom(memory, cand, c.wayTo(cand, now).protocol, now), c.chooseKeyFrom(memory, cand, now)
	if u < 0 || k < 0 {
		return
	}
	t := target{candidate: *cand, url: u, key: k}
	id := t.id()
	e.Next, e.Why, e.Policy = &id, c.situation.Why, c.h.policyName
}
