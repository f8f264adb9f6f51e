package fakeai

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ccload/ccload/ai"
)

// rateLimit is what rate-limit headers say is allowed.
const rateLimit = 1000

// header sets the headers that a service sends with every answer.
func (d *delivery) header() {
	h := d.w.Header()
	id := fmt.Sprintf("req_%06d", d.req.Number)
	remaining := rateLimit - 1
	if d.b.Remaining > 0 {
		remaining = d.b.Remaining - 1
	}
	// The real services send these with errors as well. Here an error has them
	// only if it is told to, so that what a gateway does without can be seen.
	limits := d.b.Fault != Error || d.b.Remaining > 0 || d.b.ResetIn > 0
	switch d.req.Protocol {
	case ai.Anthropic:
		h.Set("Request-Id", id)
		h.Set("Anthropic-Organization-Id", "00000000-0000-4000-8000-000000000000")
		if !limits {
			return
		}
		reset := d.req.Time.Add(d.b.ResetIn).UTC().Format(time.RFC3339)
		for name, factor := range map[string]int{"Requests": 1, "Input-Tokens": 1000, "Output-Tokens": 100, "Tokens": 1100} {
			h.Set("Anthropic-Ratelimit-"+name+"-Limit", strconv.Itoa(rateLimit*factor))
			h.Set("Anthropic-Ratelimit-"+name+"-Remaining", strconv.Itoa(remaining*factor))
			h.Set("Anthropic-Ratelimit-"+name+"-Reset", reset)
		}
	case ai.OpenAI, ai.Responses:
		h.Set("X-Request-Id", id)
		h.Set("Openai-Version", "2020-10-01")
		h.Set("Openai-Processing-Ms", strconv.FormatInt(d.b.FirstByte.Milliseconds(), 10))
		if !limits {
			return
		}
		reset := max(d.b.ResetIn, 6*time.Millisecond).String()
		for name, factor := range map[string]int{"Requests": 1, "Tokens": 1000} {
			h.Set("X-Ratelimit-Limit-"+name, strconv.Itoa(rateLimit*factor))
			h.Set("X-Ratelimit-Remaining-"+name, strconv.Itoa(remaining*factor))
			h.Set("X-Ratelimit-Reset-"+name, reset)
		}
	case ai.Gemini:
		h.Set("Server", "scaffolding on HTTPServer2")
		h.Set("Server-Timing", "gfet4t7; dur=1")
	}
}
