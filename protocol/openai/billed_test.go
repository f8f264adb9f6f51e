package openai

import (
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Usage of answers that are no text, as vendors send it.
func TestUsageOfOtherAnswers(t *testing.T) {
	for _, row := range []struct {
		name string
		op   ai.Operation
		body string
		want ai.Usage
	}{
		{
			"gpt-4o-transcribe", ai.Audio,
			`{"text":"hello","usage":{"type":"tokens","total_tokens":185,"input_tokens":140,"input_token_details":{"text_tokens":0,"audio_tokens":140},"output_tokens":45}}`,
			ai.Usage{Input: 140, AudioInput: 140, Output: 45, Reported: true},
		},
		{"whisper-1", ai.Audio, `{"text":"hello","usage":{"type":"duration","seconds":7}}`, ai.Usage{AudioMillis: 7000}},
		{"whisper-1 verbose", ai.Audio, `{"task":"transcribe","language":"english","duration":8.470000267028809,"text":"a","segments":[]}`, ai.Usage{AudioMillis: 8470}},
		{"an older one", ai.Audio, `{"duration":"8.47","text":"a"}`, ai.Usage{AudioMillis: 8470}},
		{"both", ai.Audio, `{"duration":8.47,"text":"a","usage":{"type":"duration","seconds":9}}`, ai.Usage{AudioMillis: 9000}},
		{"says nothing", ai.Audio, `{"text":"hello"}`, ai.Usage{}},
		{"Groq", ai.Audio, `{"text":"a","x_groq":{"id":"req_1"}}`, ai.Usage{}},
		{"a chat speaks of a duration", ai.Generate, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"duration":5}`, ai.Usage{}},
		{"dall-e-3", ai.Image, `{"created":1,"data":[{"url":"https://img.example.com/1.png"},{"url":"https://img.example.com/2.png"}]}`, ai.Usage{Images: 2}},
		{
			"gpt-image-1", ai.Image,
			`{"created":1,"data":[{"b64_json":"aGk="}],"usage":{"input_tokens":50,"output_tokens":4160,"total_tokens":4210,"input_tokens_details":{"text_tokens":40,"image_tokens":10}}}`,
			ai.Usage{Input: 50, ImageInput: 10, Output: 4160, ImageOutput: 4160, Images: 1, Reported: true},
		},
		{"grok-imagine", ai.Image, `{"data":[{"url":"https://x"}],"usage":{"cost_in_usd_ticks":200000000}}`, ai.Usage{Images: 1, VendorCost: 20_000_000, VendorCosted: true}},
		{"embeddings", ai.Embed, `{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":1000,"total_tokens":1000}}`, ai.Usage{Input: 1000, Reported: true}},
		{"embeddings without", ai.Embed, `{"data":[{"embedding":[0.1]}]}`, ai.Usage{}},
		{"Voyage", ai.Rerank, `{"object":"list","data":[{"relevance_score":0.4,"index":0}],"usage":{"total_tokens":26}}`, ai.Usage{Input: 26, Reported: true}},
		{"Cohere", ai.Rerank, `{"id":"1","results":[{"index":0,"relevance_score":0.9}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}`, ai.Usage{WebSearches: 1}},
		{"Cohere embeds", ai.Embed, `{"embeddings":[[0.1]],"meta":{"billed_units":{"input_tokens":5}}}`, ai.Usage{Input: 5, Reported: true}},
		{"Azure's grok", ai.Generate, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"cost_in_usd_ticks":0}}`, ai.Usage{Input: 9, Output: 2, Reported: true}},
		{
			"Perplexity", ai.Generate,
			`{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"search_context_size":"medium"}}`,
			ai.Usage{Input: 9, Output: 2, WebSearches: 1, SearchSize: "medium", Reported: true},
		},
		{"an error that used something", ai.Generate, `{"error":{"message":"overloaded","type":"server_error"},"usage":{"prompt_tokens":9,"completion_tokens":2}}`, ai.Usage{Input: 9, Output: 2, Reported: true}},
		{"one inside", ai.Generate, `{"error":{"message":"overloaded","usage":{"prompt_tokens":9,"completion_tokens":2}}}`, ai.Usage{Input: 9, Output: 2, Reported: true}},
		{"an error that did not", ai.Generate, `{"error":{"message":"overloaded"},"usage":{"limit":100}}`, ai.Usage{}},
	} {
		v := Format{}.JudgeBody(&protocol.Endpoint{Operation: row.op}, []byte(row.body))
		if !v.Usage.Equal(&row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, v.Usage, row.want)
		}
	}
}

func TestUsageOfOtherStreams(t *testing.T) {
	for _, row := range []struct {
		op     ai.Operation
		events []string
		want   ai.Usage
	}{
		{ai.Image, []string{
			`{"type":"image_generation.partial_image","b64_json":"x"}`,
			`{"type":"image_generation.completed","b64_json":"x","usage":{"input_tokens":5,"output_tokens":100,"total_tokens":105}}`,
		}, ai.Usage{Input: 5, Output: 100, ImageOutput: 100, Images: 1, Reported: true}},
		{ai.Image, []string{`{"type":"image_edit.completed","b64_json":"x"}`, `{"type":"image_edit.completed","b64_json":"x"}`}, ai.Usage{Images: 2}},
		{ai.Audio, []string{
			`{"type":"transcript.text.delta","delta":"a"}`,
			`{"type":"transcript.text.done","text":"a","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":14},"output_tokens":4,"total_tokens":18}}`,
		}, ai.Usage{Input: 14, AudioInput: 14, Output: 4, Reported: true}},
		{ai.Audio, []string{`{"type":"speech.audio.delta","audio":"x"}`, `{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}`}, ai.Usage{Input: 14, Output: 101, Reported: true}},
	} {
		j := Format{}.NewJudge(&protocol.Endpoint{Operation: row.op})
		for _, e := range row.events {
			j.Event(sse.Event{Data: []byte(e)})
		}
		if u := j.Verdict().Usage; !u.Equal(&row.want) {
			t.Errorf("%s: %+v, want %+v", row.events, u, row.want)
		}
	}
}
