package gemini_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/sse"
)

// chunk writes an event whose only candidate has the given parts and reason.
func chunk(parts, reason string) string {
	candidate := `{"content":{"role":"model","parts":[` + parts + `]},"index":0`
	if reason != "" {
		candidate += `,"finishReason":"` + reason + `"`
	}
	return `{"candidates":[` + candidate + `}],"modelVersion":"gemini-x"}`
}

func events(data ...string) string {
	var b strings.Builder
	for _, d := range data {
		b.WriteString("data: " + d + "\r\n\r\n")
	}
	return b.String()
}

func find(path string) *protocol.Endpoint { return corpus.Endpoint(gemini.Format{}, path) }

func TestJudgeStream(t *testing.T) {
	const (
		P = protocol.Preamble
		C = protocol.Content
		F = protocol.Finish
		E = protocol.End
		X = protocol.Failed
	)
	hello := chunk(`{"text":"Hello"}`, "")
	for _, row := range []struct {
		name   string
		data   []string
		tail   string
		steps  []protocol.Step
		kind   ai.Kind
		ended  bool
		reason string
	}{
		{"whole", []string{hello, chunk(`{"text":" there"}`, "STOP")}, "", []protocol.Step{C, F}, ai.OK, true, ""},
		{"finish apart", []string{hello, chunk(`{"text":"","thoughtSignature":"x"}`, "STOP"), `{"usageMetadata":{"promptTokenCount":1}}`}, "", []protocol.Step{C, F, F}, ai.OK, true, ""},
		{"cut", []string{hello}, "", []protocol.Step{C}, ai.Truncated, false, ""},
		{"cut in an event", []string{hello}, `data: {"candidates":[{"con`, []protocol.Step{C, P}, ai.Truncated, false, ""},
		{"nothing", nil, "", nil, ai.Empty, false, ""},
		{"only usage", []string{`{"usageMetadata":{"promptTokenCount":5}}`}, "", []protocol.Step{P}, ai.Empty, false, ""},
		{"error first", []string{`{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`}, "", []protocol.Step{X}, ai.SoftError, false, "The model is overloaded."},
		{"error later", []string{hello, `{"error":{"code":500,"message":"Internal","status":"INTERNAL"}}`}, "", []protocol.Step{C, X}, ai.SoftError, false, "Internal"},
		{"broken", []string{hello, `{"candidates":}`}, "", []protocol.Step{C, X}, ai.SoftError, false, "upstream sent an event that is not JSON"},
		{"thought", []string{chunk(`{"text":"Hm","thought":true}`, "")}, "", []protocol.Step{C}, ai.Truncated, false, ""},
		{"function call", []string{chunk(`{"functionCall":{"name":"f","args":{}}}`, "STOP")}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"image", []string{chunk(`{"inlineData":{"mimeType":"image/png","data":"AA=="}}`, "")}, "", []protocol.Step{C}, ai.Truncated, false, ""},
		{"code", []string{chunk(`{"executableCode":{"code":"1"}}`, "")}, "", []protocol.Step{C}, ai.Truncated, false, ""},
		{"nothing and STOP", []string{chunk(``, "STOP")}, "", []protocol.Step{P}, ai.Empty, true, ""},
		{"nothing to say", []string{`{"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"nothing to say, usage later", []string{chunk(``, "STOP"), `{"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`}, "", []protocol.Step{P, F}, ai.OK, true, ""},
		{"nothing and STOP without a prompt", []string{`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":0}}`}, "", []protocol.Step{P}, ai.Empty, true, ""},
		{"nothing and OTHER with usage", []string{`{"candidates":[{"finishReason":"OTHER"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`}, "", []protocol.Step{P}, ai.Empty, true, ""},
		{"nothing and a broken call", []string{chunk(``, "MALFORMED_FUNCTION_CALL")}, "", []protocol.Step{P}, ai.Empty, true, ""},
		{"nothing and the limit", []string{chunk(``, "MAX_TOKENS")}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"nothing but tokens", []string{`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"thoughtsTokenCount":9}}`}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"safety", []string{chunk(``, "SAFETY")}, "", []protocol.Step{F}, ai.ContentFilter, true, ""},
		{"safety after content", []string{hello, chunk(``, "SAFETY")}, "", []protocol.Step{C, F}, ai.OK, true, ""},
		{"blocked prompt", []string{`{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3}}`}, "", []protocol.Step{F}, ai.ContentFilter, true, ""},
		{"feedback without a block", []string{`{"promptFeedback":{"safetyRatings":[]}}`}, "", []protocol.Step{P}, ai.Empty, false, ""},
		{"unspecified reason", []string{chunk(`{"text":"a"}`, "FINISH_REASON_UNSPECIFIED")}, "", []protocol.Step{C}, ai.Truncated, false, ""},
		{"unknown reason", []string{chunk(``, "SOMETHING_NEW")}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"numbers for names", []string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":1}]}`}, "", []protocol.Step{F}, ai.OK, true, ""},
		{"marker of another protocol", []string{hello, chunk(``, "STOP"), "[DONE]"}, "", []protocol.Step{C, F, E}, ai.OK, true, ""},
		{"only that marker", []string{"[DONE]", "", "hello"}, "", []protocol.Step{P, P, P}, ai.Empty, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := corpus.Replay(gemini.Format{}, find("/v1beta/models/m:streamGenerateContent"), []byte(events(row.data...)+row.tail), false, 11)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.steps, got.Steps); diff != "" {
				t.Error(diff)
			}
			if got.Kind != row.kind || got.Ended != row.ended || got.Failure.Message != row.reason {
				t.Errorf("%v, ended %v, %+v", got.Kind, got.Ended, got.Failure)
			}
		})
	}
}

func TestJudgeArray(t *testing.T) {
	ep := find("/v1/models/m:streamGenerateContent")
	hello := chunk(`{"text":"Hello"}`, "")
	for _, row := range []struct {
		name, body string
		kind       ai.Kind
		ended      bool
	}{
		{"whole", "[" + hello + "\n,\r\n" + chunk(``, "STOP") + "\n]\n", ai.OK, true},
		{"without its bracket", "[" + hello + "\n,\r\n" + chunk(``, "STOP"), ai.OK, true},
		{"cut", "[" + hello + ",\n{\"candi", ai.Truncated, false},
		{"error", `[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]`, ai.SoftError, false},
		{"bare error", `{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}`, ai.SoftError, false},
		{"empty", "[]", ai.Empty, false},
	} {
		got, err := corpus.Replay(gemini.Format{}, ep, []byte(row.body), true, 9)
		if err != nil || got.Kind != row.kind || got.Ended != row.ended {
			t.Errorf("%s: %v, ended %v, %v", row.name, got.Kind, got.Ended, err)
		}
	}
}

func TestJudgeBody(t *testing.T) {
	generate, count, embed := find("/v1beta/models/m:generateContent"), find("/v1/models/m:countTokens"), find("/v1beta/models/m:batchEmbedContents")
	stream := find("/v1beta/models/m:streamGenerateContent")
	for _, row := range []struct {
		name, body string
		ep         *protocol.Endpoint
		kind       ai.Kind
		message    string
	}{
		{"answer", chunk(`{"text":"hi"}`, "STOP"), generate, ai.OK, ""},
		{"answer without a reason", chunk(`{"text":"hi"}`, ""), generate, ai.OK, ""},
		{"answer to a stream", chunk(`{"text":"hi"}`, "STOP"), stream, ai.OK, ""},
		{"array", "[" + chunk(`{"text":"hi"}`, "") + "," + chunk(``, "STOP") + "]", stream, ai.OK, ""},
		{"array with an error", "[" + chunk(`{"text":"hi"}`, "") + `,{"error":{"message":"x"}}]`, stream, ai.SoftError, "x"},
		{"nothing and STOP", chunk(``, "STOP"), generate, ai.Empty, ""},
		{"no candidates", `{"candidates":[],"usageMetadata":{"promptTokenCount":4}}`, generate, ai.Empty, ""},
		{"blocked", `{"promptFeedback":{"blockReason":"SAFETY"}}`, generate, ai.ContentFilter, ""},
		{"half", `{"candidates":[{"content"`, generate, ai.Truncated, ""},
		{"half array", `[{"candidates":[]},`, stream, ai.Truncated, ""},
		{"nothing", "", generate, ai.Empty, ""},
		{"error", `{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`, generate, ai.SoftError, "busy"},
		{"relay's words", "当前模型负载过高", generate, ai.SoftError, "当前模型负载过高"},
		{"HTML", "<html>", generate, ai.BadAnswer, "an HTML page"},
		{"another protocol", `{"type":"message","content":[{"type":"text","text":"x"}]}`, generate, ai.BadAnswer, ""},
		{"empty object", `{}`, generate, ai.BadAnswer, ""},
		{"count", `{"totalTokens":3}`, count, ai.OK, ""},
		{"count of nothing", `{"totalTokens":0}`, count, ai.OK, ""},
		{"no count", `{"message":"x"}`, count, ai.SoftError, "x"},
		{"embeddings", `{"embeddings":[{"values":[0.1]}],"usageMetadata":{"promptTokenCount":3}}`, embed, ai.OK, ""},
		{"no embeddings", `{"embeddings":[]}`, embed, ai.BadAnswer, ""},
		{"list", `[{"error":{"message":"x"}}]`, embed, ai.SoftError, "x"},
	} {
		v := gemini.Format{}.JudgeBody(row.ep, []byte(row.body))
		if v.Kind != row.kind || v.Failure.Message != row.message {
			t.Errorf("%s: %v, %q", row.name, v.Kind, v.Failure.Message)
		}
	}
	v := gemini.Format{}.JudgeBody(embed, []byte(`{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":3}}`))
	if !v.Usage.Equal(&ai.Usage{Input: 3, Reported: true}) {
		t.Errorf("embedding: %+v", v.Usage)
	}
}

func TestUsage(t *testing.T) {
	ep := find("/v1beta/models/m:streamGenerateContent")
	for _, row := range []struct {
		name string
		data []string
		want ai.Usage
	}{
		{
			"the last numbers count, they are cumulative",
			[]string{`{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"thoughtsTokenCount":7}}`, `{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":22}}`},
			ai.Usage{Input: 10, Output: 12, Reasoning: 7, Reported: true},
		},
		{
			"tools, cache, media",
			[]string{`{"usageMetadata":{"promptTokenCount":100,"toolUsePromptTokenCount":50,"cachedContentTokenCount":40,"candidatesTokenCount":9,"serviceTier":"priority","promptTokensDetails":[{"modality":"TEXT","tokenCount":10},{"modality":"AUDIO","tokenCount":20},{"modality":"IMAGE","tokenCount":30},{"modality":"DOCUMENT","tokenCount":40}],"toolUsePromptTokensDetails":[{"modality":"IMAGE","tokenCount":5}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":4},{"modality":"AUDIO","tokenCount":3}]}}`},
			ai.Usage{Input: 150, CachedInput: 40, Output: 9, AudioInput: 20, ImageInput: 75, AudioOutput: 3, ImageOutput: 4, ServiceTier: "priority", Reported: true},
		},
		{"output from the total", []string{`{"usageMetadata":{"promptTokenCount":10,"totalTokenCount":25}}`}, ai.Usage{Input: 10, Output: 15, Reported: true}},
		{"Vertex", []string{`{"usageMetadata":{"trafficType":"ON_DEMAND"}}`}, ai.Usage{}},
		{"nonsense", []string{`{"usageMetadata":{"promptTokenCount":-1,"candidatesTokenCount":"x","promptTokensDetails":[{"modality":"AUDIO","tokenCount":-9},{}]}}`}, ai.Usage{Doubtful: true}},
		{
			"cached by kind",
			[]string{`{"usageMetadata":{"promptTokenCount":2000,"candidatesTokenCount":100,"cachedContentTokenCount":1000,"promptTokensDetails":[{"modality":"TEXT","tokenCount":500},{"modality":"AUDIO","tokenCount":1500}],"cacheTokensDetails":[{"modality":"TEXT","tokenCount":200},{"modality":"AUDIO","tokenCount":800}]}}`},
			ai.Usage{Input: 2000, CachedInput: 1000, AudioInput: 1500, CachedAudio: 800, Output: 100, Reported: true},
		},
		{
			"each search from Gemini 3 on",
			[]string{`{"modelVersion":"gemini-3.5-flash","candidates":[{"content":{"parts":[{"text":"a"}]}}]}`, `{"candidates":[{"content":{"parts":[{"text":"b"}]},"groundingMetadata":{"webSearchQueries":["x","y"]}}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}`},
			ai.Usage{Input: 1, Output: 1, WebSearches: 2, Reported: true},
		},
		{
			"an answer with searches before",
			[]string{`{"modelVersion":"gemini-2.5-flash","candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":{"webSearchQueries":["x","y"]}}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}`},
			ai.Usage{Input: 1, Output: 1, WebSearches: 1, Reported: true},
		},
	} {
		got, _ := corpus.Replay(gemini.Format{}, ep, []byte(events(row.data...)), false, 1000)
		if diff := cmp.Diff(row.want, got.Usage); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

func TestReadRequest(t *testing.T) {
	read := func(target, body string) (protocol.Request, error) {
		r := httptest.NewRequest(http.MethodPost, target, nil)
		return gemini.Format{}.ReadRequest(find(r.URL.Path), r, []byte(body))
	}
	for _, row := range []struct {
		target        string
		stream, array bool
	}{
		{"/v1beta/models/g:generateContent", false, false},
		{"/v1/models/g:generateContent?alt=sse", false, false},
		{"/v1beta/models/g:streamGenerateContent?alt=sse", true, false},
		{"/v1beta/models/g:streamGenerateContent?a=b&%24alt=sse", true, false},
		{"/v1beta/models/g:streamGenerateContent", true, true},
		{"/v1/models/g:streamGenerateContent?alt=json", true, true},
		{"/v1/models/g:streamGenerateContent?$alt=json;enum-encoding=int", true, true},
	} {
		got, err := read(row.target, `{"contents":[{"parts":[{"text":"x"}]}],"stream":true,"generationConfig":{"maxOutputTokens":7}}`)
		if err != nil || got.Model != "g" || got.Stream != row.stream || got.Array != row.array || got.MaxOutput != 7 || got.ModelEnd != 0 || !got.WantsUsage || got.Conversation == 0 {
			t.Errorf("%s: %+v, %v", row.target, got, err)
		}
	}
	got, err := read("/v1beta/models/a/b:embedContent", `{"model":"models/b","content":{}}`)
	if err != nil || got.Model != "a/b" || got.Conversation != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, row := range []struct{ target, body, code string }{
		{"/v1beta/models/g:generateContent", `{"contents":[`, protocol.CodeInvalidJSON},
		{"/v1beta/models/g:generateContent", `{"model":"models/other"}`, protocol.CodeInvalidModel},
		{"/v1beta/models/g:batchEmbedContents", `{"requests":[{"model":"models/g"},{"model":"models/other"}]}`, protocol.CodeInvalidModel},
		{"/v1beta/models/" + strings.Repeat("g", 300) + ":generateContent", `{}`, protocol.CodeInvalidModel},
		{"/v1beta/models/a%0Ab:generateContent", `{}`, protocol.CodeInvalidModel},
		{"/v1beta/models/:generateContent", `{}`, protocol.CodeMissingModel},
	} {
		_, err := read(row.target, row.body)
		var bad *protocol.RequestError
		if !errors.As(err, &bad) || bad.Code != row.code {
			t.Errorf("%.60s %s: %v", row.target, row.body, err)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/v1beta/models/g", nil)
	if got, err := (gemini.Format{}).ReadRequest(find("/v1beta/models/g"), r, nil); err != nil || got != (protocol.Request{}) {
		t.Errorf("reading a model: %+v, %v", got, err)
	}
	a, _ := read("/v1beta/models/g:generateContent", `{"cachedContent":"cachedContents/1","contents":[{"parts":[{"text":"x"}]}]}`)
	b, _ := read("/v1beta/models/g:generateContent", `{"cachedContent":"cachedContents/1","contents":[{"parts":[{"text":"y"}]}]}`)
	if a.Conversation != b.Conversation {
		t.Error("a cache holds a conversation together")
	}
}

func TestWriting(t *testing.T) {
	f := gemini.Format{}
	e := &protocol.Error{Status: 404, Code: "model_not_found", Param: "model", Message: "no <m>", RequestID: "r1"}
	ct, body := f.WriteError(e)
	const want = `{"error":{"code":404,"message":"no <m>","status":"NOT_FOUND","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"model_not_found","domain":"ccload","metadata":{"field":"model","request_id":"r1"}}]}}`
	if !strings.HasPrefix(ct, "application/json") || string(body) != want {
		t.Errorf("%s %s", ct, body)
	}
	if got := string(f.ErrorEvent(e, false)); got != "data: "+want+"\r\n\r\n" {
		t.Error(got)
	}
	array := "[" + chunk(`{"text":"a"}`, "") + string(f.ErrorEvent(e, true))
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(array), &elements); err != nil || len(elements) != 2 {
		t.Errorf("%s: %v", array, err)
	}
	if got, isError := protocol.ParseFailure(body); !isError || got.Type != "NOT_FOUND" || got.RetryAfter != time.Duration(0) {
		t.Errorf("%+v", got)
	}
	if got := string(f.WriteModels(nil, nil)); got != `{"models":[]}` {
		t.Error(got)
	}
	one := string(f.WriteModel(nil, protocol.Model{ID: "g"}))
	if !strings.Contains(one, `"name":"models/g"`) || string(f.WriteModels(nil, []protocol.Model{{ID: "g"}})) != `{"models":[`+one+`]}` {
		t.Error(one)
	}
	if !strings.Contains(string(f.WriteModel(nil, protocol.Model{ID: "gemini-embedding-001"})), "embedContent") {
		t.Error("an embedding model embeds")
	}
	h := http.Header{}
	if f.SetKey(h, "k"); h.Get("x-goog-api-key") != "k" {
		t.Error(h)
	}
	for name, want := range map[string]bool{
		"X-Goog-Api-Client": true, "X-Server-Timeout": true, "X-Gemini-Api-Privileged-User-Id": true, "Content-Type": true,
		"X-Goog-Api-Key": false, "X-Goog-User-Project": false, "X-Goog-Authenticated-User-Email": false, "X-Goog-Iap-Jwt-Assertion": false, "X-Gemini-Api-Key": false,
	} {
		if f.ForwardHeader(name) != want {
			t.Errorf("ForwardHeader(%s) = %v", name, !want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(events(chunk(`{"text":"x"}`, ""), chunk(``, "STOP"))))
	f.Add([]byte(`[` + chunk(`{"functionCall":{}}`, "OTHER") + `,{"usageMetadata":{"promptTokensDetails":[{"modality":4,"tokenCount":3}]}}]`))
	f.Add([]byte(`{"promptFeedback":{"blockReason":3},"embeddings":[1]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		stream := find("/v1beta/models/m:streamGenerateContent")
		got, err := corpus.Replay(gemini.Format{}, stream, b, bytes.HasPrefix(b, []byte("[")), 5)
		if err != nil && !errors.Is(err, sse.ErrNotArray) {
			t.Fatal(err)
		}
		u := got.Usage
		if u.Input < 0 || u.CachedInput > u.Input || u.AudioInput > u.Input || u.ImageInput > u.Input || u.Reasoning > u.Output || u.AudioOutput > u.Output {
			t.Fatalf("%+v", u)
		}
		for _, ep := range (gemini.Format{}).Endpoints() {
			gemini.Format{}.JudgeBody(&ep, b)
		}
		gemini.Format{}.NewJudge(stream).Event(sse.Event{Data: b})
	})
}

func BenchmarkJudge(b *testing.B) {
	j := gemini.Format{}.NewJudge(find("/v1beta/models/m:streamGenerateContent"))
	data := []byte(`{"candidates":[{"content":{"parts":[{"text":"Hello there"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":13,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10}]},"modelVersion":"gemini-2.5-flash","responseId":"x"}`)
	b.ReportAllocs()
	for b.Loop() {
		if j.Event(sse.Event{Data: data}) != protocol.Content {
			b.Fatal("no content")
		}
	}
}

// An answer in which the model has nothing to say is marked as such, one with
// anything in it is not.
func TestBlankAnswers(t *testing.T) {
	for body, want := range map[string]bool{
		`{"candidates":[{"content":{},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:                                          true,
		`{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":1}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":0,"totalTokenCount":3}}`: false,
		`{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":1}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:                          true,
		`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:                    false,
		`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"thoughtsTokenCount":9}}`:                                                    false,
		`{"candidates":[{"finishReason":"SAFETY"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:                                                     false,
		`{"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:                                                 false,
		`{"candidates":[{"finishReason":"STOP"}]}`: false,
	} {
		if v := (gemini.Format{}).JudgeBody(&protocol.Endpoint{Operation: ai.Generate}, []byte(body)); v.Blank != want {
			t.Errorf("%s: %+v", body, v)
		}
	}
}
