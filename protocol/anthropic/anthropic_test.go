package anthropic_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/sse"
)

const (
	start   = `{"type":"message_start","message":{"id":"msg_1","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":1}}}`
	block   = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	hello   = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}`
	closing = `{"type":"content_block_stop","index":0}`
	done    = `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}`
	stop    = `{"type":"message_stop"}`
	ping    = `{"type":"ping"}`
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
		{"whole", stream(start, ping, block, hello, closing, done, stop), []protocol.Step{P, P, P, C, P, F, E}, ai.OK, true, ai.Failure{}},
		{"without names", strings.ReplaceAll(stream(start, block, hello, done, stop), "event: ", ": "), []protocol.Step{P, P, C, F, E}, ai.OK, true, ai.Failure{}},
		{"cut in message_stop", stream(start, hello, done) + "event: message_stop\ndata: {\"type\":\"m", []protocol.Step{P, C, F, E}, ai.OK, true, ai.Failure{}},
		{"cut in message_stop without a message_delta", stream(start, hello) + "event: message_stop\ndata: {\"type\":\"m", []protocol.Step{P, C, E}, ai.OK, true, ai.Failure{}},
		{"cut before message_stop", stream(start, hello, done), []protocol.Step{P, C, F}, ai.OK, true, ai.Failure{}},
		{"cut in the text", stream(start, hello), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"cut in an event", stream(start, hello) + "event: content_block_delta\ndata: {\"type\":\"cont", []protocol.Step{P, C, P}, ai.Truncated, false, ai.Failure{}},
		{"cut in the preamble", stream(start, block), []protocol.Step{P, P}, ai.Empty, false, ai.Failure{}},
		{"only pings", stream(ping, ping), []protocol.Step{P, P}, ai.Empty, false, ai.Failure{}},
		{"nothing", "", nil, ai.Empty, false, ai.Failure{}},
		{"end without content or reason", stream(start, stop), []protocol.Step{P, P}, ai.Empty, true, ai.Failure{}},
		{"end_turn without content or tokens", stream(start, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}`, stop), []protocol.Step{P, P, P}, ai.Empty, true, ai.Failure{}},
		{"silence that was meant", stream(start, done, stop), []protocol.Step{P, F, E}, ai.OK, true, ai.Failure{}},
		{
			"overloaded first", `event: error` + "\n" + `data: {"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_x"}` + "\n\n",
			[]protocol.Step{X},
			ai.SoftError, false,
			ai.Failure{Type: "overloaded_error", Message: "Overloaded"},
		},
		{
			"error behind message_start", stream(start, ping) + `data: {"type":"error","error":{"type":"api_error","message":"no"}}` + "\n\n",
			[]protocol.Step{P, P, X},
			ai.SoftError, false,
			ai.Failure{Type: "api_error", Message: "no"},
		},
		{
			"error without a type", stream(start) + `data: {"error":{"message":"quota","code":"insufficient_quota"}}` + "\n\n",
			[]protocol.Step{P, X},
			ai.SoftError, false,
			ai.Failure{Code: "insufficient_quota", Message: "quota"},
		},
		{"error as text", stream(start) + "event: error\ndata: upstream gone\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream gone"}},
		{"relay's words", "data: 当前模型负载过高\n\n", []protocol.Step{X}, ai.SoftError, false, ai.Failure{Type: "overloaded_error", Message: "当前模型负载过高"}},
		{"broken event", stream(start) + "data: {\"type\":\"content_block_delta\",}\n\n", []protocol.Step{P, X}, ai.SoftError, false, ai.Failure{Message: "upstream sent an event that is not JSON"}},
		{"error after content", stream(start, hello, `{"type":"error","error":{"type":"overloaded_error","message":"o"}}`), []protocol.Step{P, C, X}, ai.SoftError, false, ai.Failure{Type: "overloaded_error", Message: "o"}},
		{"null error", stream(`{"type":"content_block_delta","error":null,"delta":{"type":"text_delta","text":"x"}}`, stop), []protocol.Step{C, E}, ai.OK, true, ai.Failure{}},
		{"end marker of another protocol", stream(start, hello, done) + "data: [DONE]\n\n", []protocol.Step{P, C, F, E}, ai.OK, true, ai.Failure{}},
		{"nothing but another protocol's marker", "data: [DONE]\n\n", []protocol.Step{P}, ai.Empty, false, ai.Failure{}},
		{"tool call", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"thinking", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"empty deltas", stream(start, `{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}`, `{"type":"content_block_delta"}`), []protocol.Step{P, P, P}, ai.Empty, false, ai.Failure{}},
		{"signature", stream(start, `{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"x"}}`), []protocol.Step{P, C}, ai.Truncated, false, ai.Failure{}},
		{"whole message at the start", stream(`{"type":"message_start","message":{"content":[{"type":"tool_use"}],"stop_reason":"tool_use"}}`, stop), []protocol.Step{F, E}, ai.OK, true, ai.Failure{}},
		{"refusal", stream(start, `{"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{}}`, stop), []protocol.Step{P, F, E}, ai.ContentFilter, true, ai.Failure{}},
		{"chat chunks", `data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"x"}}]}` + "\n\n", []protocol.Step{P}, ai.Empty, false, ai.Failure{}},
		{"unknown events", stream(`{"type":"telemetry","x":1}`) + "data: 17\n\ndata: [1]\n\ndata:\n\n", []protocol.Step{P, P, P, P}, ai.Empty, false, ai.Failure{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ep, _ := endpoints()
			got, err := corpus.Replay(anthropic.Format{}, ep, []byte(row.stream), false, 11)
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

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		name, stream string
		want         ai.Usage
	}{
		{"input from the start", stream(start, done), ai.Usage{Input: 100, CachedInput: 90, Output: 5, Reported: true}},
		{
			"corrected at the end", stream(start, `{"type":"message_delta","delta":{},"usage":{"input_tokens":12,"cache_read_input_tokens":80,"cache_creation_input_tokens":8,"output_tokens":7}}`),
			ai.Usage{Input: 100, CachedInput: 80, CacheWrite: 8, Output: 7, Reported: true},
		},
		{
			"zeros at the end do not erase", stream(start, `{"type":"message_delta","delta":{},"usage":{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":7}}`),
			ai.Usage{Input: 100, CachedInput: 90, Output: 7, Reported: true},
		},
		{
			"cache writes", stream(`{"type":"message_start","message":{"usage":{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30},"output_tokens":1,"service_tier":"priority"}}}`),
			ai.Usage{Input: 51, CacheWrite: 50, CacheWrite1h: 30, Output: 1, ServiceTier: "priority", Reported: true},
		},
		{
			"iterations", stream(`{"type":"message_delta","usage":{"input_tokens":5,"output_tokens":2,"output_tokens_details":{"thinking_tokens":1},"speed":"fast","iterations":[{"input_tokens":5,"output_tokens":2},{"type":"compaction","input_tokens":100,"cache_creation_input_tokens":10,"output_tokens":20}]}}`),
			ai.Usage{Input: 115, CacheWrite: 10, Output: 22, Reasoning: 1, ServiceTier: "fast", Reported: true},
		},
		{
			"an advisor is billed at its own model", stream(`{"type":"message_delta","usage":{"input_tokens":8,"output_tokens":5,"iterations":[{"type":"message","input_tokens":5,"output_tokens":2},{"type":"advisor_message","model":"claude-opus-4-7","input_tokens":100,"cache_read_input_tokens":7,"output_tokens":20},{"type":"message","input_tokens":3,"output_tokens":3}]}}`),
			ai.Usage{Input: 8, Output: 5, Reported: true, Beside: []ai.ModelUsage{{Model: "claude-opus-4-7", Usage: ai.Usage{Input: 107, CachedInput: 7, Output: 20, Reported: true}}}},
		},
		{
			"searches and region", stream(`{"type":"message_delta","usage":{"input_tokens":5,"output_tokens":2,"inference_geo":"us","server_tool_use":{"web_search_requests":3,"web_fetch_requests":1}}}`),
			ai.Usage{Input: 5, Output: 2, WebSearches: 3, Region: "us", Reported: true},
		},
		{"ordinary region", stream(`{"type":"message_delta","usage":{"input_tokens":5,"output_tokens":2,"inference_geo":"global"}}`), ai.Usage{Input: 5, Output: 2, Reported: true}},
		{"nonsense", stream(`{"type":"message_delta","usage":{"input_tokens":-5,"output_tokens":"7","iterations":[{}]}}`), ai.Usage{Reported: true, Doubtful: true}},
		{"none", stream(hello), ai.Usage{}},
		{"null", stream(`{"type":"message_delta","usage":null}`), ai.Usage{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ep, _ := endpoints()
			got, _ := corpus.Replay(anthropic.Format{}, ep, []byte(row.stream), false, 1000)
			if diff := cmp.Diff(row.want, got.Usage); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJudgeBody(t *testing.T) {
	generate, count := endpoints()
	long := strings.Repeat("x", 2000)
	for _, row := range []struct {
		name, body string
		ep         *protocol.Endpoint
		kind       ai.Kind
		failure    ai.Failure
	}{
		{"answer", `{"type":"message","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}`, generate, ai.OK, ai.Failure{}},
		{"answer without a stop reason", `{"type":"message","content":[{"type":"text","text":"hi"}]}`, generate, ai.OK, ai.Failure{}},
		{"answer without a type", `{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}`, generate, ai.OK, ai.Failure{}},
		{"silence that was meant", `{"type":"message","content":[],"stop_reason":"end_turn","usage":{"output_tokens":3}}`, generate, ai.OK, ai.Failure{}},
		{"end_turn without content or tokens", `{"type":"message","content":[],"stop_reason":"end_turn","usage":{"output_tokens":0}}`, generate, ai.Empty, ai.Failure{}},
		{"no room to say anything", `{"type":"message","content":[],"stop_reason":"max_tokens"}`, generate, ai.OK, ai.Failure{}},
		{"neither content nor reason", `{"type":"message","content":[],"stop_reason":null}`, generate, ai.Empty, ai.Failure{}},
		{"refusal", `{"type":"message","content":[],"stop_reason":"refusal"}`, generate, ai.ContentFilter, ai.Failure{}},
		{"nothing", "  \n", generate, ai.Empty, ai.Failure{}},
		{"half", `{"type":"message","content":[{"type":"te`, generate, ai.Truncated, ai.Failure{}},
		{"error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, generate, ai.SoftError, ai.Failure{Type: "overloaded_error", Message: "Overloaded"}},
		{"long error at the end", `{"pad":"` + long + `","error":{"message":"x","code":"1308"}}`, generate, ai.SoftError, ai.Failure{Code: "1308", Message: "x"}},
		{"error as text", `{"error":"no capacity"}`, generate, ai.SoftError, ai.Failure{Message: "no capacity"}},
		{"relay's error", `{"code":500,"message":"busy","data":null}`, generate, ai.SoftError, ai.Failure{Status: 500, Code: "500", Message: "busy"}},
		{"relay's words", "Current model load too high, try later", generate, ai.SoftError, ai.Failure{Type: "overloaded_error", Message: "Current model load too high, try later"}},
		{"list with an error", `[{"error":{"message":"x"}}]`, generate, ai.SoftError, ai.Failure{Message: "x"}},
		{"HTML", "<!DOCTYPE html><title>Log in</title>", generate, ai.BadAnswer, ai.Failure{Message: "an HTML page: log in"}},
		{"text", "hello", generate, ai.BadAnswer, ai.Failure{Message: "hello"}},
		{"another protocol", `{"object":"chat.completion","choices":[{}]}`, generate, ai.BadAnswer, ai.Failure{}},
		{"number", "5", generate, ai.BadAnswer, ai.Failure{Message: "5"}},
		{"broken", `{"type":"message",}`, generate, ai.BadAnswer, ai.Failure{}},
		{"event stream with an error", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n", generate, ai.SoftError, ai.Failure{Type: "api_error", Message: "x"}},
		{"count", `{"input_tokens":12}`, count, ai.OK, ai.Failure{}},
		{"count as text", `{"input_tokens":"12"}`, count, ai.BadAnswer, ai.Failure{}},
		{"count with an error", `{"error":{"message":"x"},"input_tokens":1}`, count, ai.SoftError, ai.Failure{Message: "x"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := anthropic.Format{}.JudgeBody(row.ep, []byte(row.body))
			if v.Kind != row.kind {
				t.Errorf("%v, want %v", v.Kind, row.kind)
			}
			if diff := cmp.Diff(row.failure, v.Failure); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a failed answer used is billed, beside its error or inside of it.
func TestUsageOfFailures(t *testing.T) {
	generate, _ := endpoints()
	want := ai.Usage{Input: 9, Output: 3, Reported: true}
	const used = `"usage":{"input_tokens":9,"output_tokens":3}`
	for _, body := range []string{
		`{"type":"error","error":{"type":"api_error","message":"x"},` + used + `}`,
		`{"type":"error","error":{"type":"api_error","message":"x",` + used + `}}`,
	} {
		if v := (anthropic.Format{}).JudgeBody(generate, []byte(body)); v.Kind != ai.SoftError || !v.Usage.Equal(&want) {
			t.Errorf("%s: %s, %+v", body, v.Kind, v.Usage)
		}
		j := anthropic.Format{}.NewJudge(generate)
		if step := j.Event(sse.Event{Name: []byte("error"), Data: []byte(body)}); step != protocol.Failed {
			t.Errorf("%s: step %v", body, step)
		}
		if u := j.Verdict().Usage; !u.Equal(&want) {
			t.Errorf("%s in a stream: %+v", body, u)
		}
	}
	if v := (anthropic.Format{}).JudgeBody(generate, []byte(`{"type":"error","error":{"message":"x"}}`)); !v.Usage.IsZero() {
		t.Errorf("%+v", v.Usage)
	}
}

func TestReadRequest(t *testing.T) {
	generate, count := endpoints()
	read := func(ep *protocol.Endpoint, header http.Header, body string) (protocol.Request, error) {
		r := httptest.NewRequest(http.MethodPost, ep.Path, nil)
		r.Header = header
		return anthropic.Format{}.ReadRequest(ep, r, []byte(body))
	}
	for body, code := range map[string]string{
		`{"messages":[]}`:           protocol.CodeMissingModel,
		`{"model":"a","model":"b"}`: protocol.CodeDuplicateModel,
		`{"model":"a"`:              protocol.CodeInvalidJSON,
	} {
		_, err := read(generate, nil, body)
		var bad *protocol.RequestError
		if !errors.As(err, &bad) || bad.Code != code {
			t.Errorf("%s: %v", body, err)
		}
	}
	got, err := read(generate, nil, `{"max_tokens":9,"model":"m","stream":true}`)
	if err != nil || got.Model != "m" || !got.Stream || got.MaxOutput != 9 || !got.WantsUsage || got.ModelEnd-got.ModelStart != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _ := read(count, nil, `{"model":"m","stream":true}`); got.Stream {
		t.Error("counting does not stream")
	}

	session := func(header http.Header, body string) uint64 {
		got, err := read(generate, header, body)
		if err != nil {
			t.Fatal(err)
		}
		return got.Conversation
	}
	byHeader := session(http.Header{"X-Claude-Code-Session-Id": {"s1"}}, `{"model":"m","messages":[{"role":"user","content":"a"}]}`)
	if byHeader != session(http.Header{"X-Claude-Code-Session-Id": {"s1"}}, `{"model":"m","messages":[{"role":"user","content":"b"}]}`) {
		t.Error("the session header goes first")
	}
	byUser := session(nil, `{"model":"m","metadata":{"user_id":"user_1_session_2"},"messages":[{"role":"user","content":"a"}]}`)
	if byUser != session(nil, `{"model":"m","metadata":{"user_id":"user_1_session_2"},"messages":[{"role":"user","content":"b"}]}`) {
		t.Error("a session in user_id goes before the content")
	}
	if session(nil, `{"model":"m","metadata":{"user_id":"app"},"messages":[{"role":"user","content":"a"}]}`) ==
		session(nil, `{"model":"m","metadata":{"user_id":"app"},"messages":[{"role":"user","content":"b"}]}`) {
		t.Error("a mere user is not a conversation")
	}
	if session(nil, `{"model":"m","tools":[1]}`) == session(nil, `{"model":"m","tools":[2]}`) || session(nil, `{"model":"m","system":"a"}`) == session(nil, `{"model":"m","system":"b"}`) {
		t.Error("tools and system are part of the conversation")
	}
}

func TestWriting(t *testing.T) {
	f := anthropic.Format{}
	e := &protocol.Error{Status: 404, Code: "model_not_found", Message: "no \"m\" <here>\n", RequestID: "r1"}
	ct, body := f.WriteError(e)
	const want = `{"type":"error","error":{"type":"not_found_error","message":"no \"m\" <here>\n","code":"model_not_found"},"request_id":"r1"}`
	if ct != "application/json" || string(body) != want {
		t.Errorf("%s %s", ct, body)
	}
	if got := string(f.ErrorEvent(e, false)); got != "event: error\ndata: "+want+"\n\n" {
		t.Error(got)
	}
	if got := string(f.WriteModels(nil, nil)); got != `{"data":[],"has_more":false,"first_id":null,"last_id":null}` {
		t.Error(got)
	}
	one := `{"type":"model","id":"a","display_name":"a","created_at":"1970-01-01T00:00:00Z"}`
	if got := string(f.WriteModels(nil, []protocol.Model{{ID: "a"}})); got != `{"data":[`+one+`],"has_more":false,"first_id":"a","last_id":"a"}` {
		t.Error(got)
	}
	if got := string(f.WriteModel(nil, protocol.Model{ID: "a"})); got != one {
		t.Error(got)
	}
	h := http.Header{}
	if f.SetKey(h, "k"); h.Get("x-api-key") != "k" {
		t.Error(h)
	}
	for name, want := range map[string]bool{
		"Anthropic-Version": true, "Anthropic-Beta": true, "Anthropic-Dangerous-Direct-Browser-Access": true, "X-Claude-Code-Agent-Id": true,
		"X-Api-Key": false, "Anthropic-Auth-Token": false, "Openai-Beta": false, "Cookie": false,
	} {
		if f.ForwardHeader(name) != want {
			t.Errorf("ForwardHeader(%s) = %v", name, !want)
		}
	}
}

// What Claude Code and the SDKs were seen to send goes upstream, except what
// identifies the client to us.
func TestForwardsWhatClientsSend(t *testing.T) {
	files, _ := filepath.Glob("testdata/corpus/*.json")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var rec corpus.Record
		if err := json.Unmarshal(text, &rec); err != nil {
			t.Fatal(err)
		}
		for header := range rec.Request.Headers {
			switch header = http.CanonicalHeaderKey(header); header {
			case "Connection", "Accept-Encoding", "Host", "Content-Length":
			default:
				if !(anthropic.Format{}).ForwardHeader(header) {
					t.Errorf("%s: %s stays behind", name, header)
				}
			}
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(stream(start, block, hello, done, stop)))
	f.Add([]byte(stream(`{"type":"message_start","message":{"content":[1],"stop_reason":"x","usage":{"iterations":[{}]}}}`) + "data: {\"error\":[]}\n\n"))
	f.Add([]byte(`{"type":"message","content":[],"usage":{"cache_creation":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		ep, count := endpoints()
		got, err := corpus.Replay(anthropic.Format{}, ep, b, false, 5)
		if err != nil {
			t.Fatal(err)
		}
		if u := got.Usage; u.Input < 0 || u.CachedInput > u.Input || u.CacheWrite1h > u.CacheWrite || u.Reasoning > u.Output {
			t.Fatalf("%+v", u)
		}
		anthropic.Format{}.JudgeBody(ep, b)
		anthropic.Format{}.JudgeBody(count, b)
		j := anthropic.Format{}.NewJudge(ep)
		j.Event(sse.Event{Data: b})
		j.Event(sse.Event{Name: []byte("error"), Data: b})
	})
}

func BenchmarkJudge(b *testing.B) {
	ep, _ := endpoints()
	b.ReportAllocs()
	j := anthropic.Format{}.NewJudge(ep)
	data, name := []byte(hello), []byte("content_block_delta")
	for b.Loop() {
		if j.Event(sse.Event{Name: name, Data: data}) != protocol.Content {
			b.Fatal("no content")
		}
	}
}

func BenchmarkReadRequest(b *testing.B) {
	generate, _ := endpoints()
	tool := `{"name":"read","description":"` + strings.Repeat("Reads a file. ", 30) + `","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"Where"}}}}`
	turn := `{"role":"user","content":[{"type":"text","text":"` + strings.Repeat(`func main() {\n\tfmt.Println(\"hello\")\n}\n`+strings.Repeat("The quick brown fox jumps. ", 5), 2) + `"}]}`
	for _, row := range []struct {
		name         string
		tools, turns int
	}{{"1KB", 1, 1}, {"200KB", 40, 520}} {
		body := []byte(`{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,"system":"You are helpful","tools":[` +
			strings.TrimSuffix(strings.Repeat(tool+",", row.tools), ",") + `],"messages":[` + strings.TrimSuffix(strings.Repeat(turn+",", row.turns), ",") + `]}`)
		r := httptest.NewRequest(http.MethodPost, "/v1/messages", nil)
		b.Run(row.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (anthropic.Format{}).ReadRequest(generate, r, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
