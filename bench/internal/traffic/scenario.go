// Package traffic is what a measurement sends and what its upstream answers:
// requests as clients make them, and answers whose every byte is known.
package traffic

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Scenario is what the upstream does on one of its ports.
type Scenario struct {
	Name   string
	Stream bool
	Events int           // of a stream
	Gap    time.Duration // between them
	Soft   bool          // an error with status 200
	Chat   bool          // Chat Completions; otherwise Anthropic Messages
}

// Scenarios are in the order of the upstream's ports. The paced streams take
// 4 s and 10 s if they are long, otherwise 2 s and 5 s.
func Scenarios(long bool) []Scenario {
	events := 100
	if long {
		events = 200
	}
	return []Scenario{
		{Name: "plain"},
		{Name: "chat", Chat: true},
		{Name: "burst", Stream: true, Events: 200},
		{Name: "paced", Stream: true, Events: events, Gap: 20 * time.Millisecond},
		{Name: "wide", Stream: true, Events: events, Gap: 50 * time.Millisecond},
		{Name: "soft", Soft: true},
	}
}

// Model is the name the scenario's model has with clients. It begins with the
// name of a model that has a price, and so has it too: a budget works only
// for what has one.
func (s *Scenario) Model() string {
	if s.Chat {
		return "gpt-5.4-mini-bench-" + s.Name
	}
	return "claude-opus-4-8-bench-" + s.Name
}

// AnswerModel is how the upstream names its model in answers that are not Chat's.
const AnswerModel = "claude-bench"

// head is the answer's status line and headers.
func (s *Scenario) head() string {
	if s.Stream {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nRequest-Id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"
	}
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\nContent-Length: %d\r\n\r\n", len(s.Body()))
}

// Body is the whole answer.
func (s *Scenario) Body() string {
	switch {
	case s.Stream:
		return strings.Join(s.parts(), "")
	case s.Soft:
		return `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_bench"}`
	case s.Chat:
		return fmt.Sprintf(`{"id":"chatcmpl-bench","object":"chat.completion","created":1764000000,"model":"gpt-bench","choices":[{"index":0,"message":{"role":"assistant","content":%s,"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":250,"completion_tokens":140,"total_tokens":390,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default"}`, answerText)
	}
	return fmt.Sprintf(`{"id":"msg_bench","type":"message","role":"assistant","model":%q,"content":[{"type":"text","text":%s}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":250,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":140,"service_tier":"standard"}}`,
		AnswerModel, answerText)
}

// answerText is what a model says, quoted.
var answerText = strconv.Quote(strings.Repeat("A load balancer spreads work. ", 20))

// DeltaMark is in every event of a stream that has content.
const DeltaMark = "event: content_block_delta"

// parts are a stream as it is written: one event with content in each, the
// opening events with the first and the closing ones with the last.
func (s *Scenario) parts() []string {
	list := make([]string, s.Events)
	for i := range list {
		list[i] = DeltaMark + fmt.Sprintf("\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word %05d of it \"}}\n\n", i)
	}
	list[0] = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"" + AnswerModel + "\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":250,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" + list[0]
	list[s.Events-1] += "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":" + strconv.Itoa(5*s.Events) + "}}\n\n" +
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	return list
}
