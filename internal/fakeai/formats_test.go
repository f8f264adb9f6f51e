package fakeai_test

import (
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

const echo = "Hello from unit: how are you"

// deltas find the text in the events of a stream.
var deltas = map[ai.Protocol]*regexp.Regexp{
	ai.Anthropic: regexp.MustCompile(`"type":"text_delta","text":("(?:[^"\\]|\\.)*")`),
	ai.OpenAI:    regexp.MustCompile(`"delta":\{"content":("(?:[^"\\]|\\.)*")`),
	ai.Responses: regexp.MustCompile(`"delta":("(?:[^"\\]|\\.)*")`),
	ai.Gemini:    regexp.MustCompile(`"text": ("(?:[^"\\]|\\.)*")`),
}

// endMarkers are in the event that ends a stream.
var endMarkers = map[ai.Protocol]string{
	ai.Anthropic: "message_stop", ai.OpenAI: "[DONE]", ai.Responses: "response.completed", ai.Gemini: "finishReason",
}

func streamedText(t testing.TB, p ai.Protocol, stream string) string {
	t.Helper()
	var text strings.Builder
	for _, m := range deltas[p].FindAllStringSubmatch(stream, -1) {
		var s string
		if err := json.Unmarshal([]byte(m[1]), &s); err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		text.WriteString(s)
	}
	return text.String()
}

// checkEvents checks the frame of every event of a stream, and that what it
// holds is JSON.
func checkEvents(t testing.TB, p ai.Protocol, stream string) {
	t.Helper()
	if p == ai.Gemini {
		if strings.Count(stream, "\n") != strings.Count(stream, "\r\n") {
			t.Error("a line of Gemini's stream does not end in CRLF")
		}
		stream = strings.ReplaceAll(stream, "\r\n", "\n")
	}
	if !strings.HasSuffix(stream, "\n\n") {
		t.Errorf("the stream ends in %q", stream[max(0, len(stream)-20):])
	}
	for ev := range strings.SplitSeq(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		name, data, named := strings.Cut(ev, "\n")
		if named != (p == ai.Anthropic || p == ai.Responses) {
			t.Errorf("event %q: named %v", ev, named)
		}
		if !named {
			data = name
		}
		data = strings.TrimPrefix(data, "data: ")
		var v struct{ Type string }
		if data == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Errorf("event %q: %v", ev, err)
		}
		if named && name != "event: "+v.Type {
			t.Errorf("%q holds a %q", name, v.Type)
		}
	}
}

func TestGenerates(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, p := range ai.Protocols {
		t.Run(string(p), func(t *testing.T) {
			plain := generate(t, s, p, false, "k")
			if plain.status != 200 || !json.Valid([]byte(plain.body)) || !strings.Contains(plain.body, echo) {
				t.Fatalf("%+v", plain)
			}
			if kind := plain.header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("it is %s", kind)
			}
			stream := generate(t, s, p, true, "k")
			if stream.status != 200 || !strings.HasPrefix(stream.header.Get("Content-Type"), "text/event-stream") {
				t.Fatalf("%+v", stream)
			}
			checkEvents(t, p, stream.body)
			if text := streamedText(t, p, stream.body); text != echo {
				t.Errorf("streamed %q", text)
			}
			if !strings.Contains(stream.body, endMarkers[p]) {
				t.Errorf("no end marker in %s", stream.body)
			}
			requests := s.Requests()
			for i, x := range []exchange{plain, stream} {
				r := requests[len(requests)-2+i]
				if want := usageText(p, r.Usage); !strings.Contains(x.body, want) {
					t.Errorf("usage %s is not in %s", want, x.body)
				}
				if !strings.Contains(x.body, strconv.Quote(r.ResponseID)) {
					t.Errorf("id %s is not in %s", r.ResponseID, x.body)
				}
			}
		})
	}
}

// usageText is how a format writes usage that the gateway counts as u.
func usageText(p ai.Protocol, u ai.Usage) string {
	switch p {
	case ai.Anthropic:
		return fmt.Sprintf(`"usage":{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,`, u.Input-u.CachedInput-u.CacheWrite, u.CacheWrite, u.CachedInput)
	case ai.OpenAI:
		return strconv.Itoa(int(u.Input + u.Output))
	case ai.Responses:
		return strconv.Itoa(int(u.Input + u.Output))
	}
	return fmt.Sprintf(`"totalTokenCount": %d`, u.Input+u.Output)
}

func TestStreamWithoutUsageUnlessAsked(t *testing.T) {
	s := start(t, fakeai.Options{})
	b := strings.Replace(body(ai.OpenAI, true, "x"), `"include_usage":true`, `"include_usage":false`, 1)
	if x := do(t, "POST", s.URL+path(ai.OpenAI, true), "k", b); strings.Contains(x.body, "usage") || s.Last().Usage.Reported {
		t.Errorf("usage in %s", x.body)
	}
}

func TestGeminiArray(t *testing.T) {
	s := start(t, fakeai.Options{})
	x := do(t, "POST", s.URL+"/v1beta/models/m:streamGenerateContent", "k", body(ai.Gemini, true, "how are you"))
	var chunks []json.RawMessage
	if err := json.Unmarshal([]byte(x.body), &chunks); err != nil {
		t.Fatalf("%v: %s", err, x.body)
	}
	if len(chunks) < 3 || streamedText(t, ai.Gemini, x.body) != echo || !s.Last().Array {
		t.Errorf("%d chunks: %s", len(chunks), x.body)
	}
}

func TestCallsTools(t *testing.T) {
	const schema = `{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},"unit":{"enum":["C","F"]}},"required":["city","days","unit"]}`
	const args = `{"city":"sample","days":1,"unit":"C"}`
	offers := map[ai.Protocol]string{
		ai.Anthropic: `,"tools":[{"name":"weather","input_schema":` + schema + `},{"name":"time","input_schema":{}}]}`,
		ai.OpenAI:    `,"tools":[{"type":"function","function":{"name":"weather","parameters":` + schema + `}},{"type":"function","function":{"name":"time"}}]}`,
		ai.Responses: `,"tools":[{"type":"web_search"},{"type":"function","name":"weather","parameters":` + schema + `},{"type":"function","name":"time"}]}`,
		ai.Gemini:    `,"tools":[{"functionDeclarations":[{"name":"weather","parameters":` + schema + `},{"name":"time"}]}]}`,
	}
	results := map[ai.Protocol][2]string{
		ai.Anthropic: {`"messages":[`, `"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"sunny"}]}],"old":[`},
		ai.OpenAI:    {`"messages":[`, `"messages":[{"role":"user","content":"a"},{"role":"tool","tool_call_id":"x","content":"sunny"}],"old":[`},
		ai.Responses: {`"input":`, `"input":[{"type":"function_call_output","call_id":"x","output":"sunny"}],"old":`},
		ai.Gemini:    {`"contents":[`, `"contents":[{"role":"user","parts":[{"functionResponse":{"name":"weather","response":{}}}]}],"old":[`},
	}
	reasons := map[ai.Protocol]string{ai.Anthropic: `"tool_use"`, ai.OpenAI: `"tool_calls"`, ai.Responses: "function_call", ai.Gemini: "functionCall"}
	s := start(t, fakeai.Options{})
	mute := start(t, fakeai.Options{NoToolCalls: true})
	for _, p := range ai.Protocols {
		for _, stream := range []bool{false, true} {
			b := strings.TrimSuffix(body(p, stream, "how are you"), "}") + offers[p]
			x := do(t, "POST", s.URL+path(p, stream), "k", b)
			plainArgs := strings.NewReplacer(`\"`, `"`, " ", "", "\n", "").Replace(x.body)
			if !strings.Contains(x.body, "weather") || strings.Contains(x.body, `"time"`) || !strings.Contains(x.body, reasons[p]) {
				t.Errorf("%s, stream %v: %s", p, stream, x.body)
			}
			if (!stream || p == ai.Gemini) && !strings.Contains(plainArgs, args) {
				t.Errorf("%s, stream %v: arguments in %s", p, stream, x.body)
			}
			if stream {
				checkEvents(t, p, x.body)
			}
			if x := do(t, "POST", s.URL+path(p, stream), "mk-calls2", b); !strings.Contains(x.body, "weather") || !strings.Contains(x.body, "time") {
				t.Errorf("%s, stream %v, two calls: %s", p, stream, x.body)
			}
			if x := do(t, "POST", mute.URL+path(p, stream), "k", b); strings.Contains(x.body, "weather") {
				t.Errorf("%s, stream %v, no calls: %s", p, stream, x.body)
			}
			b = strings.Replace(b, results[p][0], results[p][1], 1)
			if x := do(t, "POST", s.URL+path(p, stream), "k", b); strings.Contains(x.body, "weather") || !strings.Contains(x.body, "Hello") {
				t.Errorf("%s, stream %v, after the result: %s", p, stream, x.body)
			}
		}
	}
}

func TestThinksFirst(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, p := range ai.Protocols {
		for _, stream := range []bool{false, true} {
			x := generate(t, s, p, stream, "mk-think")
			thought, said := strings.Index(x.body, "I answer it"), strings.Index(x.body, "Hello")
			if thought < 0 || said < 0 || (thought > said && stream) {
				t.Errorf("%s, stream %v: %s", p, stream, x.body)
			}
			if stream {
				checkEvents(t, p, x.body)
			}
		}
	}
}

func TestKeepsToTheLimit(t *testing.T) {
	s := start(t, fakeai.Options{})
	for p, limit := range map[ai.Protocol]string{
		ai.Anthropic: `"max_tokens":2,"old":`, ai.OpenAI: `"max_completion_tokens":2,"x":`, ai.Responses: `"max_output_tokens":2,"x":`,
		ai.Gemini: `"generationConfig":{"maxOutputTokens":2},"x":`,
	} {
		b := strings.Replace(body(p, false, "how are you"), "{", "{"+limit+"0,", 1)
		if p == ai.Anthropic {
			b = strings.Replace(body(p, false, "how are you"), `"max_tokens":1000`, `"max_tokens":2`, 1)
		}
		x := do(t, "POST", s.URL+path(p, false), "k", b)
		if !strings.Contains(x.body, `"Hello from "`) || !regexp.MustCompile(`max_tokens|MAX_TOKENS|"length"|max_output_tokens`).MatchString(x.body) {
			t.Errorf("%s: %s", p, x.body)
		}
	}
}

func TestEncodings(t *testing.T) {
	s := start(t, fakeai.Options{})
	decoders := map[string]func(io.Reader) (io.Reader, error){
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		"br":      func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"zstd": func(r io.Reader) (io.Reader, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			return d, err
		},
	}
	for name, open := range decoders {
		for _, stream := range []bool{false, true} {
			x := generate(t, s, ai.Anthropic, stream, "mk-"+name)
			if x.header.Get("Content-Encoding") != name || x.err != nil {
				t.Fatalf("%s: %+v", name, x)
			}
			r, err := open(strings.NewReader(x.body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("%s, stream %v: %v", name, stream, err)
			}
			if stream && streamedText(t, ai.Anthropic, string(b)) != echo || !stream && !strings.Contains(string(b), echo) {
				t.Errorf("%s, stream %v: %s", name, stream, b)
			}
		}
	}
}

func TestOtherEndpoints(t *testing.T) {
	s := start(t, fakeai.Options{})
	const form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\nx\r\n--b--\r\n"
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "/v1/messages/count_tokens", `{"model":"m","messages":[]}`, `"input_tokens":6`},
		{"POST", "/v1/responses/input_tokens", `{"model":"m"}`, `response.input_tokens`},
		{"POST", "/v1/responses/compact", `{"model":"m"}`, `response.compaction`},
		{"POST", "/v1beta/models/m:countTokens", `{"contents":[]}`, `"totalTokens"`},
		{"POST", "/v1beta/models/m:embedContent", `{"content":{}}`, `"embedding"`},
		{"POST", "/v1beta/models/m:batchEmbedContents", `{"requests":[{},{}]}`, `"embeddings"`},
		{"POST", "/v1/embeddings", `{"model":"m","input":["a","b"]}`, `"index": 1`},
		{"POST", "/v1/embeddings", `{"model":"m","input":"a","encoding_format":"base64"}`, `"embedding": "`},
		{"POST", "/v1/completions", `{"model":"m","prompt":"once"}`, "Hello from unit: once"},
		{"POST", "/v1/completions", `{"model":"m","prompt":"once","stream":true}`, "[DONE]"},
		{"POST", "/v1/images/generations", `{"model":"m","prompt":"a cat"}`, `"b64_json"`},
		{"POST", "/v1/audio/speech", `{"model":"m","input":"hi"}`, "\xff\xfb"},
		{"POST", "/v1/audio/transcriptions", form, `"text"`},
		{"POST", "/v1/moderations", `{"input":"x"}`, `"flagged": false`},
		{"POST", "/v1/rerank", `{"model":"m","query":"q","documents":["a","b"]}`, `"index":1`},
		{"POST", "/openai/deployments/d/chat/completions?api-version=1", `{"messages":[{"role":"user","content":"az"}]}`, "Hello from unit: az"},
		{"POST", "/v1beta/openai/chat/completions", `{"messages":[]}`, "chat.completion"},
		{"POST", "/chat/completions", `{"messages":[]}`, "chat.completion"},
		{"GET", "/v1/models", "", `"gpt-fake-1"`},
		{"GET", "/v1/models/x", "", `"x"`},
		{"GET", "/v1beta/models", "", `"models/gemini-fake-1"`},
		{"GET", "/v1beta/models/x", "", `"models/x"`},
		{"GET", "/v1beta/openai/models", "", `"gpt-fake-1"`},
	} {
		var headers []string
		if tt.body == form {
			headers = []string{"Content-Type", "multipart/form-data; boundary=b"}
		}
		x := do(t, tt.method, s.URL+tt.path, "k", tt.body, headers...)
		if x.status != 200 || !strings.Contains(x.body, tt.want) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, x.status, x.body)
		}
		if tt.body == form && s.Last().Model != "whisper" {
			t.Errorf("model %q of a form", s.Last().Model)
		}
	}
	x := do(t, "GET", s.URL+"/v1/models", "k", "", "Anthropic-Version", "2023-06-01")
	if !strings.Contains(x.body, `"claude-fake-1"`) || !strings.Contains(x.body, "has_more") {
		t.Errorf("Anthropic's list: %s", x.body)
	}
}
