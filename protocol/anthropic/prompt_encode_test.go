package anthropic_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
)

// members are the fields of an object, by their names.
type members map[string]json.RawMessage

func encode(t testing.TB, p *protocol.Prompt, model string) (members, *protocol.Outbound) {
	t.Helper()
	out, err := anthropic.Format{}.EncodePrompt(p, model)
	if err != nil {
		t.Fatal(err)
	}
	var m members
	if err := json.Unmarshal(out.Body, &m); err != nil {
		t.Fatalf("%v: %s", err, out.Body)
	}
	if out.Query != "" || out.Header.Get("Anthropic-Version") != "2023-06-01" {
		t.Errorf("%s %v", out.Query, out.Header)
	}
	return m, out
}

func turn(role protocol.Role, parts ...protocol.Part) protocol.Turn {
	return protocol.Turn{Role: role, Parts: parts}
}

func says1(s string) protocol.Part { return protocol.Part{Text: s} }

func call(id, name, arguments string) protocol.Part {
	return protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: id, Name: name, Arguments: arguments}}
}

func result(id, s string) protocol.Part {
	return protocol.Part{Kind: protocol.Result, Back: &protocol.ToolResult{ID: id, Parts: parts(s)}}
}

const (
	sonnet45 = "claude-sonnet-4-5"
	opus48   = "claude-opus-4-8"
)

func TestEncodeFields(t *testing.T) {
	type P = protocol.Prompt
	schema := json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}`)
	function := []protocol.Tool{{Name: "f", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "g"}}
	for _, row := range []struct {
		name, model string
		set         func(p *P)
		field, want string
		hints       string
	}{
		{"most output", sonnet45, func(*P) {}, "max_tokens", "64000", ""},
		{"most output of old ones", "claude-3-haiku-20240307", func(*P) {}, "max_tokens", "4096", ""},
		{"most output of new ones", "anthropic.claude-opus-5-v1:0", func(*P) {}, "max_tokens", "128000", ""},
		{"most output of a dated one", "us.anthropic.claude-sonnet-4-20250514-v1:0", func(*P) {}, "max_tokens", "64000", ""},
		{"most output of another dated one", "claude-opus-4@20250514", func(*P) {}, "max_tokens", "32000", ""},
		{"most output of one by its old name", "anthropic/claude-4.7-opus", func(*P) {}, "max_tokens", "128000", ""},
		{"most output of one without a number", "claude-sonnet", func(*P) {}, "max_tokens", "128000", ""},
		{"most output of others", "glm-5", func(*P) {}, "max_tokens", "32000", ""},
		{"too much output", "claude-opus-4.1", func(p *P) { p.MaxOutput = 90000 }, "max_tokens", "32000", "max_tokens above the model's most"},
		{"temperature", sonnet45, func(p *P) { p.Temperature = new(0.1) }, "temperature", "0.1", ""},
		{"too hot", sonnet45, func(p *P) { p.Temperature = new(1.7) }, "temperature", "1", "temperature"},
		{"hot thoughts", sonnet45, func(p *P) { p.Temperature, p.Thinking.Mode = new(0.5), protocol.ThinkingOn }, "temperature", "", "temperature"},
		{"hot new model", opus48, func(p *P) { p.Temperature, p.TopP, p.TopK = new(0.5), new(0.5), new(int64(3)) }, "temperature", "", "temperature,top_p,top_k"},
		{"both", sonnet45, func(p *P) { p.Temperature, p.TopP = new(0.5), new(0.5) }, "top_p", "", "top_p"},
		{"both on old ones", "claude-3-opus-latest", func(p *P) { p.Temperature, p.TopP = new(0.5), new(0.5) }, "top_p", "0.5", ""},
		{"top_p and thoughts", sonnet45, func(p *P) { p.TopP, p.Thinking.Mode = new(0.97), protocol.ThinkingOn }, "top_p", "0.97", ""},
		{"top_k", sonnet45, func(p *P) { p.TopK = new(int64(3)) }, "top_k", "3", ""},
		{"knobs", sonnet45, func(p *P) {
			p.Seed, p.Frequency, p.Presence, p.Output.Verbosity = new(int64(1)), new(1.0), new(1.0), "low"
		}, "seed", "", "seed,frequency_penalty,presence_penalty,verbosity"},
		{"stop", sonnet45, func(p *P) { p.Stop = []string{"END"} }, "stop_sequences", `["END"]`, ""},
		{"stream", sonnet45, func(p *P) { p.Stream = true }, "stream", "true", ""},
		{"user", sonnet45, func(p *P) { p.User = "u" }, "metadata", `{"user_id":"u"}`, ""},
		{"long user", sonnet45, func(p *P) { p.User = strings.Repeat("u", 300) }, "metadata", "", "user"},
		{"tier", sonnet45, func(p *P) { p.Tier = "default" }, "service_tier", `"standard_only"`, ""},
		{"other tier", sonnet45, func(p *P) { p.Tier = "flex" }, "service_tier", "", "service_tier"},

		{"budget", sonnet45, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 5000, Show: "none"} }, "thinking", `{"type":"enabled","budget_tokens":5000,"display":"omitted"}`, ""},
		{"effort as budget", sonnet45, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "high"} }, "thinking", `{"type":"enabled","budget_tokens":24576}`, ""},
		{"small budget", sonnet45, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 7} }, "thinking", `{"type":"enabled","budget_tokens":1024}`, ""},
		{"budget over the limit", sonnet45, func(p *P) { p.MaxOutput, p.Thinking = 4000, protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 5000} }, "thinking", `{"type":"enabled","budget_tokens":3000}`, "thinking.budget"},
		{"no room", sonnet45, func(p *P) { p.MaxOutput, p.Thinking.Mode = 500, protocol.ThinkingOn }, "thinking", "", "thinking"},
		{"thoughts and a forced call", sonnet45, func(p *P) {
			p.Thinking.Mode, p.Tools, p.Choice.Mode = protocol.ThinkingOn, function, protocol.ChoiceAny
		}, "thinking", "", "thinking"},
		{"adaptive", opus48, func(p *P) {
			p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "xhigh", Show: "summary"}
		}, "thinking", `{"type":"adaptive","display":"summarized"}`, ""},
		{"effort", opus48, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "xhigh"} }, "output_config", `{"effort":"xhigh"}`, ""},
		{"effort by itself", opus48, func(p *P) { p.Thinking.Effort = "low" }, "output_config", `{"effort":"low"}`, ""},
		{"least effort", "claude-opus-4-6", func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "minimal"} }, "output_config", `{"effort":"low"}`, "thinking.effort"},
		{"budget as effort", opus48, func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 31999} }, "output_config", `{"effort":"high"}`, ""},
		{"off", "claude-sonnet-5", func(p *P) { p.Thinking.Mode = protocol.ThinkingOff }, "thinking", `{"type":"disabled"}`, ""},
		{"off with much effort", "claude-opus-5", func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOff, Effort: "max"} }, "output_config", `{"effort":"high"}`, ""},
		{"never off", "claude-fable-5", func(p *P) { p.Thinking.Mode = protocol.ThinkingOff }, "output_config", `{"effort":"low"}`, "thinking off"},
		{"no thoughts at all", "claude-3-5-sonnet-20241022", func(p *P) { p.Thinking.Mode = protocol.ThinkingOn }, "thinking", "", "thinking"},
		{"hidden thoughts of old ones", "claude-3-7-sonnet-20250219", func(p *P) { p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 2000, Show: "none"} }, "thinking", `{"type":"enabled","budget_tokens":2000}`, "thinking.display"},

		{"schema", sonnet45, func(p *P) { p.Output = protocol.Output{JSON: true, Schema: schema, Name: "x"} }, "output_config", `{"format":{"type":"json_schema","schema":{"type":"object","properties":{"n":{"type":"integer","description":"{minimum: 1}"}},"additionalProperties":false}}}`, ""},
		{"tools", sonnet45, func(p *P) { p.Tools = function }, "tools", `[{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object","properties":{}}}]`, ""},
		{"strict", sonnet45, func(p *P) {
			p.Tools = []protocol.Tool{{Name: "f", Description: "d", Schema: schema, Strict: new(true), Cache: "1h"}}
		}, "tools", `[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"n":{"type":"integer","description":"{minimum: 1}"}},"additionalProperties":false},"strict":true,"cache_control":{"type":"ephemeral","ttl":"1h"}}]`, ""},
		{"strict of old ones", "claude-sonnet-4-0", func(p *P) { p.Tools = []protocol.Tool{{Name: "f", Schema: json.RawMessage(`{}`), Strict: new(true)}} }, "tools", `[{"name":"f","input_schema":{"type":"object"}}]`, "tools.strict"},
		{"strict and open", sonnet45, func(p *P) {
			p.Tools = []protocol.Tool{{Name: "f", Schema: json.RawMessage(`{"additionalProperties":{}}`), Strict: new(true)}}
		}, "tools", `[{"name":"f","input_schema":{"type":"object","additionalProperties":{}}}]`, "tools.strict"},
		{"search", sonnet45, func(p *P) {
			p.Tools = []protocol.Tool{{Kind: protocol.WebSearch, MaxSearches: 2, NotDomains: []string{"a"}, Location: &protocol.Location{Timezone: "UTC"}}}
		}, "tools", `[{"type":"web_search_20250305","name":"web_search","max_uses":2,"blocked_domains":["a"],"user_location":{"type":"approximate","timezone":"UTC"}}]`, ""},
		{"choice", sonnet45, func(p *P) { p.Tools, p.Choice.Mode = function, protocol.ChoiceAny }, "tool_choice", `{"type":"any"}`, ""},
		{"choice of one", sonnet45, func(p *P) {
			p.Tools, p.Choice = function, protocol.ToolChoice{Mode: protocol.ChoiceAny, Names: []string{"f"}}
		}, "tool_choice", `{"type":"tool","name":"f"}`, ""},
		{"choice among some", sonnet45, func(p *P) {
			p.Tools, p.Choice = function, protocol.ToolChoice{Mode: protocol.ChoiceAuto, Names: []string{"f"}}
		}, "tools", `[{"name":"f","input_schema":{"type":"object"}}]`, ""},
		{"choice of nothing", sonnet45, func(p *P) { p.Choice.Mode = protocol.ChoiceAuto }, "tool_choice", "", ""},
		{"one at a time", sonnet45, func(p *P) { p.Tools, p.Parallel = function, new(false) }, "tool_choice", `{"type":"auto","disable_parallel_tool_use":true}`, ""},
		{"none", sonnet45, func(p *P) { p.Tools, p.Choice.Mode, p.Parallel = function, protocol.ChoiceNone, new(false) }, "tool_choice", `{"type":"none"}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &P{Turns: []protocol.Turn{turn(protocol.User, says1("Hi"))}}
			row.set(p)
			m, out := encode(t, p, row.model)
			if got := string(m[row.field]); got != row.want {
				t.Errorf("%s: %s", row.field, got)
			}
			if got := strings.Join(out.Hints, ","); got != row.hints {
				t.Errorf("hints %s", got)
			}
		})
	}
}

func TestEncodeTurns(t *testing.T) {
	type T = protocol.Turn
	const U, A, S, D = protocol.User, protocol.Assistant, protocol.System, protocol.Developer
	own := protocol.Part{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Anthropic}
	foreign := protocol.Part{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Gemini}
	// One letter each: text is as it is, (f) a call, [f:x] a result, <Hm> a thought.
	for _, row := range []struct {
		name, model string
		turns       []T
		system      string
		want        string
		hints       string
	}{
		{"system first", sonnet45, []T{turn(S, says1("a")), turn(D, says1("b")), turn(U, says1("c"))}, "a|b", "user: c", ""},
		{"only system", sonnet45, []T{turn(S, says1("a"))}, "", "user: a", ""},
		{"merged", sonnet45, []T{turn(U, says1("a")), turn(U, says1("b")), turn(A, says1("c")), turn(A, says1("d")), turn(U, says1("e"))}, "", "user: a|b / assistant: c|d / user: e", ""},
		{"assistant first", sonnet45, []T{turn(A, says1("a")), turn(U, says1("b"))}, "", "user: . / assistant: a / user: b", "first turn"},
		{"nothing said", sonnet45, []T{turn(U, says1("a")), turn(A, says1(" ")), turn(U, says1("")), turn(U, says1("b"))}, "", "user: a|b", ""},
		{"late system", sonnet45, []T{turn(U, says1("a")), turn(D, says1("s")), turn(U, says1("b"))}, "", "user: a|<system-reminder>\ns\n</system-reminder>|b", ""},
		{"late system, newer model", opus48, []T{turn(U, says1("a")), turn(S, says1("s")), turn(S, says1("t"))}, "", "user: a / system: s|t", ""},
		{"late system where it may not be", opus48, []T{turn(U, says1("a")), turn(A, says1("b")), turn(S, says1("s")), turn(U, says1("c"))}, "", "user: a / assistant: b / user: <system-reminder>\ns\n</system-reminder>|c", ""},
		{"results first", sonnet45, []T{turn(U, says1("a")), turn(A, call("1", "f", ""), call("2", "g", "")), turn(U, says1("b")), turn(U, result("2", "y"), result("1", "x"))}, "", "user: a / assistant: (1)|(2) / user: [1:x]|[2:y]|b", ""},
		{"results one by one", sonnet45, []T{turn(U, says1("a")), turn(A, call("1", "f", "")), turn(A, call("2", "g", "")), turn(U, result("1", "x")), turn(U, result("2", "y"))}, "", "user: a / assistant: (1)|(2) / user: [1:x]|[2:y]", ""},
		{"late result", sonnet45, []T{turn(U, says1("a")), turn(A, call("1", "f", "")), turn(U, says1("b")), turn(A, says1("c")), turn(U, result("1", "x"))}, "", "user: a / assistant: (1) / user: [1:x]|b / assistant: c", ""},
		{"result behind another word", sonnet45, []T{turn(U, says1("a")), turn(A, call("1", "f", "")), turn(A, says1("b")), turn(U, result("1", "x"))}, "", "user: a / assistant: (1)|b / user: [1:x]", ""},
		{"ids counted anew", sonnet45, []T{turn(U, says1("a")), turn(A, call("1", "f", "")), turn(U, result("1", "x")), turn(A, call("1", "f", "")), turn(U, result("1", "y"))}, "", "user: a / assistant: (1) / user: [1:x] / assistant: (1_2) / user: [1_2:y]", ""},
		{"ids with other letters", sonnet45, []T{turn(U, says1("a")), turn(A, call("a.b", "f", "")), turn(U, result("a.b", "x"))}, "", "user: a / assistant: (a_b_2e7336dc) / user: [a_b_2e7336dc:x]", ""},
		{"system behind results", opus48, []T{turn(U, says1("a")), turn(A, call("1", "f", "")), turn(U, result("1", "x")), turn(S, says1("s"))}, "", "user: a / assistant: (1) / user: [1:x] / system: s", ""},
		{"own thoughts", sonnet45, []T{turn(U, says1("a")), turn(A, own, says1("b")), turn(U, says1("c"))}, "", "user: a / assistant: <Hm>|b / user: c", ""},
		{"foreign thoughts", sonnet45, []T{turn(U, says1("a")), turn(A, foreign, says1("b")), turn(U, says1("c"))}, "", "user: a / assistant: b / user: c", "thinking history"},
		{"unsigned thoughts of others", "glm-5", []T{turn(U, says1("a")), turn(A, protocol.Part{Kind: protocol.Thought, Text: "Hm", Origin: ai.Anthropic}, says1("b")), turn(U, says1("c"))}, "", "user: a / assistant: <Hm>|b / user: c", ""},
		{"foreign search", sonnet45, []T{turn(U, says1("a")), turn(A, protocol.Part{Kind: protocol.Search, Text: "q"}, says1("b")), turn(U, says1("c"))}, "", "user: a / assistant: b / user: c", "search history"},
		{"to go on with", sonnet45, []T{turn(U, says1("a")), turn(A, says1("b \n"))}, "", "user: a / assistant: b", ""},
		{"refusal", sonnet45, []T{turn(U, says1("a")), turn(A, protocol.Part{Kind: protocol.Refusal, Text: "no"}), turn(U, says1("b"))}, "", "user: a / assistant: no / user: b", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, out := encode(t, &protocol.Prompt{Turns: row.turns}, row.model)
			var system []wireBlock
			if len(m["system"]) > 0 {
				unmarshal(t, m["system"], &system)
			}
			if got := short(system); got != row.system {
				t.Errorf("system %s", got)
			}
			var messages []struct {
				Role    string
				Content []wireBlock
			}
			unmarshal(t, m["messages"], &messages)
			said := make([]string, len(messages))
			for i, msg := range messages {
				said[i] = msg.Role + ": " + short(msg.Content)
			}
			if diff := cmp.Diff(row.want, strings.Join(said, " / ")); diff != "" {
				t.Error(diff)
			}
			if got := strings.Join(out.Hints, ","); got != row.hints {
				t.Errorf("hints %s", got)
			}
		})
	}
}

type wireBlock struct {
	Type, Text, Thinking, ID string
	ToolUseID                string `json:"tool_use_id"`
	Content                  []wireBlock
}

func unmarshal(t *testing.T, text []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func short(blocks []wireBlock) string {
	list := make([]string, len(blocks))
	for i, b := range blocks {
		switch b.Type {
		case "text":
			list[i] = b.Text
		case "thinking":
			list[i] = "<" + b.Thinking + ">"
		case "tool_use":
			list[i] = "(" + b.ID + ")"
		case "tool_result":
			list[i] = "[" + b.ToolUseID + ":" + short(b.Content) + "]"
		default:
			list[i] = b.Type
		}
	}
	return strings.Join(list, "|")
}

func TestEncodeMedia(t *testing.T) {
	for _, row := range []struct {
		name string
		part protocol.Part
		want string
	}{
		{"image", protocol.Part{Kind: protocol.Image, Cache: "5m", Media: &protocol.Media{Type: "image/jpg", Data: "AA=="}}, `{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA=="},"cache_control":{"type":"ephemeral"}}`},
		{"image by address", protocol.Part{Kind: protocol.Image, Media: &protocol.Media{URL: "https://a"}}, `{"type":"image","source":{"type":"url","url":"https://a"}}`},
		{"PDF", protocol.Part{Kind: protocol.Document, Media: &protocol.Media{Data: "JVBERi0=", Name: "n"}}, `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"n"}`},
		{"text", protocol.Part{Kind: protocol.Document, Media: &protocol.Media{Type: "text/csv; charset=utf-8", Data: "YSxi"}}, `{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b"}}`},
		{"file", protocol.Part{Kind: protocol.Document, Media: &protocol.Media{FileID: "file_1"}}, `{"type":"document","source":{"type":"file","file_id":"file_1"}}`},
	} {
		p := &protocol.Prompt{Turns: []protocol.Turn{turn(protocol.User, row.part)}}
		m, out := encode(t, p, sonnet45)
		if got, want := string(m["messages"]), `[{"role":"user","content":[`+row.want+`]}]`; got != want {
			t.Errorf("%s: %s", row.name, got)
		}
		if beta := out.Header.Get("Anthropic-Beta"); (beta != "") != (row.name == "file") {
			t.Errorf("%s: beta %s", row.name, beta)
		}
	}
}

func TestInexpressible(t *testing.T) {
	type P = protocol.Prompt
	media := func(kind protocol.PartKind, m protocol.Media) func(p *P) {
		return func(p *P) { p.Turns[0].Parts = []protocol.Part{{Kind: kind, Media: &m}} }
	}
	f := []protocol.Tool{{Name: "f"}}
	for _, row := range []struct {
		field, model string
		set          func(p *P)
	}{
		{"logprobs", sonnet45, func(p *P) { p.Logprobs = 1 }},
		{"answers of the kind audio", sonnet45, func(p *P) { p.Kinds = []string{"text", "audio"} }},
		{"a stop sequence of white space", sonnet45, func(p *P) { p.Stop = []string{"\n"} }},
		{"JSON output without a schema", sonnet45, func(p *P) { p.Output.JSON = true }},
		{"schema of the answer", "claude-sonnet-4-0", func(p *P) { p.Output = protocol.Output{JSON: true, Schema: json.RawMessage(`{}`)} }},
		{"schema of the answer", "glm-5", func(p *P) { p.Output = protocol.Output{JSON: true, Schema: json.RawMessage(`{}`)} }},
		{"schema of the answer: an object with members that are not named", sonnet45, func(p *P) {
			p.Output = protocol.Output{JSON: true, Schema: json.RawMessage(`{"type":"object","additionalProperties":{"type":"string"}}`)}
		}},
		{"custom tool", sonnet45, func(p *P) { p.Tools = []protocol.Tool{{Kind: protocol.Custom, Name: "c"}} }},
		{"schema of the tool f", sonnet45, func(p *P) { p.Tools = []protocol.Tool{{Name: "f", Schema: json.RawMessage(`[]`)}} }},
		{"tool_choice", "claude-opus-5-5", func(p *P) { p.Tools, p.Choice.Mode = f, protocol.ChoiceAny }},
		{"a last turn of the assistant's", opus48, func(p *P) { p.Turns = append(p.Turns, turn(protocol.Assistant, says1("a"))) }},
		{"a last turn with calls that have no results", sonnet45, func(p *P) { p.Turns = append(p.Turns, turn(protocol.Assistant, call("1", "f", ""))) }},
		{"media type image/heic", sonnet45, media(protocol.Image, protocol.Media{Type: "image/heic", Data: "AA=="})},
		{"media type application/zip", sonnet45, media(protocol.Document, protocol.Media{Type: "application/zip", Data: "AA=="})},
		{"media that is not base64", sonnet45, media(protocol.Document, protocol.Media{Type: "text/plain", Data: "?"})},
		{"media without content", sonnet45, media(protocol.Document, protocol.Media{})},
		{"media by an address that is not https", sonnet45, media(protocol.Image, protocol.Media{URL: "gs://a"})},
		{"document by address that is no PDF", sonnet45, media(protocol.Document, protocol.Media{URL: "https://a", Type: "text/html"})},
		{"file id", sonnet45, media(protocol.Document, protocol.Media{FileID: "file-1"})},
		{"media that is neither an image nor a document", sonnet45, media(protocol.Audio, protocol.Media{Data: "AA=="})},
		{"media in a turn that is not the user's", sonnet45, func(p *P) {
			p.Turns = append(p.Turns, turn(protocol.Assistant, protocol.Part{Kind: protocol.Image, Media: &protocol.Media{}}))
		}},
		{"tool result with something else than text, images and documents", sonnet45, func(p *P) {
			r := result("1", "")
			r.Back.Parts = []protocol.Part{{Kind: protocol.Audio}}
			p.Turns = append(p.Turns, turn(protocol.Assistant, call("1", "f", "")), turn(protocol.User, r))
		}},
	} {
		p := &P{Turns: []protocol.Turn{turn(protocol.User, says1("Hi"))}}
		row.set(p)
		_, err := anthropic.Format{}.EncodePrompt(p, row.model)
		no, ok := errors.AsType[*protocol.InexpressibleError](err)
		if !ok || no.Field != row.field || no.Protocol != ai.Anthropic {
			t.Errorf("%s: %v", row.field, err)
		}
	}
}

// TestThinkingInTheMiddle: by a budget, the API wants what calls a tool to
// begin with a thought.
func TestThinkingInTheMiddle(t *testing.T) {
	own := protocol.Part{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Anthropic}
	for _, row := range []struct {
		name, model string
		calls       protocol.Turn
		on          bool
	}{
		{"with", sonnet45, turn(protocol.Assistant, own, call("1", "f", "")), true},
		{"without", sonnet45, turn(protocol.Assistant, call("1", "f", "")), false},
		{"adaptive without", opus48, turn(protocol.Assistant, call("1", "f", "")), true},
	} {
		p := &protocol.Prompt{
			Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Budget: 2000},
			Turns:    []protocol.Turn{turn(protocol.User, says1("a")), row.calls, turn(protocol.User, result("1", "x"))},
		}
		m, out := encode(t, p, row.model)
		if on := m["thinking"] != nil; on != row.on || on == (len(out.Hints) > 0) {
			t.Errorf("%s: %s, %v", row.name, m["thinking"], out.Hints)
		}
	}
}

func TestEncodeCalls(t *testing.T) {
	custom := call("1", "f", `say "hi"`)
	custom.Call.Custom = true
	for _, row := range []struct {
		part        protocol.Part
		want, hints string
	}{
		{call("1", "f", ` {"a": 1} `), `{"a":1}`, ""},
		{call("1", "f", ""), `{}`, ""},
		{call("1", "f", `{"a":`), `{"input":"{\"a\":"}`, "arguments that are no object"},
		{call("1", "f", `[1]`), `{"input":"[1]"}`, "arguments that are no object"},
		{custom, `{"input":"say \"hi\""}`, ""},
	} {
		p := &protocol.Prompt{Turns: []protocol.Turn{
			turn(protocol.User, says1("a")), turn(protocol.Assistant, row.part), turn(protocol.User, result("1", "x")),
		}}
		m, out := encode(t, p, sonnet45)
		if !strings.Contains(string(m["messages"]), `"input":`+row.want+`}`) || strings.Join(out.Hints, ",") != row.hints {
			t.Errorf("%s, %v", m["messages"], out.Hints)
		}
	}
}

func TestMarks(t *testing.T) {
	p := &protocol.Prompt{Tools: []protocol.Tool{{Name: "f", Cache: "5m"}}}
	for range 5 {
		part := says1("a")
		part.Cache = "1h"
		p.Turns = append(p.Turns, turn(protocol.User, part))
	}
	m, out := encode(t, p, sonnet45)
	if n := strings.Count(string(out.Body), "cache_control"); n != 4 || strings.Contains(string(m["tools"]), "cache_control") {
		t.Errorf("%d marks: %s", n, out.Body)
	}
	if strings.Join(out.Hints, ",") != "cache marks" {
		t.Error(out.Hints)
	}
}
