package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

const (
	role    = `{"id":"c1","object":"chat.completion.chunk","model":"gpt-x","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]}`
	hello   = `{"id":"c1","object":"chat.completion.chunk","model":"gpt-x","service_tier":"default","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null}`
	stopped = `{"id":"c1","object":"chat.completion.chunk","model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	used    = `{"id":"c1","object":"chat.completion.chunk","model":"gpt-x","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`
	marker  = `[DONE]`
)

func stream(data ...string) string {
	return "data: " + strings.Join(data, "\n\ndata: ") + "\n\n"
}

func finished(reason string) string {
	return strings.Replace(stopped, `"stop"`, `"`+reason+`"`, 1)
}

func endpoint(op ai.Operation) *protocol.Endpoint {
	all := openai.Format{}.Endpoints()
	for i := range all {
		if all[i].Operation == op {
			return &all[i]
		}
	}
	return nil
}

func TestJudgeStream(t *testing.T) {
	const (
		P = protocol.Preamble
		C = protocol.Content
		F = protocol.Finish
		E = protocol.End
		X = protocol.Failed
	)
	for _, row := range []struct {
		name, stream string
		steps        []protocol.Step
		kind         ai.Kind
		ended        bool
		failure      ai.Failure
	}{
		{"whole", stream(role, hello, stopped, used, marker), []protocol.Step{P, C, F, F, E}, ai.OK, true, ai.Failure{}},
		{"CRLF and comments", ": PROCESSING\r\n\r\n" + strings.ReplaceAll(stream(role, hello, stopped, marker), "\n", "\r\n"), []protocol.Step{P, C, F, E}, ai.OK, true, ai.Failure{}},
		{"without [DONE]", stream(role, hello, stopped), []protocol.Step{P, C, F}, ai.OK, true, ai.Failure{}},
		{"without a finish reason", stream(role, hello, marker), []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"with neither, but usage", stream(role, hello, used), []protocol.Step{P, C, C}, ai.OK, true, ai.Failure{}},
		// https://github.com/Wei-Shaw/sub2api/pull/6298
		{"without [DONE], finish reason or usage", stream(role, hello), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"empty finish reason", stream(strings.Replace(hello, `"finish_reason":null`, `"finish_reason":""`, 1)), []protocol.Step{C}, ai.Truncated, false, ai.Failure{}},
		{"cut in an event", stream(role, hello) + `data: {"choices":[{"del`, []protocol.Step{P, C, P}, ai.Truncated, false, ai.Failure{}},
		{"cut in the preamble", stream(role), []protocol.Step{P}, ai.Empty, false, ai.Failure{}},
		{"nothing", "", nil, ai.Empty, false, ai.Failure{}},
		{"only [DONE]", stream(marker), []protocol.Step{P}, ai.Empty, true, ai.Failure{}},
		{"[DONE] with spaces", "data:  [DONE] \n\n", []protocol.Step{P}, ai.Empty, true, ai.Failure{}},
		{"hollow", stream(role, stopped, marker), []protocol.Step{P, P, P}, ai.Empty, true, ai.Failure{}},
		{"hollow with zero usage", stream(role, stopped, `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":0}}`, marker), []protocol.Step{P, P, P, P}, ai.Empty, true, ai.Failure{}},
		{"silence that was counted", stream(role, stopped, used, marker), []protocol.Step{P, P, F, E}, ai.OK, true, ai.Failure{}},
		{"no room to say anything", stream(role, finished("length"), marker), []protocol.Step{P, F, E}, ai.OK, true, ai.Failure{}},
		{"filtered", stream(role, finished("content_filter"), marker), []protocol.Step{P, F, E}, ai.ContentFilter, true, ai.Failure{}},
		{"filtered half-way", stream(role, hello, finished("content_filter"), marker), []protocol.Step{P, C, F, E}, ai.OK, true, ai.Failure{}},
		{"refusal", stream(`{"choices":[{"delta":{"refusal":"No"}}]}`), []protocol.Step{C}, ai.Truncated, false, ai.Failure{}},
		{"tool call", stream(`{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}`), []protocol.Step{C}, ai.Truncated, false, ai.Failure{}},
		{"function call", stream(`{"choices":[{"delta":{"function_call":{"name":"f"}}}]}`), []protocol.Step{C}, ai.Truncated, false, ai.Failure{}},
		{"reasoning", stream(`{"choices":[{"delta":{"reasoning_content":"Hm"}}]}`), []protocol.Step{C}, ai.Truncated, false, ai.Failure{}},
		{"empty deltas", stream(`{"choices":[{"delta":{"content":"","reasoning_content":"","tool_calls":[],"function_call":null,"audio":{}}}]}`, `{"choices":[{}]}`, `{"choices":[]}`), []protocol.Step{P, P, P}, ai.Empty, false, ai.Failure{}},
		{"Azure's opening", stream(`{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}`, hello, stopped), []protocol.Step{P, C, F}, ai.OK, true, ai.Failure{}},
		{"message in the place of a delta", stream(`{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`), []protocol.Step{F}, ai.OK, true, ai.Failure{}},
		{"completion", stream(`{"choices":[{"text":"x","finish_reason":null}]}`, `{"choices":[{"text":"","finish_reason":"stop"}]}`), []protocol.Step{C, F}, ai.OK, true, ai.Failure{}},
		{"error first", stream(`{"error":{"message":"busy","type":"server_error","code":"server_is_overloaded"}}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Type: "server_error", Code: "server_is_overloaded", Message: "busy"}},
		{"error behind the role", stream(role, `{"error":{"message":"busy","code":429}}`), []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Status: 429, Code: "429", Message: "busy"}},
		{"error after content", stream(role, hello, `{"error":"gone"}`), []protocol.Step{P, C, X}, ai.SoftError, false, ai.Failure{Message: "gone"}},
		{"error beside choices", stream(`{"error":{"message":"x","code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Status: 502, Code: "502", Message: "x"}},
		{"error in a choice", stream(`{"choices":[{"delta":{"content":""},"error":{"message":"x","code":"y"}}]}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Code: "y", Message: "x"}},
		{"error without a member called so", stream(`{"code":"1302","message":"rate limit"}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Code: "1302", Message: "rate limit"}},
		{"error with null choices", stream(`{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Code: "1008", Message: "insufficient balance"}},
		{"error by the event's name", stream(role) + "event: error\ndata: {\"message\":\"x\"}\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "x"}},
		{"error as text", stream(role) + "event: error\ndata: upstream gone\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream gone"}},
		{"errors that are none", stream(`{"error":null,"choices":[{"delta":{"content":"a"}}]}`, `{"error":{},"choices":[{"delta":{"content":"a"}}]}`, `{"error":"","choices":[{"delta":{"content":"a"}}]}`, `{"error":0,"choices":[{"delta":{"content":"a"}}]}`), []protocol.Step{C, C, C, C}, ai.Truncated, false, ai.Failure{}},
		{"relay's words", "data: 当前模型负载过高\n\n", []protocol.Step{X}, ai.SoftError, false, ai.Failure{Type: "overloaded_error", Message: "当前模型负载过高"}},
		{"broken event", stream(role, `{"choices":[,]}`), []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream sent an event that is not JSON"}},
		{"another protocol", stream(`{"type":"content_block_delta","delta":{"text":"x"}}`), []protocol.Step{P}, ai.Empty, false, ai.Failure{}},
		{"unknown events", stream(`{"x":1}`, `17`, `[1]`, `ok`), []protocol.Step{P, P, P, P}, ai.Empty, false, ai.Failure{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := corpus.Replay(openai.Format{}, endpoint(ai.Generate), []byte(row.stream), false, 11)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.steps, got.Steps); diff != "" {
				t.Error(diff)
			}
			if got.Kind != row.kind || got.Ended != row.ended {
				t.Errorf("%v, ended %v", got.Kind, got.Ended)
			}
			if diff := cmp.Diff(row.failure, got.Failure); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Other streams than chats have no chunks; what is no error counts.
func TestJudgeOtherStream(t *testing.T) {
	got, _ := corpus.Replay(openai.Format{}, endpoint(ai.Image), []byte(stream(`{"type":"image_generation.partial_image","b64_json":"x"}`, `{"type":"image_generation.completed","usage":{"input_tokens":3,"output_tokens":4}}`)), false, 9)
	if got.Kind != ai.OK || !got.Committed || got.Usage.Output != 4 {
		t.Errorf("%+v", got)
	}
	got, _ = corpus.Replay(openai.Format{}, endpoint(ai.Image), []byte("event: error\n"+stream(`{"type":"error","error":{"message":"x"}}`)), false, 9)
	if got.Kind != ai.SoftError || got.Committed || got.Failure.Message != "x" {
		t.Errorf("%+v", got)
	}
}

func TestUsage(t *testing.T) {
	usage := func(text string) string { return `{"choices":[],"usage":` + text + `}` }
	for _, row := range []struct {
		name, stream string
		want         ai.Usage
	}{
		{"plain", stream(used), ai.Usage{Input: 10, Output: 5, Reported: true}},
		{"details", stream(usage(`{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":20,"audio_tokens":3,"image_tokens":4},"completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":5,"image_tokens":6}}`)), ai.Usage{Input: 100, CachedInput: 40, CacheWrite: 20, AudioInput: 3, ImageInput: 4, Output: 50, Reasoning: 30, AudioOutput: 5, ImageOutput: 6, Reported: true}},
		{"DeepSeek", stream(usage(`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}`)), ai.Usage{Input: 100, CachedInput: 64, Output: 5, Reported: true}},
		{"Mistral", stream(usage(`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"num_cached_tokens":32}`)), ai.Usage{Input: 100, CachedInput: 32, Output: 5, Reported: true}},
		{"xAI counts reasoning beside the completion", stream(usage(`{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}`)), ai.Usage{Input: 32, Output: 103, Reasoning: 94, Reported: true}},
		{"Vercel does, too", stream(usage(`{"prompt_tokens":10,"completion_tokens":20,"total_tokens":60,"reasoning_tokens":30}`)), ai.Usage{Input: 10, Output: 50, Reasoning: 30, Reported: true}},
		{"reasoning within the completion", stream(usage(`{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"completion_tokens_details":{"reasoning_tokens":15}}`)), ai.Usage{Input: 10, Output: 20, Reasoning: 15, Reported: true}},
		{"Groq", stream(`{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}}`), ai.Usage{Input: 7, Output: 3, Reported: true}},
		{"Groq says it twice", stream(`{"choices":[],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":3}},"usage":{"prompt_tokens":7,"completion_tokens":3}}`), ai.Usage{Input: 7, Output: 3, Reported: true}},
		{"repeated and growing", stream(usage(`{"prompt_tokens":9,"completion_tokens":1}`), usage(`{"prompt_tokens":9,"completion_tokens":4}`), usage(`{"prompt_tokens":9,"completion_tokens":8}`)), ai.Usage{Input: 9, Output: 8, Reported: true}},
		{"zeros do not erase", stream(used, usage(`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`)), ai.Usage{Input: 10, Output: 5, Reported: true}},
		{"null does not erase", stream(used, usage(`null`)), ai.Usage{Input: 10, Output: 5, Reported: true}},
		{"service tier", stream(role, `{"choices":[],"service_tier":"priority"}`, used), ai.Usage{Input: 10, Output: 5, ServiceTier: "priority", Reported: true}},
		{"absurd", stream(usage(`{"prompt_tokens":1e400,"completion_tokens":99999999999999999999,"total_tokens":-1}`)), ai.Usage{Doubtful: true}},
		{"negative and text", stream(usage(`{"prompt_tokens":-5,"completion_tokens":"7","prompt_tokens_details":[]}`)), ai.Usage{Doubtful: true}},
		{
			"parts beyond the whole", stream(usage(`{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":90,"cache_write_tokens":90,"audio_tokens":8,"image_tokens":90},"completion_tokens_details":{"reasoning_tokens":90,"audio_tokens":3,"image_tokens":90}}`)),
			ai.Usage{Input: 10, CachedInput: 10, CacheWrite: 10, AudioInput: 8, ImageInput: 2, Output: 5, Reasoning: 5, AudioOutput: 3, ImageOutput: 2, Reported: true, Doubtful: true},
		},
		{
			"speech to speech", stream(usage(`{"input_tokens":1000,"input_token_details":{"text_tokens":300,"audio_tokens":700,"cached_tokens":600,"cached_tokens_details":{"text_tokens":100,"audio_tokens":500}},"output_tokens":400,"output_token_details":{"text_tokens":80,"audio_tokens":320}}`)),
			ai.Usage{Input: 1000, CachedInput: 600, AudioInput: 700, CachedAudio: 500, Output: 400, AudioOutput: 320, Reported: true},
		},
		{"none", stream(hello), ai.Usage{ServiceTier: "default"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, _ := corpus.Replay(openai.Format{}, endpoint(ai.Generate), []byte(row.stream), false, 1000)
			if diff := cmp.Diff(row.want, got.Usage); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJudgeBody(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, row := range []struct {
		name, body string
		op         ai.Operation
		kind       ai.Kind
		failure    ai.Failure
	}{
		{"answer", `{"id":"c","model":"m","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"answer without a finish reason", `{"choices":[{"message":{"content":"hi"}}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"answer with a null error", `{"error":null,"choices":[{"message":{"content":"hi"}}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"tool call", `{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a"}]},"finish_reason":"tool_calls"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"hollow", `{"choices":[{"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}`, ai.Generate, ai.Empty, ai.Failure{}},
		{"hollow with zero usage", `{"choices":[{"message":{"content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":0}}`, ai.Generate, ai.Empty, ai.Failure{}},
		{"silence that was counted", `{"choices":[{"message":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":3}}`, ai.Generate, ai.OK, ai.Failure{}},
		{"no room to say anything", `{"choices":[{"message":{"content":""},"finish_reason":"length"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"no choice", `{"choices":[]}`, ai.Generate, ai.Empty, ai.Failure{}},
		{"filtered", `{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}`, ai.Generate, ai.ContentFilter, ai.Failure{}},
		{"filtered half-way", `{"choices":[{"message":{"content":"a"},"finish_reason":"content_filter"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"nothing", " \n", ai.Generate, ai.Empty, ai.Failure{}},
		{"half", `{"choices":[{"message":{"content":"a`, ai.Generate, ai.Truncated, ai.Failure{}},
		{"broken", `{"choices":[],}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"choices missing", `{"id":"c","object":"chat.completion"}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"choices null", `{"choices":null}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"choices no list", `{"choices":{"a":1}}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"another protocol", `{"type":"message","content":[{"type":"text","text":"x"}]}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"error", `{"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}`, ai.Generate, ai.SoftError, ai.Failure{Type: "server_error", Code: "overloaded", Message: "busy"}},
		// https://github.com/Wei-Shaw/sub2api/issues/5652
		{"error without a code", `{"error":{"message":"Our servers are currently overloaded. Please try again later."}}`, ai.Generate, ai.SoftError, ai.Failure{Message: "Our servers are currently overloaded. Please try again later."}},
		{"error as text", `{"error":"no capacity"}`, ai.Generate, ai.SoftError, ai.Failure{Message: "no capacity"}},
		{"error beside an answer", `{"choices":[{"message":{"content":"a"}}],"error":{"message":"x","code":500}}`, ai.Generate, ai.SoftError, ai.Failure{Status: 500, Code: "500", Message: "x"}},
		{"error in a choice", `{"choices":[{"message":{"content":"a"},"finish_reason":"error","error":{"message":"x","code":502}}]}`, ai.Generate, ai.SoftError, ai.Failure{Status: 502, Code: "502", Message: "x"}},
		{"error that is none", `{"error":0,"choices":[{"message":{"content":"a"}}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"long error at the end", `{"pad":"` + long + `","error":{"message":"x","code":"1308"}}`, ai.Generate, ai.SoftError, ai.Failure{Code: "1308", Message: "x"}},
		{"error in an error", `{"error":{"message":"{\"error\":{\"message\":\"inner\",\"code\":\"c\"}}"}}`, ai.Generate, ai.SoftError, ai.Failure{Code: "c", Message: "inner"}},
		{"relay's error", `{"code":500,"message":"busy","data":null}`, ai.Generate, ai.SoftError, ai.Failure{Status: 500, Code: "500", Message: "busy"}},
		{"relay's error with empty choices", `{"choices":[],"code":"1302","message":"busy"}`, ai.Generate, ai.SoftError, ai.Failure{Code: "1302", Message: "busy"}},
		{"MiniMax", `{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`, ai.Generate, ai.SoftError, ai.Failure{Code: "1008", Message: "insufficient balance"}},
		{"FastAPI", `{"detail":"Model busy"}`, ai.Generate, ai.SoftError, ai.Failure{Message: "Model busy"}},
		{"list with an error", `[{"error":{"message":"x"}}]`, ai.Generate, ai.SoftError, ai.Failure{Message: "x"}},
		{"event stream with an error", stream(`{"error":{"message":"x"}}`), ai.Generate, ai.SoftError, ai.Failure{Message: "x"}},
		{"relay's words", "当前模型负载过高，请稍后重试", ai.Generate, ai.SoftError, ai.Failure{Type: "overloaded_error", Message: "当前模型负载过高，请稍后重试"}},
		{"relay's English words", "Current model load too high, try later", ai.Generate, ai.SoftError, ai.Failure{Type: "overloaded_error", Message: "Current model load too high, try later"}},
		{"HTML", "<html><head><title>502 Bad\n Gateway</title>", ai.Generate, ai.BadAnswer, ai.Failure{Message: "an HTML page: 502 bad gateway"}},
		{"text", "hello", ai.Generate, ai.BadAnswer, ai.Failure{Message: "hello"}},
		{"completion", `{"choices":[{"text":"x","finish_reason":"stop"}]}`, ai.Complete, ai.OK, ai.Failure{}},
		{"nothing to complete", `{"choices":[{"text":"","finish_reason":"stop"}]}`, ai.Complete, ai.OK, ai.Failure{}},
		{"embeddings", `{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":3}}`, ai.Embed, ai.OK, ai.Failure{}},
		{"no embeddings", `{"data":[]}`, ai.Embed, ai.Empty, ai.Failure{}},
		{"embeddings missing", `{"object":"list"}`, ai.Embed, ai.BadAnswer, ai.Failure{}},
		{"bare list of embeddings", `[[1,2]]`, ai.Embed, ai.OK, ai.Failure{}},
		{"half a list", `[[1,2`, ai.Embed, ai.Truncated, ai.Failure{}},
		{"ranking", `{"results":[{"index":0,"relevance_score":0.5}]}`, ai.Rerank, ai.OK, ai.Failure{}},
		{"moderation", `{"results":[{"flagged":true}]}`, ai.Moderate, ai.OK, ai.Failure{}},
		{"image", `{"created":1,"data":[{"b64_json":"x"}]}`, ai.Image, ai.OK, ai.Failure{}},
		{"image error", `{"code":400,"message":"no"}`, ai.Image, ai.SoftError, ai.Failure{Status: 400, Code: "400", Message: "no"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := openai.Format{}.JudgeBody(endpoint(row.op), []byte(row.body))
			if v.Kind != row.kind {
				t.Errorf("%v, want %v", v.Kind, row.kind)
			}
			if diff := cmp.Diff(row.failure, v.Failure); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func read(ep *protocol.Endpoint, header http.Header, body string) (protocol.Request, error) {
	r := httptest.NewRequest(http.MethodPost, "http://gateway/v1/x", nil)
	r.Header = header
	return openai.Format{}.ReadRequest(ep, r, []byte(body))
}

// Asking for usage changes only what it must, however the client wrote it.
func TestAskUsage(t *testing.T) {
	for _, row := range []struct{ body, want string }{
		{`{"model":"m","stream":true}`, `{"stream_options":{"include_usage":true},"model":"m","stream":true}`},
		{` { "model":"m","stream":true}`, ` {"stream_options":{"include_usage":true}, "model":"m","stream":true}`},
		{`{"model":"m","stream":true,"stream_options":null}`, `{"model":"m","stream":true,"stream_options":{"include_usage":true}}`},
		{`{"model":"m","stream":true,"stream_options":{}}`, `{"model":"m","stream":true,"stream_options":{"include_usage":true}}`},
		{`{"stream_options":{ },"model":"m","stream":true}`, `{"stream_options":{"include_usage":true},"model":"m","stream":true}`},
		{`{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1}}`, `{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1}}`},
		{`{"model":"m","stream":true,"stream_options":{"include_obfuscation":false}}`, `{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`},
		{`{"model":"m","stream":true,"stream_options":{"include_usage":true}}`, ""},
		{`{"model":"m","stream":false}`, ""},
		{`{"model":"m"}`, ""},
	} {
		r, err := http.NewRequest(http.MethodPost, "http://gateway/v1/chat/completions", nil)
		if err != nil {
			t.Fatal(err)
		}
		req, err := openai.Format{}.ReadRequest(endpoint(ai.Generate), r, []byte(row.body))
		if err != nil {
			t.Fatal(err)
		}
		c := req.AskUsage
		got := row.body[:c.Start] + c.Text + row.body[c.End:]
		if c.Text == "" {
			got = ""
		}
		if got != row.want {
			t.Errorf("%s became %s, want %s", row.body, got, row.want)
		}
		if got != "" && !json.Valid([]byte(got)) {
			t.Errorf("%s is not JSON", got)
		}
	}
	for data, only := range map[string]bool{
		`{"choices":[],"usage":{"prompt_tokens":1}}`:                  true,
		`{"usage":{"prompt_tokens":1},"choices": [ ] }`:               true,
		`{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}`:      false,
		`{"choices":[],"usage":null}`:                                 false,
		`{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}`: false,
		`{"type":"error","usage":{"a":1}}`:                            false,
		`[DONE]`:                                                      false,
	} {
		if openai.UsageOnly([]byte(data)) != only {
			t.Errorf("%s: usage only is %v", data, !only)
		}
	}
}

func TestReadRequest(t *testing.T) {
	for _, row := range []struct {
		name, body string
		op         ai.Operation
		code       string
		want       protocol.Request // but for the span and the conversation
	}{
		{"plain", `{"model":"m","messages":[]}`, ai.Generate, "", protocol.Request{Model: "m"}},
		{"stream", `{"model":"m","stream":true,"max_tokens":9}`, ai.Generate, "", protocol.Request{Model: "m", Stream: true, MaxOutput: 9}},
		{"usage wanted", `{"model":"m","stream":true,"stream_options":{"include_usage":true}}`, ai.Generate, "", protocol.Request{Model: "m", Stream: true, WantsUsage: true}},
		{"usage not wanted", `{"model":"m","stream":true,"stream_options":{"include_usage":false}}`, ai.Generate, "", protocol.Request{Model: "m", Stream: true}},
		{"options null", `{"model":"m","stream_options":null}`, ai.Generate, "", protocol.Request{Model: "m"}},
		{"newer limit", `{"model":"m","max_completion_tokens":7}`, ai.Generate, "", protocol.Request{Model: "m", MaxOutput: 7}},
		{"speech in pieces", `{"model":"m","input":"a","voice":"v","stream_format":"sse"}`, ai.Audio, "", protocol.Request{Model: "m", Stream: true, Order: protocol.Order{Characters: 1}}},
		{"speech in one", `{"model":"m","input":"a","voice":"v","stream_format":"audio"}`, ai.Audio, "", protocol.Request{Model: "m", Order: protocol.Order{Characters: 1}}},
		{"no stream of embeddings", `{"model":"m","stream":true,"input":"a"}`, ai.Embed, "", protocol.Request{Model: "m"}},
		{"escaped model", `{"model":"\u006d\/x"}`, ai.Generate, "", protocol.Request{Model: "m/x"}},
		{"image without a model", `{"prompt":"a"}`, ai.Image, "", protocol.Request{}},
		{"list", ``, ai.ListModels, "", protocol.Request{}},
		{"model missing", `{"messages":[]}`, ai.Generate, protocol.CodeMissingModel, protocol.Request{}},
		{"model null", `{"model":null}`, ai.Generate, protocol.CodeMissingModel, protocol.Request{}},
		{"model twice", `{"model":"a","model":"b"}`, ai.Generate, protocol.CodeDuplicateModel, protocol.Request{}},
		{"model twice in disguise", `{"model":"a","\u006dodel":"b"}`, ai.Generate, protocol.CodeDuplicateModel, protocol.Request{}},
		{"cut", `{"model":"a"`, ai.Generate, protocol.CodeInvalidJSON, protocol.Request{}},
		{"list in the place of an object", `[1]`, ai.Generate, protocol.CodeInvalidJSON, protocol.Request{}},
		{"stream no boolean", `{"model":"a","stream":[]}`, ai.Generate, protocol.CodeInvalidType, protocol.Request{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := read(endpoint(row.op), nil, row.body)
			if row.code != "" {
				var bad *protocol.RequestError
				if !errors.As(err, &bad) || bad.Code != row.code {
					t.Errorf("%v, want %s", err, row.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if span := row.body[got.ModelStart:got.ModelEnd]; (span == "") != (row.want.Model == "") || span != "" && span[0] != '"' {
				t.Errorf("the model's span is %q", span)
			}
			got.ModelStart, got.ModelEnd, got.Conversation, got.AskUsage = 0, 0, 0, protocol.Change{} // see TestAskUsage
			if diff := cmp.Diff(row.want, got, cmpopts.IgnoreTypes(scan.Index{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConversation(t *testing.T) {
	const (
		opening = `{"role":"system","content":"s"},{"role":"user","content":"first"}`
		turn    = `,{"role":"assistant","content":"a"},{"role":"user","content":"second"}`
	)
	chat := func(messages, more string) string { return `{"model":"m","messages":[` + messages + `]` + more + `}` }
	base := chat(opening, "")
	named := func(name string) http.Header { return http.Header{name: {"s1"}} }
	for _, row := range []struct {
		name             string
		header, header2  http.Header
		body, body2      string
		sameConversation bool
	}{
		{"next turn", nil, nil, base, chat(opening+turn, ""), true},
		{"another limit", nil, nil, base, chat(opening, `,"max_tokens":5,"stream":true`), true},
		{"another first question", nil, nil, base, chat(strings.Replace(opening, "first", "other", 1), ""), false},
		{"another system prompt", nil, nil, base, chat(strings.Replace(opening, `"s"`, `"t"`, 1), ""), false},
		{"other tools", nil, nil, chat(opening, `,"tools":[1]`), chat(opening, `,"tools":[2]`), false},
		{"other functions", nil, nil, chat(opening, `,"functions":[1]`), chat(opening, `,"functions":[2]`), false},
		{"one cache key", nil, nil, chat(opening, `,"prompt_cache_key":"k"`), chat(`{"role":"user","content":"x"}`, `,"prompt_cache_key":"k"`), true},
		{"two cache keys", nil, nil, chat(opening, `,"prompt_cache_key":"k"`), chat(opening, `,"prompt_cache_key":"l"`), false},
		{"one session", named("Session_id"), named("Session_id"), base, chat(`{"role":"user","content":"x"}`, ""), true},
		{"one session under two names", named("Session-Id"), named("X-Session-Affinity"), base, chat(`{"role":"user","content":"x"}`, ""), true},
		{"two sessions", named("X-Session-Id"), http.Header{"X-Session-Id": {"s2"}}, base, base, false},
		{"the session goes before the cache key", named("X-Session-Id"), named("X-Session-Id"), chat(opening, `,"prompt_cache_key":"k"`), chat(opening, `,"prompt_cache_key":"l"`), true},
		{"an empty session is none", http.Header{"X-Session-Id": {""}}, nil, base, base, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := read(endpoint(ai.Generate), row.header, row.body)
			b, err2 := read(endpoint(ai.Generate), row.header2, row.body2)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if a.Conversation == 0 || b.Conversation == 0 || (a.Conversation == b.Conversation) != row.sameConversation {
				t.Errorf("%x and %x", a.Conversation, b.Conversation)
			}
		})
	}
	if got, _ := read(endpoint(ai.Generate), nil, `{"model":"m"}`); got.Conversation != 0 {
		t.Error("nothing was said, so there is no conversation")
	}
}

const sound = "\x00\r\n--no boundary\r\nmodel\r\n"

// form writes a multipart body of name and value pairs.
func form(t testing.TB, fields ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "a.wav")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte(sound))
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func TestReadForm(t *testing.T) {
	audio, image := endpoint(ai.Audio), endpoint(ai.Image)
	contentType, body := form(t, "language", "en", "model", "whisper-1", "prompt", "x")
	got, err := read(audio, http.Header{"Content-Type": {contentType}}, string(body))
	if diff := cmp.Diff(protocol.Request{Model: "whisper-1"}, got, cmpopts.IgnoreTypes(scan.Index{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, row := range []struct {
		name   string
		ep     *protocol.Endpoint
		fields []string
		code   string
	}{
		{"no model", audio, []string{"a", "b"}, protocol.CodeMissingModel},
		{"empty model", audio, []string{"model", ""}, protocol.CodeMissingModel},
		{"two models", audio, []string{"model", "a", "model", "b"}, protocol.CodeDuplicateModel},
		{"a model that is none", audio, []string{"model", "a\nb"}, protocol.CodeInvalidModel},
		{"a model may be left out", image, []string{"a", "b"}, ""},
	} {
		contentType, body := form(t, row.fields...)
		_, err := read(row.ep, http.Header{"Content-Type": {contentType}}, string(body))
		var bad *protocol.RequestError
		if row.code == "" && err != nil || row.code != "" && (!errors.As(err, &bad) || bad.Code != row.code) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if _, err := read(audio, http.Header{"Content-Type": {"multipart/form-data"}}, "x"); err == nil {
		t.Error("a form without a boundary was read")
	}
	if _, err := read(audio, http.Header{"Content-Type": {contentType}}, string(body[:len(body)/2])); err == nil {
		t.Error("half a form was read")
	}
}

func TestReplaceFormModel(t *testing.T) {
	contentType, body := form(t, "language", "en", "model", "whisper-1", "prompt", "x")
	for _, model := range []string{"w", "a-much-longer-name", "whisper-1"} {
		before := string(body)
		changed, err := openai.ReplaceFormModel(contentType, body, model)
		if err != nil || string(body) != before {
			t.Fatalf("%v; the original was changed: %v", err, string(body) != before)
		}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(changed))
		r.Header.Set("Content-Type", contentType)
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Fatal(err)
		}
		if got := r.MultipartForm.Value; got["model"][0] != model || got["language"][0] != "en" || got["prompt"][0] != "x" || r.MultipartForm.File["file"][0].Size != int64(len(sound)) {
			t.Errorf("%v", got)
		}
		back, err := openai.ReplaceFormModel(contentType, changed, "whisper-1")
		if err != nil || !bytes.Equal(back, body) {
			t.Errorf("not the same after a round trip: %v\n%s", err, back)
		}
	}
	contentType, body = form(t, "a", "b")
	if same, err := openai.ReplaceFormModel(contentType, body, "m"); err != nil || !bytes.Equal(same, body) {
		t.Errorf("a form without a model was changed: %v", err)
	}
	if _, err := openai.ReplaceFormModel("text/plain", body, "m"); err == nil {
		t.Error("what is no form was changed")
	}
}

func TestWriting(t *testing.T) {
	f := openai.Format{}
	e := &protocol.Error{Status: 404, Code: "model_not_found", Param: "model", Message: "no \"m\" <here>\n", RequestID: "r1"}
	ct, body := f.WriteError(e)
	var got struct {
		Error struct {
			Message, Type, Code string
			Param               *string
		}
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &got); err != nil || ct != "application/json" {
		t.Fatal(ct, err)
	}
	if got.Error.Message != e.Message || got.Error.Type != "not_found_error" || got.Error.Code != e.Code || *got.Error.Param != "model" || got.RequestID != "r1" {
		t.Errorf("%s", body)
	}
	if fail, isError := protocol.ParseFailure(body); !isError || fail.Code != e.Code {
		t.Errorf("our own error is not read as one: %+v", fail)
	}
	if _, plain := f.WriteError(&protocol.Error{Status: 503, Code: "c", Message: "m"}); string(plain) != `{"error":{"message":"m","type":"server_error","param":null,"code":"c"}}` {
		t.Errorf("%s", plain)
	}
	// A stream that we end this way is read as having failed, by us as well.
	ended, err := corpus.Replay(f, endpoint(ai.Generate), append([]byte(stream(role, hello)), f.ErrorEvent(e, false)...), false, 7)
	if err != nil || ended.Kind != ai.SoftError || ended.Failure.Code != e.Code || ended.Events != 3 {
		t.Errorf("%+v, %v", ended, err)
	}
	var list struct {
		Object string
		Data   []struct {
			ID, Object string
			Created    int64
			OwnedBy    string `json:"owned_by"`
		}
	}
	models := f.WriteModels(nil, []protocol.Model{{ID: "a", OwnedBy: "ccload", Created: 5}, {ID: "b"}})
	if err := json.Unmarshal(models, &list); err != nil || list.Object != "list" || len(list.Data) != 2 || list.Data[0].OwnedBy != "ccload" || list.Data[0].Created != 5 || list.Data[1].ID != "b" || list.Data[1].Object != "model" {
		t.Errorf("%s, %v", models, err)
	}
	if got := string(f.WriteModels(nil, nil)); got != `{"object":"list","data":[]}` {
		t.Error(got)
	}
	if got := string(f.WriteModel(nil, protocol.Model{ID: "a", OwnedBy: "o"})); got != `{"id":"a","object":"model","created":0,"owned_by":"o"}` {
		t.Error(got)
	}
	h := http.Header{}
	if f.SetKey(h, "k"); h.Get("Authorization") != "Bearer k" {
		t.Error(h)
	}
	for name, want := range map[string]bool{
		"Openai-Beta": true, "X-Stainless-Lang": true, "X-Codex-Turn-Metadata": true, "Session_id": true, "Originator": true, "Content-Type": true,
		"Openai-Organization": false, "Openai-Project": false, "Openai-Api-Key": false, "Authorization": false, "Cookie": false, "X-Forwarded-For": false, "Anthropic-Beta": false,
	} {
		if f.ForwardHeader(name) != want {
			t.Errorf("ForwardHeader(%s) = %v", name, !want)
		}
	}
}

// What nearly all events of a stream are costs no memory.
func TestPlainEventsDoNotAllocate(t *testing.T) {
	for name, data := range map[string]string{
		"delta":            hello,
		"tool call":        `{"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]},"finish_reason":null}]}`,
		"reasoning":        `{"model":"m","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"x"}}]}`,
		"cumulative usage": `{"model":"m","choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":1}}}`,
	} {
		j := openai.Format{}.NewJudge(endpoint(ai.Generate))
		ev := sse.Event{Data: []byte(data)}
		j.Event(ev)
		if n := testing.AllocsPerRun(100, func() { j.Event(ev) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func sane(t *testing.T, u ai.Usage) {
	t.Helper()
	if u.Input < 0 || u.Output < 0 || u.CachedInput+u.CacheWrite > u.Input || u.AudioInput+u.ImageInput > u.Input || u.Reasoning > u.Output || u.AudioOutput+u.ImageOutput > u.Output {
		t.Fatalf("%+v", u)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(stream(role, hello, stopped, used, marker)))
	f.Add([]byte(stream(`{"choices":[{"message":{},"error":[]}],"x_groq":{"usage":{}},"usage":{"prompt_tokens_details":{}}}`)))
	f.Add([]byte("event: error\ndata: [\"\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := corpus.Replay(openai.Format{}, endpoint(ai.Generate), b, false, 5)
		if err != nil {
			t.Fatal(err)
		}
		sane(t, got.Usage)
		if got.Kind == ai.OK && !got.Ended {
			t.Fatal("good, but it may not end here")
		}
		for _, op := range []ai.Operation{ai.Generate, ai.Image} {
			j := openai.Format{}.NewJudge(endpoint(op))
			if j.Event(sse.Event{Data: b}) == protocol.Failed && j.Verdict().Kind != ai.SoftError {
				t.Fatal("failed, but no error")
			}
			j.Event(sse.Event{Name: []byte("error"), Data: b})
		}
	})
}

func FuzzJudgeBody(f *testing.F) {
	f.Add([]byte(`{"model":"m","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`))
	f.Add([]byte(`{"error":{"message":"x"},"choices":null}`))
	f.Add([]byte(`[[1]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, op := range []ai.Operation{ai.Generate, ai.Complete, ai.Embed, ai.Image} {
			v := openai.Format{}.JudgeBody(endpoint(op), b)
			sane(t, v.Usage)
			if v.Kind == ai.OK && !json.Valid(b) {
				t.Fatalf("%s is good, but no JSON", op)
			}
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add("application/json", []byte(`{"model":"m","messages":[{"role":"user","content":[{"text":"a"}]}],"stream_options":{"include_usage":true}}`))
	contentType, body := form(f, "model", "m")
	f.Add(contentType, body)
	f.Fuzz(func(t *testing.T, contentType string, b []byte) {
		for _, op := range []ai.Operation{ai.Generate, ai.Image, ai.Audio} {
			got, err := read(endpoint(op), http.Header{"Content-Type": {contentType}}, string(b))
			if err != nil {
				continue
			}
			if got.ModelEnd != 0 && b[got.ModelStart] != '"' {
				t.Fatalf("%+v", got)
			}
			if got.Model != "" && got.ModelEnd == 0 {
				changed, err := openai.ReplaceFormModel(contentType, b, "other")
				if err != nil {
					t.Fatal(err)
				}
				if again, err := read(endpoint(op), http.Header{"Content-Type": {contentType}}, string(changed)); err != nil || again.Model != "other" {
					t.Fatalf("%+v, %v", again, err)
				}
			}
		}
	})
}

// A stream of 200 events, as it comes from the network.
func BenchmarkStream(b *testing.B) {
	events := append([]string{role}, strings.Split(strings.Repeat(hello+"\n", 197), "\n")[:197]...)
	body := []byte(stream(append(events, stopped, marker)...))
	ep := endpoint(ai.Generate)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var scanner sse.Scanner
		j := openai.Format{}.NewJudge(ep)
		if err := scanner.Feed(body, func(ev sse.Event) bool { j.Event(ev); return true }); err != nil || j.Verdict().Kind != ai.OK {
			b.Fatal(err, j.Verdict())
		}
	}
}
