package anthropic

import (
	"github.com/ccload/ccload/ai"
)

// appendUsage appends the usage object of an answer: what usage.go reads, the
// other way round. What was cached stands beside input_tokens here. Audio and
// images cannot be told apart.
func appendUsage(b []byte, u *ai.Usage) []byte {
	b = append(b, '{')
	b = appendCounts(b, u)
	if u.Reasoning > 0 {
		b = append(key(b, "output_tokens_details"), '{')
		b = append(whole(b, "thinking_tokens", u.Reasoning), '}')
	}
	if u.WebSearches > 0 {
		b = append(key(b, "server_tool_use"), '{')
		b = whole(b, "web_search_requests", u.WebSearches)
		b = append(whole(b, "web_fetch_requests", 0), '}')
	}
	switch u.ServiceTier {
	case "standard", "priority", "batch":
		b = text(b, "service_tier", u.ServiceTier)
	case "fast":
		b = text(text(b, "service_tier", "standard"), "speed", "fast")
	case "default":
		b = text(b, "service_tier", "standard")
	}
	b = textIf(b, "inference_geo", u.Region)
	if len(u.Beside) > 0 {
		b = append(key(b, "iterations"), '[', '{')
		b = append(appendCounts(text(b, "type", "message"), u), '}')
		for i := range u.Beside {
			b = append(comma(b), '{')
			b = text(text(b, "type", "advisor_message"), "model", u.Beside[i].Model)
			b = append(appendCounts(b, &u.Beside[i].Usage), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendCounts(b []byte, u *ai.Usage) []byte {
	b = whole(b, "input_tokens", max(0, u.Input-u.CachedInput-u.CacheWrite))
	b = whole(b, "cache_creation_input_tokens", u.CacheWrite)
	b = whole(b, "cache_read_input_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		b = append(key(b, "cache_creation"), '{')
		b = whole(b, "ephemeral_5m_input_tokens", max(0, u.CacheWrite-u.CacheWrite1h))
		b = append(whole(b, "ephemeral_1h_input_tokens", u.CacheWrite1h), '}')
	}
	return whole(b, "output_tokens", u.Output)
}
