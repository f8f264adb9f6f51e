package openai

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

func (w *promptWriter) hint(field string) {
	if !slices.Contains(w.hints, field) {
		w.hints = append(w.hints, field)
	}
}

// hintIf notes a field that is said, and cannot be passed on.
func (w *promptWriter) hintIf(said bool, field string) {
	if said {
		w.hint(field)
	}
}

func (w *promptWriter) cannot(field string) {
	if w.err == nil {
		w.err = &protocol.InexpressibleError{Protocol: ai.OpenAI, Field: field}
	}
}

// EncodePrompt writes a request to /v1/chat/completions.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	p, names := p.Fit(limitsOf(model))
	w := promptWriter{p: p, model: model, traits: traitsOf(model)}
	if p.Forced() && thinksOrCalls(model) && p.Thinking.Mode != protocol.ThinkingOff {
		w.hintIf(p.Thinking.Mode == protocol.ThinkingOn, "thinking")
		off := *p
		off.Thinking = protocol.Thinking{Mode: protocol.ThinkingOff}
		w.p = &off
	}
	w.Open('{')
	w.Text("model", model)
	w.Key("messages")
	w.messages()
	w.tools()
	w.limits()
	w.sampling()
	w.thinking()
	w.output()
	if p.Stream {
		w.Key("stream")
		w.Bool(true)
		w.Key("stream_options")
		w.Raw([]byte(`{"include_usage":true}`)) // the meter wants it, whoever asked
	}
	w.Close('}')
	if w.err != nil {
		return nil, w.err
	}
	return &protocol.Outbound{Body: w.B, Hints: w.hints, Names: names}, nil
}

func (w *promptWriter) limits() {
	p := w.p
	if p.MaxOutput > 0 {
		name := "max_tokens" // what every compatible vendor knows
		if w.traits.own {
			name = "max_completion_tokens"
		}
		most := openaikit.MaxOutput(w.model, p.MaxOutput)
		w.hintIf(most < p.MaxOutput, "max_tokens above the model's most")
		w.Number(name, most)
	}
	if n := len(p.Stop); n > 0 {
		if n > 4 {
			w.cannot("more than 4 stop sequences")
		}
		if w.traits.reasons {
			w.cannot("stop sequences on a reasoning model")
		}
		w.Key("stop")
		w.Strings(p.Stop)
	}
	if p.Logprobs > 0 {
		if w.traits.reasons {
			w.cannot("logprobs on a reasoning model")
		}
		w.Key("logprobs")
		w.Bool(true)
		if p.Logprobs > 1 {
			w.Number("top_logprobs", int64(p.Logprobs-1))
		}
	}
	switch {
	case p.Tier != "" && w.traits.own:
		w.Text("service_tier", p.Tier)
	default:
		w.hintIf(p.Tier != "", "service_tier")
	}
	user := p.UserFor(maxUser, false)
	w.hintIf(user != p.User, "user")
	w.TextIf("user", user)
}

func (w *promptWriter) sampling() {
	p := w.p
	w.hintIf(p.TopK != nil, "top_k")
	if w.traits.reasons { // "Unsupported parameter" on all of them
		w.hintIf(p.Temperature != nil, "temperature")
		w.hintIf(p.TopP != nil, "top_p")
		w.hintIf(p.Frequency != nil, "frequency_penalty")
		w.hintIf(p.Presence != nil, "presence_penalty")
		w.hintIf(p.Seed != nil, "seed")
		return
	}
	w.FloatIf("temperature", p.Temperature)
	w.FloatIf("top_p", p.TopP)
	w.FloatIf("frequency_penalty", p.Frequency)
	w.FloatIf("presence_penalty", p.Presence)
	if p.Seed != nil {
		w.Number("seed", *p.Seed)
	}
}

// thinking writes the effort, to models that are known to take one: others
// think as they do by themselves.
func (w *promptWriter) thinking() {
	t := &w.p.Thinking
	w.hintIf(t.Show != "", "thinking.display")
	said := t.Effort
	if said == "" {
		said = protocol.EffortOf(t.Budget)
	}
	switch {
	case t.Mode == protocol.ThinkingOff:
		w.thinkingOff()
	case said == "":
	case len(w.traits.efforts) > 0:
		w.Text("reasoning_effort", protocol.EffortUpTo(said, w.traits.efforts...))
	default:
		w.hint("thinking")
	}
}

// thinkingOff writes each vendor's own switch; where there is none, the least
// effort there is.
func (w *promptWriter) thinkingOff() {
	switch t := &w.traits; {
	case t.offSwitch != "":
		w.B = append(append(w.B, ','), t.offSwitch...)
	case t.off != "":
		w.Text("reasoning_effort", t.off)
	case len(t.efforts) > 0 && !t.cacheMark: // Claude does not think unasked
		w.hint("thinking off")
		w.Text("reasoning_effort", t.efforts[0])
	default:
		w.hintIf(t.thinks, "thinking off")
	}
}

func (w *promptWriter) output() {
	o := &w.p.Output
	switch {
	case o.Verbosity != "" && w.traits.reasons:
		w.Text("verbosity", o.Verbosity)
	default:
		w.hintIf(o.Verbosity != "", "verbosity")
	}
	switch {
	case o.Schema != nil:
		w.Key("response_format")
		w.Open('{')
		w.Text("type", "json_schema")
		w.Key("json_schema")
		w.Open('{')
		name := o.Name
		if name == "" {
			name = "answer" // it must have one
		}
		w.Text("name", name)
		w.TextIf("description", o.About)
		w.JSONIf("schema", schema.Clean(o.Schema, w.traits.schemas()))
		if o.Strict != nil {
			w.Key("strict")
			w.Bool(*o.Strict)
		}
		w.Close('}')
		w.Close('}')
	case o.JSON:
		w.Key("response_format")
		w.Raw([]byte(`{"type":"json_object"}`))
	}
	for _, kind := range w.p.Kinds {
		if kind != "text" {
			w.cannot("modalities " + kind)
		}
	}
}
