package openai_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/openai"
)

// loop is a conversation with a turn that called a tool, an answer without, and
// a new question.
func loop(thoughts ...protocol.Part) *protocol.Prompt {
	called := append(thoughts, protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c1", Name: "f", Arguments: "{}"}})
	return &protocol.Prompt{Turns: []protocol.Turn{
		{Parts: []protocol.Part{{Text: "Hi"}}},
		{Role: protocol.Assistant, Parts: called},
		{Parts: []protocol.Part{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "c1", Parts: []protocol.Part{{Text: "ok"}}}}}},
		{Role: protocol.Assistant, Parts: []protocol.Part{{Text: "Done"}}},
		{Parts: []protocol.Part{{Text: "And now?"}}},
	}}
}

// TestThoughtsGivenBack: vendors that want their thoughts in all later requests
// have them, or what they take in their place; the others only within a loop.
func TestThoughtsGivenBack(t *testing.T) {
	t.Parallel()
	own := protocol.Part{Kind: protocol.Thought, Text: "Hm.", Origin: ai.OpenAI}
	foreign := protocol.Part{Kind: protocol.Thought, Text: "Hm.", Signature: "s", Origin: ai.Anthropic}
	said := func(s string) *string { return &s }
	for _, test := range []struct {
		model                        string
		own, foreign, none, inTheMid *string
	}{
		{"deepseek-v4-flash", said("Hm."), said(""), said(""), said("Hm.")},
		{"deepseek/deepseek-v4-pro", said("Hm."), said(""), said(""), said("Hm.")},
		{"kimi-k2-thinking", said("Hm."), said(""), said(""), said("Hm.")},
		{"kimi-k2.5", said("Hm."), said(" "), said(" "), said("Hm.")},
		{"moonshotai/Kimi-K2.7", said("Hm."), said(" "), said(" "), said("Hm.")},
		{"kimi-k3", said("Hm."), said(" "), said(" "), said("Hm.")},
		{"MiniMax-M3", said("Hm."), said(""), said(""), said("Hm.")},
		{"glm-5.2", said("Hm."), said(""), said(""), said("Hm.")},
		{"mimo-v2-flash", said("Hm."), said(""), said(""), said("Hm.")},
		{"kimi-k2-0905-preview", nil, nil, nil, said("Hm.")},
		{"gpt-5.2", nil, nil, nil, said("Hm.")},
		{"some-model", nil, nil, nil, said("Hm.")},
	} {
		inTheMid := loop(own)
		inTheMid.Turns = inTheMid.Turns[:3]
		for what, row := range map[string]struct {
			prompt *protocol.Prompt
			want   *string
		}{"own": {loop(own), test.own}, "foreign": {loop(foreign), test.foreign}, "none": {loop(), test.none}, "in the midst": {inTheMid, test.inTheMid}} {
			var sent struct {
				Messages []struct {
					Thought *string `json:"reasoning_content"`
				}
			}
			encode(t, row.prompt, test.model, &sent)
			if diff := cmp.Diff(row.want, sent.Messages[1].Thought); diff != "" {
				t.Errorf("%s, %s: %s", test.model, what, diff)
			}
			if what == "none" && len(sent.Messages) > 3 && sent.Messages[3].Thought != nil {
				t.Errorf("%s: a turn without calls has a thought", test.model)
			}
		}
	}
}

func encode(t *testing.T, p *protocol.Prompt, model string, to any) *protocol.Outbound {
	t.Helper()
	out, err := openai.Format{}.EncodePrompt(p, model)
	if err != nil {
		t.Fatalf("%s: %v", model, err)
	}
	if err := json.Unmarshal(out.Body, to); err != nil {
		t.Fatalf("%s: %v\n%s", model, err, out.Body)
	}
	return out
}

// TestThinkingOff: thinking is switched off in each vendor's own words, and
// where it cannot be, as little as there is.
func TestThinkingOff(t *testing.T) {
	t.Parallel()
	const typeOff, enableOff = `"thinking":{"type":"disabled"}`, `"enable_thinking":false`
	for _, test := range []struct {
		model, want string
		hint        bool
	}{
		{"deepseek-v4-flash", typeOff, false},
		{"deepseek-reasoner", "", true},
		{"kimi-k2.6", typeOff, false},
		{"kimi-k2-thinking", "", true},
		{"kimi-k3", `"reasoning_effort":"low"`, true},
		{"z-ai/glm-5.2", typeOff, false},
		{"glm-4.6", typeOff, false},
		{"MiniMax-M3", typeOff, false},
		{"MiniMax-M3.1-Flash", "", true},
		{"MiniMax-M2.7", "", true},
		{"doubao-seed-2.0", typeOff, false},
		{"mimo-v2-flash", typeOff, false},
		{"qwen3-max", enableOff, false},
		{"qwen3.5-plus", enableOff, false},
		{"qwen-plus-latest", enableOff, false},
		{"qwen3-coder-plus", "", false},
		{"qwen3-235b-a22b-thinking-2507", "", true},
		{"qwen3-235b-a22b-instruct-2507", "", false},
		{"hunyuan-a13b", enableOff, false},
		{"gpt-5.2", `"reasoning_effort":"none"`, false},
		{"gpt-5-mini", `"reasoning_effort":"minimal"`, false},
		{"o3", `"reasoning_effort":"low"`, true},
		{"gpt-oss-120b", `"reasoning_effort":"low"`, true},
		{"gemini-2.5-flash", `"reasoning_effort":"none"`, false},
		{"gemini-2.5-pro", `"reasoning_effort":"low"`, true},
		{"gemini-3-flash-preview", `"reasoning_effort":"low"`, true},
		{"anthropic/claude-sonnet-4.6", "", false},
		{"gpt-4o", "", false},
		{"some-model", "", false},
	} {
		p := loop()
		p.Thinking.Mode = protocol.ThinkingOff
		var sent map[string]json.RawMessage
		out := encode(t, p, test.model, &sent)
		got := ""
		for _, name := range []string{"thinking", "enable_thinking", "reasoning_effort"} {
			if v := sent[name]; v != nil {
				got += `"` + name + `":` + string(v)
			}
		}
		hint := len(out.Hints) > 0
		if got != test.want || hint != test.hint {
			t.Errorf("%s: %s, dropped %v; want %s, %v", test.model, got, out.Hints, test.want, test.hint)
		}
	}
}

// TestThinkingOffForForeignHistory: in Messages nothing can stand for a thought
// that nobody knows, so models that refuse such a history do not think.
func TestThinkingOffForForeignHistory(t *testing.T) {
	t.Parallel()
	own := protocol.Part{Kind: protocol.Thought, Text: "Hm.", Signature: "s", Origin: ai.Anthropic}
	for _, test := range []struct {
		model string
		own   bool
		off   bool
	}{
		{"deepseek-v4-pro", false, true}, {"deepseek-v4-pro", true, false}, {"kimi-k2.5", false, true}, {"kimi-k3", false, false}, {"claude-sonnet-4-6", false, false},
	} {
		p := loop()
		if test.own {
			p = loop(own)
		}
		out, err := anthropic.Format{}.EncodePrompt(p, test.model)
		if err != nil {
			t.Fatal(err)
		}
		var sent struct{ Thinking struct{ Type string } }
		_ = json.Unmarshal(out.Body, &sent)
		if off := sent.Thinking.Type == "disabled"; off != test.off {
			t.Errorf("%s, its own thought %v: thinking %q", test.model, test.own, sent.Thinking.Type)
		}
	}
}
