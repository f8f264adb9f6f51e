package responses_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

const (
	created   = `{"type":"response.created","response":{"id":"resp_1","object":"response","status":"in_progress","model":"gpt-x","error":null,"output":[],"usage":null}}`
	working   = `{"type":"response.in_progress","response":{"id":"resp_1","object":"response","status":"in_progress","output":[]}}`
	added     = `{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"}}`
	part      = `{"type":"response.content_part.added","part":{"type":"output_text","text":""}}`
	hello     = `{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello","logprobs":[],"obfuscation":"abc"}`
	saidAll   = `{"type":"response.output_text.done","text":"Hello"}`
	item      = `{"type":"message","content":[{"type":"output_text","text":"Hello"}]}`
	completed = `{"type":"response.completed","response":{"id":"resp_1","model":"gpt-x","status":"completed","error":null,"incomplete_details":null,"output":[` + item + `],"service_tier":"default","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":15}}}`
)

// stream writes events as upstream does: named by their type.
func stream(data ...string) string {
	var b strings.Builder
	for _, d := range data {
		var e struct{ Type string }
		_ = json.Unmarshal([]byte(d), &e)
		b.WriteString("event: " + e.Type + "\ndata: " + d + "\n\n")
	}
	return b.String()
}

// ends writes the last event of a response.
func ends(kind, response string) string {
	return `{"type":"response.` + kind + `","response":` + response + `}`
}

func endpoint(op ai.Operation) *protocol.Endpoint {
	all := responses.Format{}.Endpoints()
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
		{"whole", stream(created, working, added, part, hello, saidAll, completed), []protocol.Step{P, P, P, P, C, C, E}, ai.OK, true, ai.Failure{}},
		{"without names", strings.ReplaceAll(stream(created, hello, completed), "event: ", ": "), []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"without types", strings.ReplaceAll(stream(created, hello, completed), `"type":"response.`, `"typed":"response.`), []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"another protocol's marker behind it", stream(created, hello, completed) + "data: [DONE]\n\n", []protocol.Step{P, C, E, E}, ai.OK, true, ai.Failure{}},
		{"another protocol's marker instead", stream(created, hello) + "data: [DONE]\n\n", []protocol.Step{P, C, P}, ai.Truncated, false, ai.Failure{}},
		// Clients need what the last event carries: Codex takes half of it for none.
		{"cut in the last event", stream(created, hello) + "event: response.completed\ndata: {\"type\":\"resp", []protocol.Step{P, C, P}, ai.Truncated, false, ai.Failure{}},
		{"cut in the text", stream(created, hello), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"cut in an event", stream(created, hello) + "event: response.output_text.delta\ndata: {\"type\":\"resp", []protocol.Step{P, C, P}, ai.Truncated, false, ai.Failure{}},
		{"cut in the preamble", stream(created, working, added), []protocol.Step{P, P, P}, ai.Empty, false, ai.Failure{}},
		{"nothing", "", nil, ai.Empty, false, ai.Failure{}},
		{"only pings", stream(`{"type":"keepalive"}`, `{"type":"ping"}`, `{"type":"codex.rate_limits","x":1}`), []protocol.Step{P, P, P}, ai.Empty, false, ai.Failure{}},
		{"output only at the end", stream(created, completed), []protocol.Step{P, E}, ai.OK, true, ai.Failure{}},
		{"output left out at the end", stream(created, hello, ends("completed", `{"id":"r","output":[]}`)), []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"hollow", stream(created, ends("completed", `{"status":"completed","output":[]}`)), []protocol.Step{P, P}, ai.Empty, true, ai.Failure{}},
		{
			"hollow with all its parts", stream(created, added, part, `{"type":"response.output_text.delta","delta":""}`, `{"type":"response.output_text.done","text":""}`,
				`{"type":"response.content_part.done","part":{"type":"output_text","text":""}}`, `{"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":""}]}}`,
				ends("completed", `{"output":[{"type":"message","content":[{"type":"output_text","text":""}]}],"usage":{"input_tokens":4,"output_tokens":0}}`)),
			[]protocol.Step{P, P, P, P, P, P, P, P},
			ai.Empty, true,
			ai.Failure{},
		},
		{"silence that was counted", stream(created, ends("completed", `{"output":[],"usage":{"output_tokens":3}}`)), []protocol.Step{P, E}, ai.OK, true, ai.Failure{}},
		{"no room to say anything", stream(created, ends("incomplete", `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}`)), []protocol.Step{P, E}, ai.OK, true, ai.Failure{}},
		{"filtered", stream(created, ends("incomplete", `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}`)), []protocol.Step{P, E}, ai.ContentFilter, true, ai.Failure{}},
		{"filtered half-way", stream(created, hello, ends("incomplete", `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[`+item+`]}`)), []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"refusal", stream(created, `{"type":"response.refusal.delta","delta":"No"}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"tool call", stream(created, `{"type":"response.output_item.added","item":{"type":"function_call","name":"f","arguments":""}}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"search", stream(created, `{"type":"response.web_search_call.in_progress"}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"empty reasoning", stream(created, `{"type":"response.output_item.added","item":{"type":"reasoning","summary":[]}}`), []protocol.Step{P, P}, ai.Empty, false, ai.Failure{}},
		{"hidden reasoning", stream(created, `{"type":"response.output_item.done","item":{"type":"reasoning","summary":[],"encrypted_content":"x"}}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"reasoning", stream(created, `{"type":"response.reasoning_text.delta","delta":"Hm"}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"image", stream(created, `{"type":"response.image_generation_call.partial_image","partial_image_b64":"x"}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		// https://github.com/router-for-me/CLIProxyAPI/issues/2712
		{
			"error object first", "data: {\"error\":{\"type\":\"service_unavailable_error\",\"code\":\"server_is_overloaded\"}}\n\n",
			[]protocol.Step{X},
			ai.SoftError, false,
			ai.Failure{Type: "service_unavailable_error", Code: "server_is_overloaded"},
		},
		// https://github.com/earendil-works/pi/pull/1458
		{
			"rate limit", stream(created) + "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Requests have exceeded token rate limit\"}}}\n\n",
			[]protocol.Step{P, X},
			ai.SoftError, false,
			ai.Failure{Code: "rate_limit_exceeded", Message: "Requests have exceeded token rate limit"},
		},
		// https://github.com/Wei-Shaw/sub2api/issues/5165
		{
			"at capacity, without a code", stream(created, working) + "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"Selected model is at capacity. Please try a different model.\"}}}\n\n",
			[]protocol.Step{P, P, X},
			ai.SoftError, false,
			ai.Failure{Message: "Selected model is at capacity. Please try a different model."},
		},
		{"error event", stream(created, `{"type":"error","code":"server_error","message":"x","param":null}`), []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Code: "server_error", Message: "x"}},
		{"error event with an error inside", stream(`{"type":"error","error":{"type":"usage_limit_reached","message":"x"},"status":429}`), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Status: 429, Type: "usage_limit_reached", Message: "x"}},
		{"error after content", stream(created, hello, `{"type":"error","message":"x"}`), []protocol.Step{P, C, X}, ai.SoftError, false, ai.Failure{Message: "x"}},
		{"error as text", stream(created) + "event: error\ndata: upstream gone\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream gone"}},
		{"failed in the end", stream(created, ends("completed", `{"status":"failed","error":{"code":"server_error","message":"x"}}`)), []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Code: "server_error", Message: "x"}},
		{"failed in the beginning", stream(ends("created", `{"status":"failed","error":{"message":"x"}}`)), []protocol.Step{X}, ai.SoftError, false, ai.Failure{Message: "x"}},
		{"relay's error", "data: {\"code\":\"1302\",\"message\":\"busy\"}\n\n", []protocol.Step{X}, ai.SoftError, false, ai.Failure{Code: "1302", Message: "busy"}},
		{"relay's words", "data: 当前模型负载过高\n\n", []protocol.Step{X}, ai.SoftError, false, ai.Failure{Type: "overloaded_error", Message: "当前模型负载过高"}},
		{"broken event", stream(created) + "data: {\"type\":,}\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream sent an event that is not JSON"}},
		{"chat chunks", `data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"x"}}]}` + "\n\n", []protocol.Step{P}, ai.Empty, false, ai.Failure{}},
		{"unknown events", stream(`{"type":"telemetry","x":1}`) + "data: 17\n\ndata: [1]\n\ndata:\n\n", []protocol.Step{P, P, P, P}, ai.Empty, false, ai.Failure{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(row.stream), false, 11)
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

func TestVerdict(t *testing.T) {
	got, _ := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(stream(created, hello, completed)), false, 1000)
	want := protocol.Verdict{
		ResponseID: "resp_1", Model: "gpt-x",
		Usage: ai.Usage{Input: 10, CachedInput: 4, Output: 5, Reasoning: 2, ServiceTier: "default", Reported: true},
	}
	if diff := cmp.Diff(want, got.Verdict); diff != "" {
		t.Error(diff)
	}
	got, _ = corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(stream(created, hello)), false, 1000)
	if got.ResponseID != "resp_1" {
		t.Error("the id is known from the first event on")
	}
	for text, want := range map[string]ai.Usage{
		`{"input_tokens":9,"output_tokens":3,"total_tokens":22,"output_tokens_details":{"reasoning_tokens":10}}`: {Input: 9, Output: 13, Reasoning: 10, Reported: true},
		`{"input_tokens":9,"output_tokens":3,"input_tokens_details":{"cached_tokens":99}}`:                       {Input: 9, CachedInput: 9, Output: 3, Reported: true, Doubtful: true},
		`{"input_tokens":1e99,"output_tokens":99999999999999999999}`:                                             {Doubtful: true},
		`{"input_tokens":-1,"output_tokens":"5"}`:                                                                {Doubtful: true},
		`null`: {},
		`[]`:   {},
	} {
		got, _ := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(stream(ends("completed", `{"usage":`+text+`}`))), false, 1000)
		if diff := cmp.Diff(want, got.Usage); diff != "" {
			t.Error(text, diff)
		}
	}
}

// What a response used that failed is billed, in whatever way it says so.
func TestUsageOfFailures(t *testing.T) {
	const used = `"usage":{"input_tokens":400,"output_tokens":60}`
	want := ai.Usage{Input: 400, Output: 60, Reported: true}
	const reason = `"error":{"code":"server_error","message":"x"}`
	for _, events := range []string{
		stream(created, ends("failed", `{"status":"failed",`+reason+`,`+used+`}`)),
		stream(created, hello, ends("failed", `{"status":"failed",`+reason+`,`+used+`}`)),
	} {
		if got, _ := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(events), false, 1000); got.Kind != ai.SoftError || !got.Usage.Equal(&want) {
			t.Errorf("%s: %s, %+v", events, got.Kind, got.Usage)
		}
	}
	for _, body := range []string{
		`{"id":"resp_1","object":"response","status":"failed",` + reason + `,"output":[],` + used + `}`,
		`{` + reason + `,` + used + `}`,
		`{"type":"error","response":{` + reason + `,` + used + `}}`,
	} {
		if got := (responses.Format{}).JudgeBody(endpoint(ai.Generate), []byte(body)); got.Kind == ai.OK || !got.Usage.Equal(&want) {
			t.Errorf("%s: %s, %+v", body, got.Kind, got.Usage)
		}
	}
}

// What tools used is billed beside the tokens.
func TestUsageOfTools(t *testing.T) {
	const items = `"output":[{"type":"web_search_call","action":{"type":"search","query":"x"}},{"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call"},{"type":"message","content":[{"type":"output_text","text":"a"}]}]`
	const used = `"usage":{"input_tokens":400,"output_tokens":60}`
	for _, row := range []struct {
		name, response string
		want           ai.Usage
	}{
		{"counted by its items", `{` + items + `,` + used + `}`, ai.Usage{Input: 400, Output: 60, WebSearches: 2, Reported: true}},
		{"counted by the provider", `{` + items + `,"tool_usage":{"web_search":{"num_requests":1},"image_gen":{"input_tokens":0,"output_tokens":0,"total_tokens":0}},` + used + `}`, ai.Usage{Input: 400, Output: 60, WebSearches: 1, Reported: true}},
		{
			"an image", `{"output":[{"type":"image_generation_call","result":"AA=="}],` + used + `,"tool_usage":{"image_gen":{"input_tokens":50,"input_tokens_details":{"text_tokens":50,"image_tokens":0},"output_tokens":1056,"output_tokens_details":{"image_tokens":1056}}}}`,
			ai.Usage{Input: 400, Output: 60, Reported: true, Beside: []ai.ModelUsage{{Model: "gpt-image-2", Usage: ai.Usage{Input: 50, Output: 1056, ImageOutput: 1056, Reported: true}}}},
		},
	} {
		for _, got := range []ai.Usage{
			responses.Format{}.JudgeBody(endpoint(ai.Generate), []byte(`{"id":"resp_1","object":"response","status":"completed",`+row.response[1:])).Usage,
			func() ai.Usage {
				o, _ := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(stream(created, hello, ends("completed", row.response))), false, 1000)
				return o.Usage
			}(),
		} {
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s: %s", row.name, diff)
			}
		}
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
		{"answer", `{"id":"r","object":"response","status":"completed","error":null,"output":[` + item + `]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"plain text in the place of parts", `{"output":[{"type":"message","content":"hi"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"tool call", `{"output":[{"type":"function_call","name":"f"}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"refusal", `{"output":[{"type":"message","content":[{"type":"refusal","refusal":"No"}]}]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"under way in the background", `{"id":"r","status":"queued","output":[]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"hollow", `{"status":"completed","output":[]}`, ai.Generate, ai.Empty, ai.Failure{}},
		{"hollow with an empty text", `{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":""}]}],"usage":{"input_tokens":3,"output_tokens":0}}`, ai.Generate, ai.Empty, ai.Failure{}},
		{"silence that was counted", `{"status":"completed","output":[],"usage":{"output_tokens":3}}`, ai.Generate, ai.OK, ai.Failure{}},
		{"no room to say anything", `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}`, ai.Generate, ai.OK, ai.Failure{}},
		{"filtered", `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}`, ai.Generate, ai.ContentFilter, ai.Failure{}},
		{"nothing", " \n", ai.Generate, ai.Empty, ai.Failure{}},
		{"half", `{"output":[{"type":"mess`, ai.Generate, ai.Truncated, ai.Failure{}},
		{"broken", `{"output":[],}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"output missing", `{"id":"r"}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"another protocol", `{"choices":[{"message":{"content":"x"}}]}`, ai.Generate, ai.BadAnswer, ai.Failure{}},
		{"failed", `{"id":"r","status":"failed","output":[],"error":{"code":"server_error","message":"x"}}`, ai.Generate, ai.SoftError, ai.Failure{Code: "server_error", Message: "x"}},
		{"error", `{"error":{"message":"busy","type":"server_error","code":"c"}}`, ai.Generate, ai.SoftError, ai.Failure{Type: "server_error", Code: "c", Message: "busy"}},
		{"error as text", `{"error":"no capacity"}`, ai.Generate, ai.SoftError, ai.Failure{Message: "no capacity"}},
		{"long error at the end", `{"pad":"` + long + `","error":{"message":"x","code":"1308"}}`, ai.Generate, ai.SoftError, ai.Failure{Code: "1308", Message: "x"}},
		{"relay's error", `{"code":500,"message":"busy","data":null}`, ai.Generate, ai.SoftError, ai.Failure{Status: 500, Code: "500", Message: "busy"}},
		{"FastAPI", `{"detail":"Model busy"}`, ai.Generate, ai.SoftError, ai.Failure{Message: "Model busy"}},
		{"list with an error", `[{"error":{"message":"x"}}]`, ai.Generate, ai.SoftError, ai.Failure{Message: "x"}},
		{"event stream with an error", stream(`{"type":"error","message":"x"}`), ai.Generate, ai.SoftError, ai.Failure{Message: "x"}},
		{"relay's words", "Current model load too high, try later", ai.Generate, ai.SoftError, ai.Failure{Type: "overloaded_error", Message: "Current model load too high, try later"}},
		{"HTML", "<!DOCTYPE html><title>Log in</title>", ai.Generate, ai.BadAnswer, ai.Failure{Message: "an HTML page: log in"}},
		{"text", "hello", ai.Generate, ai.BadAnswer, ai.Failure{Message: "hello"}},
		{"count", `{"object":"response.input_tokens","input_tokens":11}`, ai.CountTokens, ai.OK, ai.Failure{}},
		{"count with an error", `{"error":{"message":"x"}}`, ai.CountTokens, ai.SoftError, ai.Failure{Message: "x"}},
		{"compacted", `{"id":"r","object":"response.compaction","output":[{"type":"compaction"}]}`, ai.Compact, ai.OK, ai.Failure{}},
		{"stored", `{"id":"r","object":"response","status":"completed","output":[` + item + `]}`, ai.StoredResponse, ai.OK, ai.Failure{}},
		{"stored failure", `{"id":"r","object":"response","status":"failed","error":{"code":"server_error","message":"x"},"output":[]}`, ai.StoredResponse, ai.OK, ai.Failure{}},
		{"stored input", `{"object":"list","data":[{"type":"message"}]}`, ai.StoredResponse, ai.OK, ai.Failure{}},
		{"deleted", `{"id":"r","object":"response.deleted","deleted":true}`, ai.StoredResponse, ai.OK, ai.Failure{}},
		{"error instead of a stored one", `{"error":{"message":"x"}}`, ai.StoredResponse, ai.SoftError, ai.Failure{Message: "x"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := responses.Format{}.JudgeBody(endpoint(row.op), []byte(row.body))
			if v.Kind != row.kind {
				t.Errorf("%v, want %v", v.Kind, row.kind)
			}
			if diff := cmp.Diff(row.failure, v.Failure); diff != "" {
				t.Error(diff)
			}
		})
	}
	stored := responses.Format{}.JudgeBody(endpoint(ai.StoredResponse), []byte(`{"id":"r","object":"response","usage":{"output_tokens":7}}`))
	if stored.Usage.Reported || stored.ResponseID != "r" {
		t.Errorf("reading a response does not cost it again: %+v", stored)
	}
}

func read(ep *protocol.Endpoint, target string, header http.Header, body string) (protocol.Request, error) {
	r := httptest.NewRequest(http.MethodPost, "http://gateway"+target, nil)
	r.Header = header
	return responses.Format{}.ReadRequest(ep, r, []byte(body))
}

func TestReadRequest(t *testing.T) {
	for _, row := range []struct {
		name, target, body string
		op                 ai.Operation
		code               string
		want               protocol.Request // but for the span and the conversation
	}{
		{"plain", "/v1/responses", `{"model":"m","input":"a"}`, ai.Generate, "", protocol.Request{Model: "m", WantsUsage: true}},
		{"stream", "/v1/responses", `{"model":"m","stream":true,"max_output_tokens":9}`, ai.Generate, "", protocol.Request{Model: "m", Stream: true, MaxOutput: 9, WantsUsage: true}},
		{"continued", "/v1/responses", `{"model":"m","previous_response_id":"resp_9","input":[]}`, ai.Generate, "", protocol.Request{Model: "m", Continues: "resp_9", WantsUsage: true}},
		{"continues nothing", "/v1/responses", `{"model":"m","previous_response_id":null}`, ai.Generate, "", protocol.Request{Model: "m", WantsUsage: true}},
		{"count", "/v1/responses/input_tokens", `{"model":"m","stream":true}`, ai.CountTokens, "", protocol.Request{Model: "m", WantsUsage: true}},
		{"stored", "/v1/responses/resp_9", ``, ai.StoredResponse, "", protocol.Request{Continues: "resp_9"}},
		{"stored, streamed", "/v1/responses/resp_9?stream=true", ``, ai.StoredResponse, "", protocol.Request{Continues: "resp_9", Stream: true}},
		{"cancelled", "/v1/responses/resp_9/cancel", `{}`, ai.StoredResponse, "", protocol.Request{Continues: "resp_9"}},
		{"model missing", "/v1/responses", `{"input":"a"}`, ai.Generate, protocol.CodeMissingModel, protocol.Request{}},
		{"model twice", "/v1/responses", `{"model":"a","model":"b"}`, ai.Generate, protocol.CodeDuplicateModel, protocol.Request{}},
		{"cut", "/v1/responses", `{"model":"a"`, ai.Generate, protocol.CodeInvalidJSON, protocol.Request{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ep := endpoint(row.op)
			if strings.HasSuffix(row.target, "/cancel") {
				ep = &protocol.Endpoint{Operation: row.op, Path: "/v1/responses/{id}/cancel"}
			}
			got, err := read(ep, row.target, nil, row.body)
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
			if span := row.body[got.ModelStart:got.ModelEnd]; row.want.Model != "" && span != `"m"` {
				t.Errorf("the model's span is %q", span)
			}
			got.ModelStart, got.ModelEnd, got.Conversation = 0, 0, 0
			if diff := cmp.Diff(row.want, got, cmpopts.IgnoreTypes(scan.Index{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConversation(t *testing.T) {
	const (
		opening = `{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},{"type":"message","role":"user","content":[{"type":"input_text","text":"first"}]}`
		turn    = `,{"type":"reasoning","id":"rs_1","summary":[]},{"type":"function_call","call_id":"c"},{"type":"function_call_output","call_id":"c","output":"o"}`
	)
	ask := func(input, more string) string { return `{"model":"m","input":[` + input + `]` + more + `}` }
	base := ask(opening, `,"instructions":"i"`)
	session := http.Header{"Session_id": {"s1"}}
	for _, row := range []struct {
		name             string
		header, header2  http.Header
		body, body2      string
		sameConversation bool
	}{
		{"next turn", nil, nil, base, ask(opening+turn, `,"instructions":"i"`), true},
		{"another first question", nil, nil, base, ask(strings.Replace(opening, "first", "other", 1), `,"instructions":"i"`), false},
		{"other instructions", nil, nil, base, ask(opening, `,"instructions":"j"`), false},
		{"other tools", nil, nil, ask(opening, `,"tools":[1]`), ask(opening, `,"tools":[2]`), false},
		{"one cache key", nil, nil, ask(opening, `,"prompt_cache_key":"k"`), `{"model":"m","input":"x","prompt_cache_key":"k"}`, true},
		{"two cache keys", nil, nil, ask(opening, `,"prompt_cache_key":"k"`), ask(opening, `,"prompt_cache_key":"l"`), false},
		{"one session", session, session, base, `{"model":"m","input":"x"}`, true},
		{"two sessions", session, http.Header{"Session_id": {"s2"}}, base, base, false},
		{"plain input", nil, nil, `{"model":"m","input":"a"}`, `{"model":"m","input":"a","stream":true}`, true},
		{"another plain input", nil, nil, `{"model":"m","input":"a"}`, `{"model":"m","input":"b"}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := read(endpoint(ai.Generate), "/v1/responses", row.header, row.body)
			b, err2 := read(endpoint(ai.Generate), "/v1/responses", row.header2, row.body2)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if a.Conversation == 0 || b.Conversation == 0 || (a.Conversation == b.Conversation) != row.sameConversation {
				t.Errorf("%x and %x", a.Conversation, b.Conversation)
			}
		})
	}
}

func TestWriting(t *testing.T) {
	f := responses.Format{}
	e := &protocol.Error{Status: 503, Code: "upstream_unavailable", Message: "no \"m\" <here>\n", RequestID: "r1"}
	ct, body := f.WriteError(e)
	if fail, isError := protocol.ParseFailure(body); ct != "application/json" || !isError || fail.Code != e.Code || fail.Type != "server_error" {
		t.Errorf("%s %s", ct, body)
	}
	ended, err := corpus.Replay(f, endpoint(ai.Generate), append([]byte(stream(created, hello)), f.ErrorEvent(e, false)...), false, 7)
	if err != nil || ended.Kind != ai.SoftError || ended.Failure.Code != e.Code || ended.Failure.Message != strings.TrimSpace(e.Message) || ended.Events != 4 {
		t.Errorf("%+v, %v", ended, err)
	}
	const want = "event: error\n" +
		`data: {"type":"error","sequence_number":0,"code":"upstream_unavailable","message":"no \"m\" <here>\n","param":null,"error":{"type":"server_error","code":"upstream_unavailable","message":"no \"m\" <here>\n"}}` + "\n\n" +
		"event: response.failed\n" +
		`data: {"type":"response.failed","sequence_number":1,"response":{"id":"r1","object":"response","status":"failed","error":{"code":"upstream_unavailable","message":"no \"m\" <here>\n"},"incomplete_details":null,"output":[],"usage":null}}` + "\n\n"
	if diff := cmp.Diff(want, string(f.ErrorEvent(e, false))); diff != "" {
		t.Error(diff)
	}
	if got := string(f.WriteModels(nil, []protocol.Model{{ID: "a"}})); got != `{"object":"list","data":[`+string(f.WriteModel(nil, protocol.Model{ID: "a"}))+`]}` {
		t.Error(got)
	}
	h := http.Header{}
	if f.SetKey(h, "k"); h.Get("Authorization") != "Bearer k" {
		t.Error(h)
	}
	if !f.ForwardHeader("Conversation_id") || f.ForwardHeader("Authorization") {
		t.Error("wrong headers go upstream")
	}
}

// What nearly all events of a stream are costs no memory.
func TestPlainEventsDoNotAllocate(t *testing.T) {
	for name, data := range map[string]string{
		"text":      hello,
		"empty":     `{"type":"response.output_text.delta","delta":""}`,
		"arguments": `{"type":"response.function_call_arguments.delta","delta":"{"}`,
		"reasoning": `{"type":"response.reasoning_text.delta","delta":"x"}`,
		"tool":      `{"type":"response.custom_tool_call_input.delta","delta":"x"}`,
		"done":      saidAll,
		"added":     added,
	} {
		j := responses.Format{}.NewJudge(endpoint(ai.Generate))
		ev := sse.Event{Data: []byte(data)}
		if n := testing.AllocsPerRun(100, func() { j.Event(ev) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func sane(t *testing.T, u ai.Usage) {
	t.Helper()
	if u.Input < 0 || u.Output < 0 || u.CachedInput+u.CacheWrite > u.Input || u.Reasoning > u.Output {
		t.Fatalf("%+v", u)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(stream(created, added, hello, completed)))
	f.Add([]byte(stream(`{"type":"response.failed","response":{"error":[],"output":[{"type":"message","content":1}],"incomplete_details":{"reason":"x"}}}`)))
	f.Add([]byte("event: response.completed\ndata: [\"\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := corpus.Replay(responses.Format{}, endpoint(ai.Generate), b, false, 5)
		if err != nil {
			t.Fatal(err)
		}
		sane(t, got.Usage)
		if got.Kind == ai.OK && !got.Ended {
			t.Fatal("good, but it may not end here")
		}
		j := responses.Format{}.NewJudge(endpoint(ai.Generate))
		if j.Event(sse.Event{Data: b}) == protocol.Failed && j.Verdict().Kind != ai.SoftError {
			t.Fatal("failed, but no error")
		}
		j.Event(sse.Event{Name: []byte("response.completed"), Data: b})
		j.Event(sse.Event{Name: []byte("error"), Data: b})
	})
}

func FuzzJudgeBody(f *testing.F) {
	f.Add([]byte(`{"id":"r","object":"response","status":"completed","output":[` + item + `],"usage":{"input_tokens":1}}`))
	f.Add([]byte(`{"error":{"message":"x"},"output":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, op := range []ai.Operation{ai.Generate, ai.CountTokens, ai.Compact, ai.StoredResponse} {
			v := responses.Format{}.JudgeBody(endpoint(op), b)
			sane(t, v.Usage)
			if v.Kind == ai.OK && !json.Valid(b) {
				t.Fatalf("%s is good, but no JSON", op)
			}
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","input":[{"role":"user","content":[{"text":"a"}]}],"previous_response_id":"r","tools":[1]}`))
	f.Add([]byte(`{"model":"\u006d","input":"a","prompt_cache_key":"k"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(endpoint(ai.Generate), "/v1/responses", nil, string(b))
		if err == nil && (got.Model == "" || b[got.ModelStart] != '"' || b[got.ModelEnd-1] != '"') {
			t.Fatalf("%+v", got)
		}
	})
}

// A stream of 200 events, as it comes from the network.
func BenchmarkStream(b *testing.B) {
	events := []string{created, added}
	for range 197 {
		events = append(events, hello)
	}
	body := []byte(stream(append(events, completed)...))
	ep := endpoint(ai.Generate)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var scanner sse.Scanner
		j := responses.Format{}.NewJudge(ep)
		if err := scanner.Feed(body, func(ev sse.Event) bool { j.Event(ev); return true }); err != nil || j.Verdict().Kind != ai.OK {
			b.Fatal(err, j.Verdict())
		}
	}
}
