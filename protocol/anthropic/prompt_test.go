package anthropic_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
)

// with is a request with more fields than it must have.
func with(fields string) string {
	if fields != "" {
		fields = "," + fields
	}
	return `{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]` + fields + `}`
}

// says is a request with other messages.
func says(messages string) string {
	return `{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[` + messages + `]}`
}

// user is a request whose user says blocks.
func user(blocks string) string { return says(`{"role":"user","content":[` + blocks + `]}`) }

// assistant is a request in which the assistant said blocks.
func assistant(blocks string) string {
	return says(`{"role":"user","content":"Hi"},{"role":"assistant","content":[` + blocks + `]},{"role":"user","content":"And?"}`)
}

func TestDecodeFields(t *testing.T) {
	type P = protocol.Prompt
	for _, row := range []struct {
		fields string
		want   func(p *P)
	}{
		{``, func(*P) {}},
		{`"stream":true`, func(p *P) { p.Stream = true }},
		{`"temperature":0.25,"top_p":0.5,"top_k":7`, func(p *P) { p.Temperature, p.TopP, p.TopK = new(0.25), new(0.5), new(int64(7)) }},
		{`"temperature":null,"tools":null,"system":null,"mcp_servers":[]`, func(*P) {}},
		{`"stop_sequences":["a","b"]`, func(p *P) { p.Stop = []string{"a", "b"} }},
		{`"metadata":{"user_id":"u"}`, func(p *P) { p.User = "u" }},
		{`"metadata":{"x":1}`, func(p *P) { p.Hints = []string{"metadata.x"} }},
		{`"system":"Be kind"`, func(p *P) {
			p.Turns = slices.Insert(p.Turns, 0, protocol.Turn{Role: protocol.System, Parts: parts("Be kind")})
		}},
		{`"system":""`, func(*P) {}},
		{`"system":[{"type":"text","text":"x-anthropic-billing-header: cc=1"}]`, func(p *P) { p.Hints = []string{"system.x-anthropic-billing-header"} }},
		{`"system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"B"}]`, func(p *P) {
			two := parts("A", "B")
			two[0].Cache = "1h"
			p.Turns = slices.Insert(p.Turns, 0, protocol.Turn{Role: protocol.System, Parts: two})
		}},
		{`"cache_control":{"type":"ephemeral"}`, func(p *P) { p.Turns[0].Parts[0].Cache = "5m" }},
		{`"thinking":{"type":"enabled","budget_tokens":2000}`, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 2000} }},
		{`"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"max"}`, func(p *P) {
			p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Show: "none", Effort: "max"}
		}},
		{`"thinking":{"type":"adaptive","display":"summarized"}`, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Show: "summary"} }},
		{`"thinking":{"type":"disabled"}`, func(p *P) { p.Thinking.Mode = protocol.ThinkingOff }},
		{`"thinking":{"type":"adaptive","block_binding":"x"}`, func(p *P) {
			p.Thinking.Mode, p.Native = protocol.ThinkingOn, []string{"thinking.block_binding"}
		}},
		{`"output_config":{"effort":"enormous","task_budget":{}}`, func(p *P) { p.Native = []string{"output_config.effort", "output_config.task_budget"} }},
		{`"output_config":{"format":{"type":"json_schema","schema":{"type": "object"}}}`, func(p *P) {
			p.Output = protocol.Output{JSON: true, Schema: json.RawMessage(`{"type":"object"}`)}
		}},
		{`"output_format":{"type":"json_schema","schema":{}}`, func(p *P) { p.Output = protocol.Output{JSON: true, Schema: json.RawMessage(`{}`)} }},
		{`"output_format":{"type":"grammar"}`, func(p *P) { p.Native = []string{"output_format"} }},
		{`"service_tier":"auto"`, func(*P) {}},
		{`"service_tier":"standard_only"`, func(p *P) { p.Tier = "default" }},
		{`"service_tier":"gold"`, func(p *P) { p.Native = []string{"service_tier"} }},
		{`"speed":"fast","diagnostics":{}`, func(p *P) { p.Hints = []string{"speed", "diagnostics"} }},
		{`"container":"c","inference_geo":"us","mcp_servers":[{}],"news":1`, func(p *P) {
			p.Native, p.Hints = []string{"container", "inference_geo", "mcp_servers"}, []string{"news"}
		}},
		{`"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}`, func(p *P) { p.Hints = []string{"context_management.edits"} }},
		{`"context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]}`, func(p *P) {
			p.Native = []string{"context_management.edits.clear_tool_uses_20250919"}
		}},
		{`"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"},"eager_input_streaming":true,"allowed_callers":["direct"]}]`, func(p *P) {
			p.Tools = []protocol.Tool{{Name: "f", Description: "d", Schema: json.RawMessage(`{"type":"object"}`), Strict: new(true), Cache: "5m"}}
			p.Hints = []string{"tools.eager_input_streaming"}
		}},
		{`"tools":[{"type":"custom","name":"f","input_schema":{},"defer_loading":true,"allowed_callers":["code_execution_20250825"],"x":1}]`, func(p *P) {
			p.Tools = []protocol.Tool{{Name: "f", Schema: json.RawMessage(`{}`)}}
			p.Native, p.Hints = []string{"tools.allowed_callers", "tools.x"}, []string{"tools.defer_loading"}
		}},
		{`"tools":[{"type":"web_fetch_20250910","name":"web_fetch"},{"type":"code_execution_20250825","name":"code_execution"},{"type":"tool_search_tool_bm25_20251119","name":"tool_search_tool_bm25"}]`, func(p *P) {
			p.Tools = []protocol.Tool{{Kind: protocol.Hosted, Name: "web_fetch"}, {Kind: protocol.Hosted, Name: "code_execution"}, {Kind: protocol.Hosted, Name: "tool_search_tool_bm25"}}
		}},
		{`"tools":[{"type":"mcp_toolset","mcp_server_name":"x"},{"type":"unheard_of_20300101","name":"x"}]`, func(p *P) {
			p.Native = []string{"tools.mcp_toolset", "tools.unheard_of_20300101"}
		}},
		{`"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.org"],"blocked_domains":null,"user_location":{"type":"approximate","city":"Bonn","country":"DE"}}]`, func(p *P) {
			p.Tools = []protocol.Tool{{
				Kind: protocol.WebSearch, Name: "web_search", MaxSearches: 3, Domains: []string{"a.org"},
				Location: &protocol.Location{City: "Bonn", Country: "DE"},
			}}
		}},
		{`"tool_choice":{"type":"any"}`, func(p *P) { p.Choice.Mode = protocol.ChoiceAny }},
		{`"tool_choice":{"type":"none"}`, func(p *P) { p.Choice.Mode = protocol.ChoiceNone }},
		{`"tool_choice":{"type":"tool","name":"f"}`, func(p *P) { p.Choice = protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []string{"f"}} }},
		{`"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, func(p *P) { p.Choice.Mode, p.Parallel = protocol.ChoiceAuto, new(false) }},
	} {
		want := &P{
			Model: "claude-sonnet-4-5", MaxOutput: 100, WantsUsage: true,
			Turns: []protocol.Turn{{Role: protocol.User, Parts: parts("Hi")}},
		}
		row.want(want)
		got, err := decode([]byte(with(row.fields)))
		if err != nil {
			t.Errorf("%s: %v", row.fields, err)
			continue
		}
		slices.Sort(got.Native)
		slices.Sort(want.Native)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", row.fields, diff)
		}
	}
}

func parts(texts ...string) []protocol.Part {
	list := make([]protocol.Part, len(texts))
	for i, s := range texts {
		list[i].Text = s
	}
	return list
}

func TestDecodeBlocks(t *testing.T) {
	type B = protocol.Part
	foreign := B{Kind: protocol.Thought, Text: "Hm", Signature: "sig", Origin: ai.Gemini}
	for _, row := range []struct {
		name, body string
		turn       int
		want       []B
		native     string
	}{
		{"text", user(`{"type":"text","text":"a","cache_control":{"type":"ephemeral"},"citations":null}`), 0, []B{{Text: "a", Cache: "5m"}}, ""},
		{"system role", says(`{"role":"user","content":"Hi"},{"role":"system","content":"Now"}`), 1, parts("Now"), ""},
		{"image", user(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}`), 0, []B{{Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "AA=="}}}, ""},
		{"image by address", user(`{"type":"image","source":{"type":"url","url":"https://a/b"}}`), 0, []B{{Kind: protocol.Image, Media: &protocol.Media{URL: "https://a/b"}}}, ""},
		{"file", user(`{"type":"image","source":{"type":"file","file_id":"file_1"}}`), 0, []B{{Kind: protocol.Image, Media: &protocol.Media{FileID: "file_1"}}}, "messages.content.source.file_id"},
		{"PDF by address", user(`{"type":"document","source":{"type":"url","url":"https://a/b"},"title":"T","citations":{"enabled":false}}`), 0, []B{{Kind: protocol.Document, Media: &protocol.Media{URL: "https://a/b", Type: "application/pdf", Name: "T"}}}, ""},
		{"plain document", user(`{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"},"citations":{"enabled":true}}`), 0, []B{{Kind: protocol.Document, Media: &protocol.Media{Type: "text/plain", Plain: "x"}}}, "messages.content.citations.enabled"},
		{"document of blocks", user(`{"type":"document","context":"c","source":{"type":"content","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}}`), 0, []B{{Kind: protocol.Document, Media: &protocol.Media{Type: "text/plain", Plain: "x\ny"}}}, "messages.content.document.context"},
		{"unknown block", user(`{"type":"text","text":"a"},{"type":"search_result","source":"s"}`), 0, parts("a"), "messages.content.search_result"},
		{"call", assistant(`{"type":"tool_use","id":"ccw_YS5i","name":"f","input":{"a": 1},"caller":{"type":"direct"}}`), 1, []B{{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "a.b", Name: "f", Arguments: `{"a":1}`}}}, ""},
		{"call of code", assistant(`{"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"code_execution_20250825"}}`), 1, []B{{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "t", Name: "f"}}}, "messages.content.caller"},
		{"result", user(`{"type":"tool_result","tool_use_id":"t","content":"x","is_error":true}`), 0, []B{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "t", Parts: parts("x"), Error: true}}}, ""},
		{"result of blocks", user(`{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"url","url":"https://a"}}]}`), 0, []B{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "t", Parts: []B{{Text: "x"}, {Kind: protocol.Image, Media: &protocol.Media{URL: "https://a"}}}}}}, ""},
		{"empty result", user(`{"type":"tool_result","tool_use_id":"t"}`), 0, []B{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "t"}}}, ""},
		{"reference", user(`{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference","tool_name":"f"}]}`), 0, []B{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "t", Parts: parts("The tool f can be called now.")}}}, ""},
		{"thought", assistant(`{"type":"thinking","thinking":"Hm","signature":"s"}`), 1, []B{{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Anthropic}}, ""},
		{"redacted", assistant(`{"type":"redacted_thinking","data":"d"}`), 1, []B{{Kind: protocol.Thought, Redacted: true, Signature: "d", Origin: ai.Anthropic}}, ""},
		{"foreign thought", assistant(`{"type":"thinking","thinking":"Hm","signature":"` + foreign.Seal(false) + `"}`), 1, []B{foreign}, ""},
		{"foreign thought without text", assistant(`{"type":"redacted_thinking","data":"` + foreign.Seal(true) + `"}`), 1, []B{foreign}, ""},
		{"other server tool", assistant(`{"type":"text","text":"a"},{"type":"server_tool_use","id":"s","name":"web_fetch","input":{}}`), 1, parts("a"), "messages.content.server_tool_use.web_fetch"},
		{"citation", assistant(`{"type":"text","text":"äb","citations":[{"type":"web_search_result_location","url":"u","title":"t","cited_text":"q"}]}`), 1, []B{{Text: "äb", Citations: []protocol.Citation{{URL: "u", Title: "t", Quote: "q", End: 2}}}}, ""},
		{
			"search", assistant(`{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"u","title":"t","encrypted_content":"e"}]}`), 1,
			[]B{{
				Kind: protocol.Search, ID: "s", Text: "q", Citations: []protocol.Citation{{URL: "u", Title: "t"}}, Origin: ai.Anthropic,
				Signature: `[{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"u","title":"t","encrypted_content":"e"}]}]`,
			}},
			"",
		},
	} {
		p, err := decode([]byte(row.body))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if diff := cmp.Diff(row.want, p.Turns[row.turn].Parts, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if got := strings.Join(p.Native, ","); got != row.native {
			t.Errorf("%s: native %s", row.name, got)
		}
	}
}

// TestNativeOnly: a message of nothing but what others cannot say is not empty.
func TestNativeOnly(t *testing.T) {
	upload := `{"role":"user","content":[{"type":"container_upload","file_id":"file_1"}]}`
	p, err := decode([]byte(says(upload + "," + upload)))
	if err != nil || strings.Join(p.Native, ",") != "messages.content.container_upload" {
		t.Errorf("%+v %v", p, err)
	}
}

// TestDeep: what is nested without end is refused before it costs much.
func TestDeep(t *testing.T) {
	blocks := strings.Repeat(`{"type":"tool_result","tool_use_id":"t","content":[`, 3000) + strings.Repeat(`]}`, 3000)
	if _, err := decode([]byte(user(blocks))); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Error("nested results are read")
	}
	schema := strings.Repeat(`{"items":`, 3000) + "true" + strings.Repeat(`}`, 3000)
	p, err := decode([]byte(with(`"output_format":{"type":"json_schema","schema":` + schema + `}`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (anthropic.Format{}).EncodePrompt(p, sonnet45); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Error(err)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, row := range []struct{ body, param string }{
		{`[]`, ""},
		{`{"model":"m"}`, "messages"},
		{`{"model":"m","messages":[]}`, "messages"},
		{`{"model":"m","messages":"Hi"}`, "messages"},
		{says(`"Hi"`), "messages.0"},
		{says(`{"content":"x"}`), "messages.0.role"},
		{says(`{"role":"tool","content":"x"}`), "messages.0.role"},
		{says(`{"role":"user"}`), "messages.0.content"},
		{says(`{"role":"user","content":""}`), "messages.0.content"},
		{says(`{"role":"user","content":7}`), "messages.0.content"},
		{says(`{"role":"user","content":"a"},{"role":"assistant","content":[]},{"role":"user","content":"a"}`), "messages.1.content"},
		{user(`"x"`), "messages.0.content.0"},
		{user(`{"text":"x"}`), "messages.0.content.0.type"},
		{user(`{"type":"text"}`), "messages.0.content.0.text"},
		{user(`{"type":"text","text":7}`), "messages.0.content.0.text"},
		{user(`{"type":"text","text":"x","cache_control":{"type":"forever"}}`), "messages.0.content.0.cache_control.type"},
		{user(`{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"2h"}}`), "messages.0.content.0.cache_control.ttl"},
		{user(`{"type":"image"}`), "messages.0.content.0.source"},
		{user(`{"type":"image","source":{"type":"base64","data":"AA=="}}`), "messages.0.content.0.source.media_type"},
		{user(`{"type":"image","source":{"type":"url"}}`), "messages.0.content.0.source.url"},
		{user(`{"type":"tool_result","content":"x"}`), "messages.0.content.0.tool_use_id"},
		{assistant(`{"type":"tool_use","name":"f","input":{}}`), "messages.1.content.0.id"},
		{assistant(`{"type":"tool_use","id":"t","input":{}}`), "messages.1.content.0.name"},
		{assistant(`{"type":"tool_use","id":"t","name":"f","input":"{}"}`), "messages.1.content.0.input"},
		{assistant(`{"type":"web_search_tool_result","tool_use_id":"s","content":[]}`), "messages.1.content.0.tool_use_id"},
		{with(`"system":7`), "system"},
		{with(`"system":[{"type":"image","source":{"type":"url","url":"https://a"}}]`), "system"},
		{with(`"stream":"yes"`), "stream"},
		{with(`"temperature":"hot"`), "temperature"},
		{with(`"top_k":{}`), "top_k"},
		{with(`"stop_sequences":"x"`), "stop_sequences"},
		{with(`"thinking":{"type":"much"}`), "thinking.type"},
		{with(`"thinking":{"type":"enabled"}`), "thinking.budget_tokens"},
		{with(`"output_config":{"format":{"type":"json_schema"}}`), "output_config.format.schema"},
		{with(`"tools":{}`), "tools"},
		{with(`"tools":["f"]`), "tools.0"},
		{with(`"tools":[{"input_schema":{}}]`), "tools.0.name"},
		{with(`"tools":[{"name":"f"}]`), "tools.0.input_schema"},
		{with(`"tools":[{"name":"f","input_schema":[]}]`), "tools.0.input_schema"},
		{with(`"tool_choice":"auto"`), "tool_choice"},
		{with(`"tool_choice":{"type":"maybe"}`), "tool_choice.type"},
		{with(`"tool_choice":{"name":"f"}`), "tool_choice.type"},
		{with(`"tool_choice":{"type":"tool"}`), "tool_choice.name"},
	} {
		_, err := decode([]byte(row.body))
		bad, ok := errors.AsType[*protocol.RequestError](err)
		if !ok || bad.Param != row.param || bad.Message == "" || bad.Status != 400 {
			t.Errorf("%s: %+v", row.body, err)
		}
	}
}
