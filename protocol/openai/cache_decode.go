package openai

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// Marks for the prompt cache, which OpenRouter and LiteLLM take for Claude's
// models: in a part of a content, and beside the content of a message or the
// function of a tool.
// https://openrouter.ai/docs/features/prompt-caching

// cacheOf reads the cache_control of an object: its lifetime, "" without one.
func cacheOf(object []byte) string {
	mark := protocol.Member(object, "cache_control")
	switch {
	case mark == nil:
		return ""
	case scan.StringIs(protocol.Member(mark, "ttl"), "1h"):
		return "1h"
	}
	return "5m"
}

// markTools gives tools that were read from an object its mark.
func (r *promptReader) markTools(from int, object []byte) {
	if cache := cacheOf(object); cache != "" {
		for i := from; i < len(r.p.Tools); i++ {
			r.p.Tools[i].Cache = cache
		}
	}
}

// markMessage gives the last part of the last turn the mark of its message.
func (r *promptReader) markMessage(message []byte) {
	cache := cacheOf(message)
	if n := len(r.p.Turns); cache != "" && n > 0 {
		if parts := r.p.Turns[n-1].Parts; len(parts) > 0 {
			parts[len(parts)-1].Cache = cache
		}
	}
}
