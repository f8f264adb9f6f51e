package gateway

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// Explain tells where a call would go now. It decides on a copy of the
// policy's memory and claims nothing, so asking changes nothing.
func (g *Gateway) Explain(q admin.Question) (*admin.Explanation, error) {
	site, err := g.siteOf(q.Site)
	if err != nil {
		return nil, err
	}
	table := g.Table()
	k, err := hypothetical(table, &q)
	if err != nil {
		return nil, err
	}
	k.Policy, k.State = site.Policy, g.Routing.Selection.Clone()
	e := &admin.Explanation{Model: q.Model, Protocol: k.Call.Protocol, Policy: site.PolicyName, Site: strings.Join(site.Names(), ", "), NotServing: []string{}, Candidates: []ai.Candidate{}}
	serving := make(map[string]bool)
	e.Problem = refusal(k)
	k.Route = table.Route(q.Model, site.Limits.FuzzyModels)
	if k.Route == nil && e.Problem == "" {
		e.Problem = "no channel serves this model"
		if near := config.Closest(q.Model, table.Names, 3); len(near) > 0 {
			e.Problem += fmt.Sprintf("; close to it are %v", near)
		}
	}
	if k.Route == nil {
		k.Route = new(routing.Route)
	}
	for i := range k.Route.Steps {
		s := &k.Route.Steps[i]
		stage := admin.Stage{Model: s.Model}
		for j := range s.Candidates {
			stage.Channels = append(stage.Channels, s.Candidates[j].Name)
			serving[s.Candidates[j].Name] = true
		}
		e.Stages = append(e.Stages, stage)
		e.Candidates = append(e.Candidates, k.Explain(s)...)
		if e.Next != nil || e.Problem != "" {
			continue
		}
		if next, why, ok := k.Preview(); ok {
			e.Next, e.Why = &next, why
		}
	}
	for _, ch := range table.Channels {
		if !serving[ch.Name] {
			e.NotServing = append(e.NotServing, ch.Name)
		}
	}
	if e.Next == nil && e.Problem == "" {
		e.Problem = "every channel that serves the model is left out; see candidates"
	}
	return e, nil
}

// hypothetical returns the chooser of a call that is only thought about.
func hypothetical(table *routing.Table, q *admin.Question) (*routing.Chooser, error) {
	c := &ai.Call{Protocol: q.Protocol, Operation: ai.Generate, Model: q.Model, Received: time.Now()}
	if c.Protocol == "" {
		c.Protocol = ai.Protocols[0]
	}
	if formatOf(c.Protocol) == nil {
		return nil, fmt.Errorf("%q is no protocol; there are %v", q.Protocol, ai.Protocols)
	}
	if q.Conversation != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(q.Conversation)) // a hash takes everything
		c.Conversation = h.Sum64()
	}
	token := access.Unlimited
	if q.Token != "" {
		if token = table.Tokens.ByName(q.Token); token == nil {
			return nil, fmt.Errorf("there is no token %q", q.Token)
		}
	}
	k := &routing.Chooser{Call: c, Token: token, Now: c.Received, Seed: rand.Uint64()} //nolint:gosec // spreads load, guards nothing
	if CodecOf(c.Protocol) != nil {
		k.Translator = plainCall{}
	}
	return k, nil
}

// plainCall is a call of nothing but text, which every protocol can say.
type plainCall struct{}

// CanTranslate implements routing.Translator.
func (plainCall) CanTranslate(p ai.Protocol, _ string) (whole bool, err error) {
	if CodecOf(p) == nil {
		return false, &protocol.InexpressibleError{Protocol: p, Field: "anything"}
	}
	return true, nil
}

// refusal says why the token would be refused before a channel is looked for;
// "" if it would not be.
func refusal(k *routing.Chooser) string {
	over := k.Token.Limiter().Full(k.Now)
	switch {
	case k.Token.Expired(k.Now):
		return "token_expired: the token is of no use any more"
	case !k.Token.MayUseModel(k.Call.Model):
		return "model_not_permitted: the token may not ask for this model"
	case over != "":
		return fmt.Sprintf("the token has used up what it may: %s", over)
	}
	return ""
}
