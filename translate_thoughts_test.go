package ccload

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol"
)

// TestThoughtsOnlyWhereAsked: a client that did not enable thinking gets no
// thought, and a text or call first; what the makers of thoughts need to see
// again comes back with its next request, in the place where it was thought.
func TestThoughtsOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	call := func(id string) protocol.Part {
		return protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: id, Name: "f", Arguments: `{"a":1}`}}
	}
	thought := func(text, signature string, origin ai.Protocol, wanted bool) protocol.Part {
		return protocol.Part{Kind: protocol.Thought, Text: text, Signature: signature, Origin: origin, Wanted: wanted}
	}
	text := func(s string) protocol.Part { return protocol.Part{Text: s} }
	for _, origin := range ai.Protocols {
		for _, client := range []ai.Protocol{ai.Anthropic, ai.Gemini} {
			if client == origin {
				continue
			}
			for _, test := range []struct {
				name  string
				parts []protocol.Part
				back  []string
			}{
				{"signed, before a text", []protocol.Part{thought("hm", "s1", origin, false), text("so")}, []string{"thought hm s1", "text so"}},
				{"signed, before each of two calls", []protocol.Part{thought("hm", "s1", origin, false), call("a"), thought("and", "s2", origin, false), call("b")}, []string{"thought hm s1", "call a", "thought and s2", "call b"}},
				{"signed, before a text and a call", []protocol.Part{thought("hm", "s1", origin, false), text("so"), thought("and", "s2", origin, false), call("a"), call("b")}, []string{"thought hm s1", "text so", "thought and s2", "call a", "call b"}},
				{"two, one behind the other", []protocol.Part{thought("hm", "s1", origin, false), thought("mm", "s2", origin, false), text("so"), call("a")}, []string{"thought hm s1", "thought mm s2", "text so", "call a"}},
				{"without text", []protocol.Part{thought("", "s1", origin, false), text("so")}, []string{"thought  s1", "text so"}},
				{"unsigned", []protocol.Part{thought("hm", "", origin, false), text("so"), call("a")}, []string{"text so", "call a"}},
				{"unsigned, and wanted", []protocol.Part{thought("hm", "", origin, true), text("so"), call("a")}, []string{"thought hm ", "text so", "call a"}},
				{"between two texts", []protocol.Part{text("so"), thought("hm", "s1", origin, false), text("and"), call("a")}, []string{"text so", "thought hm s1", "text and", "call a"}},
			} {
				if client == ai.Gemini && test.name == "between two texts" {
					test.back = []string{"thought hm s1", "text soand", "call a"} // texts are not told apart there
				}
				reply := &protocol.Reply{ID: "r", Model: "m", Parts: test.parts, Stop: protocol.StopTools}
				for _, asked := range []protocol.Thinking{{}, {Mode: protocol.ThinkingOff}} {
					prompt := &protocol.Prompt{Model: "m", Thinking: asked}
					for _, stream := range []bool{false, true} {
						at := fmt.Sprintf("%s for a client of %s, %s, streamed %v", origin, client, test.name, stream)
						content := saidTo(t, client, reply, prompt, stream)
						if first := string(content[0]); strings.Contains(first, "hinking") || strings.Contains(first, `"thought"`) {
							t.Errorf("%s: %s comes first", at, first)
						}
						if diff := cmp.Diff(test.back, givenBack(t, client, content)); diff != "" {
							t.Errorf("%s: %s", at, diff)
						}
					}
				}
			}
		}
	}
}

// saidTo is the content that a client has of an answer: blocks or parts.
func saidTo(t *testing.T, client ai.Protocol, reply *protocol.Reply, prompt *protocol.Prompt, stream bool) (content []json.RawMessage) {
	t.Helper()
	codec := gateway.CodecOf(client)
	var bodies [][]byte
	switch {
	case !stream:
		bodies = [][]byte{codec.EncodeReply(reply, prompt)}
	case client == ai.Anthropic:
		return blocksSaid(t, codectest.Encode(codec, reply, prompt, false))
	default:
		for _, ev := range codectest.Events(t, codectest.Encode(codec, reply, prompt, false)) {
			bodies = append(bodies, ev.Data)
		}
	}
	for _, body := range bodies {
		var answer struct {
			Content    []json.RawMessage
			Candidates []struct {
				Content struct{ Parts []json.RawMessage }
			}
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		content = append(content, answer.Content...)
		for _, c := range answer.Candidates {
			content = append(content, c.Content.Parts...)
		}
	}
	return content
}

// blocksSaid are the blocks of a stream of Messages.
func blocksSaid(t *testing.T, stream []byte) (content []json.RawMessage) {
	t.Helper()
	var block map[string]any
	input := ""
	for _, ev := range codectest.Events(t, stream) {
		var e struct {
			Type  string
			Block map[string]any    `json:"content_block"`
			Delta map[string]string `json:"delta"`
		}
		_ = json.Unmarshal(ev.Data, &e)
		switch e.Type {
		case "content_block_start":
			block, input = e.Block, ""
		case "content_block_delta":
			input += e.Delta["partial_json"]
			for _, name := range []string{"text", "thinking", "signature"} {
				if more, ok := e.Delta[name]; ok {
					block[name] = fmt.Sprint(block[name]) + more
				}
			}
		case "content_block_stop":
			if input != "" {
				block["input"] = json.RawMessage(input)
			}
			content = append(content, protocol.JSON(block))
		}
	}
	return content
}

// givenBack is what of a content is understood once a client gives it back, in
// a line for each part.
func givenBack(t *testing.T, client ai.Protocol, content []json.RawMessage) (lines []string) {
	t.Helper()
	codec := gateway.CodecOf(client)
	list := string(protocol.JSON(content))
	body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":` + list + `},{"role":"user","content":"Go on"}]}`
	if client == ai.Gemini {
		body = `{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":` + list + `},{"role":"user","parts":[{"text":"Go on"}]}]}`
	}
	prompt, err := codec.DecodePrompt(&protocol.Inbound{Endpoint: protocol.GenerateEndpoint(codec, false), Model: "m", Body: []byte(body)})
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for i := range prompt.Turns {
		if prompt.Turns[i].Role != protocol.Assistant {
			continue
		}
		for _, part := range prompt.Turns[i].Parts {
			switch {
			case part.Kind == protocol.Thought:
				lines = append(lines, "thought "+part.Text+" "+part.Signature)
			case part.Call != nil:
				lines = append(lines, "call "+part.Call.ID)
			case part.Text != "" && client == ai.Gemini && len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], "text "):
				lines[len(lines)-1] += part.Text
			case part.Text != "":
				lines = append(lines, "text "+part.Text)
			}
		}
	}
	return lines
}
