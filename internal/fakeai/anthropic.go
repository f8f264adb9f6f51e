package fakeai

import (
	"fmt"
	"strings"
)

var anthropicReasons = [...]string{
	finishStop: "end_turn", finishTool: "tool_use", finishLength: "max_tokens", finishRefused: "refusal",
}

// signature closes a thinking block.
const signature = "EqQBCgIYAhIkZmFrZXNpZ25hdHVyZWZha2VzaWduYXR1cmVmYWtlc2ln"

func anthropicScript(a *answer) *script {
	s := &script{
		ping: event{"ping", `{"type": "ping"}`},
		preamble: []event{{"message_start", fmt.Sprintf(
			`{"type":"message_start","message":{"model":%s,"id":"%s","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":%s}}     `,
			quote(a.model), a.responseID(), anthropicUsage(a, 1))}},
		finish: []event{{"message_delta", fmt.Sprintf(
			`{"type":"message_delta","delta":{"stop_reason":"%s","stop_sequence":null},"usage":%s}     `,
			anthropicReasons[a.finish], anthropicLastUsage(a))}},
		end: []event{{"message_stop", `{"type":"message_stop"        }`}},
	}
	var blocks []string
	open := func(block string) {
		s.content = append(s.content, event{"content_block_start", fmt.Sprintf(
			`{"type":"content_block_start","index":%d,"content_block":%s    }`, len(blocks), block)})
	}
	delta := func(kind, field, text string) {
		s.content = append(s.content, event{"content_block_delta", fmt.Sprintf(
			`{"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":%s}       }`, len(blocks), kind, field, quote(text))})
	}
	closeBlock := func(block string) {
		s.content = append(s.content, event{"content_block_stop", fmt.Sprintf(`{"type":"content_block_stop","index":%d }`, len(blocks))})
		blocks = append(blocks, block)
	}
	if a.thinking != "" {
		open(`{"type":"thinking","thinking":"","signature":""}`)
		delta("thinking_delta", "thinking", a.thinking)
		delta("signature_delta", "signature", signature)
		closeBlock(fmt.Sprintf(`{"type":"thinking","thinking":%s,"signature":"%s"}`, quote(a.thinking), signature))
	}
	if len(a.pieces) > 0 {
		open(`{"type":"text","text":""}`)
		s.content = append(s.content, s.ping)
		for _, p := range a.pieces {
			delta("text_delta", "text", p)
		}
		closeBlock(`{"type":"text","text":` + quote(a.text()) + `}`)
	}
	for _, c := range a.calls {
		open(fmt.Sprintf(`{"type":"tool_use","id":"toolu_01%s","name":%s,"input":{}}`, c.id, quote(c.name)))
		delta("input_json_delta", "partial_json", "")
		for _, p := range split(c.arguments) {
			delta("input_json_delta", "partial_json", p)
		}
		closeBlock(fmt.Sprintf(`{"type":"tool_use","id":"toolu_01%s","name":%s,"input":%s}`, c.id, quote(c.name), c.arguments))
	}
	s.moveOpening()
	s.whole = fmt.Appendf(nil,
		`{"model":%s,"id":"%s","type":"message","role":"assistant","content":[%s],"stop_reason":"%s","stop_sequence":null,"usage":%s}`,
		quote(a.model), a.responseID(), strings.Join(blocks, ","), anthropicReasons[a.finish], anthropicUsage(a, a.usage.Output))
	return s
}

// moveOpening puts what comes before the first content into the preamble, and
// the last content_block_stop into the finish. A block that opens a tool call
// is content: it names the tool.
func (s *script) moveOpening() {
	for len(s.content) > 0 && s.content[0].name != "content_block_delta" && !strings.Contains(s.content[0].data, `"tool_use"`) {
		s.preamble, s.content = append(s.preamble, s.content[0]), s.content[1:]
	}
	if n := len(s.content); n > 0 {
		s.finish, s.content = append([]event{s.content[n-1]}, s.finish...), s.content[:n-1]
	}
}

// anthropicUsage is usage as message_start and whole answers have it. Input
// there is without what was cached.
func anthropicUsage(a *answer, output int64) string {
	u := &a.usage
	return fmt.Sprintf(`{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"cache_creation":{"ephemeral_5m_input_tokens":%d,"ephemeral_1h_input_tokens":%d},"output_tokens":%d,"service_tier":"%s","inference_geo":"not_available"}`,
		u.Input-u.CachedInput-u.CacheWrite, u.CacheWrite, u.CachedInput, u.CacheWrite-u.CacheWrite1h, u.CacheWrite1h, output, u.ServiceTier)
}

// anthropicLastUsage is usage as message_delta has it.
func anthropicLastUsage(a *answer) string {
	u := &a.usage
	return fmt.Sprintf(`{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d}`,
		u.Input-u.CachedInput-u.CacheWrite, u.CacheWrite, u.CachedInput, u.Output)
}
