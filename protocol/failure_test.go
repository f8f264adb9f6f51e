package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

func TestParseFailure(t *testing.T) {
	const googleQuota = `{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[
		{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier"}]},
		{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"26.5s"}]}}`
	for _, row := range []struct {
		name, body string
		want       ai.Failure
		isError    bool
	}{
		{
			"Anthropic", `{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_x"}`,
			ai.Failure{Type: "overloaded_error", Message: "Overloaded"},
			true,
		},
		{
			"OpenAI", `{"error":{"message":"Too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
			ai.Failure{Type: "invalid_request_error", Code: "context_length_exceeded", Param: "messages", Message: "Too long"},
			true,
		},
		{"Google", googleQuota, ai.Failure{
			Status: 429, Type: "RESOURCE_EXHAUSTED", Code: "429", Message: "You exceeded your current quota",
			RetryAfter: 26500 * time.Millisecond, Model: true,
		}, true},
		{"Google in a list", "[" + googleQuota + "\n]", ai.Failure{
			Status: 429, Type: "RESOURCE_EXHAUSTED", Code: "429", Message: "You exceeded your current quota",
			RetryAfter: 26500 * time.Millisecond, Model: true,
		}, true},
		{
			"Google with a reason", `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid","details":[{"reason":"API_KEY_INVALID"}]}}`,
			ai.Failure{Status: 400, Type: "INVALID_ARGUMENT", Code: "400", Message: "API key not valid"},
			true,
		},
		{
			"JSON in the message", `{"error":{"message":"{\n \"error\": {\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\n","code":503,"status":"Service Unavailable"}}`,
			ai.Failure{Status: 503, Type: "UNAVAILABLE", Code: "503", Message: "The model is overloaded."},
			true,
		},
		{
			"words before JSON in the message", `{"error":{"message":"[relay] upstream 429: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}} (id 1)","type":"new_api_error","code":"x"}}`,
			ai.Failure{Type: "rate_limit_error", Code: "x", Message: "slow down"},
			true,
		},
		{"text", `{"error":"model not found"}`, ai.Failure{Message: "model not found"}, true},
		{"word and text", `{"error":"invalid_grant","error_description":"Token expired"}`, ai.Failure{Code: "invalid_grant", Message: "Token expired"}, true},
		{"list of errors", `{"success":false,"errors":[{"code":7003,"message":"no route"}]}`, ai.Failure{Code: "7003", Message: "no route"}, true},
		{"list of texts", `{"errors":["first","second"]}`, ai.Failure{Message: "first"}, true},
		{"code and message", `{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"x"}`, ai.Failure{Code: "InvalidApiKey", Message: "Invalid API-key provided."}, true},
		{"code and msg", `{"code":500,"msg":"404 NOT_FOUND","success":false,"data":null}`, ai.Failure{Status: 500, Code: "500", Message: "404 NOT_FOUND"}, true},
		{"Z.ai", `{"error":{"code":"1308","message":"Usage limit reached, resets at 2026-11-24 03:00:00"}}`, ai.Failure{Code: "1308", Message: "Usage limit reached, resets at 2026-11-24 03:00:00"}, true},
		{"MiniMax", `{"base_resp":{"status_code":1004,"status_msg":"login fail"}}`, ai.Failure{Code: "1004", Message: "login fail"}, true},
		{"message alone", `{"message":"API rate limit exceeded"}`, ai.Failure{Message: "API rate limit exceeded"}, true},
		{"FastAPI", `{"detail":"Not authenticated"}`, ai.Failure{Message: "Not authenticated"}, true},
		{"FastAPI fields", `{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required"}]}`, ai.Failure{Type: "missing", Message: "Field required"}, true},
		{"vLLM", `{"object":"error","message":"no such model","type":"NotFoundError","param":null,"code":404}`, ai.Failure{Status: 404, Type: "NotFoundError", Code: "404", Message: "no such model"}, true},
		{"OpenAI error event", `{"type":"error","code":"server_error","message":"oops","param":null,"sequence_number":3}`, ai.Failure{Code: "server_error", Message: "oops"}, true},
		{
			"response.failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"too fast"}}}`,
			ai.Failure{Code: "rate_limit_exceeded", Message: "too fast"},
			true,
		},
		{
			"Codex quota", `{"error":{"type":"usage_limit_reached","message":"limit","resets_at":1795400895,"resets_in_seconds":90}}`,
			ai.Failure{Type: "usage_limit_reached", Message: "limit", RetryAfter: 90 * time.Second, Reset: time.Unix(1795400895, 0)},
			true,
		},
		{
			"OpenRouter", `{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"{\"error\":{\"message\":\"too many\",\"type\":\"rate\"}}","provider_name":"P","retry_after_seconds":3}}}`,
			ai.Failure{Status: 429, Type: "rate", Code: "429", Message: "too many", RetryAfter: 3 * time.Second},
			true,
		},
		{
			"Azure", `{"error":{"code":"content_filter","message":"filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}}`,
			ai.Failure{Type: "ResponsibleAIPolicyViolation", Code: "content_filter", Message: "filtered"},
			true,
		},
		{"event stream", "event: error\ndata: {\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n", ai.Failure{Type: "api_error", Message: "x"}, true},
		{"relay's words", "当前模型负载过高，请稍后再试", ai.Failure{Type: "overloaded_error", Message: "当前模型负载过高，请稍后再试"}, true},
		{"relay's words in English", "Current model load too high", ai.Failure{Type: "overloaded_error", Message: "Current model load too high"}, true},
		{"cut short", `{"error":{"type":"api_error","message":"x"},"request_id":"re`, ai.Failure{Type: "api_error", Message: "x"}, true},
		{"plain text", "upstream connect error", ai.Failure{Message: "upstream connect error"}, false},
		{"JSON text", `"not today"`, ai.Failure{Message: "not today"}, false},
		{"HTML", "<html><head><title>502\n Bad gateway</title>", ai.Failure{Message: "an HTML page: 502 bad gateway"}, false},
		{"HTML without a title", "<!doctype html>", ai.Failure{Message: "an HTML page"}, false},
		{"nothing", " ", ai.Failure{}, false},
		{"chat answer", `{"id":"x","object":"chat.completion","choices":[{"message":{"content":"error"}}],"error":null,"code":200,"message":"ok"}`, ai.Failure{}, false},
		{"Anthropic answer", `{"type":"message","content":[{"type":"text","text":"error"}],"message":"?"}`, ai.Failure{}, false},
		{"Responses answer", `{"object":"response","status":"completed","error":null,"output":[{}]}`, ai.Failure{}, false},
		{"successful code", `{"code":0,"message":"success"}`, ai.Failure{}, false},
		{"empty error", `{"error":{}}`, ai.Failure{}, false},
		{"count", `{"input_tokens":12}`, ai.Failure{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, isError := protocol.ParseFailure([]byte(row.body))
			if isError != row.isError {
				t.Errorf("isError = %v", isError)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseFailureBoundsItsMessage(t *testing.T) {
	f, _ := protocol.ParseFailure([]byte(`{"error":"` + strings.Repeat("é ", 5000) + `"}`))
	if len(f.Message) > 4<<10 || !strings.HasSuffix(strings.TrimSpace(f.Message), "é") {
		t.Errorf("%d bytes", len(f.Message))
	}
	nest := `"x"`
	for range 30 {
		text, _ := json.Marshal(`{"error":{"message":` + nest + `}}`)
		nest = string(text)
		if len(nest) > 1<<20 {
			break
		}
	}
	protocol.ParseFailure([]byte(`{"error":{"message":` + nest + `}}`))
	protocol.ParseFailure([]byte(strings.Repeat(`{"error":`, 5000) + `1` + strings.Repeat(`}`, 5000)))
	protocol.ParseFailure([]byte(strings.Repeat(`[`, 5000)))
}

func FuzzParseFailure(f *testing.F) {
	for _, s := range []string{
		`{"error":{"message":"{\"error\":{\"code\":503}}","details":[{"retryDelay":"1s","violations":[{}]}],"metadata":{"raw":"x"}}}`,
		`{"type":"response.failed","response":{"error":{}}}`, `{"errors":[{"detail":[1]}]}`, `{"detail":{"msg":"x"}}`, "data: {\"error\":\"x\"}", "<title>",
		`{"base_resp":{"status_code":1}}`, `{"error":[[[]]]}`, `{"error":{"error":{"error":1}}}`, `{"error":1e9,"retry_after":-1,"resets_at":1e300}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := protocol.ParseFailure(b)
		if got.RetryAfter < 0 || len(got.Message) > 4<<10 || got.Status != 0 && (got.Status < 400 || got.Status > 599) {
			t.Fatalf("%+v", got)
		}
	})
}

func TestReadForm(t *testing.T) {
	const ct = `multipart/form-data; boundary="b-1"`
	field := func(name, value string) string {
		return "--b-1\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	const end = "--b-1--\r\n"
	file := "--b-1\r\ncontent-disposition: form-data; name=file; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\x00--b-1 --b-1--\x01\r\n"
	for _, row := range []struct{ name, ct, body, want, code string }{
		{"first", ct, field("model", "whisper-1") + file + end, "whisper-1", ""},
		{"last", ct, file + field("language", "de") + field("model", "gpt-4o") + end, "gpt-4o", ""},
		{"asks for a stream", ct, field("model", "x") + field("stream", "true") + end, "x", ""},
		{"asks for none", ct, field("model", "x") + field("stream", "false") + end, "x", ""},
		{"preamble", ct, "hello\r\n" + field("model", "x") + end, "x", ""},
		{"only line feeds", ct, strings.ReplaceAll(field("model", "x")+end, "\r\n", "\n"), "x", ""},
		{"none", ct, file + end, "", ""},
		{"empty", ct, field("model", "") + end, "", ""},
		{"twice", ct, field("model", "x") + field("model", "y") + end, "", protocol.CodeDuplicateModel},
		{"long", ct, field("model", strings.Repeat("x", 300)) + end, "", protocol.CodeInvalidModel},
		{"cut in a part", ct, field("model", "x") + "--b-1\r\nContent-Dis", "", protocol.CodeInvalidForm},
		{"cut behind a part", ct, field("model", "x"), "", protocol.CodeInvalidForm},
		{"another boundary", ct, "--c\r\n\r\n--c--", "", protocol.CodeInvalidForm},
		{"no boundary", "multipart/form-data", field("model", "x") + end, "", protocol.CodeInvalidForm},
		{"nothing", ct, "", "", protocol.CodeInvalidForm},
	} {
		t.Run(row.name, func(t *testing.T) {
			form, err := protocol.ReadForm(row.ct, []byte(row.body))
			var bad *protocol.RequestError
			if errors.As(err, &bad) != (row.code != "") || bad != nil && bad.Code != row.code {
				t.Fatalf("error %v, want %q", err, row.code)
			}
			if got := row.body[form.ModelStart:form.ModelEnd]; got != row.want {
				t.Errorf("got %q", got)
			}
			if form.Stream != (row.name == "asks for a stream") {
				t.Errorf("stream is %v", form.Stream)
			}
		})
	}
}

func FuzzReadForm(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--b--"))
	f.Add([]byte("--b\n\n--b\n--b--"))
	f.Fuzz(func(t *testing.T, b []byte) {
		form, _ := protocol.ReadForm("multipart/form-data; boundary=b", b)
		_ = b[form.ModelStart:form.ModelEnd]
	})
}

// Errors seen in the wild, each with where it was seen.
func TestParseFailureInTheWild(t *testing.T) {
	file, err := os.ReadFile("testdata/errors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for line := range bytes.Lines(file) {
		var row struct {
			ID, SSE string
			Status  int
			Body    json.RawMessage
			Shape   json.RawMessage
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		for _, body := range [][]byte{row.Body, row.Shape, []byte(row.SSE)} {
			if len(body) == 0 {
				continue
			}
			read++
			f, isError := protocol.ParseFailure(body)
			if !isError || f.Message == "" && f.Code == "" {
				t.Errorf("%s: %+v, %v", row.ID, f, isError)
			}
			if row.Status >= 400 && f.Status != 0 && f.Status != row.Status {
				t.Errorf("%s: status %d inside %d", row.ID, f.Status, row.Status)
			}
		}
	}
	if read < 8 {
		t.Errorf("only %d errors were read", read)
	}
}
