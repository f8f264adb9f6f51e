package protocol

import (
	"net/http"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// This file is what OpenAI's two wire formats share.

// OpenAIError writes an error as OpenAI's API does:
// {"error":{"message","type","param","code"}}.
func OpenAIError(e *Error) []byte {
	var body struct {
		Error struct {
			Message string  `json:"message"`
			Type    string  `json:"type"`
			Param   *string `json:"param"`
			Code    string  `json:"code"`
		} `json:"error"`
		RequestID string `json:"request_id,omitempty"`
	}
	body.Error.Message, body.Error.Code = e.Message, e.Code
	body.Error.Type = ErrorType(ai.OpenAI, e.Status)
	if e.Param != "" {
		body.Error.Param = &e.Param
	}
	body.RequestID = e.RequestID
	return JSON(body)
}

// openAIModel is one model of a list.
type openAIModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func newOpenAIModel(m Model) openAIModel {
	return openAIModel{ID: m.ID, Object: "model", Created: m.Created, OwnedBy: m.OwnedBy}
}

// OpenAIModels writes a model list as OpenAI's API does.
func OpenAIModels(models []Model) []byte {
	list := struct {
		Object string        `json:"object"`
		Data   []openAIModel `json:"data"`
	}{Object: "list", Data: make([]openAIModel, 0, len(models))}
	for _, m := range models {
		list.Data = append(list.Data, newOpenAIModel(m))
	}
	return JSON(list)
}

// OpenAIModel writes one model as OpenAI's API does.
func OpenAIModel(m Model) []byte { return JSON(newOpenAIModel(m)) }

// ForwardOpenAIHeader reports whether a client's header may go to an upstream
// that speaks one of OpenAI's formats. Organization and project belong to an
// account that is not the channel's.
func ForwardOpenAIHeader(name string) bool {
	switch name {
	case "Openai-Organization", "Openai-Project":
		return false
	case "Originator", "Session-Id", "Session_id", "Thread-Id", "Conversation_id", "Version":
		return true
	}
	return ForwardHeader(name) || HeaderFamily(name, "Openai-", "X-Openai-", "X-Codex-")
}

// OpenAIConversation is the session a client names in its headers, by a
// conversation that is stored upstream, or by prompt_cache_key, else a hash of
// what the prompt cache is keyed by: tools, instructions and everything up to
// the first user turn.
func OpenAIConversation(header http.Header, body []byte, f *Fields) uint64 {
	if named := Session(header); named != 0 {
		return named
	}
	if id := conversationID(f.ConversationID.In(body)); id != "" {
		return Named(id)
	}
	if key := f.PromptCacheKey.Text(body); key != "" {
		return Named(key)
	}
	opening := f.Messages.In(body)
	if opening == nil {
		opening = f.Input.In(body)
	}
	if opening == nil {
		return 0
	}
	var h Hash
	h.Add(f.Tools.In(body))
	h.Add(f.Functions.In(body))
	h.AddContent(f.Instructions.In(body))
	if len(opening) > 0 && opening[0] == '[' {
		h.AddOpening(opening)
	} else {
		h.AddContent(opening)
	}
	return h.Sum()
}

// conversationID reads Responses' conversation: an id, or an object with one.
func conversationID(value []byte) string {
	if from, to, ok := scan.Get(value, "id"); ok {
		value = value[from:to]
	}
	id, _ := scan.String(value)
	return id
}

// ReadOpenAIUsage takes over what a usage object of OpenAI, or of a vendor
// that speaks like it, says; the last one of a stream is right. It reports
// whether there was one that counts tokens: some count seconds, or only money.
//
// Input includes cached and written tokens, output includes reasoning. xAI's
// chat and Vercel's gateway report reasoning beside the completion: xAI's total
// shows it, Vercel's does not, but only its gateway tells a market cost.
func ReadOpenAIUsage(raw []byte, u *ai.Usage) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	next := ai.Usage{ServiceTier: u.ServiceTier, Reported: true}
	total, vercel := int64(-1), false
	input, output := int64(-1), int64(-1)
	if scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			tokens(&input, value)
		case "completion_tokens", "output_tokens":
			tokens(&output, value)
		case "total_tokens":
			tokens(&total, value)
		case "prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens", "cache_read_input_tokens": // DeepSeek, Mistral, Moonshot, LiteLLM
			atLeast(&next.CachedInput, value)
		case "cache_creation_input_tokens": // LiteLLM
			atLeast(&next.CacheWrite, value)
		case "prompt_tokens_details", "input_tokens_details", "input_token_details": // the last for transcripts
			inputDetails(value, &next)
		case "completion_tokens_details", "output_tokens_details", "output_token_details":
			outputDetails(value, &next)
		case "reasoning_tokens":
			atLeast(&next.Reasoning, value)
		case "market_cost":
			vercel = true
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
	if input < 0 && output < 0 {
		return false
	}
	next.Input, next.Output = max(input, 0), max(output, 0)
	if next.Input+next.Output == 0 && u.Reported {
		return true // a repetition that says nothing
	}
	if vercel || total == next.Input+next.Output+next.Reasoning {
		next.Output += next.Reasoning
	}
	bound(&next)
	*u = next
	return true
}

// bound keeps the parts of a usage within the whole, or a price would go below
// zero.
func bound(u *ai.Usage) {
	u.CachedInput = min(u.CachedInput, u.Input)
	u.CacheWrite = min(u.CacheWrite, u.Input-u.CachedInput)
	u.AudioInput = min(u.AudioInput, u.Input)
	u.ImageInput = min(u.ImageInput, u.Input-u.AudioInput)
	u.Reasoning = min(u.Reasoning, u.Output)
	u.AudioOutput = min(u.AudioOutput, u.Output)
	u.ImageOutput = min(u.ImageOutput, u.Output-u.AudioOutput)
}

func inputDetails(raw []byte, u *ai.Usage) {
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "cached_tokens":
			atLeast(&u.CachedInput, value)
		case "cache_write_tokens", "cache_creation_tokens":
			atLeast(&u.CacheWrite, value)
		case "audio_tokens":
			tokens(&u.AudioInput, value)
		case "image_tokens":
			tokens(&u.ImageInput, value)
		}
		return true
	})
}

func outputDetails(raw []byte, u *ai.Usage) {
	_ = scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "reasoning_tokens":
			atLeast(&u.Reasoning, value)
		case "audio_tokens":
			tokens(&u.AudioOutput, value)
		case "image_tokens":
			tokens(&u.ImageOutput, value)
		}
		return true
	})
}

// tokens reads a count; what is no count leaves it as it is.
func tokens(to *int64, value []byte) {
	if n, ok := scan.Int(value); ok && n >= 0 && n < 1<<40 {
		*to = n
	}
}

// atLeast reads a count that several fields may name; the largest is right.
func atLeast(to *int64, value []byte) {
	var n int64
	tokens(&n, value)
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

// Said reports whether a JSON value holds anything: it is not null, false, zero
// or empty.
func Said(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}", "false", "0":
		return false
	}
	return true
}

// Speaks reports whether there is any text in a JSON value, at whatever depth;
// what only names a type does not count. Some vendors send every member of a
// message each time, filled with empty strings and zeros.
func Speaks(value []byte) bool { return speaks(value, 0) }

func speaks(value []byte, depth int) bool {
	const deep = 5
	switch {
	case !Said(value):
		return false
	case depth == deep:
		return true
	}
	found := false
	switch value[0] {
	case '"':
		found = true
	case '[':
		_, _, found = scan.FindElement(value, func(start, end int) bool { return speaks(value[start:end], depth+1) })
	case '{':
		_, _, found = scan.FindMember(value, func(key []byte, start, end int) bool {
			return string(key) != "type" && speaks(value[start:end], depth+1)
		})
	}
	return found
}
