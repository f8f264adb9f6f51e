package gemini

import (
	"math"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

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
