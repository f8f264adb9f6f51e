package edge

import (
	"fmt"
	"strings"
)

// wire is a way to ask for an answer, in one of the protocols.
type wire struct {
	name           string
	whole, stream  string   // paths
	request        string   // with %s for the text and %s for what asks for a stream
	asksStream     string   // in the request; "" where the path does
	answer         string   // that is whole
	pieces         []string // of a stream
	contentType    string   // of a stream
	errorMark      string   // what an error in its shape contains
	credentialName string   // header in which its clients send the token
}

// words are said one by one, long enough that a compressor takes each of them
// for worth its while.
var words = func() (list []string) {
	for i := range 5 {
		list = append(list, fmt.Sprintf("word%d %s", i, strings.Repeat("and more of it, ", 60)))
	}
	return list
}()

// each makes a piece of each word.
func each(head, format, tail string) []string {
	var list []string
	for _, word := range words {
		list = append(list, fmt.Sprintf(format, word))
	}
	list[0] = head + list[0]
	list[len(list)-1] += tail
	return list
}

// all is what is said in all.
func all() string { return strings.Join(words, "") }

var wires = []wire{
	{
		name: "anthropic", whole: "/v1/messages", stream: "/v1/messages",
		request:    `{"model":"m","max_tokens":1000,"messages":[{"role":"user","content":%q}]%s}`,
		asksStream: `,"stream":true`, contentType: "text/event-stream",
		answer: `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"` + all() + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":9}}`,
		pieces: each(`event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

`, `event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}

`, `event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}

event: message_stop
data: {"type":"message_stop"}

`),
		errorMark: `"type":"error"`, credentialName: "X-Api-Key",
	},
	{
		name: "openai", whole: "/v1/chat/completions", stream: "/v1/chat/completions",
		request:    `{"model":"m","messages":[{"role":"user","content":%q}]%s}`,
		asksStream: `,"stream":true,"stream_options":{"include_usage":true}`, contentType: "text/event-stream",
		answer: `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` + all() + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":9,"total_tokens":12}}`,
		pieces: each("", `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"%s"},"finish_reason":null}]}

`, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9,"total_tokens":12}}

data: [DONE]

`),
		errorMark: `"error":{`, credentialName: "Authorization",
	},
	{
		name: "responses", whole: "/v1/responses", stream: "/v1/responses",
		request:    `{"model":"m","input":%q%s}`,
		asksStream: `,"stream":true`, contentType: "text/event-stream",
		answer: `{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"` + all() + `","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":9,"total_tokens":12}}`,
		pieces: each(`event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"m","output":[]}}

`, `event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":1,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"%s"}

`, `event: response.completed
data: {"type":"response.completed","sequence_number":2,"response":{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"`+all()+`","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":9,"total_tokens":12}}}

`),
		errorMark: `"error":{`, credentialName: "Authorization",
	},
	gemini("gemini", "?alt=sse", "text/event-stream", each("", `data: {"candidates":[{"content":{"role":"model","parts":[{"text":"%s"}]},"index":0}],"modelVersion":"m"}

`, `data: {"candidates":[{"content":{"role":"model","parts":[{"text":"."}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9,"totalTokenCount":12},"modelVersion":"m"}

`)),
	gemini("gemini array", "", "application/json", each("[", `{"candidates":[{"content":{"role":"model","parts":[{"text":"%s"}]},"index":0}],"modelVersion":"m"}
,`, `{"candidates":[{"content":{"role":"model","parts":[{"text":"."}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9,"totalTokenCount":12},"modelVersion":"m"}
]`)),
}

func gemini(name, query, contentType string, pieces []string) wire {
	return wire{
		name: name, whole: "/v1beta/models/m:generateContent", stream: "/v1beta/models/m:streamGenerateContent" + query,
		request: `{"contents":[{"role":"user","parts":[{"text":%q}]}]%s}`, contentType: contentType, pieces: pieces,
		answer:    `{"candidates":[{"content":{"role":"model","parts":[{"text":"` + all() + `"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9,"totalTokenCount":12},"modelVersion":"m"}`,
		errorMark: `"error":{`, credentialName: "X-Goog-Api-Key",
	}
}

// body is a request that says text.
func (w *wire) body(text string, stream bool) string {
	asks := ""
	if stream {
		asks = w.asksStream
	}
	return fmt.Sprintf(w.request, text, asks)
}

// path is where it is sent.
func (w *wire) path(stream bool) string {
	if stream {
		return w.stream
	}
	return w.whole
}
