package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// TestToolsOfTheClient: tools that the client runs and knows without a schema
// are functions elsewhere; their calls come in the client's form, and go back.
func TestToolsOfTheClient(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		client           ai.Protocol
		tool, name, item string
		member           string // of the item, which has the arguments
		has              string // one of these
		output           string // of the result's item
	}{
		{ai.Responses, `{"type":"local_shell"}`, "local_shell", "local_shell_call", "action", "command", `"done"`},
		{ai.Responses, `{"type":"shell"}`, "shell", "shell_call", "action", "commands", `[{"stdout":"done","stderr":"","outcome":{"type":"exit","exit_code":0}}]`},
		{ai.Responses, `{"type":"shell","environment":{"type":"local"}}`, "shell", "shell_call", "action", "commands", `[]`},
		{ai.Responses, `{"type":"apply_patch"}`, "apply_patch", "apply_patch_call", "operation", "path", `"done"`},
		{ai.Responses, `{"type":"computer_use_preview","display_width":9,"display_height":9,"environment":"linux"}`, "computer", "computer_call", "action", "type", `{"type":"computer_screenshot","image_url":"data:image/png;base64,aGk="}`},
		{ai.Anthropic, `{"type":"bash_20250124","name":"bash"}`, "bash", "tool_use", "input", "", ""},
		{ai.Anthropic, `{"type":"text_editor_20250728","name":"str_replace_based_edit_tool","max_characters":9}`, "str_replace_based_edit_tool", "tool_use", "input", "command", ""},
		{ai.Anthropic, `{"type":"memory_20250818","name":"memory"}`, "memory", "tool_use", "input", "command", ""},
		{ai.Anthropic, `{"type":"computer_20250124","name":"computer","display_width_px":9,"display_height_px":9}`, "computer", "tool_use", "input", "action", ""},
	} {
		for _, up := range ai.Protocols {
			for _, stream := range []bool{false, true} {
				if up == row.client {
					continue
				}
				t.Run(fmt.Sprintf("%s from %s, stream %v", row.name, up, stream), func(t *testing.T) {
					t.Parallel()
					s, channel := onlySpeaks(t, up, "other", "key mk-ok")
					g := newGateway(t, channel, "")
					path, _ := generation(row.client, "m", stream)
					body := `{"model":"m","input":[{"role":"user","content":"hi"}%s],"tools":[` + row.tool + fmt.Sprintf(`],"stream":%v}`, stream)
					if row.client == ai.Anthropic {
						body = `{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"hi"}%s],"tools":[` + row.tool + fmt.Sprintf(`],"stream":%v}`, stream)
					}
					a := g.post(path, fmt.Sprintf(body, "")).want(t, http.StatusOK)
					if sent := sentPrompt(t, up, s.Last().Body); sent.Tools[0].Name != row.name || len(sent.Tools[0].Schema) == 0 {
						t.Errorf("sent %+v", sent.Tools)
					}
					if row.client == ai.Anthropic {
						reply, _ := readAnswer(t, row.client, stream, a.Body)
						var call *protocol.ToolCall
						for i := range reply.Parts {
							if reply.Parts[i].Call != nil {
								call = reply.Parts[i].Call
							}
						}
						if call == nil || call.Name != row.name || row.has != "" && protocol.Member([]byte(call.Arguments), row.has) == nil {
							t.Errorf("told %+v", call)
						}
						return
					}
					item := lastItem(t, stream, a.Body)
					arguments := protocol.Member(item, row.member)
					if protocol.Kind(item) != row.item || protocol.Member(arguments, row.has) == nil || protocol.Member(item, "name") != nil {
						t.Fatalf("told %s", item)
					}
					var call struct {
						ID string `json:"call_id"`
					}
					if err := json.Unmarshal(item, &call); err != nil || call.ID == "" {
						t.Fatalf("%s: %v", item, err)
					}
					back := fmt.Sprintf(`,%s,{"type":"%s_output","call_id":%q,"output":%s}`, item, row.item, call.ID, row.output)
					g.post(path, fmt.Sprintf(body, back)).want(t, http.StatusOK)
					sent := sentPrompt(t, up, s.Last().Body)
					made := sent.Turns[1].Parts[0].Call
					if made == nil || made.Name != row.name || protocol.Member([]byte(made.Arguments), row.has) == nil || sent.Turns[2].Parts[0].Back == nil {
						t.Errorf("then sent %s", s.Last().Body)
					}
				})
			}
		}
	}
}

// lastItem is the last item of a response's output.
func lastItem(t *testing.T, stream bool, body string) []byte {
	t.Helper()
	if stream {
		i := strings.LastIndex(body, `{"type":"response.completed"`)
		if i < 0 {
			t.Fatalf("no end: %s", clipped(body))
		}
		body, _, _ = strings.Cut(body[i:], "\n")
		if !strings.Contains(body, "output") {
			t.Fatalf("no output: %s", body)
		}
		body = string(protocol.Member([]byte(body), "response"))
	}
	var item []byte
	_ = protocol.EachElement(protocol.Member([]byte(body), "output"), "", func(_ int, v []byte) error {
		item = v
		return nil
	})
	return item
}

// TestHostedTools: what a provider runs is left away and named where an agent
// has other tools, and refused where it is all there is, or must be called.
func TestHostedTools(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		client      ai.Protocol
		tool, named string
		forced      string
	}{
		{ai.Responses, `{"type":"image_generation"}`, "tools.image_generation", `,"tool_choice":{"type":"image_generation"}`},
		{ai.Responses, `{"type":"code_interpreter","container":{"type":"auto"}}`, "tools.code_interpreter", `,"tool_choice":{"type":"code_interpreter"}`},
		{ai.Responses, `{"type":"tool_search"}`, "tools.tool_search", ""},
		{ai.Anthropic, `{"type":"web_fetch_20250910","name":"web_fetch"}`, "tools.web_fetch", `,"tool_choice":{"type":"tool","name":"web_fetch"}`},
		{ai.Anthropic, `{"type":"code_execution_20250825","name":"code_execution"}`, "tools.code_execution", ""},
		{ai.Anthropic, `{"type":"tool_search_tool_regex_20251119","name":"tool_search_tool_regex"}`, "tools.tool_search_tool_regex", ""},
		{ai.OpenAI, `{"type":"image_generation"}`, "tools.image_generation", `,"tool_choice":{"type":"image_generation"}`},
		{ai.Gemini, `{"codeExecution":{}}`, "tools.codeExecution", ""},
		{ai.Gemini, `{"urlContext":{}}`, "tools.urlContext", ""},
	} {
		for _, up := range ai.Protocols {
			if up == row.client {
				continue
			}
			t.Run(strings.TrimPrefix(row.named, "tools.")+" from "+string(up), func(t *testing.T) {
				t.Parallel()
				s, channel := onlySpeaks(t, up, "other", "key mk-ok", "priority 9")
				g := newGateway(t, channel, "")
				with := func(more string) (path, body string) {
					path, body = toolRequest(row.client, false, "f", "", more)
					return path, strings.Replace(body, `"tools":[`, `"tools":[`+row.tool+`,`, 1)
				}
				path, body := with("")
				rec := g.record(g.post(path, body).want(t, http.StatusOK))
				if !slices.Contains(rec.Attempts[0].Dropped, row.named) || len(sentPrompt(t, up, s.Last().Body).Tools) != 1 {
					t.Errorf("dropped %v, sent %s", rec.Attempts[0].Dropped, s.Last().Body)
				}
				if row.forced != "" {
					_, body := with(row.forced)
					if a := g.post(path, body).want(t, http.StatusBadRequest); !strings.Contains(a.Body, "tools") {
						t.Errorf("forced: %s", a.Body)
					}
				}
				_, whole := toolRequest(row.client, false, "f", "", "")
				begin := strings.Index(whole, `"tools":[`)
				end := begin + strings.LastIndex(whole[begin:], "]")
				if a := g.post(path, whole[:begin]+`"tools":[`+row.tool+whole[end:]).want(t, http.StatusBadRequest); !strings.Contains(a.Body, "tools") {
					t.Errorf("alone: %s", a.Body)
				}
				// Whoever has the tool is asked first, of whatever priority.
				_, own := onlySpeaks(t, row.client, "own", "key mk-ok")
				g = newGateway(t, channel+own, "")
				if rec := g.record(g.post(path, body).want(t, http.StatusOK)); rec.Channel != "own" {
					t.Errorf("served by %s", rec.Channel)
				}
				path, body = toolRequest(row.client, false, "f", "", "")
				if rec := g.record(g.post(path, body).want(t, http.StatusOK)); rec.Channel != "other" {
					t.Errorf("without the tool served by %s", rec.Channel)
				}
			})
		}
	}
}

// TestIneligibleTools: what only one provider has, and means something.
func TestIneligibleTools(t *testing.T) {
	t.Parallel()
	_, channel := onlySpeaks(t, ai.OpenAI, "other", "key mk-ok")
	g := newGateway(t, channel, "")
	for _, extra := range []string{
		`,"tools":[{"type":"mcp","server_label":"x"},{"type":"function","name":"f"}]`,
		`,"tools":[{"type":"file_search","vector_store_ids":["x"]},{"type":"function","name":"f"}]`,
		`,"tools":[{"type":"shell","environment":{"type":"container_auto"}},{"type":"function","name":"f"}]`,
	} {
		g.post("/v1/responses", `{"model":"m","input":"hi"`+extra+`}`).want(t, http.StatusBadRequest)
	}
	for _, item := range []string{`{"type":"compaction","encrypted_content":"x"}`, `{"type":"mcp_call","id":"x"}`, `{"type":"file_search_call","id":"x"}`} {
		a := g.post("/v1/responses", `{"model":"m","input":[{"role":"user","content":"hi"},`+item+`]}`).want(t, http.StatusBadRequest)
		if !strings.Contains(a.Body, "input") {
			t.Errorf("%s: %s", item, a.Body)
		}
	}
}
