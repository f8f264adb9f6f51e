package anthropic

import (
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one stream. Blocks come one after the other; should they
// be interleaved all the same, those behind the open one are held back.
type replyDecoder struct {
	reply  protocol.Reply
	began  bool
	called bool
	reason string

	open *openBlock
	held []*openBlock
	size int // of what is held
	searches
}

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

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder { return &replyDecoder{} }

// Event reads the next event.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	var kind, index, message, block, delta []byte
	if scan.Members(ev.Data, func(key []byte, start, end int) bool {
		value := ev.Data[start:end]
		switch string(key) {
		case "type":
			kind = value
		case "index":
			index = value
		case "message":
			message = value
		case "content_block":
			block = value
		case "delta":
			delta = value
		}
		return true
	}) != nil {
		return
	}
	name := ev.Name
	if len(kind) > 2 {
		name = kind[1 : len(kind)-1]
	}
	at, ok := scan.Int(index)
	if !ok {
		at = -1
		if d.open != nil {
			at = d.open.index
		}
	}
	switch string(name) {
	case "ping":
		if d.began {
			give(&protocol.Piece{Kind: protocol.PiecePing})
		}
	case "message_start":
		d.message(message, give)
	case "content_block_start":
		d.begin(give)
		d.start(at, block, give)
	case "content_block_delta":
		d.begin(give)
		d.delta(at, delta, give)
	case "content_block_stop":
		d.stop(at, give)
	case "message_delta":
		d.ending(delta)
	}
}

// message reads a message: the start of one, or the whole.
func (d *replyDecoder) message(value []byte, give func(*protocol.Piece)) {
	if d.began {
		return
	}
	d.reply.ID, d.reply.Model = memberText(value, "id"), memberText(value, "model")
	d.ending(value)
	d.begin(give)
	at, content := int64(0), member(value, "content")
	_ = scan.Elements(content, func(start, end int) bool {
		d.start(at, content[start:end], give)
		d.stop(at, give)
		at++
		return true
	})
}

func (d *replyDecoder) begin(give func(*protocol.Piece)) {
	if !d.began {
		d.began = true
		give(&protocol.Piece{Kind: protocol.PieceStart, Reply: &d.reply})
	}
}

// ending reads why the message ended.
func (d *replyDecoder) ending(value []byte) {
	if reason := memberText(value, "stop_reason"); reason != "" {
		d.reason = reason
	}
	if word := memberText(value, "stop_sequence"); word != "" {
		d.reply.StopWord = word
	}
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

// finish ends the open block, and opens those that were held back for it.
func (d *replyDecoder) finish(give func(*protocol.Piece)) {
	for b := d.open; b != nil; b = d.open {
		d.open = nil
		d.end(b, give)
		if len(d.held) > 0 {
			next := d.held[0]
			d.held = d.held[1:]
			d.size -= len(next.text) + len(next.first)
			d.show(next, give)
		}
		if len(d.held) == 0 {
			d.size = 0
		}
		if d.open == nil || !d.open.ended {
			return
		}
	}
}

// end hands over the end of a block.
func (d *replyDecoder) end(b *openBlock, give func(*protocol.Piece)) {
	switch b.kind {
	case "":
		return
	case "server_tool_use":
		input := b.first
		if len(b.text) > 0 {
			input, _ = compact(b.text)
		}
		d.searches.begin(b.part.ID, input)
		if len(d.searches.open) > maxBlock {
			d.give(d.searches.open[0], give)
			d.searches.open = d.searches.open[1:]
		}
		return
	case "web_search_tool_result":
		if p, ok := d.found(b.first); ok {
			d.give(p, give)
		}
		return
	case "tool_use":
		if !b.more && len(b.first) > 0 && string(b.first) != "{}" {
			b.say(string(b.first), give) // it came with the start
		}
	}
	end := b.part
	if b.signed != "" {
		end.Signature, end.Origin = b.signed, ai.Anthropic
	}
	end.Citations = b.sources
	for i := range end.Citations {
		end.Citations[i].Start, end.Citations[i].End = 0, b.runes
	}
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: end})
}

// give hands over a search.
func (d *replyDecoder) give(p protocol.Part, give func(*protocol.Piece)) {
	open, end := p, p
	open.Signature, open.Origin = "", ""
	end.Text, end.Citations = "", nil
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: open})
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: end})
}

// Close ends the stream.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.began {
		return
	}
	for d.open != nil {
		d.finish(give)
	}
	for _, p := range d.searches.open {
		d.give(p, give)
	}
	d.searches.open = nil
	d.reply.Stop = stopOf(d.reason, d.called)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
	*d = replyDecoder{}
}
