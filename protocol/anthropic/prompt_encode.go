package anthropic

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// promptWriter writes one request.
type promptWriter struct {
	protocol.Writer
	p      *protocol.Prompt
	traits traits
	hints  []string
	beta   []string
	err    error
}

func (w *promptWriter) hint(field string) {
	if !slices.Contains(w.hints, field) {
		w.hints = append(w.hints, field)
	}
}

func (w *promptWriter) cannot(field string) {
	if w.err == nil {
		w.err = &protocol.InexpressibleError{Protocol: ai.Anthropic, Field: field}
	}
}

// EncodePrompt writes a request to /v1/messages.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	w := promptWriter{p: p, traits: traitsOf(model)}
	w.check()
	w.Open('{')
	w.Text("model", model)
	thinks, budget, most := w.plan()
	w.Number("max_tokens", most)
	if p.Stream {
		w.Key("stream")
		w.Bool(true)
	}
	w.system()
	w.Key("messages")
	w.messages()
	w.tools()
	w.sampling(thinks)
	w.thinking(thinks, budget)
	w.outputConfig(thinks)
	if p.Tier == "default" {
		w.Text("service_tier", "standard_only")
	} else if p.Tier != "" {
		w.hint("service_tier")
	}
	if p.User != "" {
		w.Key("metadata")
		w.Open('{')
		w.Text("user_id", p.User)
		w.Close('}')
	}
	w.Close('}')
	if w.err != nil {
		return nil, w.err
	}
	header := http.Header{"Anthropic-Version": {"2023-06-01"}}
	if len(w.beta) > 0 {
		header["Anthropic-Beta"] = []string{strings.Join(w.beta, ",")}
	}
	return &protocol.Outbound{Path: "/v1/messages", Header: header, Body: w.B, Hints: w.hints}, nil
}

// check notes what Messages cannot say at all.
func (w *promptWriter) check() {
	p := w.p
	if p.Logprobs > 0 {
		w.cannot("logprobs")
	}
	for _, kind := range p.Kinds {
		if kind != "text" {
			w.cannot("modalities " + kind)
		}
	}
	for _, f := range []struct {
		said bool
		name string
	}{
		{p.Seed != nil, "seed"},
		{p.Frequency != nil, "frequency_penalty"},
		{p.Presence != nil, "presence_penalty"},
		{p.Output.Verbosity != "", "verbosity"},
	} {
		if f.said {
			w.hint(f.name)
		}
	}
	if p.Output.Schema != nil && !w.traits.schemas {
		w.cannot("structured output on this model")
	}
}

// plan decides how much the model may think and write.
func (w *promptWriter) plan() (thinks bool, budget, most int64) {
	t := &w.p.Thinking
	most = w.p.MaxOutput
	if most <= 0 {
		most = w.traits.output
	}
	most = min(most, w.traits.output)
	thinks = t.Mode == protocol.ThinkingOn && w.traits.thinks
	if t.Mode == protocol.ThinkingOn && !thinks {
		w.hint("thinking")
	}
	if thinks && !w.traits.adaptive && w.loopWithoutThought() {
		// "Expected `thinking` or `redacted_thinking`, but found `tool_use`":
		// with thinking on, each turn of a tool loop must begin with its own.
		thinks = false
		w.hint("thinking")
	}
	if w.forced() && thinks {
		// "Thinking may not be enabled when tool_choice forces tool use."
		thinks = false
		w.hint("thinking")
	}
	if !thinks || w.traits.adaptive {
		return thinks, 0, most
	}
	budget = t.Budget
	if budget <= 0 {
		budget = protocol.BudgetOf(t.Effort)
	}
	if budget <= 0 {
		budget = protocol.BudgetOf("medium")
	}
	budget = max(budget, 1024) // the least the API takes
	if most <= budget {        // max_tokens must be greater, and is what the answer itself may take
		most = min(budget+max(most, 1024), w.traits.output)
		budget = min(budget, max(most-1024, 1024))
	}
	return thinks, budget, most
}

// forced reports whether a tool must be called.
func (w *promptWriter) forced() bool {
	return w.p.Choice.Mode == protocol.ChoiceAny || w.p.Choice.Mode == protocol.ChoiceTool
}

// loopWithoutThought reports whether the conversation is within a tool loop
// whose last turn of the model holds no thought that Anthropic signed.
func (w *promptWriter) loopWithoutThought() bool {
	turns := w.p.Turns
	for i := len(turns) - 1; i >= 0; i-- {
		calls, thought := false, false
		for j := range turns[i].Parts {
			part := &turns[i].Parts[j]
			calls = calls || part.Kind == protocol.Call
			thought = thought || part.Kind == protocol.Thought && own(part)
		}
		switch {
		case turns[i].Role == protocol.Assistant:
			return calls && !thought
		case turns[i].Role == protocol.User && !answersCalls(&turns[i]):
			return false
		}
	}
	return false
}

func answersCalls(t *protocol.Turn) bool {
	for i := range t.Parts {
		if t.Parts[i].Kind == protocol.Result {
			return true
		}
	}
	return false
}

// own reports whether Anthropic will know a thought again.
func own(part *protocol.Part) bool { return part.Origin == ai.Anthropic && part.Signature != "" }

func (w *promptWriter) sampling(thinks bool) {
	p := w.p
	if len(p.Stop) > 0 {
		w.Key("stop_sequences")
		w.Strings(p.Stop)
	}
	if thinks || w.traits.fixed {
		// With thinking only the defaults are allowed; newer models know no
		// other at all.
		for _, f := range []struct {
			said bool
			name string
		}{{p.Temperature != nil, "temperature"}, {p.TopP != nil, "top_p"}, {p.TopK != nil, "top_k"}} {
			if f.said {
				w.hint(f.name)
			}
		}
		return
	}
	switch {
	case p.Temperature != nil:
		t := min(max(*p.Temperature, 0), 1)
		w.FloatIf("temperature", &t)
		if p.TopP != nil { // from Claude 4.5 on only one of the two may be given
			if w.traits.oneSampler {
				w.hint("top_p")
			} else {
				w.FloatIf("top_p", p.TopP)
			}
		}
	case p.TopP != nil:
		w.FloatIf("top_p", p.TopP)
	}
	if p.TopK != nil {
		w.Number("top_k", *p.TopK)
	}
}

func (w *promptWriter) thinking(thinks bool, budget int64) {
	t := &w.p.Thinking
	switch {
	case thinks && w.traits.adaptive:
		w.Key("thinking")
		w.Open('{')
		w.Text("type", "adaptive")
	case thinks:
		w.Key("thinking")
		w.Open('{')
		w.Text("type", "enabled")
		w.Number("budget_tokens", budget)
	case t.Mode == protocol.ThinkingOff && w.traits.thinks:
		w.Key("thinking")
		w.Open('{')
		w.Text("type", "disabled")
		w.Close('}')
		return
	default:
		return
	}
	switch t.Show {
	case "none":
		w.Text("display", "omitted")
	case "summary", "detailed":
		w.Text("display", "summarized")
	}
	w.Close('}')
}

// outputConfig writes effort and structured output.
func (w *promptWriter) outputConfig(thinks bool) {
	effort := ""
	if w.traits.effort && w.p.Thinking.Mode != protocol.ThinkingOff {
		said := w.p.Thinking.Effort
		if said == "" && thinks && w.traits.adaptive {
			said = protocol.EffortOf(w.p.Thinking.Budget)
		}
		effort = protocol.EffortUpTo(said, w.traits.efforts...)
	}
	if effort == "" && w.p.Output.Schema == nil {
		return
	}
	w.Key("output_config")
	w.Open('{')
	w.TextIf("effort", effort)
	if w.p.Output.Schema != nil {
		w.Key("format")
		w.Open('{')
		w.Text("type", "json_schema")
		w.JSONIf("schema", w.p.Output.Schema)
		w.Close('}')
	}
	w.Close('}')
}

func (w *promptWriter) tools() {
	if len(w.p.Tools) == 0 {
		return
	}
	w.Key("tools")
	w.Open('[')
	for i := range w.p.Tools {
		if w.offered(&w.p.Tools[i]) {
			w.tool(&w.p.Tools[i])
		}
	}
	w.Close(']')
	w.choice()
}

// offered reports whether the model may call a tool. Where a choice allows some
// only, the others are not offered: Messages has no other way to say so.
func (w *promptWriter) offered(t *protocol.Tool) bool {
	c := &w.p.Choice
	return len(c.Names) == 0 || c.Mode == protocol.ChoiceTool || slices.Contains(c.Names, t.Name)
}

func (w *promptWriter) tool(t *protocol.Tool) {
	w.Open('{')
	switch t.Kind {
	case protocol.WebSearch:
		w.Text("type", "web_search_20250305")
		w.Text("name", "web_search")
		if t.MaxSearches > 0 {
			w.Number("max_uses", t.MaxSearches)
		}
		if len(t.Domains) > 0 {
			w.Key("allowed_domains")
			w.Strings(t.Domains)
		}
		if len(t.NotDomains) > 0 {
			w.Key("blocked_domains")
			w.Strings(t.NotDomains)
		}
		if l := t.Location; l != nil {
			w.Key("user_location")
			w.Open('{')
			w.Text("type", "approximate")
			w.TextIf("city", l.City)
			w.TextIf("region", l.Region)
			w.TextIf("country", l.Country)
			w.TextIf("timezone", l.Timezone)
			w.Close('}')
		}
	case protocol.Custom:
		w.cannot("tools " + t.Name + " (free text)")
	case protocol.Function:
		w.Text("name", t.Name)
		w.TextIf("description", t.Description)
		schema := t.Schema
		if len(schema) == 0 || protocol.Kind(schema) == "" {
			schema = objectSchema(schema)
		}
		w.JSONIf("input_schema", schema)
		if t.Strict != nil && *t.Strict {
			w.Key("strict")
			w.Bool(true)
		}
	}
	w.cache(t.Cache)
	w.Close('}')
}

// objectSchema is a schema with the type that Messages wants it to have.
func objectSchema(schema []byte) []byte {
	if len(schema) < 2 || len(strings.TrimSpace(string(schema[1:len(schema)-1]))) == 0 {
		return []byte(`{"type":"object","properties":{}}`)
	}
	return append([]byte(`{"type":"object",`), schema[1:]...)
}

func (w *promptWriter) choice() {
	c, kind := &w.p.Choice, ""
	switch c.Mode {
	case protocol.ChoiceUnset:
	case protocol.ChoiceAuto:
		kind = "auto"
	case protocol.ChoiceNone:
		kind = "none"
	case protocol.ChoiceAny:
		kind = "any"
	case protocol.ChoiceTool:
		kind = "tool"
	}
	serial := w.p.Parallel != nil && !*w.p.Parallel
	if kind == "" && serial {
		kind = "auto"
	}
	if kind == "" {
		return
	}
	w.Key("tool_choice")
	w.Open('{')
	w.Text("type", kind)
	if kind == "tool" && len(c.Names) > 0 {
		w.Text("name", c.Names[0])
	}
	if w.p.Parallel != nil && kind != "none" {
		w.Key("disable_parallel_tool_use")
		w.Bool(serial)
	}
	w.Close('}')
}

// cache writes a cache mark.
func (w *promptWriter) cache(ttl string) {
	if ttl == "" {
		return
	}
	w.Key("cache_control")
	w.Open('{')
	w.Text("type", "ephemeral")
	if ttl != "5m" {
		w.Text("ttl", ttl)
	}
	w.Close('}')
}
