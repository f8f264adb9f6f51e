package openai_test

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/sse"
)

// longStream is a stream of n deltas as OpenAI sends them today.
func longStream(n int) []byte {
	const head = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1767225600,"model":"gpt-x-2026-01-01","service_tier":"default","system_fingerprint":"fp_1",`
	var b strings.Builder
	b.WriteString(head + `"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aB3"}` + "\n\n")
	for range n {
		b.WriteString(head + `"choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aB3kQ9x"}` + "\n\n")
	}
	b.WriteString(head + `"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null,"obfuscation":"a"}` + "\n\n")
	b.WriteString(head + `"choices":[],"usage":{"prompt_tokens":19,"completion_tokens":200,"total_tokens":219,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":0}},"obfuscation":""}` + "\n\n")
	b.WriteString("data: [DONE]\n\n")
	return []byte(b.String())
}

func BenchmarkJudge(b *testing.B) {
	f := openai.Format{}
	ep := corpus.Endpoint(f, "/v1/chat/completions")
	body := longStream(200)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var s sse.Scanner
		j := f.NewJudge(ep)
		if err := s.Feed(body, func(ev sse.Event) bool { return j.Event(ev) != protocol.Failed }); err != nil || !j.Ended() {
			b.Fatal(err, j.Verdict())
		}
	}
}
