package anthropic

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// counts are the numbers of a usage object. Anthropic counts cached tokens
// beside input_tokens, not inside.
type counts struct {
	input, cacheRead, cacheWrite, write1h int64
	output, thinking                      int64
	tier                                  string
	reported                              bool
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
			number(&next.input, value)
		case "cache_read_input_tokens":
			number(&next.cacheRead, value)
		case "cache_creation_input_tokens":
			number(&next.cacheWrite, value)
		case "cache_creation":
			next.readCreation(value)
		case "output_tokens":
			number(&next.output, value)
		case "output_tokens_details":
			if from, to, ok := scan.Get(value, "thinking_tokens"); ok {
				number(&next.thinking, value[from:to])
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
		number(&fiveMinutes, raw[from:to])
	}
	if from, to, ok := scan.Get(raw, "ephemeral_1h_input_tokens"); ok {
		number(&hour, raw[from:to])
	}
	c.write1h = hour
	c.cacheWrite = max(c.cacheWrite, fiveMinutes+hour)
}

// sum replaces the numbers by the sum of the iterations of one answer. The
// numbers beside them leave out what compaction and advisors used, which is
// billed all the same.
func (c *counts) sum(iterations []byte) {
	var total counts
	any := false
	_ = scan.Elements(iterations, func(start, end int) bool {
		var one counts
		one.read(iterations[start:end])
		total.input += one.input
		total.cacheRead += one.cacheRead
		total.cacheWrite += one.cacheWrite
		total.write1h += one.write1h
		total.output += one.output
		any = any || one.input+one.output+one.cacheRead+one.cacheWrite > 0
		return true
	})
	if any {
		c.input, c.cacheRead, c.cacheWrite, c.write1h = total.input, total.cacheRead, total.cacheWrite, total.write1h
		c.output = total.output
	}
}

// usage converts to the gateway's terms: input includes what was cached.
func (c *counts) usage() ai.Usage {
	return ai.Usage{
		Input:        c.input + c.cacheRead + c.cacheWrite,
		CachedInput:  c.cacheRead,
		CacheWrite:   c.cacheWrite,
		CacheWrite1h: min(c.write1h, c.cacheWrite),
		Output:       c.output,
		Reasoning:    min(c.thinking, c.output),
		ServiceTier:  c.tier,
		Reported:     c.reported,
	}
}

func number(to *int64, value []byte) {
	if n, ok := scan.Int(value); ok && n >= 0 && n < 1<<40 {
		*to = n
	}
}
