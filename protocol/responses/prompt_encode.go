package responses

import (
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
	"github.com/ccload/ccload/protocol/schema"
)

// promptWriter writes one request.
type promptWriter struct {
	protocol.Writer
	p      *protocol.Prompt
	model  string
	traits traits
	hints  []string
	err    error
}

func (w *promptWriter) hintIf(said bool, field string) {
	if said && !slices.Contains(w.hints, field) {
		w.hints = append(w.hints, field)
	}
}

func (w *promptWriter) cannot(field string) {
	if w.err == nil {
		w.err = &protocol.InexpressibleError{Protocol: ai.Responses, Field: field}
	}
}

// EncodePrompt writes a request to /v1/responses. Nothing is stored upstream:
// reasoning goes back and forth encrypted instead.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	p, names := p.Fit(limits)
	w := promptWriter{p: p, model: model, traits: traitsOf(model)}
	w.Open('{')
	w.Text("model", model)
	w.Key("input")
	w.input()
	w.tools()
	w.settings()
	w.reasoning()
	w.text()
	w.Key("store")
	w.Bool(false)
	w.include()
	if p.Stream {
		w.Key("stream")
		w.Bool(true)
	}
	w.Close('}')
	if w.err != nil {
		return nil, w.err
	}
	return &protocol.Outbound{Body: w.B, Hints: w.hints, Names: names}, nil
}

func (w *promptWriter) settings() {
	p := w.p
	if p.MaxOutput > 0 {
		most := openaikit.MaxOutput(w.model, p.MaxOutput)
		w.hintIf(most < p.MaxOutput, "max_tokens above the model's most")
		w.Number("max_output_tokens", max(most, 16)) // the least the API takes
	}
	if len(p.Stop) > 0 {
		w.cannot("stop sequences")
	}
	for _, kind := range p.Kinds {
		if kind != "text" {
			w.cannot("modalities " + kind)
		}
	}
	w.hintIf(p.TopK != nil, "top_k")
	w.hintIf(p.Seed != nil, "seed")
	w.hintIf(p.Frequency != nil, "frequency_penalty")
	w.hintIf(p.Presence != nil, "presence_penalty")
	if w.traits.reasons { // "Unsupported parameter"
		w.hintIf(p.Temperature != nil, "temperature")
		w.hintIf(p.TopP != nil, "top_p")
	} else {
		w.FloatIf("temperature", p.Temperature)
		w.FloatIf("top_p", p.TopP)
	}
	if p.Logprobs > 0 {
		if w.traits.reasons {
			w.cannot("logprobs on a reasoning model")
		}
		w.Number("top_logprobs", int64(p.Logprobs-1))
	}
	if p.Tier != "" {
		w.Text("service_tier", p.Tier)
	}
	user := p.UserFor(maxUser, false)
	w.hintIf(user != p.User, "user")
	w.TextIf("safety_identifier", user)
}

func (w *promptWriter) include() {
	var list []string
	if w.traits.reasons {
		list = append(list, "reasoning.encrypted_content")
	}
	if w.p.Logprobs > 0 {
		list = append(list, "message.output_text.logprobs")
	}
	if len(list) > 0 {
		w.Key("include")
		w.Strings(list)
	}
}

func (w *promptWriter) reasoning() {
	t := &w.p.Thinking
	effort := t.Effort
	if effort == "" {
		effort = protocol.EffortOf(t.Budget)
	}
	if effort != "" {
		effort = protocol.EffortUpTo(effort, w.traits.efforts...)
	}
	if t.Mode == protocol.ThinkingOff {
		effort = w.traits.off
		if least := w.traits.efforts; effort == "" && len(least) > 0 {
			effort = least[0] // as little as there is
		}
		w.hintIf(w.traits.off == "" && w.traits.reasons, "thinking off")
	}
	if !w.traits.reasons && len(w.traits.efforts) == 0 {
		w.hintIf(t.Mode == protocol.ThinkingOn, "thinking")
		return
	}
	show := t.Show
	if show == "" && t.Mode == protocol.ThinkingOn {
		show = "summary" // clients of the other formats see thoughts by default
	}
	summary := map[string]string{"summary": "auto", "detailed": "detailed"}[show]
	if effort == "" && summary == "" {
		return
	}
	w.Key("reasoning")
	w.Open('{')
	w.TextIf("effort", effort)
	w.TextIf("summary", summary)
	w.Close('}')
}

func (w *promptWriter) text() {
	o := &w.p.Output
	if !o.JSON && o.Verbosity == "" {
		return
	}
	w.Key("text")
	w.Open('{')
	w.TextIf("verbosity", o.Verbosity)
	switch {
	case o.Schema != nil:
		w.Key("format")
		w.Open('{')
		w.Text("type", "json_schema")
		name := o.Name
		if name == "" {
			name = "answer" // it must have one
		}
		w.Text("name", name)
		w.TextIf("description", o.About)
		w.JSONIf("schema", schema.Clean(o.Schema, schemas))
		w.Key("strict")
		w.Bool(o.Strict != nil && *o.Strict)
		w.Close('}')
	case o.JSON:
		w.Key("format")
		w.Raw([]byte(`{"type":"json_object"}`))
	}
	w.Close('}')
}
