package gemini

import (
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

// Limits of GenerationConfig. https://ai.google.dev/api/generate-content#generationconfig
const (
	maxStops        = 5
	maxAlternatives = 20
	maxTemperature  = 2
)

// encoder writes one request.
type encoder struct {
	p     *protocol.Prompt
	model traits
	out   outRequest
	hints []string
}

func (e *encoder) hint(field string) {
	if !slices.Contains(e.hints, field) {
		e.hints = append(e.hints, field)
	}
}

func (e *encoder) cannot(field string) error {
	return &protocol.InexpressibleError{Protocol: ai.Gemini, Field: field}
}

// marks notes what a part has that Gemini has no word for.
func (e *encoder) marks(p *protocol.Part) {
	if p.Cache != "" {
		e.hint("cache marks")
	}
}

// EncodePrompt writes a request for a model.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	model = strings.TrimPrefix(model, "models/")
	p, names := p.Fit(limits)
	e := encoder{p: p, model: traitsOf(model)}
	for _, step := range []func() error{e.contents, e.system, e.ending, e.tools, e.choice, e.config} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	e.dropped()
	to := &protocol.Outbound{Header: http.Header{}, Body: protocol.JSON(&e.out), Hints: e.hints, Names: names}
	if p.Stream {
		to.Query = "alt=sse"
	}
	return to, nil
}

// ending checks that there is something to answer.
func (e *encoder) ending() error {
	n := len(e.out.Contents)
	switch {
	case n == 0:
		return e.cannot("a conversation without turns")
	case e.out.Contents[n-1].Role == "model" && e.model.fixed:
		return e.cannot("a last turn of the assistant's")
	}
	return nil
}

// dropped names what is harmless and cannot be said.
func (e *encoder) dropped() {
	p := e.p
	for _, row := range []struct {
		said  bool
		field string
	}{
		{p.User != "", "user"},
		{p.Parallel != nil && !*p.Parallel, "parallel"},
		{p.Output.Verbosity != "", "verbosity"},
		{p.Output.About != "", "output.about"},
		{p.Tier == "batch", "tier"},
	} {
		if row.said {
			e.hint(row.field)
		}
	}
	switch p.Tier {
	case "flex", "priority":
		e.out.ServiceTier = p.Tier
	case "default":
		e.out.ServiceTier = "standard"
	}
}

func (e *encoder) tools() error {
	var functions []outFunction
	search := false
	for i := range e.p.Tools {
		t := &e.p.Tools[i]
		if t.Cache != "" {
			e.hint("cache marks")
		}
		switch t.Kind {
		case protocol.Function:
			if t.Strict != nil && *t.Strict {
				e.hint("tools.strict")
			}
			made, err := e.function(t)
			if err != nil {
				return err
			}
			functions = append(functions, made)
		case protocol.WebSearch:
			search = true
			if err := e.search(t); err != nil {
				return err
			}
		case protocol.Hosted:
			return e.cannot("tool " + t.Name)
		default:
			return e.cannot("custom tool")
		}
	}
	if len(functions) > 0 {
		e.out.Tools = append(e.out.Tools, outTool{FunctionDeclarations: functions})
	}
	if !search {
		return nil
	}
	e.out.Tools = append(e.out.Tools, outTool{GoogleSearch: new(struct{})})
	if len(functions) > 0 {
		// https://ai.google.dev/gemini-api/docs/tool-combination
		if e.model.version < 30 {
			return e.cannot("web search together with functions")
		}
		e.out.ToolConfig = &outToolConfig{ServerSide: true}
	}
	return nil
}

// function writes a tool. One without a schema takes nothing.
func (e *encoder) function(t *protocol.Tool) (outFunction, error) {
	made := outFunction{Name: t.Name, Description: t.Description}
	if t.Schema == nil {
		return made, nil
	}
	mended, ok := schema.Tool(t.Schema, schema.Target{OneType: true})
	if !ok || !isObject(mended.Schema) {
		return made, e.cannot("schema of the tool " + t.Name)
	}
	if mended.Loose {
		e.hint("tools.schema")
	}
	made.Description, made.Schema = protocol.Paragraphs(t.Description, mended.Rule), mended.Schema
	return made, nil
}

func (e *encoder) search(t *protocol.Tool) error {
	if len(t.Domains)+len(t.NotDomains) > 0 {
		return e.cannot("web search with domains")
	}
	if t.MaxSearches > 0 {
		e.hint("web_search.max_uses")
	}
	if t.Location != nil {
		e.hint("web_search.user_location")
	}
	return nil
}

func (e *encoder) choice() error {
	c := &e.p.Choice
	to := &outCalling{}
	switch c.Mode {
	case protocol.ChoiceUnset:
		return nil
	case protocol.ChoiceAuto:
		to.Mode = "AUTO"
		if len(c.Names) > 0 { // AUTO takes no names
			to.Mode, to.Allowed = "VALIDATED", c.Names
		}
	case protocol.ChoiceNone:
		to.Mode = "NONE"
	case protocol.ChoiceAny:
		to.Mode, to.Allowed = "ANY", c.Names
	case protocol.ChoiceTool:
		to.Mode, to.Allowed = "ANY", c.Names[:min(len(c.Names), 1)]
	}
	if len(e.out.Tools) == 0 || len(e.out.Tools[0].FunctionDeclarations) == 0 {
		if to.Mode == "ANY" {
			return e.cannot("tool_choice without functions")
		}
		return nil
	}
	if e.out.ToolConfig == nil {
		e.out.ToolConfig = new(outToolConfig)
	}
	e.out.ToolConfig.Calling = to
	return nil
}

func (e *encoder) config() error {
	p, c := e.p, &outConfig{}
	c.MaxOutputTokens = p.MaxOutput
	if most := e.model.output(); most > 0 && c.MaxOutputTokens > most {
		c.MaxOutputTokens = most
		e.hint("max_tokens above the model's most")
	}
	e.sampling(c)
	for _, word := range p.Stop {
		if word != "" {
			c.StopSequences = append(c.StopSequences, word)
		}
	}
	if len(c.StopSequences) > maxStops {
		return e.cannot("more than 5 stop sequences")
	}
	if p.Logprobs > 0 {
		c.ResponseLogprobs, c.Logprobs = true, min(p.Logprobs-1, maxAlternatives)
	}
	if err := e.output(c); err != nil {
		return err
	}
	for _, kind := range p.Kinds {
		switch kind {
		case "image":
			c.Modalities = []string{"TEXT", "IMAGE"}
		case "audio": // of models that speak, and do nothing else
			c.Modalities = []string{"AUDIO"}
		default:
			return e.cannot("answers of the kind " + kind)
		}
	}
	e.thinking(c)
	if !c.empty() {
		e.out.GenerationConfig = c
	}
	return nil
}

func (c *outConfig) empty() bool { return string(protocol.JSON(c)) == "{}" }

// sampling writes the knobs that the model takes. A penalty of 0 is none, and
// most models refuse any.
func (e *encoder) sampling(c *outConfig) {
	p := e.p
	c.Temperature, c.TopP, c.TopK, c.Seed = p.Temperature, p.TopP, p.TopK, p.Seed
	if t := p.Temperature; t != nil && (*t > maxTemperature || *t < 0) {
		clamped := min(max(*t, 0), maxTemperature)
		c.Temperature = &clamped
		e.hint("temperature")
	}
	if s := p.Seed; s != nil && (*s > math.MaxInt32 || *s < math.MinInt32) {
		c.Seed = nil
		e.hint("seed")
	}
	if k := p.TopK; k != nil && *k <= 0 {
		c.TopK = nil
	}
	penalty := func(f *float64, field string) *float64 {
		if f == nil || *f == 0 {
			return nil
		}
		if e.model.version >= noPenalties {
			e.hint(field)
			return nil
		}
		return f
	}
	c.FrequencyPenalty, c.PresencePenalty = penalty(p.Frequency, "frequency"), penalty(p.Presence, "presence")
	if e.model.fixed {
		for _, row := range []struct {
			said  bool
			field string
		}{{c.Temperature != nil, "temperature"}, {c.TopP != nil, "top_p"}, {c.TopK != nil, "top_k"}} {
			if row.said {
				e.hint(row.field)
			}
		}
		c.Temperature, c.TopP, c.TopK = nil, nil, nil
	}
}

// output writes the form of the answer. Before Gemini 3 it cannot be JSON where
// there are tools: "Function calling with a response mime type: application/json
// is unsupported".
func (e *encoder) output(c *outConfig) error {
	if !e.p.Output.JSON && e.p.Output.Schema == nil {
		return nil
	}
	if len(e.out.Tools) > 0 && e.model.version > 0 && e.model.version < 30 {
		return e.cannot("JSON output together with tools")
	}
	if e.p.Output.Schema != nil && !isObject(e.p.Output.Schema) {
		return e.cannot("schema of the answer")
	}
	c.ResponseMimeType, c.ResponseSchema = "application/json", e.p.Output.Schema
	if c.ResponseSchema != nil {
		c.ResponseSchema = schema.Clean(c.ResponseSchema, schema.Target{OneType: true})
	}
	return nil
}

// thinking writes thinkingConfig in the words of the model: levels from Gemini 3
// on, budgets before. What a model cannot turn off is turned down.
func (e *encoder) thinking(c *outConfig) {
	t, m := &e.p.Thinking, &e.model
	if t.Mode == protocol.ThinkingUnset && (t.Show == "" || t.Show == "none") {
		return
	}
	if !m.thinks {
		if t.Mode != protocol.ThinkingOff {
			e.hint("thinking")
		}
		return
	}
	to := &outThinking{IncludeThoughts: t.Mode != protocol.ThinkingOff && t.Show != "none"}
	c.Thinking = to
	if t.Mode == protocol.ThinkingOff && !m.stops {
		e.hint("thinking off")
	}
	if t.Mode == protocol.ThinkingUnset {
		return
	}
	if m.levels != nil {
		effort := t.Effort
		if effort == "" {
			effort = protocol.EffortOf(t.Budget)
		}
		if t.Mode == protocol.ThinkingOff {
			effort = "minimal"
		}
		to.Level = protocol.EffortUpTo(effort, m.levels...)
		if to.Level == "" && !to.IncludeThoughts {
			c.Thinking = nil
		}
		return
	}
	budget := t.Budget
	if budget == 0 {
		budget = protocol.BudgetOf(t.Effort)
	}
	switch {
	case t.Mode == protocol.ThinkingOff && m.stops:
		budget = 0
	case t.Mode == protocol.ThinkingOff:
		budget = m.least
	case budget == 0:
		budget = -1 // as much as it takes
	default:
		budget = min(max(budget, m.least), m.most)
	}
	to.Budget = &budget
}
