package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// Rules are tried before they are saved, by the code that will obey them.

// RulesQuestion asks what cooldown rules make of an answer.
type RulesQuestion struct {
	Rules  []config.CooldownRule `json:"rules"`            // the rules to try, in their order
	Status int                   `json:"status"`           // of the answer, 100 to 599
	Header map[string]string     `json:"header,omitempty"` // of the answer, such as Retry-After
	Body   string                `json:"body"`             // of the answer
}

// RulesAnswer is what becomes of the answer.
type RulesAnswer struct {
	Rule    int        `json:"rule,omitempty"` // which of the rules decides, from 1; 0: none of them
	Outcome ai.Outcome `json:"outcome"`        // with the rules
	Without ai.Outcome `json:"without"`        // by the built-in table alone
}

func testRules(q *request) (any, error) {
	var in RulesQuestion
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	if in.Status < 100 || in.Status > 599 {
		return nil, invalid("status", "status %d: must be 100 to 599", in.Status)
	}
	specs := make([]health.RuleSpec, len(in.Rules))
	for i, r := range in.Rules {
		if err := r.Validate(); err != nil {
			return nil, invalid("rules", "rule %d: %s", i+1, err)
		}
		specs[i] = health.RuleSpec{Status: r.Status, Body: r.Body, Scope: r.Scope, For: r.For.Duration, Layout: r.Layout, Zone: r.Zone}
	}
	rules, err := health.CompileRules(specs)
	if err != nil {
		return nil, invalid("rules", "%s", err)
	}
	e := health.Evidence{Kind: ai.OK, Status: in.Status, Header: make(http.Header), Body: []byte(in.Body)}
	for name, value := range in.Header {
		e.Header.Set(name, value)
	}
	failure, failed := protocol.ParseFailure(e.Body)
	e.Failure = failure
	if failed && in.Status/100 == 2 {
		e.Kind = ai.SoftError
	}
	now := serverTime()
	answer := RulesAnswer{Outcome: health.Classify(&e, rules, now), Without: health.Classify(&e, nil, now)}
	for i := range rules {
		// The rules before it do not fit: the first that changes the verdict decides.
		if o := health.Classify(&e, rules[:i+1], now); o.Rule != answer.Without.Rule {
			answer.Rule = i + 1
			break
		}
	}
	return answer, nil
}

// EditsQuestion asks what a channel's changes make of a request's body.
type EditsQuestion struct {
	Set    []config.BodyField `json:"body_set"`    // fields that the channel sets
	Remove []string           `json:"body_remove"` // paths of fields that it removes
	Body   string             `json:"body"`        // a request's, in JSON
}

// EditsAnswer is the body as it would go upstream.
type EditsAnswer struct {
	Body string `json:"body"` // in JSON
}

func testEdits(q *request) (any, error) {
	var in EditsQuestion
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	c := config.Channel{Name: "tested", Provider: "anthropic", BodySet: in.Set, BodyRemove: in.Remove}
	if err := c.Validate(); err != nil {
		if wrong, ok := errors.AsType[*config.Error](err); ok {
			return nil, invalid(wrong.Field, "%s", wrong.Problem)
		}
		return nil, err
	}
	body := []byte(strings.TrimSpace(in.Body))
	if !json.Valid(body) || len(body) == 0 || body[0] != '{' {
		return nil, invalid("body", "body: must be a JSON object, as a client sends it")
	}
	for _, f := range in.Set {
		body = scan.Edit{Path: strings.Split(f.Path, "."), Value: f.Value}.Apply(body)
	}
	for _, path := range in.Remove {
		body = scan.Edit{Path: strings.Split(path, ".")}.Apply(body)
	}
	return EditsAnswer{string(body)}, nil
}
