package protocol_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

func TestReadJSONRequest(t *testing.T) {
	for _, row := range []struct {
		name, body string
		model      string
		stream     bool
		max        int64
		code       string
	}{
		{"plain", `{"model":"m","stream":true,"max_tokens":5}`, "m", true, 5, ""},
		{"escaped key", `{"mod\u0065l":"m"}`, "m", false, 0, ""},
		{"escaped value", `{"model":"a\/b\u00e9"}`, "a/bé", false, 0, ""},
		{"nested models do not count", `{"x":{"model":"y"},"model":"m","l":[{"model":"z"}]}`, "m", false, 0, ""},
		{"largest limit", `{"model":"m","max_tokens":5,"max_completion_tokens":7,"max_output_tokens":6}`, "m", false, 7, ""},
		{"nonsense limit", `{"model":"m","max_tokens":"5","max_output_tokens":-3}`, "m", false, 0, ""},
		{"stream false", `{"model":"m","stream":false}`, "m", false, 0, ""},
		{"stream null", `{"model":"m","stream":null}`, "m", false, 0, ""},
		{"stream as text", `{"model":"m","stream":"true"}`, "m", true, 0, ""},
		{"stream as number", `{"model":"m","stream":1}`, "m", true, 0, ""},
		{"last stream counts", `{"model":"m","stream":true,"stream":false}`, "m", false, 0, ""},
		{"no model", `{}`, "", false, 0, ""},
		{"null model", `{"model":null}`, "", false, 0, ""},
		{"empty model", `{"model":""}`, "", false, 0, ""},
		{"stream of another type", `{"model":"m","stream":{}}`, "", false, 0, protocol.CodeInvalidType},
		{"model of another type", `{"model":5}`, "", false, 0, protocol.CodeInvalidType},
		{"long model of another type", `{"model":[` + strings.Repeat("1,", 2000) + `1]}`, "", false, 0, protocol.CodeInvalidType},
		{"duplicate model", `{"model":"a","model":"a"}`, "", false, 0, protocol.CodeDuplicateModel},
		{"duplicate in disguise", `{"model":"a","mod\u0065l":"b"}`, "", false, 0, protocol.CodeDuplicateModel},
		{"duplicate in capitals", `{"Model":"a","model":"b"}`, "", false, 0, protocol.CodeDuplicateModel},
		{"only in capitals", `{"Model":"a"}`, "", false, 0, ""},
		{"long model", `{"model":"` + strings.Repeat("x", 257) + `"}`, "", false, 0, protocol.CodeInvalidModel},
		{"endless model", `{"model":"` + strings.Repeat("x", 9999) + `"}`, "", false, 0, protocol.CodeInvalidModel},
		{"model with a line feed", `{"model":"a\nb"}`, "", false, 0, protocol.CodeInvalidModel},
		{"empty", ` `, "", false, 0, protocol.CodeInvalidJSON},
		{"cut", `{"model":"m"`, "", false, 0, protocol.CodeInvalidJSON},
		{"list", `[{"model":"m"}]`, "", false, 0, protocol.CodeInvalidJSON},
		{"text", `model=m`, "", false, 0, protocol.CodeInvalidJSON},
		{"deep", `{"x":` + strings.Repeat("[", 20000), "", false, 0, protocol.CodeInvalidJSON},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := protocol.ReadJSONRequest([]byte(row.body))
			var bad *protocol.RequestError
			if errors.As(err, &bad) != (row.code != "") || bad != nil && (bad.Code != row.code || bad.Status != 400 || bad.Message == "") {
				t.Fatalf("error %#v, want code %q", err, row.code)
			}
			if err != nil {
				return
			}
			if f.Model != row.model || f.Stream != row.stream || f.MaxOutput != row.max {
				t.Errorf("%+v", f.Request)
			}
			if span := row.body[f.ModelStart:f.ModelEnd]; row.model != "" && span[0] != '"' {
				t.Errorf("span %q", span)
			}
			if got := f.RequireModel() != nil; got != (row.model == "") {
				t.Errorf("RequireModel: %v", got)
			}
		})
	}
}

func FuzzReadJSONRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}`))
	f.Add([]byte(`{"mod\u0065l":"\ud800","system":[{"text":"x-anthropic-billing-header"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := protocol.ReadJSONRequest(b)
		if err != nil {
			return
		}
		if q.Model != "" && (b[q.ModelStart] != '"' || b[q.ModelEnd-1] != '"') {
			t.Fatalf("%q: span %q", b, b[q.ModelStart:q.ModelEnd])
		}
		var h protocol.Hash
		h.AddContent(q.System.In(b))
		h.AddOpening(q.Messages.In(b))
		_ = h.Sum()
	})
}

func opening(t *testing.T, messages string) uint64 {
	t.Helper()
	var h protocol.Hash
	h.AddOpening([]byte(messages))
	return h.Sum()
}

// The turns of one conversation share a hash, whatever their client changes
// from turn to turn.
func TestConversationsStayTogether(t *testing.T) {
	first := opening(t, `[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]`)
	later := opening(t, `[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":"yes"},{"role":"user","content":"go on"}]`)
	if first != later {
		t.Error("the second turn went elsewhere")
	}
	if first == opening(t, `[{"role":"user","content":[{"type":"text","text":"ho"}]}]`) {
		t.Error("another conversation has the same hash")
	}
	if opening(t, `[{"role":"system","content":"a"},{"role":"user","content":"x"}]`) == opening(t, `[{"role":"system","content":"b"},{"role":"user","content":"x"}]`) {
		t.Error("another system message has the same hash")
	}
	if opening(t, `"hi"`) == opening(t, `"ho"`) || opening(t, `[{"parts":[{"text":"a"}]},{"parts":[{"text":"b"}]}]`) != opening(t, `[{"parts":[{"text":"a"}]}]`) {
		t.Error("plain input, or a message without role")
	}
	var a, b protocol.Hash
	a.AddContent([]byte(`[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"You are"}]`))
	b.AddContent([]byte(`[{"type":"text","text":"x-anthropic-billing-header: cch=2;"},{"type":"text","text":"You are"}]`))
	if a.Sum() != b.Sum() {
		t.Error("the billing block splits a conversation")
	}
}

// Nodes of different builds must agree, so the values are fixed.
func TestHashIsStable(t *testing.T) {
	var h protocol.Hash
	h.Add([]byte("tools"))
	h.AddContent([]byte(`{"role":"user","content":"a longer text that has more than sixteen bytes"}`))
	if got := h.Sum(); got != stableHash {
		t.Errorf("Sum = %#x", got)
	}
	if got := protocol.Named("session"); got != stableName {
		t.Errorf("Named = %#x", got)
	}
	if protocol.Named("") != 0 || protocol.Session(http.Header{}) != 0 {
		t.Error("no name has a hash")
	}
	if protocol.Session(http.Header{"Session-Id": {"session"}}) != stableName {
		t.Error("header and name differ")
	}
}

func TestHashReadsBoundedAmounts(t *testing.T) {
	text := strings.Repeat("x", 200<<10)
	a := opening(t, `[{"role":"user","content":"`+text+`"}]`)
	if a != opening(t, `[{"role":"user","content":"`+text+`y"}]`) {
		t.Error("what lies behind 64 KB is looked at")
	}
}

func TestErrorType(t *testing.T) {
	for _, row := range []struct {
		p      ai.Protocol
		status int
		want   string
	}{
		{ai.Anthropic, 529, "overloaded_error"},
		{ai.Anthropic, 418, "invalid_request_error"},
		{ai.Anthropic, 599, "api_error"},
		{ai.OpenAI, 429, "rate_limit_error"},
		{ai.Responses, 502, "server_error"},
		{ai.Gemini, 404, "NOT_FOUND"},
	} {
		if got := protocol.ErrorType(row.p, row.status); got != row.want {
			t.Errorf("ErrorType(%s, %d) = %s", row.p, row.status, got)
		}
	}
}

func TestForwardHeader(t *testing.T) {
	for name, want := range map[string]bool{
		"User-Agent": true, "X-Stainless-Lang": true, "X-Claude-Code-Session-Id": true, "X-App": true,
		"Cookie": false, "Authorization": false, "X-Api-Key": false, "X-Goog-Api-Key": false, "X-Forwarded-For": false, "Forwarded": false,
		"Via": false, "Cf-Connecting-Ip": false, "Host": false, "Accept-Encoding": false, "Proxy-Authorization": false, "X-Real-Ip": false,
		"Origin": false, "Referer": false, "Traceparent": false,
	} {
		if protocol.ForwardHeader(name) != want {
			t.Errorf("ForwardHeader(%s) = %v", name, !want)
		}
	}
}

func TestPathValue(t *testing.T) {
	for _, row := range []struct{ pattern, path, want string }{
		{"/v1beta/models/{model}:generateContent", "/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"},
		{"/v1beta/models/{model}", "/v1beta/models/a", "a"},
		{"/v1/responses/{id}/cancel", "/v1/responses/r/cancel", "r"},
		{"/v1/messages", "/v1/messages", ""},
		{"/v1beta/models/{model}:x", "/v1beta/models/:y", ""},
	} {
		if got, ok := protocol.PathValue(&protocol.Endpoint{Path: row.pattern}, row.path); got != row.want || ok != (row.want != "") {
			t.Errorf("PathValue(%s, %s) = %q, %v", row.pattern, row.path, got, ok)
		}
	}
}

func BenchmarkReadJSONRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 200 << 10} {
		turn := `{"role":"user","content":[{"type":"text","text":"` + strings.Repeat(`func main() {\n\tfmt.Println(\"hello\")\n}\n`+strings.Repeat("The quick brown fox jumps. ", 5), 2) + `"}]}`
		body := []byte(`{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,"messages":[` + strings.Repeat(turn+",", max(1, size/len(turn)-1)) + turn + `]}`)
		b.Run(map[bool]string{true: "1KB", false: "200KB"}[size < 2000], func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := protocol.ReadJSONRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

const (
	stableHash = 0x18fa68ad6781c90
	stableName = 0x25fac7cc716f81c8
)
