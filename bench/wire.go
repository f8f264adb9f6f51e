package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// scenario is what the upstream does on one of its ports.
type scenario struct {
	name   string
	stream bool
	events int           // of a stream
	gap    time.Duration // between them
	soft   bool          // an error with status 200
}

// scenarios are in the order of the upstream's ports.
func scenarios(short bool) []scenario {
	paced := scenario{name: "paced", stream: true, events: 200, gap: 20 * time.Millisecond}
	wide := scenario{name: "wide", stream: true, events: 200, gap: 50 * time.Millisecond}
	if short {
		paced.events, wide.events = 100, 60
	}
	return []scenario{
		{name: "plain"},
		{name: "burst", stream: true, events: 200},
		paced,
		wide,
		{name: "soft", soft: true},
	}
}

// head is the answer's status line and headers.
func (s *scenario) head() string {
	if s.stream {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nRequest-Id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"
	}
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\nContent-Length: %d\r\n\r\n", len(s.body()))
}

// body is the whole answer.
func (s *scenario) body() string {
	switch {
	case s.stream:
		return strings.Join(s.parts(), "")
	case s.soft:
		return `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_bench"}`
	}
	return fmt.Sprintf(`{"id":"msg_bench","type":"message","role":"assistant","model":"claude-bench","content":[{"type":"text","text":%s}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":250,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":140,"service_tier":"standard"}}`,
		strconv.Quote(strings.Repeat("A load balancer spreads work. ", 20)))
}

// deltaMark is in every event of a stream that has content.
const deltaMark = "event: content_block_delta"

// parts are a stream as it is written: one event with content in each, the
// opening events with the first and the closing ones with the last.
func (s *scenario) parts() []string {
	list := make([]string, s.events)
	for i := range list {
		list[i] = deltaMark + fmt.Sprintf("\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word %05d of it \"}}\n\n", i)
	}
	list[0] = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-bench\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":250,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" + list[0]
	list[s.events-1] += "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":" + strconv.Itoa(5*s.events) + "}}\n\n" +
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	return list
}

// requestBody is a request of about size bytes: one message if it is small,
// else the history of an agent with tools, escapes and other scripts in it.
func requestBody(model string, stream bool, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"model":%q,"max_tokens":1024,`, model)
	if stream {
		b.WriteString(`"stream":true,`)
	}
	if size < 4<<10 {
		fill := strings.Repeat("Tell me about load balancing, please. ", size/38+1)
		fmt.Fprintf(&b, `"messages":[{"role":"user","content":%q}]}`, fill[:max(1, size-b.Len()-44)])
		return b.String()
	}
	fmt.Fprintf(&b, `"system":[{"type":"text","text":%q,"cache_control":{"type":"ephemeral"}}],"tools":[`, strings.Repeat("You are a careful coding agent. Follow the rules of the house. ", 40))
	for i := range 16 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%02d","description":%q,"input_schema":{"type":"object","properties":{"path":{"type":"string","description":"absolute path of the file"},"limit":{"type":"integer","minimum":0}},"required":["path"],"additionalProperties":false}}`,
			i, strings.Repeat("Reads, edits or searches a file in the working tree. ", 10))
	}
	b.WriteString(`],"messages":[`)
	code := strings.Repeat("\tif err := s.flush(ctx, \"key\"); err != nil { // naïve – retry\n\t\treturn fmt.Errorf(\"flush: %w\", err)\n\t}\n", 24)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":"Step %d: please look at the handler – it fails."}]},`, i)
		fmt.Fprintf(&b, `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_%04d","name":"tool_03","input":{"path":"/src/pkg/file_%d.go","limit":200}}]},`, i, i)
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":[{"type":"text","text":%s}]}]},`, i, strconv.Quote(code))
		b.WriteString(`{"role":"assistant","content":[{"type":"text","text":"Done, next."}]},`)
	}
	b.WriteString(`{"role":"user","content":"Now fix the last failure."}]}`)
	return b.String()
}
