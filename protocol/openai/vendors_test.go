package openai_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
)

// What single vendors do beyond the format.
func TestJudgeVendors(t *testing.T) {
	const (
		P = protocol.Preamble
		C = protocol.Content
		F = protocol.Finish
		X = protocol.Failed

		hollow = `{"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":"","tool_calls":[],"annotations":[{"x":"y"}],"index":0,"audio":{"data":"","expires_at":0},"function_call":{"name":"","arguments":""}},"finish_reason":null}]}`
		second = `{"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}`
		closed = `{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}`
	)
	for _, row := range []struct {
		name, stream string
		steps        []protocol.Step
		kind         ai.Kind
		failure      ai.Failure
	}{
		{"members without text", stream(hollow, stopped, marker), []protocol.Step{P, P, P}, ai.Empty, ai.Failure{}},
		{"parts without text", stream(`{"choices":[{"delta":{"content":[{"type":"text","text":""}]}}]}`), []protocol.Step{P}, ai.Empty, ai.Failure{}},
		{"one of two choices ends first", stream(hello, second, stopped, second, closed), []protocol.Step{C, C, C, C, F}, ai.OK, ai.Failure{}},
		{"one of two choices ends, the other is cut", stream(hello, second, stopped), []protocol.Step{C, C, C}, ai.Truncated, ai.Failure{}},
		{"usage in a chunk without choices", stream(hello, `{"usage":{"prompt_tokens":1,"completion_tokens":1}}`), []protocol.Step{C, C}, ai.OK, ai.Failure{}},
		{"Groq's error", stream(role, `{"choices":[],"x_groq":{"id":"r","error":"over capacity"}}`), []protocol.Step{P, X}, ai.SoftError, ai.Failure{Message: "over capacity"}},
		{"error by its type", stream(`{"type":"error","code":"x","message":"gone"}`), []protocol.Step{X}, ai.SoftError, ai.Failure{Code: "x", Message: "gone"}},
		{"relay's error behind content", stream(hello, `{"code":500,"message":"busy"}`), []protocol.Step{C, X}, ai.SoftError, ai.Failure{Status: 500, Code: "500", Message: "busy"}},
		{
			"DeepSeek breaks down", stream(hello, finished("insufficient_system_resource")),
			[]protocol.Step{C, X},
			ai.SoftError,
			ai.Failure{Code: "insufficient_system_resource", Message: "the answer stopped with insufficient_system_resource"},
		},
		{
			"Z.ai breaks down", stream(role, finished("network_error")),
			[]protocol.Step{P, X},
			ai.SoftError,
			ai.Failure{Code: "network_error", Message: "the answer stopped with network_error"},
		},
		{"Z.ai lets nothing through", stream(role, finished("sensitive")), []protocol.Step{P, F}, ai.ContentFilter, ai.Failure{}},
		{"Mistral's limit", stream(role, finished("model_length")), []protocol.Step{P, F}, ai.OK, ai.Failure{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := corpus.Replay(openai.Format{}, endpoint(ai.Generate), []byte(row.stream), false, 11)
			if err != nil || got.Kind != row.kind {
				t.Errorf("%v, %v", got.Kind, err)
			}
			if diff := cmp.Diff(row.steps, got.Steps); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(row.failure, got.Failure); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Images and transcripts come in pieces; after one image another may follow,
// so no piece says that the stream is over.
func TestJudgePieces(t *testing.T) {
	for _, row := range []struct {
		name   string
		op     ai.Operation
		stream string
		kind   ai.Kind
		used   ai.Usage
	}{
		{
			"image", ai.Image,
			stream(`{"type":"image_generation.partial_image","b64_json":"AA=="}`, `{"type":"image_generation.completed","b64_json":"AA==","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}`),
			ai.OK,
			ai.Usage{Input: 50, Output: 50, ImageOutput: 50, ImageInput: 40, Images: 1, Reported: true},
		},
		{"half an image", ai.Image, stream(`{"type":"image_edit.partial_image","b64_json":"AA=="}`), ai.Truncated, ai.Usage{}},
		{
			"transcript", ai.Audio,
			stream(`{"type":"transcript.text.delta","delta":"I"}`, `{"type":"transcript.text.done","text":"I","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":45,"total_tokens":59}}`),
			ai.OK,
			ai.Usage{Input: 14, AudioInput: 14, Output: 45, Reported: true},
		},
		{"half a transcript", ai.Audio, stream(`{"type":"transcript.text.delta","delta":"I"}`), ai.Truncated, ai.Usage{}},
		{"unknown pieces", ai.Image, stream(`{"b64_json":"AA=="}`), ai.OK, ai.Usage{}},
		{"error", ai.Audio, stream(`{"type":"error","error":{"message":"x"}}`), ai.SoftError, ai.Usage{}},
	} {
		got, err := corpus.Replay(openai.Format{}, endpoint(row.op), []byte(row.stream), false, 7)
		if err != nil || got.Kind != row.kind {
			t.Errorf("%s: %v, %v", row.name, got.Kind, err)
		}
		for _, step := range got.Steps {
			if step == protocol.Finish || step == protocol.End {
				t.Errorf("%s: %v", row.name, got.Steps)
			}
		}
		if diff := cmp.Diff(row.used, got.Usage); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

func TestUsageOfVendors(t *testing.T) {
	for _, row := range []struct {
		name, usage string
		want        ai.Usage
	}{
		{"xAI", `{"prompt_tokens":401,"completion_tokens":44,"total_tokens":702,"completion_tokens_details":{"reasoning_tokens":257}}`, ai.Usage{Input: 401, Output: 301, Reasoning: 257, Reported: true}},
		// Billed as 19 x $1.25 + (93 + 64) x $10 a million.
		{"Vercel", `{"prompt_tokens":19,"completion_tokens":93,"total_tokens":112,"cost":0.00159375,"market_cost":0.00159375,"completion_tokens_details":{"reasoning_tokens":64}}`, ai.Usage{Input: 19, Output: 157, Reasoning: 64, VendorCost: 1_593_750, VendorCosted: true, Reported: true}},
		{"OpenRouter", `{"prompt_tokens":14,"completion_tokens":7,"cost":0.0009,"is_byok":false,"cost_details":{"upstream_inference_cost":0.0008}}`, ai.Usage{Input: 14, Output: 7, VendorCost: 900_000, VendorCosted: true, Reported: true}},
		{"OpenRouter with the account's own key", `{"prompt_tokens":14,"completion_tokens":7,"cost":0.000001,"is_byok":true,"cost_details":{"upstream_inference_cost":6.3e-06}}`, ai.Usage{Input: 14, Output: 7, VendorCost: 7_300, VendorCosted: true, Reported: true}},
		{"Perplexity", `{"prompt_tokens":14,"completion_tokens":7,"cost":{"input_tokens_cost":2e-05,"total_cost":0.00609}}`, ai.Usage{Input: 14, Output: 7, VendorCost: 6_090_000, VendorCosted: true, Reported: true}},
		{"free", `{"prompt_tokens":14,"completion_tokens":7,"cost":0}`, ai.Usage{Input: 14, Output: 7, VendorCosted: true, Reported: true}},
		{"no cost known", `{"prompt_tokens":14,"completion_tokens":7,"cost":null}`, ai.Usage{Input: 14, Output: 7, Reported: true}},
		{"absurd cost", `{"prompt_tokens":14,"completion_tokens":7,"cost":-1}`, ai.Usage{Input: 14, Output: 7, Reported: true, Doubtful: true}},
		{"xAI's searches", `{"prompt_tokens":14,"completion_tokens":7,"server_side_tool_usage_details":{"web_search_calls":2,"x_search_calls":1,"mcp_calls":9}}`, ai.Usage{Input: 14, Output: 7, WebSearches: 3, Reported: true}},
		{"Mistral", `{"prompt_tokens":10,"completion_tokens":1,"num_cached_tokens":4,"service_tier":"priority"}`, ai.Usage{Input: 10, CachedInput: 4, Output: 1, ServiceTier: "priority", Reported: true}},
		{"LiteLLM", `{"prompt_tokens":10,"completion_tokens":1,"cache_read_input_tokens":4,"cache_creation_input_tokens":3}`, ai.Usage{Input: 10, CachedInput: 4, CacheWrite: 3, Output: 1, Reported: true}},
		{"Voyage, only a total", `{"total_tokens":7}`, ai.Usage{Input: 7, Reported: true}},
		{"seconds", `{"type":"duration","seconds":7}`, ai.Usage{AudioMillis: 7000}},
		{"only money", `{"cost_in_usd_ticks":200000000}`, ai.Usage{VendorCost: 20_000_000, VendorCosted: true}},
	} {
		body := `{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":` + row.usage + `}`
		if diff := cmp.Diff(row.want, openai.Format{}.JudgeBody(endpoint(ai.Generate), []byte(body)).Usage); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

func TestJudgeBodyOfVendors(t *testing.T) {
	for _, row := range []struct {
		name, body string
		op         ai.Operation
		kind       ai.Kind
	}{
		{"byte order mark", "\xef\xbb\xbf" + `{"choices":[{"message":{"content":"hi"}}]}`, ai.Generate, ai.OK},
		{"broken down", `{"choices":[{"message":{"content":"hi"},"finish_reason":"network_error"}]}`, ai.Generate, ai.SoftError},
		{"MiniMax", `{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`, ai.Generate, ai.SoftError},
		{"nothing fits", `{"results":[]}`, ai.Rerank, ai.OK},
		{"ranking by another name", `{"output":{"results":[]}}`, ai.Rerank, ai.OK},
		{"ranking failed", `{"message":"invalid api token"}`, ai.Rerank, ai.SoftError},
		{"no ranking", `{}`, ai.Rerank, ai.Empty},
		{"no embeddings", `{"data":[]}`, ai.Embed, ai.Empty},
	} {
		if got := (openai.Format{}).JudgeBody(endpoint(row.op), []byte(row.body)).Kind; got != row.kind {
			t.Errorf("%s: %v, want %v", row.name, got, row.kind)
		}
	}
}

func TestNamedConversation(t *testing.T) {
	const a, b = `{"model":"m","conversation":{"id":"c1"},"input":"a"}`, `{"model":"m","conversation":"c1","input":"b"}`
	first, err := read(endpoint(ai.Generate), http.Header{}, a)
	second, err2 := read(endpoint(ai.Generate), http.Header{}, b)
	if err != nil || err2 != nil || first.Conversation == 0 || first.Conversation != second.Conversation {
		t.Errorf("%+v, %+v, %v, %v", first, second, err, err2)
	}
}
