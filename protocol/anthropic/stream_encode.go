package anthropic

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// replyEncoder writes one stream.
type replyEncoder struct {
	prompt *protocol.Prompt
	index  int // of the open block
	part   protocol.Part
	open   bool // the block's start is written
	calls  bool
}

// NewReplyEncoder returns an encoder for one stream.
func (Format) NewReplyEncoder(p *protocol.Prompt, _ bool) protocol.ReplyEncoder {
	return &replyEncoder{prompt: p, index: -1}
}

// beginEvent begins an event.
func beginEvent(dst []byte, name string) protocol.Writer {
	dst = append(append(append(dst, "event: "...), name...), "\ndata: "...)
	w := protocol.Writer{B: dst}
	w.Open('{')
	w.Text("type", name)
	return w
}

// endEvent ends it.
func endEvent(w *protocol.Writer) []byte {
	w.Close('}')
	return append(w.B, "\n\n"...)
}

// Append writes what a piece amounts to.
func (e *replyEncoder) Append(dst []byte, p *protocol.Piece) []byte {
	switch p.Kind {
	case protocol.PieceStart:
		w := beginEvent(dst, "message_start")
		w.Key("message")
		writeHead(&w, p.Reply, e.prompt)
		w.Key("content")
		w.Raw([]byte("[]"))
		w.Key("stop_reason")
		w.Raw([]byte("null"))
		w.Key("stop_sequence")
		w.Raw([]byte("null"))
		w.Key("usage")
		writeUsage(&w, &ai.Usage{}) // nobody knows yet; message_delta has all of it
		w.Close('}')
		return endEvent(&w)
	case protocol.PieceOpen:
		e.part = p.Part
		switch {
		case p.Part.Kind == protocol.Call:
			e.calls = true
			if p.Part.Signature != "" {
				dst = e.sealed(dst, &p.Part)
			}
			return e.begin(dst)
		case p.Part.Kind == protocol.Thought && !p.Part.Redacted:
			return e.begin(dst)
		}
	case protocol.PieceMore:
		return e.more(dst, p)
	case protocol.PieceClose:
		return e.close(dst, &p.Part)
	case protocol.PieceStop:
		return e.stop(dst, p.Reply)
	case protocol.PiecePing:
		w := beginEvent(dst, "ping")
		return endEvent(&w)
	}
	return dst
}

// sealed writes what a call was signed with as a block of its own.
func (e *replyEncoder) sealed(dst []byte, part *protocol.Part) []byte {
	call := e.part
	e.part = protocol.Part{Kind: protocol.Thought, Redacted: true, Signature: part.Seal(false), Origin: ai.Anthropic}
	dst = e.end(e.begin(dst))
	e.part = call
	return dst
}

// begin writes the start of the block at hand.
func (e *replyEncoder) begin(dst []byte) []byte {
	e.index++
	e.open = true
	w := beginEvent(dst, "content_block_start")
	w.Number("index", int64(e.index))
	w.Key("content_block")
	w.Open('{')
	switch {
	case e.part.Kind == protocol.Call:
		w.Text("type", "tool_use")
		w.Text("id", protocol.PlainID(e.part.Call.ID))
		w.Text("name", e.part.Call.Name)
		w.Key("input")
		w.Raw([]byte("{}"))
	case e.part.Kind == protocol.Thought && e.part.Redacted:
		w.Text("type", "redacted_thinking")
		w.Text("data", signature(&e.part))
	case e.part.Kind == protocol.Thought:
		w.Text("type", "thinking")
		w.Text("thinking", "")
		w.Text("signature", "")
	default:
		w.Text("type", "text")
		w.Text("text", "")
	}
	w.Close('}')
	return endEvent(&w)
}

// delta writes a delta of the block at hand.
func (e *replyEncoder) delta(dst []byte, kind, name, text string) []byte {
	w := beginEvent(dst, "content_block_delta")
	w.Number("index", int64(e.index))
	w.Key("delta")
	w.Open('{')
	w.Text("type", kind)
	w.Text(name, text)
	w.Close('}')
	return endEvent(&w)
}

func (e *replyEncoder) more(dst []byte, p *protocol.Piece) []byte {
	if p.Text == "" {
		return dst
	}
	if !e.open { // a text without a word is no block
		if e.part.Kind == protocol.Search {
			return dst
		}
		e.part.Redacted = false
		dst = e.begin(dst)
	}
	switch e.part.Kind {
	case protocol.Call:
		return e.delta(dst, "input_json_delta", "partial_json", p.Text)
	case protocol.Thought:
		return e.delta(dst, "thinking_delta", "thinking", p.Text)
	}
	return e.delta(dst, "text_delta", "text", p.Text)
}

func (e *replyEncoder) close(dst []byte, with *protocol.Part) []byte {
	e.part.Citations = with.Citations
	if with.Signature != "" {
		e.part.Signature, e.part.Origin = with.Signature, with.Origin
	}
	if with.ID != "" {
		e.part.ID = with.ID
	}
	e.part.Redacted = e.part.Redacted || with.Redacted && !e.open
	switch {
	case e.part.Kind == protocol.Thought && e.part.Redacted && !e.open:
		dst = e.begin(dst)
	case e.part.Kind == protocol.Thought && e.open:
		dst = e.delta(dst, "signature_delta", "signature", signature(&e.part))
	case e.part.Kind == protocol.Text && e.open:
		for i := range with.Citations {
			dst = e.citation(dst, &with.Citations[i])
		}
	case isMedia(e.part.Kind):
		if with.Media != nil {
			e.part.Media = with.Media
		}
		dst = e.delta(e.begin(dst), "text_delta", "text", linked(&e.part))
	}
	return e.end(dst)
}

func isMedia(k protocol.PartKind) bool {
	return k == protocol.Image || k == protocol.Document || k == protocol.Audio || k == protocol.Video
}

func (e *replyEncoder) citation(dst []byte, c *protocol.Citation) []byte {
	if c.URL == "" {
		return dst
	}
	w := beginEvent(dst, "content_block_delta")
	w.Number("index", int64(e.index))
	w.Key("delta")
	w.Open('{')
	w.Text("type", "citations_delta")
	w.Key("citation")
	writeCitation(&w, c)
	w.Close('}')
	return endEvent(&w)
}

// end writes the end of the block at hand.
func (e *replyEncoder) end(dst []byte) []byte {
	if !e.open {
		return dst
	}
	e.open = false
	w := beginEvent(dst, "content_block_stop")
	w.Number("index", int64(e.index))
	return endEvent(&w)
}

func (e *replyEncoder) stop(dst []byte, r *protocol.Reply) []byte {
	w := beginEvent(e.end(dst), "message_delta")
	w.Key("delta")
	w.Open('{')
	writeStop(&w, r, e.calls)
	w.Close('}')
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w = beginEvent(endEvent(&w), "message_stop")
	return endEvent(&w)
}
