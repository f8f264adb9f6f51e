package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

func valid(text string) bool { return scan.Valid([]byte(text)) == nil }

// plainOf is the text of a document that is one.
func plainOf(m *protocol.Media) (string, bool) {
	if !strings.HasPrefix(m.Type, "text/") && m.Type != "application/json" {
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(m.Data)
	return string(raw), err == nil && utf8.Valid(raw)
}

// block is a block of an answer, or the beginning of one.
type block struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	Signature string          `json:"signature"`
	Data      string          `json:"data"`
	Input     json.RawMessage `json:"input"`
	Content   json.RawMessage `json:"content"`
	Citations json.RawMessage `json:"citations"`
}

// part is what a block is in the neutral form; ok is false for what the answer
// can do without.
func (b *block) part() (part protocol.Part, ok bool) {
	switch b.Type {
	case "text":
		part = protocol.Part{Kind: protocol.Text, Text: b.Text, Citations: readCitations(b.Citations)}
	case "thinking":
		part = protocol.Part{Kind: protocol.Thought, Text: b.Thinking, Signature: b.Signature, Origin: ai.Anthropic}
	case "redacted_thinking":
		part = protocol.Part{Kind: protocol.Thought, Signature: b.Data, Origin: ai.Anthropic, Redacted: true}
	case "tool_use":
		call := &protocol.ToolCall{ID: b.ID, Name: b.Name}
		if input := strings.TrimSpace(string(b.Input)); input != "{}" && input != "null" {
			call.Arguments = input
		}
		part = protocol.Part{Kind: protocol.Call, Call: call}
	case "server_tool_use":
		if b.Name != "web_search" {
			return part, false
		}
		var input struct{ Query string }
		_ = json.Unmarshal(b.Input, &input)
		part = protocol.Part{Kind: protocol.Search, ID: b.ID, Text: input.Query}
	default:
		return part, false
	}
	return part, true
}

// readCitations reads the sources of a text, whichever kind they are.
func readCitations(raw []byte) []protocol.Citation {
	var list []struct {
		URL   string `json:"url"`
		Title string `json:"title"`
		Doc   string `json:"document_title"`
		Quote string `json:"cited_text"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []protocol.Citation
	for _, c := range list {
		title := c.Title
		if title == "" {
			title = c.Doc
		}
		out = append(out, protocol.Citation{URL: c.URL, Title: title, Quote: c.Quote})
	}
	return out
}

// stops are the reasons to stop.
var stops = []struct {
	name   string
	reason protocol.StopReason
}{
	{"end_turn", protocol.StopEnd},
	{"max_tokens", protocol.StopLength},
	{"stop_sequence", protocol.StopWords},
	{"tool_use", protocol.StopTools},
	{"refusal", protocol.StopFilter},
	{"pause_turn", protocol.StopPause},
	{"model_context_window_exceeded", protocol.StopContext},
}

func stopOf(name string) protocol.StopReason {
	for _, s := range stops {
		if s.name == name {
			return s.reason
		}
	}
	return protocol.StopEnd
}

func stopName(r protocol.StopReason) string {
	for _, s := range stops {
		if s.reason == r {
			return s.name
		}
	}
	return "end_turn"
}

// DecodeReply reads a whole message.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	var m struct {
		ID      string  `json:"id"`
		Model   string  `json:"model"`
		Content []block `json:"content"`
		Reason  string  `json:"stop_reason"`
		Word    string  `json:"stop_sequence"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	r := &protocol.Reply{ID: m.ID, Model: m.Model, Stop: stopOf(m.Reason), StopWord: m.Word}
	for i := range m.Content {
		if part, ok := m.Content[i].part(); ok {
			r.Parts = append(r.Parts, part)
		}
	}
	return r, nil
}

// replyDecoder reads one stream.
type replyDecoder struct {
	reply   protocol.Reply
	begun   bool
	open    bool
	kind    protocol.PartKind
	end     protocol.Part // what closes the open part
	stopped bool
}

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder { return &replyDecoder{} }

func (d *replyDecoder) start(give func(*protocol.Piece)) {
	if !d.begun {
		d.begun = true
		give(&protocol.Piece{Kind: protocol.PieceStart, Reply: &d.reply})
	}
}

func (d *replyDecoder) close(give func(*protocol.Piece)) {
	if d.open {
		d.open = false
		d.end.Kind = d.kind
		give(&protocol.Piece{Kind: protocol.PieceClose, Part: d.end})
	}
	d.end = protocol.Part{}
}
