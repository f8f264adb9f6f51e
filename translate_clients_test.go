package ccload

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
)

// seenRequest is a request that a real client sent. testdata/clients.jsonl has
// one in a line: Claude Code, Codex, Gemini CLI, opencode, the official SDKs and
// the Vercel AI SDK, captured against a local server, with strings of more than
// 80 characters replaced by their length.
type seenRequest struct {
	Client, Version, Scenario, Path string
	Body                            json.RawMessage
}

func seenRequests(t *testing.T) []seenRequest {
	t.Helper()
	f, err := os.Open("testdata/clients.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []seenRequest
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r seenRequest
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) < 40 || lines.Err() != nil {
		t.Fatalf("%d requests, %v", len(all), lines.Err())
	}
	return all
}

// protocolOf is the protocol of a path, and whether it asks for a stream.
func protocolOf(path string, body []byte) (p ai.Protocol, stream bool) {
	stream = strings.Contains(string(protocol.Member(body, "stream")), "true")
	switch {
	case strings.HasPrefix(path, "/v1/messages"):
		return ai.Anthropic, stream
	case strings.HasPrefix(path, "/v1/chat"):
		return ai.OpenAI, stream
	case strings.HasPrefix(path, "/v1/responses"):
		return ai.Responses, stream
	}
	return ai.Gemini, strings.Contains(path, ":stream")
}

// TestClientsAreServedByAllProtocols: what real clients send is taken by
// upstreams of every other protocol, and the answer is whole in the client's.
func TestClientsAreServedByAllProtocols(t *testing.T) {
	t.Parallel()
	requests := seenRequests(t)
	for _, up := range ai.Protocols {
		t.Run(string(up), func(t *testing.T) {
			t.Parallel()
			_, channel := onlySpeaks(t, up, "other", "key mk-ok")
			g := newGateway(t, channel, "")
			for _, r := range requests {
				client, stream := protocolOf(r.Path, r.Body)
				if client == up {
					continue
				}
				what := fmt.Sprintf("%s %s, %s, from %s", r.Client, r.Version, r.Scenario, up)
				a := g.post(r.Path, string(r.Body))
				if a.Status != http.StatusOK {
					t.Errorf("%s: %d %s", what, a.Status, clipped(a.Body))
					continue
				}
				reply, _ := readAnswer(t, client, stream, a.Body)
				if len(reply.Parts) == 0 {
					t.Errorf("%s: nothing was said", what)
				}
				// What agents call must be tools that they have.
				own, err := gateway.CodecOf(client).DecodePrompt(&protocol.Inbound{Model: "m", Body: r.Body})
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for i := range reply.Parts {
					if call := reply.Parts[i].Call; call != nil && own.ToolNamed(call.Name) == nil && !isNamespaced(own, call.Name) {
						t.Errorf("%s: it is told to call %q", what, call.Name)
					}
				}
			}
		})
	}
}

// isNamespaced reports whether a tool is one of a namespace, which stands beside
// its name.
func isNamespaced(p *protocol.Prompt, name string) bool {
	return slices.ContainsFunc(p.Tools, func(t protocol.Tool) bool { return t.Namespace != "" && t.Name == t.Namespace+"__"+name })
}

// TestCodexWithModelsItKnows: newer ones are told tools in the first item and
// search for others; calls come back with their namespace, code mode and patches
// as free text.
func TestCodexWithModelsItKnows(t *testing.T) {
	t.Parallel()
	const request = `{"model":"gpt-5.5","stream":%v,"store":false,"instructions":"You code.","include":["reasoning.encrypted_content"],
		"prompt_cache_key":"k","parallel_tool_calls":true,"tool_choice":"auto","reasoning":{"effort":"medium","summary":"auto"},"client_metadata":{"x":"y"},
		"input":[{"type":"additional_tools","role":"developer","tools":[%s]},
			{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]},
			{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}%s],
		"tools":[{"type":"tool_search","execution":"client","description":"finds tools","parameters":{"type":"object","properties":{}}},{"type":"web_search"}]}`
	for _, tool := range []struct{ declared, want, history string }{
		{
			`{"type":"namespace","name":"mcp__files","description":"files","tools":[{"type":"function","name":"read","strict":false,"parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}]}`,
			`"type":"function_call","status":"completed","call_id":"?","name":"read","namespace":"mcp__files"`,
			`,{"type":"function_call","call_id":"c1","namespace":"mcp__files","name":"read","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"x"}`,
		},
		{
			`{"type":"custom","name":"apply_patch","description":"patches","format":{"type":"grammar","syntax":"lark","definition":"start: /.+/"}}`,
			`"type":"custom_tool_call","status":"completed","call_id":"?","name":"apply_patch","input":`,
			`,{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin Patch"},{"type":"custom_tool_call_output","call_id":"c1","output":"x"}`,
		},
		{
			`{"type":"function","name":"exec","parameters":{"type":"object","properties":{"code":{"type":"string"}}}}`,
			`"type":"function_call","status":"completed","call_id":"?","name":"exec","arguments":`,
			`,{"type":"tool_search_call","call_id":"c0","execution":"client","arguments":{}},{"type":"tool_search_output","call_id":"c0","execution":"client","status":"completed","tools":[{"type":"function","name":"late","defer_loading":true,"parameters":{"type":"object","properties":{}}}]},` +
				`{"type":"function_call","call_id":"c1","name":"late","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"x"}`,
		},
	} {
		for _, up := range []ai.Protocol{ai.Anthropic, ai.OpenAI, ai.Gemini} {
			for _, stream := range []bool{false, true} {
				s, channel := onlySpeaks(t, up, "other", "key mk-ok")
				g := newGateway(t, channel, "")
				a := g.post("/v1/responses", fmt.Sprintf(request, stream, tool.declared, "")).want(t, http.StatusOK)
				item := string(lastItem(t, stream, a.Body))
				var call struct {
					ID string `json:"call_id"`
				}
				_ = json.Unmarshal([]byte(item), &call)
				if want := strings.Replace(tool.want, "?", call.ID, 1); call.ID == "" || !strings.Contains(item, want) {
					t.Errorf("%s, stream %v: told %s, want %s", up, stream, item, want)
				}
				if rec := g.record(a); !slices.Contains(rec.Attempts[0].Dropped, "tools.tool_search") {
					t.Errorf("dropped %v", rec.Attempts[0].Dropped)
				}
				g.post("/v1/responses", fmt.Sprintf(request, stream, tool.declared, tool.history)).want(t, http.StatusOK)
				sent := sentPrompt(t, up, s.Last().Body)
				if strings.Contains(tool.history, "late") && sent.ToolNamed("late") == nil {
					t.Errorf("%s: a tool that was found is not told: %s", up, s.Last().Body)
				}
				if !strings.Contains(string(s.Last().Body), "Be brief.") {
					t.Errorf("%s: sent %s", up, s.Last().Body)
				}
			}
		}
	}
}

// TestCodexLiteHeader stays here where a model line leads to another family of
// models.
func TestCodexLiteHeader(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]bool{"gpt-5.5": true, "gpt-5.1-codex": true, "openai/gpt-5": true, "gpt-4.1": false, "deepseek-v4": false} {
		s, channel := onlySpeaks(t, ai.Responses, "own", "key mk-ok", "model gpt-5.5 "+to)
		g := newGateway(t, channel, "")
		g.post("/v1/responses", `{"model":"gpt-5.5","input":"hi"}`, func(r *http.Request) { r.Header.Set(openaikit.CodexLite, "1") }).want(t, http.StatusOK)
		if got := s.Last().Header.Get(openaikit.CodexLite) == "1"; got != want {
			t.Errorf("%s is sent the header: %v", to, got)
		}
	}
}
