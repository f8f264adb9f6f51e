package protocol

import (
	"strconv"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// ReadOpenAIUsage takes over what a usage object of OpenAI, or of a vendor
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
func ReadOpenAIUsage(raw []byte, u *ai.Usage) bool {
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
			Tokens(&next, &input, value)
		case "completion_tokens", "output_tokens":
			Tokens(&next, &output, value)
		case "total_tokens":
			Tokens(&next, &total, value)
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
			Tokens(u, &u.AudioInput, value)
		case "image_tokens":
			Tokens(u, &u.ImageInput, value)
		case "cached_tokens_details": // speech to speech
			_ = scan.Members(value, func(key []byte, start, end int) bool {
				switch string(key) {
				case "audio_tokens":
					Tokens(u, &u.CachedAudio, value[start:end])
				case "image_tokens":
					Tokens(u, &u.CachedImage, value[start:end])
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
			Tokens(u, &u.AudioOutput, value)
		case "image_tokens":
			Tokens(u, &u.ImageOutput, value)
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
			Tokens(u, &n, raw[start:end])
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
				Tokens(u, &u.WebSearches, value[from:to])
			}
		case "image_gen":
			var tool ai.Usage
			if !ReadOpenAIUsage(value, &tool) || tool.Input+tool.Output == 0 {
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

// vendorMoney is what a vendor says its answer costs, not yet read: most say
// nothing.
type vendorMoney struct{ cost, byok, details, ticks, market []byte }

func (m *vendorMoney) note(key, value []byte) {
	switch string(key) {
	case "cost":
		m.cost = value
	case "is_byok":
		m.byok = value
	case "cost_details":
		m.details = value
	case "cost_in_usd_ticks":
		m.ticks = value
	}
}

// vercel reports whether a usage is of Vercel's gateway although it names no
// market cost: more reasoning than completion proves that it stands beside. A
// broken answer of OpenRouter's may look like that too; it tells more of costs.
func (m *vendorMoney) vercel(u *ai.Usage) bool {
	return u.Reasoning > u.Output && m.cost != nil && m.byok == nil && m.details == nil
}

// read reckons the vendor's cost:
//   - xAI counts ticks, ten billion to the dollar. Others who serve its models
//     send none, which says nothing.
//   - OpenRouter names the cost it takes itself; with the account's own key at
//     the provider ("byok") what that one takes comes on top.
//   - Vercel's gateway does the same with cost and market cost.
//   - Perplexity has an object with a total.
func (m *vendorMoney) read(u *ai.Usage) {
	const ticksPerDollar = 1e10
	switch {
	case m.ticks != nil:
		setVendorCost(u, m.ticks, ticksPerDollar)
		if u.VendorCost == 0 { // Azure, which takes what it takes beside
			u.VendorCosted = false
		}
	case len(m.cost) > 0 && m.cost[0] == '{':
		if from, to, ok := scan.Get(m.cost, "total_cost"); ok {
			setVendorCost(u, m.cost[from:to], 1)
		}
	case m.cost != nil:
		setVendorCost(u, m.cost, 1)
		if own, _ := scan.Bool(m.byok); own {
			if from, to, ok := scan.Get(m.details, "upstream_inference_cost"); ok {
				addVendorCost(u, m.details[from:to])
			}
		} else if m.market != nil && u.VendorCost == 0 {
			addVendorCost(u, m.market)
		}
	}
}

// maxCost bounds what one answer can cost; more is a mistake of the vendor.
const maxCost = 100_000 // USD

func setVendorCost(u *ai.Usage, value []byte, perDollar float64) {
	if string(value) == "null" {
		return
	}
	usd, err := strconv.ParseFloat(string(value), 64)
	usd /= perDollar
	if err != nil || !(usd >= 0 && usd <= maxCost) {
		u.Doubtful = true
		return
	}
	u.VendorCost, u.VendorCosted = ai.Money(usd*float64(ai.Dollar)+0.5), true
}

func addVendorCost(u *ai.Usage, value []byte) {
	before := u.VendorCost
	setVendorCost(u, value, 1)
	if u.VendorCost != before {
		u.VendorCost += before
	}
}

// maxSeconds bounds the length of a recording.
const maxSeconds = 1 << 30

// ReadSeconds reads the length of a recording in seconds. Some write it as a
// string.
func ReadSeconds(value []byte, u *ai.Usage) {
	text := string(value)
	if quoted, ok := scan.String(value); ok {
		text = quoted
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds < maxSeconds) {
		u.Doubtful = u.Doubtful || text != "null"
		return
	}
	u.AudioMillis = max(u.AudioMillis, int64(seconds*1000+0.5))
}

// ReadBilledUnits reads Cohere's meta: what was billed, in tokens or searches.
func ReadBilledUnits(meta []byte, u *ai.Usage) {
	if from, to, ok := scan.Get(meta, "billed_units"); ok {
		ReadOpenAIUsage(meta[from:to], u)
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
			ReadOpenAIUsage(value, &u)
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

// Tokens reads a count. What is no count leaves it as it is, and makes the
// usage doubtful unless it is null.
func Tokens(u *ai.Usage, to *int64, value []byte) {
	const most = 1 << 40
	if n, ok := scan.Int(value); ok && n >= 0 && n < most {
		*to = n
	} else if string(value) != "null" {
		u.Doubtful = true
	}
}

// atLeast reads a count that several fields may name; the largest is right.
func atLeast(u *ai.Usage, to *int64, value []byte) {
	var n int64
	Tokens(u, &n, value)
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
