package ccload

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/protocol"
)

// onlyDeveloper are requests in which nobody but the developer has spoken, in
// the words of each protocol.
var onlyDeveloper = map[ai.Protocol]string{
	ai.Anthropic: `{"model":"m","max_tokens":9,"messages":[{"role":"system","content":"Be brief"}]}`,
	ai.OpenAI:    `{"model":"m","messages":[{"role":"developer","content":"Be brief"}]}`,
	ai.Responses: `{"model":"m","input":[{"role":"developer","content":"Be brief"}]}`,
	ai.Gemini:    `{"systemInstruction":{"parts":[{"text":"Be brief"}]},"contents":[]}`,
}

func readPrompt(t *testing.T, p ai.Protocol, body string) *protocol.Prompt {
	t.Helper()
	codec := gateway.CodecOf(p)
	prompt, err := codec.DecodePrompt(&protocol.Inbound{Endpoint: protocol.GenerateEndpoint(codec, false), Model: "m", Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v\n%s", p, err, body)
	}
	return prompt
}

// modelsOf are models whose requests differ, by protocol.
var modelsOf = map[ai.Protocol][]string{
	ai.Anthropic: {"claude-opus-4-8", "claude-sonnet-4-5", "claude-3-haiku-20240307", "some-model"},
	ai.OpenAI:    {"gpt-5.2", "gpt-4o", "o3", "deepseek-v4-flash", "kimi-k3", "anthropic/claude-sonnet-4.6", "some-model"},
	ai.Responses: {"gpt-5.2", "gpt-4.1", "o3", "some-model"},
	ai.Gemini:    {"gemini-3-pro-preview", "gemini-2.5-flash", "gemma-3-27b-it"},
}

// everywhere encodes a prompt for each model of each protocol and hands over
// what its own decoder reads of it.
func everywhere(t *testing.T, prompt *protocol.Prompt, check func(at string, to ai.Protocol, out *protocol.Outbound, read *protocol.Prompt)) {
	t.Helper()
	for _, to := range ai.Protocols {
		for _, model := range modelsOf[to] {
			out, err := gateway.CodecOf(to).EncodePrompt(prompt, model)
			if err != nil {
				t.Errorf("for %s: %v", model, err)
				continue
			}
			check(fmt.Sprintf("for %s of %s", model, to), to, out, readPrompt(t, to, string(out.Body)))
		}
	}
}

// TestOnlyADeveloperTurn: a conversation in which only the developer has spoken
// is one everywhere.
func TestOnlyADeveloperTurn(t *testing.T) {
	t.Parallel()
	for from, body := range onlyDeveloper {
		codec := gateway.CodecOf(from)
		prompt, err := codec.DecodePrompt(&protocol.Inbound{Endpoint: protocol.GenerateEndpoint(codec, false), Model: "m", Body: []byte(body)})
		if err != nil {
			t.Logf("%s: a client cannot say it: %v", from, err)
			continue
		}
		everywhere(t, prompt, func(at string, to ai.Protocol, out *protocol.Outbound, read *protocol.Prompt) {
			spoken := slices.ContainsFunc(read.Turns, func(turn protocol.Turn) bool {
				text, _ := protocol.PlainText(turn.Parts)
				return text == "Be brief"
			})
			field := map[ai.Protocol]string{ai.Anthropic: `"messages":[{`, ai.OpenAI: `"messages":[{`, ai.Responses: `"input":[{`, ai.Gemini: `"contents":[{`}[to]
			if !spoken || !strings.Contains(string(out.Body), field) {
				t.Errorf("from %s %s: %s", from, at, out.Body)
			}
		})
	}
}

// TestWhiteSpaceIsKept: a text of white space between two texts stays between
// them, whoever says it.
func TestWhiteSpaceIsKept(t *testing.T) {
	t.Parallel()
	for _, role := range []protocol.Role{protocol.User, protocol.Assistant} {
		prompt := &protocol.Prompt{Model: "m", Turns: []protocol.Turn{
			{Parts: []protocol.Part{{Text: "Hi"}}},
			{Role: role, Parts: []protocol.Part{{Text: "one"}, {Text: "\n\n"}, {Text: "two"}, {Text: " "}, {Text: "three"}}},
			{Parts: []protocol.Part{{Text: "Go on"}}},
		}}
		everywhere(t, prompt, func(at string, _ ai.Protocol, out *protocol.Outbound, read *protocol.Prompt) {
			var all strings.Builder
			for i := range read.Turns {
				for j := range read.Turns[i].Parts {
					all.WriteString(read.Turns[i].Parts[j].Text)
				}
			}
			between := all.String()
			one, two, three := strings.Index(between, "one"), strings.Index(between, "two"), strings.Index(between, "three")
			if one < 0 || !strings.Contains(between[one:two], "\n\n") || !strings.Contains(between[two:three], " ") {
				t.Errorf("%s: %s", at, out.Body)
			}
		})
	}
}

// TestFailedToolsAreTold: that a tool failed reaches a model of any protocol,
// with and without words.
func TestFailedToolsAreTold(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"", " ", "no such file", "Error: no such file", "IMAGE"} {
		parts := []protocol.Part{{Text: said}}
		if said == "IMAGE" {
			parts = []protocol.Part{{Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "iVBORw0KGgo="}}}
		}
		prompt := &protocol.Prompt{Model: "m", Tools: []protocol.Tool{{Name: "f"}}, Turns: []protocol.Turn{
			{Parts: []protocol.Part{{Text: "Hi"}}},
			{Role: protocol.Assistant, Parts: []protocol.Part{{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c1", Name: "f"}}}},
			{Parts: []protocol.Part{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "c1", Name: "f", Error: true, Parts: parts}}}},
		}}
		everywhere(t, prompt, func(at string, _ ai.Protocol, out *protocol.Outbound, read *protocol.Prompt) {
			for i := range read.Turns {
				for j := range read.Turns[i].Parts {
					back := read.Turns[i].Parts[j].Back
					if back == nil {
						continue
					}
					text, _ := protocol.PlainText(back.Parts)
					if !back.Error && !strings.HasPrefix(text, "Error: ") || strings.Contains(text, "Error: Error") || said != "IMAGE" && !strings.Contains(text, strings.TrimSpace(said)) {
						t.Errorf("%q %s: %s", said, at, out.Body)
					}
				}
			}
		})
	}
}

// TestDroppedHasOneName: what a target is not told has the same name in every
// protocol.
func TestDroppedHasOneName(t *testing.T) {
	t.Parallel()
	names := []string{
		"arguments that are no object", "cache marks", "citations", "first turn", "frequency_penalty", "max_tokens above the model's most",
		"media.detail", "media.name", "name", "presence_penalty", "search history", "seed", "service_tier", "temperature",
		"thinking", "thinking history", "thinking off", "thinking.budget", "thinking.display", "thinking.effort", "tools.strict", "top_k", "top_p",
		"user", "verbosity", "web_search.max_uses", "web_search.user_location",
	}
	half, seven, k, yes := 0.5, int64(7), int64(3), true
	thought := protocol.Part{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: "elsewhere"}
	full := func(thinking protocol.Thinking) *protocol.Prompt {
		return &protocol.Prompt{
			Model: "m", MaxOutput: 1 << 20, Temperature: &half, TopP: &half, TopK: &k, Seed: &seven, Frequency: &half, Presence: &half,
			Tier: "flex", User: strings.Repeat("u", 70), Thinking: thinking, Output: protocol.Output{Verbosity: "low"},
			Tools: []protocol.Tool{{Name: "f", Strict: &yes, Cache: "5m"}},
			Turns: []protocol.Turn{
				{Name: "Ann", Parts: []protocol.Part{{Text: "Hi", Cache: "5m"}, {Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "iVBORw0KGgo=", Name: "a.png", Detail: "high"}}}},
				{Role: protocol.Assistant, Parts: []protocol.Part{
					thought,
					{Kind: protocol.Search, Text: "q"},
					{Text: "So", Citations: []protocol.Citation{{URL: "https://example.com/"}}},
					{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c1", Name: "f", Arguments: "7"}},
				}},
				{Parts: []protocol.Part{{Kind: protocol.Result, Cache: "5m", Back: &protocol.ToolResult{ID: "c1", Name: "f", Parts: []protocol.Part{{Text: "ok"}}}}, {Text: "Go on"}}},
			},
		}
	}
	for _, thinking := range []protocol.Thinking{
		{}, {Mode: protocol.ThinkingOff}, {Mode: protocol.ThinkingOn, Effort: "max", Show: "none"}, {Mode: protocol.ThinkingOn, Budget: 1 << 19, Show: "summary"},
	} {
		everywhere(t, full(thinking), func(at string, _ ai.Protocol, out *protocol.Outbound, _ *protocol.Prompt) {
			for _, hint := range out.Hints {
				if !slices.Contains(names, hint) {
					t.Errorf("%s: %q is dropped, which is no name of the list", at, hint)
				}
			}
		})
	}
}

// TestPlacesOfCacheMarks: marks in every place where clients of Chat put them
// reach Anthropic.
func TestPlacesOfCacheMarks(t *testing.T) {
	t.Parallel()
	const mark = `"cache_control":{"type":"ephemeral","ttl":"1h"}`
	for name, body := range map[string]string{
		"beside a function":   `"tools":[{"type":"function",` + mark + `,"function":{"name":"f"}}],"messages":[{"role":"user","content":"Hi"}]`,
		"in a function":       `"tools":[{"type":"function","function":{"name":"f",` + mark + `}}],"messages":[{"role":"user","content":"Hi"}]`,
		"beside a custom one": `"tools":[{"type":"custom",` + mark + `,"custom":{"name":"f"}}],"messages":[{"role":"user","content":"Hi"}]`,
		"in a part":           `"messages":[{"role":"user","content":[{"type":"text","text":"Hi",` + mark + `}]}]`,
		"in a message":        `"messages":[{"role":"user","content":"Hi",` + mark + `}]`,
		"in a system message": `"messages":[{"role":"system","content":"Be brief",` + mark + `},{"role":"user","content":"Hi"}]`,
		"in a result":         `"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"ok",` + mark + `}]`,
		"in a call's message": `"messages":[{"role":"user","content":"Hi"},{"role":"assistant",` + mark + `,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"ok"}]`,
	} {
		prompt := readPrompt(t, ai.OpenAI, `{"model":"m",`+body+`}`)
		out, err := protocol.EncodePrompt(gateway.CodecOf(ai.Anthropic), prompt, "claude-sonnet-4-5")
		if err != nil || strings.Count(string(out.Body), mark) != 1 || len(out.Hints)+len(prompt.Hints) > 0 {
			t.Errorf("%s: %v %s, dropped %v %v", name, err, out.Body, out.Hints, prompt.Hints)
		}
	}
}
