package anthropic

import (
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// What is kept of blocks that are held back, and of searches, at most.
const (
	maxHeld    = 1 << 20
	maxBlock   = 64
	maxSources = 1024 // of one text
)

// openBlock is a block that has not ended.
type openBlock struct {
	index int64
	kind  string
	part  protocol.Part

	first   []byte // what came with its start: the input of a call, or the whole block of what was found
	text    []byte // held back, or the input of a search
	half    protocol.Halves
	more    bool // something came
	runes   int
	ended   bool
	signed  string
	sources []protocol.Citation
}

func (d *replyDecoder) start(at int64, block []byte, give func(*protocol.Piece)) {
	if len(block) == 0 {
		return
	}
	b := newBlock(at, block)
	if d.open != nil && d.open.index == at { // it never ended
		d.stop(at, give)
	}
	if d.open != nil {
		d.hold(b, give)
		return
	}
	d.show(b, give)
}

// newBlock reads the start of a block, which may hold all of it.
func newBlock(at int64, raw []byte) *openBlock {
	b := &openBlock{index: at, kind: typeOf(raw)}
	switch b.kind {
	case "text":
		b.part.Kind = protocol.Text
		b.text = []byte(memberText(raw, "text"))
		b.sources = readCitations(member(raw, "citations"))
	case "thinking":
		b.part.Kind, b.part.Origin = protocol.Thought, ai.Anthropic
		b.text = []byte(memberText(raw, "thinking"))
		b.signed = memberText(raw, "signature")
	case "redacted_thinking":
		b.part.Kind, b.part.Origin, b.part.Redacted = protocol.Thought, ai.Anthropic, true
		b.signed = memberText(raw, "data")
	case "tool_use":
		id := memberText(raw, "id")
		if id == "" {
			id = protocol.MadeUpID()
		}
		b.part.Kind, b.part.Call = protocol.Call, &protocol.ToolCall{ID: id, Name: memberText(raw, "name")}
		b.first, _ = compact(member(raw, "input"))
	case "server_tool_use":
		if !isWebSearch(raw) {
			b.kind = ""
		}
		b.part.Kind, b.part.ID = protocol.Search, memberText(raw, "id")
		b.first, _ = compact(member(raw, "input"))
	case "web_search_tool_result":
		b.part.Kind = protocol.Search
		b.first = append(b.first, raw...)
	default: // of a tool that only clients of this format can ask for
		b.kind = ""
	}
	return b
}

// streamed reports whether a block is handed over as it comes.
func (b *openBlock) streamed() bool {
	switch b.kind {
	case "text", "thinking", "redacted_thinking", "tool_use":
		return true
	}
	return false
}

// show opens a block.
func (d *replyDecoder) show(b *openBlock, give func(*protocol.Piece)) {
	d.open = b
	if !b.streamed() {
		return
	}
	if b.part.Kind == protocol.Call {
		d.called = true
	}
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: b.part})
	if len(b.text) > 0 {
		held := string(b.text)
		b.text = nil
		b.say(held, give)
	}
}

func (b *openBlock) say(s string, give func(*protocol.Piece)) {
	if s == "" {
		return
	}
	b.more = true
	if b.part.Kind == protocol.Text {
		b.runes += utf8.RuneCountInString(s)
	}
	give(&protocol.Piece{Kind: protocol.PieceMore, Text: s, Part: protocol.Part{Kind: b.part.Kind}})
}

// hold keeps a block back until those before it have ended. If that gets too
// much, the open one has ended.
func (d *replyDecoder) hold(b *openBlock, give func(*protocol.Piece)) {
	d.held = append(d.held, b)
	d.size += len(b.text) + len(b.first)
	d.shed(give)
}

func (d *replyDecoder) shed(give func(*protocol.Piece)) {
	for d.open != nil && len(d.held) > 0 && (d.size > maxHeld || len(d.held) > maxBlock) {
		d.finish(give)
	}
}

// find is the block with an index, nil if there is none.
func (d *replyDecoder) find(at int64) *openBlock {
	if d.open != nil && d.open.index == at {
		return d.open
	}
	for _, b := range d.held {
		if b.index == at && !b.ended {
			return b
		}
	}
	return nil
}

// implied are the blocks that deltas without a start are of.
var implied = map[string]string{
	"text_delta": `{"type":"text"}`, "citations_delta": `{"type":"text"}`,
	"thinking_delta": `{"type":"thinking"}`, "signature_delta": `{"type":"thinking"}`,
}

func (d *replyDecoder) delta(at int64, delta []byte, give func(*protocol.Piece)) {
	kind := typeOf(delta)
	b := d.find(at)
	if b == nil {
		start, ok := implied[kind]
		if !ok {
			return
		}
		d.start(at, []byte(start), give)
		if b = d.find(at); b == nil {
			return
		}
	}
	text := ""
	switch kind {
	case "text_delta":
		text, _ = b.half.String(member(delta, "text"))
	case "thinking_delta":
		text, _ = b.half.String(member(delta, "thinking"))
	case "input_json_delta":
		text, _ = b.half.String(member(delta, "partial_json"))
	case "signature_delta":
		b.signed = memberText(delta, "signature")
	case "citations_delta":
		if c := member(delta, "citation"); c != nil && len(b.sources) < maxSources {
			b.sources = append(b.sources, readCitation(c))
		}
	}
	if b == d.open && b.streamed() {
		b.say(text, give)
		return
	}
	if b.kind != "" && len(b.text)+len(text) <= maxHeld {
		b.text = append(b.text, text...)
	}
	if b != d.open {
		d.size += len(text)
		d.shed(give)
	}
}

// stop ends a block.
func (d *replyDecoder) stop(at int64, give func(*protocol.Piece)) {
	switch b := d.find(at); {
	case b == nil:
	case b != d.open:
		b.ended = true
	default:
		d.finish(give)
	}
}
