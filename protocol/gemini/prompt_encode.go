package gemini

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
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
