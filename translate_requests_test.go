package ccload

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// eachForeign runs a test for every client and every upstream of another
// protocol, streamed or not.
func eachForeign(t *testing.T, test func(t *testing.T, client, up ai.Protocol, stream bool)) {
	t.Helper()
	for _, client := range ai.Protocols {
		for _, up := range ai.Protocols {
			for _, stream := range []bool{false, true} {
				if up == client {
					continue
				}
				t.Run(fmt.Sprintf("%s from %s, stream %v", client, up, stream), func(t *testing.T) {
					t.Parallel()
					test(t, client, up, stream)
				})
			}
		}
	}
}

// toolRequest is a request of a client with one tool, and the call of it and its
// result before, if there is an id.
func toolRequest(p ai.Protocol, stream bool, name, id, more string) (path, body string) {
	n, i := string(scan.Quote(name)), string(scan.Quote(id))
	const schema = `{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}`
	path, _ = generation(p, "m", stream)
	s := fmt.Sprintf(`,"stream":%v`, stream)
	switch p {
	case ai.Anthropic:
		history := ""
		if id != "" {
			history = `,{"role":"assistant","content":[{"type":"tool_use","id":` + i + `,"name":` + n + `,"input":{"path":"a"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":` + i + `,"content":"lines"}]}`
		}
		return path, `{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}` + history + `],"tools":[{"name":` + n + `,"input_schema":` + schema + `}]` + s + more + `}`
	case ai.OpenAI:
		history := ""
		if id != "" {
			history = `,{"role":"assistant","content":null,"tool_calls":[{"id":` + i + `,"type":"function","function":{"name":` + n + `,"arguments":"{\"path\":\"a\"}"}}]},{"role":"tool","tool_call_id":` + i + `,"content":"lines"}`
		}
		return path, `{"model":"m","messages":[{"role":"user","content":"hi"}` + history + `],"tools":[{"type":"function","function":{"name":` + n + `,"parameters":` + schema + `}}]` + s + more + `}`
	case ai.Responses:
		history := ""
		if id != "" {
			history = `,{"type":"function_call","call_id":` + i + `,"name":` + n + `,"arguments":"{\"path\":\"a\"}"},{"type":"function_call_output","call_id":` + i + `,"output":"lines"}`
		}
		return path, `{"model":"m","input":[{"role":"user","content":"hi"}` + history + `],"tools":[{"type":"function","name":` + n + `,"parameters":` + schema + `}]` + s + more + `}`
	default:
		history := ""
		if id != "" {
			history = `,{"role":"model","parts":[{"functionCall":{"id":` + i + `,"name":` + n + `,"args":{"path":"a"}}}]},{"role":"user","parts":[{"functionResponse":{"id":` + i + `,"name":` + n + `,"response":{"result":"lines"}}}]}`
		}
		return path, `{"contents":[{"role":"user","parts":[{"text":"hi"}]}` + history + `],"tools":[{"functionDeclarations":[{"name":` + n + `,"parameters":` + schema + `}]}]` + more + `}`
	}
}

// allowedNames are the names of tools that an upstream takes.
var allowedNames = map[ai.Protocol]*regexp.Regexp{
	ai.Anthropic: regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`),
	ai.OpenAI:    regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$`),
	ai.Responses: regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`),
	ai.Gemini:    regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$`),
}

// TestNamesOfToolsComeBack: whatever a tool is called, the upstream is told a
// name that it takes, the same in tools, choice and history; and the client is
// told its own.
func TestNamesOfToolsComeBack(t *testing.T) {
	t.Parallel()
	choices := map[ai.Protocol]string{
		ai.Anthropic: `,"tool_choice":{"type":"tool","name":%s}`,
		ai.OpenAI:    `,"tool_choice":{"type":"function","function":{"name":%s}}`,
		ai.Responses: `,"tool_choice":{"type":"function","name":%s}`,
		ai.Gemini:    `,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":[%s]}}`,
	}
	eachForeign(t, func(t *testing.T, client, up ai.Protocol, stream bool) {
		s, channel := onlySpeaks(t, up, "other", "key mk-ok")
		g := newGateway(t, channel, "")
		for _, name := range []string{
			"mcp__claude_ai_Meteorology_Platform_2__search_observation_archive_by_station", "read.file", "über/読む", "9 lives",
			strings.Repeat("n", 200), "plain",
		} {
			path, body := toolRequest(client, stream, name, "", fmt.Sprintf(choices[client], scan.Quote(name)))
			reply, _ := readAnswer(t, client, stream, g.post(path, body).want(t, http.StatusOK).Body)
			var called []string
			for i := range reply.Parts {
				if call := reply.Parts[i].Call; call != nil {
					called = append(called, call.Name)
				}
			}
			if !slices.Equal(called, []string{name}) {
				t.Errorf("%s: the client is told to call %q", name, called)
			}
			sent := sentPrompt(t, up, s.Last().Body)
			fitted := sent.Tools[0].Name
			if !allowedNames[up].MatchString(fitted) || !slices.Equal(sent.Choice.Names, []string{fitted}) || name == "plain" && fitted != name {
				t.Errorf("%s: the upstream is told %q, and to call %q", name, fitted, sent.Choice.Names)
			}
			id := "call_" + strings.Repeat("k3V9x0", 14)
			path, body = toolRequest(client, stream, name, id, "")
			g.post(path, body).want(t, http.StatusOK)
			sent = sentPrompt(t, up, s.Last().Body)
			call, result := sent.Turns[1].Parts[0].Call, sent.Turns[2].Parts[0].Back
			if sent.Tools[0].Name != fitted || call.Name != fitted || call.ID != result.ID || up != ai.Gemini && len(call.ID) > 64 || up == ai.OpenAI && len(call.ID) > 40 {
				t.Errorf("%s, then %s: history has call %+v and result %+v", name, fitted, call, result)
			}
		}
	})
}

// sentPrompt reads what an upstream was sent.
func sentPrompt(t *testing.T, up ai.Protocol, body []byte) *protocol.Prompt {
	t.Helper()
	p, err := gateway.CodecOf(up).DecodePrompt(&protocol.Inbound{Model: "m", Body: body})
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return p
}

// TestNamesDoNotCollide: tools whose short names would be the same, or the name
// of another tool, get different ones, whatever their order.
func TestNamesDoNotCollide(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 70)
	limits := protocol.Limits{Tools: protocol.NameRule{Most: 64, Others: "_-"}}
	first := (&protocol.Prompt{Tools: []protocol.Tool{{Name: long}}})
	fitted, _ := first.Fit(limits)
	taken := fitted.Tools[0].Name
	var seen map[string]string
	for _, names := range [][]string{{long, taken, long + "b", "a.b", "a/b", "a_b"}, {"a_b", "a/b", "a.b", long + "b", taken, long}} {
		p := &protocol.Prompt{}
		for _, name := range names {
			p.Tools = append(p.Tools, protocol.Tool{Name: name})
		}
		q, back := p.Fit(limits)
		got := make(map[string]string)
		used := make(map[string]bool)
		for i, tool := range q.Tools {
			if used[tool.Name] || back.Original(tool.Name) != names[i] || len(tool.Name) > 64 {
				t.Errorf("%s is called %s, which stands for %s", names[i], tool.Name, back.Original(tool.Name))
			}
			used[tool.Name], got[names[i]] = true, tool.Name
		}
		if seen != nil && fmt.Sprint(seen) != fmt.Sprint(got) {
			t.Errorf("the order changes the names: %v and %v", seen, got)
		}
		seen = got
	}
}

// TestUsersThatTellWhoTheyAre: a target that wants no addresses gets an HMAC,
// the same each time.
func TestUsersThatTellWhoTheyAre(t *testing.T) {
	t.Parallel()
	for _, up := range []ai.Protocol{ai.Anthropic, ai.OpenAI, ai.Responses} {
		s, channel := onlySpeaks(t, up, "other", "key mk-ok")
		g := newGateway(t, channel, "")
		for user, hidden := range map[string]bool{
			"someone@example.com": up == ai.Anthropic, "+49 170 1234567": up == ai.Anthropic, "Jane Doe": up == ai.Anthropic,
			"user_7f3a": false, strings.Repeat("u", 300): true,
		} {
			var got []string
			for range 2 {
				client, body := "/v1/chat/completions", `{"model":"m","user":%s,"messages":[{"role":"user","content":"hi"}]}`
				if up == ai.OpenAI {
					client, body = "/v1/responses", `{"model":"m","user":%s,"input":"hi"}`
				}
				g.post(client, fmt.Sprintf(body, scan.Quote(user))).want(t, http.StatusOK)
				got = append(got, sentPrompt(t, up, s.Last().Body).User)
			}
			isHMAC := regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(got[0])
			if got[0] != got[1] || isHMAC != hidden || !hidden && got[0] != user {
				t.Errorf("%s is told of %s as %q", up, user, got)
			}
		}
	}
}

// TestUnknownFields: what clients and gateways add at the top is dropped and
// named; what means something is refused by its name, unless it is empty.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	dropped := map[ai.Protocol][]string{
		ai.Anthropic: {"user", "session_id", "prompt_cache_key", "betas", "anthropic_beta", "stream_options", "anything"},
		ai.OpenAI: {
			"tool_stream", "reasoning_split", "options", "keep_alive", "num_ctx", "trace_id", "tags", "ignore_eos", "anything",
		},
		ai.Responses: {"anything", "trace_id", "client"},
		ai.Gemini:    {"anything", "traceId"},
	}
	refused := map[ai.Protocol][]string{
		ai.Anthropic: {"container", "mcp_servers", "inference_geo", "max_price", "data_region", "privacy_mode", "retention_days", "provider", "models", "rate_limit"},
		ai.OpenAI:    {"provider", "models", "route", "plugins", "zdr", "data_collection", "best_of", "audio", "max_price", "geo"},
		ai.Responses: {"background", "conversation", "prompt", "max_tool_calls", "context_management", "max_tokens", "region"},
		ai.Gemini:    {"cachedContent", "safetySettings", "maxPrice", "dataRegion"},
	}
	const meant = `{"x":[2]}`
	eachForeign(t, func(t *testing.T, client, up ai.Protocol, stream bool) {
		if stream {
			return
		}
		_, channel := onlySpeaks(t, up, "other", "key mk-ok")
		g := newGateway(t, channel, "")
		for _, field := range dropped[client] {
			path, body := toolRequest(client, false, "f", "", fmt.Sprintf(`,%q:%s`, field, meant))
			rec := g.record(g.post(path, body).want(t, http.StatusOK))
			if !slices.Contains(rec.Attempts[0].Dropped, field) {
				t.Errorf("%s: dropped %v", field, rec.Attempts[0].Dropped)
			}
		}
		for _, field := range refused[client] {
			value := meant
			switch field {
			case "background":
				value = "true"
			case "best_of":
				value = "2"
			}
			path, body := toolRequest(client, false, "f", "", fmt.Sprintf(`,%q:%s`, field, value))
			a := g.post(path, body).want(t, http.StatusBadRequest)
			if !strings.Contains(a.Body, field) {
				t.Errorf("%s: the client is told %s", field, a.Body)
			}
			for _, empty := range []string{"null", "false", "[]", "{}", `""`} {
				if field == "background" && empty != "null" && empty != "false" {
					continue // of another type than it must have
				}
				path, body = toolRequest(client, false, "f", "", fmt.Sprintf(`,%q:%s`, field, empty))
				g.post(path, body).want(t, http.StatusOK)
			}
		}
	})
}

// TestRefusalsNameTheClientsField, by its own word for it.
func TestRefusalsNameTheClientsField(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		client, up ai.Protocol
		more, want string
	}{
		{ai.OpenAI, ai.Responses, `,"stop":["x"]`, "stop"},
		{ai.Gemini, ai.Responses, `,"generationConfig":{"stopSequences":["x"]}`, "generationConfig.stopSequences"},
		{ai.Anthropic, ai.Responses, `,"stop_sequences":["x"]`, "stop_sequences"},
		{ai.OpenAI, ai.Anthropic, `,"logprobs":true`, "logprobs"},
		{ai.Gemini, ai.Anthropic, `,"generationConfig":{"responseLogprobs":true}`, "generationConfig.responseLogprobs"},
		{ai.OpenAI, ai.Anthropic, `,"modalities":["audio"]`, "modalities"},
		{ai.Gemini, ai.OpenAI, `,"generationConfig":{"responseModalities":["IMAGE"]}`, "generationConfig.responseModalities"},
	} {
		_, channel := onlySpeaks(t, row.up, "other", "key mk-ok")
		g := newGateway(t, channel, "")
		path, body := toolRequest(row.client, false, "f", "", row.more)
		a := g.post(path, body).want(t, http.StatusBadRequest)
		if m := errorShape(t, row.client, a.Body); !strings.Contains(m, " "+row.want+" (") {
			t.Errorf("%s to %s, %s: %s", row.client, row.up, row.more, m)
		}
	}
}

// TestFormOfTheAnswer: a model without a mode for it is made to answer in a form
// by a tool, or asked in words where it has other tools or thinks; the client
// gets a text either way.
func TestFormOfTheAnswer(t *testing.T) {
	t.Parallel()
	const schema = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}`
	requests := map[ai.Protocol]string{
		ai.OpenAI:    `{"model":"m","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"a place","schema":` + schema + `}}`,
		ai.Responses: `{"model":"m","input":"hi","text":{"format":{"type":"json_schema","name":"place","schema":` + schema + `}}`,
		ai.Gemini:    `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":` + schema + `}`,
	}
	tools := map[ai.Protocol]string{
		ai.OpenAI:    `,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]`,
		ai.Responses: `,"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}]`,
		ai.Gemini:    `,"tools":[{"functionDeclarations":[{"name":"f"}]}]`,
	}
	thinks := map[ai.Protocol]string{ai.OpenAI: `,"reasoning_effort":"high"`, ai.Responses: `,"reasoning":{"effort":"high"}`}
	for client, request := range requests {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %v", client, stream), func(t *testing.T) {
				t.Parallel()
				s, channel := onlySpeaks(t, ai.Anthropic, "other", "key mk-ok", "model m claude-sonnet-4-20250514")
				g := newGateway(t, channel, "")
				path, _ := generation(client, "m", stream)
				end := fmt.Sprintf(`,"stream":%v}`, stream)
				if client == ai.Gemini {
					end = "}"
				}
				a := g.post(path, request+end).want(t, http.StatusOK)
				reply, _ := readAnswer(t, client, stream, a.Body)
				text, all := protocol.PlainText(reply.Parts)
				if !all || protocol.Member([]byte(text), "city") == nil || reply.Stop != protocol.StopEnd {
					t.Errorf("the client is told %q, stop %d: %s", text, reply.Stop, clipped(a.Body))
				}
				if sent := sentPrompt(t, ai.Anthropic, s.Last().Body); sent.Choice.Mode != protocol.ChoiceTool || len(sent.Tools) != 1 {
					t.Errorf("sent %s", s.Last().Body)
				}
				for what, more := range map[string]string{"with tools": tools[client], "with thinking": thinks[client]} {
					if more == "" {
						continue
					}
					a := g.post(path, request+more+end).want(t, http.StatusOK)
					body := string(s.Last().Body)
					if strings.Contains(body, "tool_choice") || !strings.Contains(body, "nothing else") || !strings.Contains(body, "city") {
						t.Errorf("%s: sent %s", what, body)
					}
					if rec := g.record(a); !slices.ContainsFunc(rec.Attempts[0].Dropped, func(d string) bool { return strings.Contains(d, "in words") }) {
						t.Errorf("%s: dropped %v", what, rec.Attempts[0].Dropped)
					}
				}
			})
		}
	}
}

// TestCacheMarksOfChat: OpenRouter's and LiteLLM's clients mark tools beside
// their function, texts, whole messages and results.
func TestCacheMarksOfChat(t *testing.T) {
	t.Parallel()
	s, channel := onlySpeaks(t, ai.Anthropic, "other", "key mk-ok")
	g := newGateway(t, channel, "")
	const five, hour = `"cache_control":{"type":"ephemeral"}`, `"cache_control":{"type":"ephemeral","ttl":"1h"}`
	for _, row := range []struct{ what, tool, function, system, user, result string }{
		{"beside the function", "," + hour, "", "", "", ""},
		{"in the function", "", "," + hour, "", "", ""},
		{"on the system message", "", "", "," + hour, "", ""},
		{"on the user's message", "", "", "", "," + hour, ""},
		{"on the result's message", "", "", "", "", "," + hour},
		{"for five minutes", "," + five, "", "", "", ""},
	} {
		g.post("/v1/chat/completions", `{"model":"m","messages":[{"role":"system","content":"be"`+row.system+`},{"role":"user","content":"hi"`+row.user+`},`+
			`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"x"`+row.result+`}],`+
			`"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}`+row.function+`}`+row.tool+`}]}`).want(t, http.StatusOK)
		sent := sentPrompt(t, ai.Anthropic, s.Last().Body)
		got := []string{sent.Tools[0].Cache, "", "", ""} // of the tool, the system prompt, the user's text, the result
		for i := range sent.Turns {
			for j := range sent.Turns[i].Parts {
				part, place := &sent.Turns[i].Parts[j], 1
				switch {
				case part.Cache == "":
					continue
				case part.Back != nil:
					place = 3
				case sent.Turns[i].Role == protocol.User:
					place = 2
				}
				got[place] = part.Cache
			}
		}
		want := map[string][]string{
			"beside the function": {"1h", "", "", ""}, "in the function": {"1h", "", "", ""}, "on the system message": {"", "1h", "", ""},
			"on the user's message": {"", "", "1h", ""}, "on the result's message": {"", "", "", "1h"}, "for five minutes": {"5m", "", "", ""},
		}[row.what]
		if !slices.Equal(got, want) {
			t.Errorf("%s: marks %q, want %q", row.what, got, want)
		}
	}
}

// TestForcedToolsAndThinking: where a model refuses both, a tool that must be
// called goes without thinking, and the record says so.
func TestForcedToolsAndThinking(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		up     ai.Protocol
		model  string
		thinks bool
	}{
		{ai.Anthropic, "claude-haiku-4-5", false},
		{ai.Anthropic, "claude-sonnet-4-6", false},
		{ai.Anthropic, "claude-opus-4-8", false},
		{ai.OpenAI, "deepseek-v4-flash", false},
		{ai.OpenAI, "moonshotai/kimi-k2.6", false},
		{ai.OpenAI, "qwen3-max", false},
		{ai.OpenAI, "gpt-5.2", true},
		{ai.Responses, "gpt-5.2", true},
		{ai.Gemini, "gemini-3-pro-preview", true},
	} {
		for _, mode := range []protocol.ChoiceMode{protocol.ChoiceAny, protocol.ChoiceTool, protocol.ChoiceAuto} {
			p := &protocol.Prompt{
				MaxOutput: 9000, Turns: []protocol.Turn{{Parts: []protocol.Part{{Text: "hi"}}}}, Tools: []protocol.Tool{{Name: "f"}},
				Choice: protocol.ToolChoice{Mode: mode}, Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "high"},
			}
			if mode == protocol.ChoiceTool {
				p.Choice.Names = []string{"f"}
			}
			out, err := protocol.EncodePrompt(gateway.CodecOf(row.up), p, row.model)
			if err != nil {
				t.Errorf("%s: %v", row.model, err)
				continue
			}
			forced := mode != protocol.ChoiceAuto
			sent := sentPrompt(t, row.up, out.Body)
			if forced && !row.thinks && (sent.Thinking.Mode == protocol.ThinkingOn || !slices.Contains(out.Hints, "thinking")) {
				t.Errorf("%s, choice %d: thinking goes with it, dropped %v: %s", row.model, mode, out.Hints, out.Body)
			}
			if row.thinks && sent.Thinking.Mode != protocol.ThinkingOn {
				t.Errorf("%s, choice %d: does not think: %s", row.model, mode, out.Body)
			}
			if forced != (sent.Choice.Mode == protocol.ChoiceAny || sent.Choice.Mode == protocol.ChoiceTool) {
				t.Errorf("%s: choice %d is sent as %d", row.model, mode, sent.Choice.Mode)
			}
		}
	}
}
