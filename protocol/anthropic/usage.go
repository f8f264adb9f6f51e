package anthropic

import (
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// counts are the numbers of a usage object. Anthropic counts cached tokens
// beside input_tokens, not inside.
type counts struct {
	input, cacheRead, cacheWrite, write1h int64
	output, thinking                      int64
	tier                                  string
	reported                              bool

	billed ai.Usage // what else is billed: searches, region, advisors; and whether numbers were odd
}

// read takes over what a usage object says. In a stream it is called for each
// of them; the last one that names a number is right. Some relays repeat the
// input side as zeros at the end: those do not replace what was reported.
func (c *counts) read(raw []byte) {
	next := *c
	var iterations []byte
	if scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "input_tokens":
			next.number(&next.input, value)
		case "cache_read_input_tokens":
			next.number(&next.cacheRead, value)
		case "cache_creation_input_tokens":
			next.number(&next.cacheWrite, value)
		case "cache_creation":
			next.readCreation(value)
		case "output_tokens":
			next.number(&next.output, value)
		case "output_tokens_details":
			if from, to, ok := scan.Get(value, "thinking_tokens"); ok {
				next.number(&next.thinking, value[from:to])
			}
		case "service_tier":
			if tier, ok := scan.String(value); ok {
				next.tier = tier
			}
		case "speed":
			// Fast mode is priced like a tier of its own.
			if scan.StringIs(value, "fast") {
				next.tier = "fast"
			}
		case "inference_geo":
			// "global" and "not_available" are the ordinary price.
			if geo, _ := scan.String(value); geo == "us" {
				next.billed.Region = geo
			}
		case "server_tool_use":
			if from, to, ok := scan.Get(value, "web_search_requests"); ok {
				next.number(&next.billed.WebSearches, value[from:to])
			}
		case "iterations":
			iterations = value
		}
		return true
	}) != nil {
		return
	}
	if len(iterations) > 0 && iterations[0] == '[' {
		next.sum(iterations)
	}
	if next.input+next.cacheRead+next.cacheWrite == 0 {
		next.input, next.cacheRead, next.cacheWrite, next.write1h = c.input, c.cacheRead, c.cacheWrite, c.write1h
	}
	next.reported = true
	*c = next
}

// readCreation reads how cache writes divide into lifetimes.
func (c *counts) readCreation(raw []byte) {
	var fiveMinutes, hour int64
	if from, to, ok := scan.Get(raw, "ephemeral_5m_input_tokens"); ok {
		c.number(&fiveMinutes, raw[from:to])
	}
	if from, to, ok := scan.Get(raw, "ephemeral_1h_input_tokens"); ok {
		c.number(&hour, raw[from:to])
	}
	c.write1h = hour
	c.cacheWrite = max(c.cacheWrite, fiveMinutes+hour)
}

// sum replaces the numbers by the sum of the iterations of one answer. The
// numbers beside them leave out what compaction used, which is billed all the
// same; what an advisor used is billed at the advisor's model.
func (c *counts) sum(iterations []byte) {
	var total counts
	var advisors []ai.ModelUsage
	any := false
	_ = scan.Elements(iterations, func(start, end int) bool {
		raw := iterations[start:end]
		var one counts
		one.read(raw)
		if from, to, ok := scan.Get(raw, "type"); ok && scan.StringIs(raw[from:to], "advisor_message") {
			if from, to, ok := scan.Get(raw, "model"); ok {
				model, _ := scan.String(raw[from:to])
				advisors = addTo(advisors, model, one.usage())
				return true
			}
		}
		total.input += one.input
		total.cacheRead += one.cacheRead
		total.cacheWrite += one.cacheWrite
		total.write1h += one.write1h
		total.output += one.output
		c.billed.Doubtful = c.billed.Doubtful || one.billed.Doubtful
		any = any || one.input+one.output+one.cacheRead+one.cacheWrite > 0
		return true
	})
	if any {
		c.input, c.cacheRead, c.cacheWrite, c.write1h = total.input, total.cacheRead, total.cacheWrite, total.write1h
		c.output = total.output
	}
	if advisors != nil {
		c.billed.Beside = advisors
	}
}

// addTo adds a usage to what the same model used before.
func addTo(list []ai.ModelUsage, model string, u ai.Usage) []ai.ModelUsage {
	i := slices.IndexFunc(list, func(m ai.ModelUsage) bool { return m.Model == model })
	if i < 0 {
		return append(list, ai.ModelUsage{Model: model, Usage: u})
	}
	have := &list[i].Usage
	have.Input += u.Input
	have.CachedInput += u.CachedInput
	have.CacheWrite += u.CacheWrite
	have.CacheWrite1h += u.CacheWrite1h
	have.Output += u.Output
	have.Reasoning += u.Reasoning
	return list
}

// usage converts to the gateway's terms: input includes what was cached.
func (c *counts) usage() ai.Usage {
	u := c.billed
	u.Input = c.input + c.cacheRead + c.cacheWrite
	u.CachedInput, u.CacheWrite, u.CacheWrite1h = c.cacheRead, c.cacheWrite, c.write1h
	u.Output, u.Reasoning = c.output, c.thinking
	u.ServiceTier, u.Reported = c.tier, c.reported
	u.Bound()
	return u
}

func (c *counts) number(to *int64, value []byte) { protocol.Count(&c.billed, to, value) }
