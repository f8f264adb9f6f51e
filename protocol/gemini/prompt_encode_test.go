package gemini_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
)

func say(role protocol.Role, parts ...protocol.Part) protocol.Turn {
	return protocol.Turn{Role: role, Parts: parts}
}

func text(s string) protocol.Part { return protocol.Part{Text: s} }

func TestEncodeBodies(t *testing.T) {
	call := func(id string) protocol.Part {
		return protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: id, Name: "f", Arguments: `{"a": 1}`}}
	}
	back := func(id string, parts ...protocol.Part) protocol.Part {
		return protocol.Part{Kind: protocol.Result, Back: &protocol.ToolResult{ID: id, Parts: parts}}
	}
	picture := protocol.Part{Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "AAAA"}}
	function := []protocol.Tool{{Name: "f", Description: "d", Schema: []byte(`{"type":"object"}`)}}
	const tools = `"tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}]}]`
	hello := []protocol.Turn{say(protocol.User, text("Hi"))}
	const helloBody = `"contents":[{"role":"user","parts":[{"text":"Hi"}]}]`
	for _, row := range []struct {
		name, model string
		p           protocol.Prompt
		want        string
		hints       []string
	}{
		{
			"system turns", "",
			protocol.Prompt{Turns: []protocol.Turn{say(protocol.System, text("a")), say(protocol.User, text("Hi")), say(protocol.Developer, text("b"))}},
			`{"systemInstruction":{"parts":[{"text":"a"},{"text":"b"}]},` + helloBody + `}`, nil,
		},
		{
			"no system turns", "gemma-3-27b-it",
			protocol.Prompt{Turns: []protocol.Turn{say(protocol.System, text("a")), say(protocol.User, text("Hi"))}},
			`{"contents":[{"role":"user","parts":[{"text":"a"},{"text":"Hi"}]}]}`, nil,
		},
		{"only a system turn", "", protocol.Prompt{Turns: []protocol.Turn{say(protocol.System, text("Hi"))}}, `{` + helloBody + `}`, nil},
		{
			"the model first, and turns that follow their like", "",
			protocol.Prompt{Turns: []protocol.Turn{
				say(protocol.Assistant, text("a")), say(protocol.Assistant, text(""), text("b")), say(protocol.User, text("c")), say(protocol.User, text("d")),
			}},
			`{"contents":[{"role":"user","parts":[{"text":""}]},{"role":"model","parts":[{"text":"a"},{"text":"b"}]},{"role":"user","parts":[{"text":"c"},{"text":"d"}]}]}`, nil,
		},
		{
			"results before words, media beside them", "",
			protocol.Prompt{Turns: []protocol.Turn{
				say(protocol.User, text("Hi")), say(protocol.Assistant, call("x"), call("ccx_1")),
				say(protocol.User, text("see"), back("x", text("1"), picture)), say(protocol.User, back("ccx_1", text(`{"b":2}`))),
			}},
			`{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"functionCall":{"id":"x","name":"f","args":{"a":1}}},{"functionCall":{"name":"f","args":{"a":1}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"x","name":"f","response":{"result":"1"}}},{"functionResponse":{"name":"f","response":{"b":2}}},{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"text":"see"}]}]}`, nil,
		},
		{
			"Gemini 3: signatures, and media in results", "gemini-3-pro-preview",
			protocol.Prompt{Turns: []protocol.Turn{
				say(protocol.User, text("old")), say(protocol.Assistant, call("o")), say(protocol.User, back("o")),
				say(protocol.User, text("Hi")), say(protocol.Assistant, protocol.Part{Kind: protocol.Thought, Text: "t", Signature: "s", Origin: ai.Anthropic}, call("x"), call("y")),
				say(protocol.User, back("x", picture), back("y")),
			}},
			`{"contents":[{"role":"user","parts":[{"text":"old"}]},{"role":"model","parts":[{"functionCall":{"id":"o","name":"f","args":{"a":1}},"thoughtSignature":"skip_thought_signature_validator"}]},{"role":"user","parts":[{"functionResponse":{"id":"o","name":"f","response":{"result":""}}},{"text":"Hi"}]},` +
				`{"role":"model","parts":[{"functionCall":{"id":"x","name":"f","args":{"a":1}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"y","name":"f","args":{"a":1}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"x","name":"f","response":{"result":""},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}},{"functionResponse":{"id":"y","name":"f","response":{"result":""}}}]}]}`,
			[]string{"thinking history"},
		},
		{
			"own thoughts, foreign signature, broken arguments", "gemini-3-flash-preview",
			protocol.Prompt{Turns: []protocol.Turn{
				say(protocol.User, text("Hi")), say(
					protocol.Assistant, protocol.Part{Kind: protocol.Thought, Text: "t", Signature: "s", Origin: ai.Gemini},
					protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "x", Name: "f", Arguments: `{"a`}, Signature: "g", Origin: ai.Gemini},
				),
			}},
			`{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"s"},{"functionCall":{"id":"x","name":"f","args":{"arguments":"{\"a"}},"thoughtSignature":"g"}]}]}`, nil,
		},
		{
			"forced tool", "",
			protocol.Prompt{Turns: hello, Tools: function, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []string{"f"}}, Parallel: new(false)},
			`{` + helloBody + `,` + tools + `,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}}`,
			[]string{"parallel"},
		},
		{
			"some tools of their own accord", "",
			protocol.Prompt{Turns: hello, Tools: function, Choice: protocol.ToolChoice{Mode: protocol.ChoiceAuto, Names: []string{"f"}}},
			`{` + helloBody + `,` + tools + `,"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED","allowedFunctionNames":["f"]}}}`, nil,
		},
		{
			"search with functions", "gemini-3.1-pro-preview",
			protocol.Prompt{Turns: hello, Tools: append(slices.Clone(function), protocol.Tool{Kind: protocol.WebSearch, MaxSearches: 2, Location: &protocol.Location{}})},
			`{` + helloBody + `,` + strings.TrimSuffix(tools, "]") + `,{"googleSearch":{}}],"toolConfig":{"includeServerSideToolInvocations":true}}`,
			[]string{"web_search.max_uses", "web_search.user_location"},
		},
		{
			"sampling", "",
			protocol.Prompt{Turns: hello, Temperature: new(3.0), TopP: new(0.9), TopK: new(int64(5)), Seed: new(int64(1) << 40), Presence: new(0.0), Frequency: new(0.5), Stop: []string{"x", ""}, Logprobs: 1, MaxOutput: 5, Tier: "flex", User: "u"},
			`{` + helloBody + `,"generationConfig":{"maxOutputTokens":5,"temperature":2,"topP":0.9,"topK":5,"frequencyPenalty":0.5,"stopSequences":["x"],"responseLogprobs":true},"serviceTier":"flex"}`,
			[]string{"temperature", "seed", "user"},
		},
		{
			"sampling that has no effect", "gemini-3.6-flash",
			protocol.Prompt{Turns: hello, Temperature: new(1.0), TopP: new(0.9), TopK: new(int64(5)), Presence: new(1.0)},
			`{` + helloBody + `}`,
			[]string{"presence", "temperature", "top_p", "top_k"},
		},
		{
			"JSON with tools", "gemini-3-flash-preview",
			protocol.Prompt{Turns: hello, Tools: function, Output: protocol.Output{JSON: true, Schema: []byte(`{"type":"object"}`), Verbosity: "low"}},
			`{` + helloBody + `,` + tools + `,"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}}`,
			[]string{"verbosity"},
		},
		{
			"media", "",
			protocol.Prompt{Turns: []protocol.Turn{say(
				protocol.User, protocol.Part{Kind: protocol.Document, Media: &protocol.Media{Plain: "abc", Name: "n"}},
				protocol.Part{Kind: protocol.Image, Media: &protocol.Media{URL: "https://a/b", Detail: "high"}},
				protocol.Part{Kind: protocol.Image, Media: &protocol.Media{Data: "iVBORw0KGgo="}, Cache: "5m"},
			)}},
			`{"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"text/plain","data":"YWJj"}},{"fileData":{"mimeType":"image/jpeg","fileUri":"https://a/b"}},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}]}`,
			[]string{"media.name", "media.detail", "cache marks"},
		},
		{"pictures", "gemini-2.5-flash-image", protocol.Prompt{Turns: hello, Kinds: []string{"image"}}, `{` + helloBody + `,"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}`, nil},
	} {
		model := row.model
		if model == "" {
			model = "gemini-2.5-flash"
		}
		out := encode(t, &row.p, model)
		if diff := cmp.Diff(row.want, string(out.Body)); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if diff := cmp.Diff(row.hints, out.Hints); diff != "" {
			t.Errorf("%s: hints %s", row.name, diff)
		}
		if out.Query != "" {
			t.Errorf("%s: ?%s", row.name, out.Query)
		}
	}
	out := encode(t, &protocol.Prompt{Turns: hello, Stream: true}, "models/gemini-2.5-pro")
	if out.Query != "alt=sse" {
		t.Errorf("a stream is asked of ?%s", out.Query)
	}
}

func TestEncodeThinking(t *testing.T) {
	on := func(effort string, budget int64, show string) protocol.Thinking {
		return protocol.Thinking{Mode: protocol.ThinkingOn, Effort: effort, Budget: budget, Show: show}
	}
	off := protocol.Thinking{Mode: protocol.ThinkingOff}
	for _, row := range []struct {
		model string
		t     protocol.Thinking
		want  string
		hint  string
	}{
		{"gemini-2.5-flash", protocol.Thinking{}, "", ""},
		{"gemini-2.5-flash", off, `{"thinkingBudget":0}`, ""},
		{"gemini-2.5-flash", on("", 0, ""), `{"includeThoughts":true,"thinkingBudget":-1}`, ""},
		{"gemini-2.5-flash", on("high", 0, "none"), `{"thinkingBudget":24576}`, ""},
		{"gemini-2.5-flash", on("", 100, "none"), `{"thinkingBudget":100}`, ""},
		{"gemini-2.5-flash-lite", on("", 100, "none"), `{"thinkingBudget":512}`, ""},
		{"gemini-2.5-pro", off, `{"thinkingBudget":128}`, "thinking off"},
		{"gemini-2.5-pro", on("max", 0, "summary"), `{"includeThoughts":true,"thinkingBudget":32768}`, ""},
		{"gemini-2.5-flash-image", on("low", 0, ""), "", "thinking"},
		{"gemini-2.0-flash", on("low", 0, ""), "", "thinking"},
		{"gemini-2.0-flash", off, "", ""},
		{"gemma-3-27b-it", on("low", 0, ""), "", "thinking"},
		{"gemini-3-pro-preview", on("medium", 0, "none"), `{"thinkingLevel":"low"}`, ""},
		{"gemini-3-pro-preview", on("max", 0, ""), `{"includeThoughts":true,"thinkingLevel":"high"}`, ""},
		{"gemini-3-pro-preview", on("", 0, ""), `{"includeThoughts":true}`, ""},
		{"gemini-3-pro-preview", on("", 0, "none"), "", ""},
		{"gemini-3-pro-preview", off, `{"thinkingLevel":"low"}`, "thinking off"},
		{"gemini-3.1-pro-preview", on("medium", 0, "none"), `{"thinkingLevel":"medium"}`, ""},
		{"gemini-3-flash-preview", on("", 8192, "none"), `{"thinkingLevel":"medium"}`, ""},
		{"gemini-3-flash-preview", off, `{"thinkingLevel":"minimal"}`, "thinking off"},
		{"gemini-flash-latest", protocol.Thinking{Show: "summary"}, `{"includeThoughts":true}`, ""},
	} {
		out, err := gemini.Format{}.EncodePrompt(&protocol.Prompt{Turns: []protocol.Turn{say(protocol.User, text("Hi"))}, Thinking: row.t}, row.model)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`
		if row.want != "" {
			want = strings.TrimSuffix(want, "}") + `,"generationConfig":{"thinkingConfig":` + row.want + `}}`
		}
		if string(out.Body) != want || strings.Join(out.Hints, " ") != row.hint {
			t.Errorf("%s, %+v: %s, hints %q", row.model, row.t, out.Body, out.Hints)
		}
	}
}
