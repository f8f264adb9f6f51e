package ccload

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol"
)

// TestEmojiInHalves: an upstream of any protocol that cuts a surrogate pair
// between two pieces of a text, a thought or arguments has it whole for a
// client of any other.
func TestEmojiInHalves(t *testing.T) {
	t.Parallel()
	reply := &protocol.Reply{ID: "r", Model: "m", Parts: []protocol.Part{
		{Kind: protocol.Thought, Text: "LEFT-RIGHT"},
		{Kind: protocol.Text, Text: "LEFT-RIGHT"},
		{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c1", Name: "f", Arguments: `{"a":"LEFT-RIGHT"}`}},
	}}
	asked := &protocol.Prompt{Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Show: "summary"}}
	for _, up := range ai.Protocols {
		// A stream in which each text comes in two pieces, the first of which
		// ends with LEFT.
		encoder := gateway.CodecOf(up).NewReplyEncoder(asked, false)
		var body []byte
		reply.Play(func(p *protocol.Piece) {
			before, after, cut := strings.Cut(p.Text, "-")
			if p.Kind != protocol.PieceMore || !cut || up == ai.Gemini && p.Part.Kind == protocol.Call {
				piece := *p
				piece.Text = strings.ReplaceAll(p.Text, "-", "") // Gemini's calls come whole
				body = encoder.Append(body, &piece)
				return
			}
			first, second := *p, *p
			first.Text, second.Text = before, after
			body = encoder.Append(encoder.Append(body, &first), &second)
		})
		body = []byte(strings.NewReplacer("LEFT", `\ud83d`, "RIGHT", `\ude00`).Replace(string(body)))
		whole, v := codectest.Decode(t, string(up), gateway.CodecOf(up), body, false, len(body))
		if v.Kind != ai.OK {
			t.Fatalf("%s: judged %s\n%s", up, v.Kind, body)
		}
		for i := range whole.Reply.Parts {
			part := &whole.Reply.Parts[i]
			if text := part.Text; part.Call == nil && text != "😀" && text != "" {
				t.Errorf("%s: part %d says %q", up, i, text)
			}
			var arguments struct{ A string }
			if part.Call != nil && (json.Unmarshal([]byte(part.Call.Arguments), &arguments) != nil || arguments.A != "😀") {
				t.Errorf("%s: the call has %s", up, part.Call.Arguments)
			}
		}
		for _, client := range ai.Protocols {
			if client != up {
				codectest.Through(t, gateway.CodecOf(client), gateway.CodecOf(up), body, &whole.Reply)
			}
		}
	}
}
