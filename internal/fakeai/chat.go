package fakeai

import (
	"fmt"
	"strings"
)

var chatReasons = [...]string{
	finishStop: "stop", finishTool: "tool_calls", finishLength: "length", finishRefused: "content_filter",
}

// chatScript writes OpenAI's Chat Completions.
func chatScript(a *answer) *script {
	s := &script{ping: event{"", ": keep-alive"}}
	chunk := func(choices, usage string) event {
		if a.req.in.StreamOptions.IncludeUsage {
			usage = `,"usage":` + usage
		} else {
			usage = ""
		}
		return event{"", fmt.Sprintf(
			`{"id":"%s","object":"chat.completion.chunk","created":%d,"model":%s,"service_tier":"default","system_fingerprint":"fp_fake","choices":[%s]%s}`,
			a.responseID(), a.created, quote(a.model), choices, usage)}
	}
	delta := func(d string) event {
		return chunk(`{"index":0,"delta":`+d+`,"logprobs":null,"finish_reason":null}`, "null")
	}
	s.preamble = []event{delta(`{"role":"assistant","content":"","refusal":null}`)}
	if a.thinking != "" {
		s.content = append(s.content, delta(`{"reasoning_content":`+quote(a.thinking)+`}`))
	}
	for _, p := range a.pieces {
		s.content = append(s.content, delta(`{"content":`+quote(p)+`}`))
	}
	for i, c := range a.calls {
		s.content = append(s.content, delta(fmt.Sprintf(
			`{"tool_calls":[{"index":%d,"id":"call_%s","type":"function","function":{"name":%s,"arguments":""}}]}`, i, c.id, quote(c.name))))
		for _, p := range split(c.arguments) {
			s.content = append(s.content, delta(fmt.Sprintf(`{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}`, i, quote(p))))
		}
	}
	s.finish = []event{chunk(fmt.Sprintf(`{"index":0,"delta":{},"logprobs":null,"finish_reason":"%s"}`, chatReasons[a.finish]), "null")}
	if a.req.in.StreamOptions.IncludeUsage {
		s.finish = append(s.finish, chunk("", chatUsage(a)))
	}
	s.end = []event{{"", "[DONE]"}}
	s.whole = indent(fmt.Appendf(nil,
		`{"id":"%s","object":"chat.completion","created":%d,"model":%s,"choices":[{"index":0,"message":%s,"logprobs":null,"finish_reason":"%s"}],"usage":%s,"service_tier":"default","system_fingerprint":"fp_fake"}`,
		a.responseID(), a.created, quote(a.model), chatMessage(a), chatReasons[a.finish], chatUsage(a)))
	return s
}

// chatMessage is the message of an answer that is not streamed.
func chatMessage(a *answer) string {
	content, more := "null", ""
	if len(a.pieces) > 0 {
		content = quote(a.text())
	}
	if a.thinking != "" {
		more = `,"reasoning_content":` + quote(a.thinking)
	}
	var calls []string
	for _, c := range a.calls {
		calls = append(calls, fmt.Sprintf(
			`{"id":"call_%s","type":"function","function":{"name":%s,"arguments":%s}}`, c.id, quote(c.name), quote(c.arguments)))
	}
	if len(calls) > 0 {
		more += `,"tool_calls":[` + strings.Join(calls, ",") + `]`
	}
	return fmt.Sprintf(`{"role":"assistant","content":%s,"refusal":null,"annotations":[]%s}`, content, more)
}

func chatUsage(a *answer) string {
	u := &a.usage
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":%d,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`,
		u.Input, u.Output, u.Input+u.Output, u.CachedInput, u.Reasoning)
}
