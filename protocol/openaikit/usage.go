package openaikit

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// ReadUsage takes over what a usage object of OpenAI, or of a vendor
// that speaks like it, says; the last one of a stream is right. It reports
// whether there was one that counts tokens: some count seconds, or name only
// what it costs, which is kept.
//
// Input includes cached and written tokens, output includes reasoning. xAI's
// chat and Vercel's gateway report reasoning beside the completion: xAI's total
// shows it; Vercel's does not, but its gateway names a market cost, or at least
// a cost and more reasoning than completion.
//
// Perplexity searches for each answer and takes a fee by how much it looks at;
// its deep research counts the searches.
func ReadUsage(raw []byte, u *ai.Usage) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	next := ai.Usage{
		ServiceTier: u.ServiceTier, Region: u.Region, WebSearches: u.WebSearches, SearchSize: u.SearchSize,
		Images: u.Images, AudioMillis: u.AudioMillis, Beside: u.Beside, Reported: true,
	}
	total, vercel := int64(-1), false
	input, output := int64(-1), int64(-1)
	var money vendorMoney
	if scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			protocol.Count(&next, &input, value)
		case "completion_tokens", "output_tokens":
			protocol.Count(&next, &output, value)
		case "total_tokens":
			protocol.Count(&next, &total, value)
		case "prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens", "cache_read_input_tokens": // DeepSeek, Mistral, Moonshot, LiteLLM
			atLeast(&next, &next.CachedInput, value)
		case "cache_creation_input_tokens": // LiteLLM
			atLeast(&next, &next.CacheWrite, value)
		case "prompt_tokens_details", "input_tokens_details", "input_token_details": // the last for transcripts
			inputDetails(value, &next)
		case "completion_tokens_details", "output_tokens_details", "output_token_details":
			outputDetails(value, &next)
		case "reasoning_tokens":
			atLeast(&next, &next.Reasoning, value)
		case "server_side_tool_usage_details", "server_tool_use_details": // xAI, OpenRouter
			searches(value, &next)
		case "search_context_size": // Perplexity
			if size, ok := scan.String(value); ok {
				next.SearchSize, next.WebSearches = size, max(next.WebSearches, 1)
			}
		case "num_search_queries":
			atLeast(&next, &next.WebSearches, value)
		case "search_units": // Cohere's ranking
			atLeast(&next, &next.WebSearches, value)
		case "seconds": // of a recording
			ReadSeconds(value, &next)
		case "tool_usage":
			ReadToolUsage(value, &next)
		case "market_cost":
			vercel = true
			money.market = value
		case "cost", "is_byok", "cost_details", "cost_in_usd_ticks":
			money.note(key, value)
		case "service_tier": // Mistral
			Tier(&next, value)
		}
		return true
	}) != nil {
		return false
	}
	if input < 0 && output < 0 {
		input = total // Voyage and others, where there is no output
	}
	money.read(&next)
	if input < 0 && output < 0 {
		u.VendorCost, u.VendorCosted = max(u.VendorCost, next.VendorCost), u.VendorCosted || next.VendorCosted
		u.AudioMillis, u.WebSearches = next.AudioMillis, next.WebSearches
		u.Doubtful = u.Doubtful || next.Doubtful
		return false
	}
	next.Input, next.Output = max(input, 0), max(output, 0)
	if next.Input+next.Output == 0 && u.Reported {
		return true // a repetition that says nothing
	}
	if vercel || total == next.Input+next.Output+next.Reasoning || money.vercel(&next) {
		next.Output += next.Reasoning
	}
	next.Bound()
	*u = next
	return true
}

func inputDetails(raw []byte, u *ai.Usage) {
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "cached_tokens":
			atLeast(u, &u.CachedInput, value)
		case "cache_write_tokens", "cache_creation_tokens":
			atLeast(u, &u.CacheWrite, value)
		case "audio_tokens":
			protocol.Count(u, &u.AudioInput, value)
		case "image_tokens":
			protocol.Count(u, &u.ImageInput, value)
		case "cached_tokens_details": // speech to speech
			_ = scan.Members(value, func(key []byte, start, end int) bool {
				switch string(key) {
				case "audio_tokens":
					protocol.Count(u, &u.CachedAudio, value[start:end])
				case "image_tokens":
					protocol.Count(u, &u.CachedImage, value[start:end])
				}
				return true
			})
		}
		return true
	})
}

func outputDetails(raw []byte, u *ai.Usage) {
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "reasoning_tokens":
			atLeast(u, &u.Reasoning, value)
		case "audio_tokens":
			protocol.Count(u, &u.AudioOutput, value)
		case "image_tokens":
			protocol.Count(u, &u.ImageOutput, value)
		}
		return true
	})
}

// searches reads what a vendor counts of the tools it ran itself.
func searches(raw []byte, u *ai.Usage) {
	var sum int64
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		switch string(key) {
		case "web_search_calls", "x_search_calls", "web_search_requests":
			var n int64
			protocol.Count(u, &n, raw[start:end])
			sum += n
		}
		return true
	})
	u.WebSearches = max(u.WebSearches, sum)
}

// ReadToolUsage reads the tool_usage of a response: what OpenAI's own tools
// used, which is billed beside the model's tokens.
func ReadToolUsage(raw []byte, u *ai.Usage) {
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "web_search":
			if from, to, ok := scan.Get(value, "num_requests"); ok {
				protocol.Count(u, &u.WebSearches, value[from:to])
			}
		case "image_gen":
			var tool ai.Usage
			if !ReadUsage(value, &tool) || tool.Input+tool.Output == 0 {
				return true
			}
			if tool.ImageOutput == 0 {
				tool.ImageOutput = tool.Output
			}
			model := ImageTool
			if from, to, ok := scan.Get(value, "model"); ok {
				if named, _ := scan.String(value[from:to]); named != "" {
					model = named
				}
			}
			u.Beside = []ai.ModelUsage{{Model: model, Usage: tool}}
		}
		return true
	})
}

// ImageTool is the model behind OpenAI's image_generation tool where the
// answer does not name it.
const ImageTool = "gpt-image-2"

// ReadBilledUnits reads Cohere's meta: what was billed, in tokens or searches.
func ReadBilledUnits(meta []byte, u *ai.Usage) {
	if from, to, ok := scan.Get(meta, "billed_units"); ok {
		ReadUsage(meta[from:to], u)
	}
}

// FailedUsage reads what a failed answer of one of OpenAI's formats says that
// it used: beside its error, inside of it, or in the response that failed.
func FailedUsage(body []byte) ai.Usage { return failedUsage(body, 0) }

func failedUsage(body []byte, depth int) ai.Usage {
	const deepest = 2 // the error of a response
	var u ai.Usage
	_ = scan.Members(body, func(key []byte, start, end int) bool {
		value := body[start:end]
		switch string(key) {
		case "usage":
			ReadUsage(value, &u)
		case "service_tier":
			Tier(&u, value)
		case "error", "response":
			if depth == deepest {
				break
			}
			if inner := failedUsage(value, depth+1); inner.Reported {
				u = inner
			}
		}
		return true
	})
	if !u.Reported {
		return ai.Usage{}
	}
	return u
}

// atLeast reads a count that several fields may name; the largest is right.
func atLeast(u *ai.Usage, to *int64, value []byte) {
	var n int64
	protocol.Count(u, &n, value)
	*to = max(*to, n)
}

// Tier takes over a service tier; the last one is the one that was used. Most
// chunks repeat it, so the same one again costs nothing.
func Tier(u *ai.Usage, value []byte) {
	if u.ServiceTier != "" && scan.StringIs(value, u.ServiceTier) {
		return
	}
	if tier, ok := scan.String(value); ok && tier != "" {
		u.ServiceTier = tier
	}
}
