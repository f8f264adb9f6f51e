package anthropic

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// encoder writes one request.
type encoder struct {
	p     *protocol.Prompt
	model traits
	hints []string
	b     []byte

	skip  int    // marks for the prompt cache that are too many
	files bool   // the request names a file
	tools []tool // that are told
}

// tool is one of the prompt's that may be called.
type tool = *protocol.Tool

// maxMarks is how many marks for the prompt cache a request may have.
// https://docs.claude.com/en/docs/build-with-claude/prompt-caching
const maxMarks = 4

func (e *encoder) hint(field string) {
	if !slices.Contains(e.hints, field) {
		e.hints = append(e.hints, field)
	}
}

func (e *encoder) cannot(field string) error {
	return &protocol.InexpressibleError{Protocol: ai.Anthropic, Field: field}
}

// EncodePrompt writes a request for a model.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	p, names := p.Fit(limits)
	e := encoder{p: p, model: traitsOf(model), b: make([]byte, 0, sizeOf(p))}
	if err := e.check(); err != nil {
		return nil, err
	}
	groups, system, err := e.arrange()
	if err != nil {
		return nil, err
	}
	e.selectTools()
	e.countMarks(system, groups)
	plan := e.planThinking(groups)

	e.b = append(e.b, '{')
	e.b = text(e.b, "model", model)
	e.b = whole(e.b, "max_tokens", plan.most)
	if p.Stream {
		e.b = raw(e.b, "stream", "true")
	}
	e.writeSampling(&plan)
	e.writeThinking(&plan)
	if err := e.writeOutput(&plan); err != nil {
		return nil, err
	}
	if err := e.writeTools(); err != nil {
		return nil, err
	}
	e.writeOthers()
	if err := e.writeSystem(system); err != nil {
		return nil, err
	}
	if err := e.writeMessages(groups); err != nil {
		return nil, err
	}
	e.b = append(e.b, '}')

	header := http.Header{"Anthropic-Version": {"2023-06-01"}}
	if e.files {
		header["Anthropic-Beta"] = []string{"files-api-2025-04-14"}
	}
	return &protocol.Outbound{Header: header, Body: e.b, Hints: e.hints, Names: names}, nil
}

// sizeOf is about how long a request gets.
func sizeOf(p *protocol.Prompt) int {
	n := 1024
	add := func(parts []protocol.Part) {
		for i := range parts {
			part := &parts[i]
			n += 64 + len(part.Text)*9/8 + len(part.Signature)
			if part.Media != nil {
				n += len(part.Media.Data) + len(part.Media.Plain)*9/8
			}
			if part.Call != nil {
				n += len(part.Call.Arguments) + 64
			}
		}
	}
	for i := range p.Turns {
		add(p.Turns[i].Parts)
		for j := range p.Turns[i].Parts {
			if back := p.Turns[i].Parts[j].Back; back != nil {
				add(back.Parts)
			}
		}
	}
	for i := range p.Tools {
		n += 128 + len(p.Tools[i].Description)*9/8 + len(p.Tools[i].Schema)
	}
	return n
}

// check finds what this format cannot say at all.
func (e *encoder) check() error {
	p := e.p
	if p.Logprobs > 0 {
		return e.cannot("logprobs")
	}
	for _, kind := range p.Kinds {
		if kind != "text" {
			return e.cannot("answers of the kind " + kind)
		}
	}
	for _, word := range p.Stop {
		// "each stop sequence must contain non-whitespace"
		if strings.TrimSpace(word) == "" {
			return e.cannot("a stop sequence of white space")
		}
	}
	if p.Seed != nil {
		e.hint("seed")
	}
	if p.Frequency != nil && *p.Frequency != 0 {
		e.hint("frequency_penalty")
	}
	if p.Presence != nil && *p.Presence != 0 {
		e.hint("presence_penalty")
	}
	if p.Output.Verbosity != "" {
		e.hint("verbosity")
	}
	return nil
}

// countMarks finds how many marks for the prompt cache are too many. The first
// are left out: those at the end cover them.
func (e *encoder) countMarks(system []item, groups []group) {
	n := 0
	count := func(cache string) {
		if cache != "" {
			n++
		}
	}
	for _, t := range e.tools {
		count(t.Cache)
	}
	for i := range system {
		count(system[i].cache)
	}
	for i := range groups {
		for j := range groups[i].items {
			count(groups[i].items[j].cache)
		}
	}
	if e.skip = max(0, n-maxMarks); e.skip > 0 {
		e.hint("cache marks")
	}
}

// mark writes a mark for the prompt cache.
func (e *encoder) mark(cache string) {
	switch {
	case cache == "":
	case e.skip > 0:
		e.skip--
	case cache == "1h":
		e.b = raw(e.b, "cache_control", `{"type":"ephemeral","ttl":"1h"}`)
	default:
		e.b = raw(e.b, "cache_control", `{"type":"ephemeral"}`)
	}
}

// writeSampling writes temperature, top_p and top_k. Beside thinking the API
// takes no temperature but 1, no top_k, and top_p from 0.95 only.
func (e *encoder) writeSampling(plan *plan) {
	p := e.p
	thinking := plan.kind == "enabled" || plan.kind == "adaptive"
	if t := p.Temperature; t != nil {
		switch {
		case e.model.noSampling, thinking && *t != 1:
			e.hint("temperature")
		default:
			if *t > 1 {
				e.hint("temperature")
			}
			e.b = float(e.b, "temperature", min(*t, 1))
		}
	}
	if t := p.TopP; t != nil {
		switch {
		case e.model.noSampling, thinking && *t < 0.95, e.model.oneOf && p.Temperature != nil:
			e.hint("top_p")
		default:
			e.b = float(e.b, "top_p", *t)
		}
	}
	if t := p.TopK; t != nil {
		if e.model.noSampling || thinking {
			e.hint("top_k")
		} else {
			e.b = whole(e.b, "top_k", *t)
		}
	}
}

// writeOthers writes what stands by itself.
func (e *encoder) writeOthers() {
	p := e.p
	if len(p.Stop) > 0 {
		e.b = texts(e.b, "stop_sequences", p.Stop)
	}
	switch p.Tier {
	case "", "priority": // auto, which takes what priority there is
	case "default":
		e.b = text(e.b, "service_tier", "standard_only")
	default:
		e.hint("service_tier")
	}
	user := p.UserFor(maxUser, true)
	if user != p.User {
		e.hint("user")
	}
	if user != "" {
		e.b = append(key(e.b, "metadata"), '{')
		e.b = append(text(e.b, "user_id", user), '}')
	}
}

// writeOutput writes output_config. A schema is the only form of an answer that
// this format knows; what makes models write JSON of no schema is theirs to be
// told in words.
func (e *encoder) writeOutput(plan *plan) error {
	o := &e.p.Output
	switch {
	case o.JSON && len(o.Schema) == 0:
		return e.cannot("JSON output without a schema")
	case o.JSON && !e.model.schemas:
		return e.cannot("schema of the answer")
	case !o.JSON && plan.effort == "":
		return nil
	}
	e.b = append(key(e.b, "output_config"), '{')
	e.b = textIf(e.b, "effort", plan.effort)
	if o.JSON {
		schema, err := strictSchema(o.Schema)
		if err != nil {
			return e.cannot("schema of the answer: " + err.Error())
		}
		e.b = append(key(e.b, "format"), '{')
		e.b = text(e.b, "type", "json_schema")
		e.b = append(raw(e.b, "schema", schema), '}')
	}
	e.b = append(e.b, '}')
	return nil
}
