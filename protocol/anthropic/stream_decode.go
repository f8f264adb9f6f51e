package anthropic

import (
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
