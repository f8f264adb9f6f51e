package ccload

import (
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
	"github.com/ccload/ccload/selection"
)

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
