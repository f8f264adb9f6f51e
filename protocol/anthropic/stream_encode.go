package anthropic

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// replyEncoder writes one stream.
type replyEncoder struct {
	p       *protocol.Prompt
	started bool
	stopped bool
	index   int
	seen    ending
	thoughts

	open   bool // a part is
	part   protocol.Part
	begun  bool            // and so is its block
	text   strings.Builder // of it, that was not handed over
	custom bool            // the arguments of a call are free text, and go into an object
}

// NewReplyEncoder returns an encoder for one stream.
func (Format) NewReplyEncoder(p *protocol.Prompt, _ bool) protocol.ReplyEncoder {
	return &replyEncoder{p: p, thoughts: newThoughts(p)}
}

// Append appends the events of a piece.
func (e *replyEncoder) Append(dst []byte, p *protocol.Piece) []byte {
	if e.stopped {
		return dst
	}
	switch p.Kind {
	case protocol.PieceStart:
		return e.start(dst, p.Reply)
	case protocol.PiecePing:
		return append(dst, "event: ping\ndata: {\"type\":\"ping\"}\n\n"...)
	case protocol.PieceOpen:
		dst = e.start(e.close(dst, &protocol.Part{}), &protocol.Reply{})
		e.open, e.begun, e.part = true, false, copied(&p.Part)
		e.seen.see(&p.Part)
		if p.Part.Kind == protocol.Call {
			return e.begin(dst)
		}
		return dst // there may be no text, and clients give back no block without one
	case protocol.PieceMore:
		return e.more(dst, p.Text)
	case protocol.PieceClose:
		return e.close(dst, &p.Part)
	case protocol.PieceStop:
		dst = e.start(e.close(dst, &protocol.Part{}), p.Reply)
		return e.stop(dst, p.Reply)
	}
	return dst
}

// copied is a part that outlives the piece it came in.
func copied(p *protocol.Part) protocol.Part {
	part := *p
	part.Citations, part.Logprobs = slices.Clone(p.Citations), nil
	if p.Call != nil {
		part.Call = &protocol.ToolCall{ID: p.Call.ID, Name: p.Call.Name, Custom: p.Call.Custom}
	}
	if p.Media != nil {
		part.Media = &protocol.Media{Type: p.Media.Type}
	}
	return part
}

func (e *replyEncoder) start(dst []byte, r *protocol.Reply) []byte {
	if e.started {
		return dst
	}
	e.started = true
	dst = beginEvent(dst, "message_start")
	dst = appendHead(key(dst, "message"), r, e.p)
	dst = raw(dst, "content", "[]")
	dst = raw(dst, "stop_reason", "null")
	dst = raw(dst, "stop_sequence", "null")
	u := &r.Usage // of the input; of the output, message_delta tells
	known := ai.Usage{Input: u.Input, CachedInput: u.CachedInput, CacheWrite: u.CacheWrite, CacheWrite1h: u.CacheWrite1h}
	dst = append(appendUsage(key(dst, "usage"), &known), '}')
	return endEvent(dst)
}

func (e *replyEncoder) stop(dst []byte, r *protocol.Reply) []byte {
	e.stopped = true
	dst = beginEvent(dst, "message_delta")
	dst = append(key(dst, "delta"), '{')
	dst = append(e.seen.append(dst, r), '}')
	dst = endEvent(appendUsage(key(dst, "usage"), &r.Usage))
	return endEvent(beginEvent(dst, "message_stop"))
}

func beginEvent(dst []byte, name string) []byte {
	dst = append(append(dst, "event: "...), name...)
	return text(append(dst, "\ndata: {"...), "type", name)
}

func endEvent(dst []byte) []byte { return append(dst, "}\n\n"...) }

// begin opens the block of the open part.
func (e *replyEncoder) begin(dst []byte) []byte {
	e.begun = true
	dst = append(e.blockStart(dst), '{')
	switch e.part.Kind {
	case protocol.Call:
		dst = text(dst, "type", "tool_use")
		dst = text(dst, "id", protocol.PlainID(e.part.Call.ID))
		dst = text(dst, "name", e.part.Call.Name)
		dst = raw(dst, "input", "{}")
	case protocol.Thought:
		dst = appendThought(dst, &protocol.Part{})
	default:
		dst = text(text(dst, "type", "text"), "text", "")
	}
	dst = endEvent(append(dst, '}'))
	if e.custom = e.part.Kind == protocol.Call && e.part.Call.Custom; e.custom {
		dst = e.delta(dst, "input_json_delta", "partial_json", `{"input":"`)
	}
	return dst
}

func (e *replyEncoder) blockStart(dst []byte) []byte {
	dst = beginEvent(dst, "content_block_start")
	return key(whole(dst, "index", int64(e.index)), "content_block")
}

func (e *replyEncoder) blockStop(dst []byte) []byte {
	dst = endEvent(whole(beginEvent(dst, "content_block_stop"), "index", int64(e.index)))
	e.index++
	return dst
}

// block is a block that comes whole.
func (e *replyEncoder) block(dst, block []byte) []byte {
	return e.blockStop(endEvent(append(e.blockStart(dst), block...)))
}

func (e *replyEncoder) deltaStart(dst []byte, kind string) []byte {
	dst = whole(beginEvent(dst, "content_block_delta"), "index", int64(e.index))
	return text(append(key(dst, "delta"), '{'), "type", kind)
}

func (e *replyEncoder) delta(dst []byte, kind, name, s string) []byte {
	return endEvent(append(text(e.deltaStart(dst, kind), name, s), '}'))
}

func (e *replyEncoder) more(dst []byte, s string) []byte {
	if !e.open || s == "" {
		return dst
	}
	switch e.part.Kind {
	case protocol.Call:
		if e.custom {
			quoted := quote(nil, s)
			s = string(quoted[1 : len(quoted)-1])
		}
		return e.delta(dst, "input_json_delta", "partial_json", s)
	case protocol.Thought:
		if e.part.Redacted || e.hidden || !e.asked {
			e.text.WriteString(s)
			return dst
		}
		if !e.begun {
			dst = e.begin(dst)
		}
		return e.delta(dst, "thinking_delta", "thinking", s)
	case protocol.Text, protocol.Refusal:
		if !e.begun {
			dst = e.begin(dst)
		}
		return e.delta(dst, "text_delta", "text", s)
	default:
		e.text.WriteString(s)
		return dst
	}
}

// close closes the open part, of which p tells what is known only now.
func (e *replyEncoder) close(dst []byte, p *protocol.Part) []byte {
	if !e.open {
		return dst
	}
	e.open = false
	e.part.Text += e.text.String()
	e.text.Reset()
	if p.Signature != "" {
		e.part.Signature, e.part.Origin = p.Signature, p.Origin
	}
	e.part.Redacted = e.part.Redacted || p.Redacted
	e.part.Wanted = e.part.Wanted || p.Wanted
	if len(e.part.Citations) == 0 {
		e.part.Citations = p.Citations
	}
	if p.Media != nil {
		e.part.Media = p.Media
	}
	if p.ID != "" {
		e.part.ID = p.ID
	}
	switch part := &e.part; part.Kind {
	case protocol.Call:
		if e.custom {
			dst = e.delta(dst, "input_json_delta", "partial_json", `"}`)
		}
		return e.keptThoughts(e.signed(e.blockStop(dst), part.Call.ID))
	case protocol.Text, protocol.Refusal:
		if e.begun {
			for i := range part.Citations {
				dst = key(e.deltaStart(dst, "citations_delta"), "citation")
				dst = endEvent(append(appendCitation(dst, &part.Citations[i], part.Origin), '}'))
			}
			dst = e.keptThoughts(e.blockStop(dst))
		}
		return e.signed(dst, "")
	case protocol.Thought:
		return e.closeThought(dst)
	case protocol.Search:
		use, result := searchBlocks(part)
		dst = e.use(dst, use)
		if len(result) > 0 {
			dst = e.block(dst, result)
		}
		return dst
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		dst = e.begin(dst)
		return e.keptThoughts(e.blockStop(e.delta(dst, "text_delta", "text", unshown(part))))
	default:
		return dst
	}
}

// signed is the block with the signature of the part that was closed.
func (e *replyEncoder) signed(dst []byte, id string) []byte {
	if block := appendSigned(nil, &e.part, id); len(block) > 0 {
		return e.block(dst, block)
	}
	return dst
}

// keptThoughts are the blocks of thoughts that the part that was closed came of.
func (e *replyEncoder) keptThoughts(dst []byte) []byte {
	for _, block := range e.take() {
		dst = e.block(dst, block)
	}
	return dst
}

func (e *replyEncoder) closeThought(dst []byte) []byte {
	part := &e.part
	switch {
	case !e.shows(part):
		e.keep(part)
		return dst
	case e.begun: // its text was handed over already
		if part.Origin != ai.Anthropic {
			part.Signature = part.Seal(false)
		}
	default:
		shown := e.shown(part)
		if shown.Redacted {
			return e.block(dst, append(appendThought([]byte{'{'}, shown), '}'))
		}
		part.Signature = shown.Signature
		dst = e.begin(dst)
		if shown.Text != "" {
			dst = e.delta(dst, "thinking_delta", "thinking", shown.Text)
		}
	}
	if part.Signature != "" {
		dst = e.delta(dst, "signature_delta", "signature", part.Signature)
	}
	return e.blockStop(dst)
}

// use is the block of what a search looks for, whose input comes in a delta.
func (e *replyEncoder) use(dst, use []byte) []byte {
	block := text([]byte{'{'}, "type", "server_tool_use")
	block = text(block, "id", memberText(use, "id"))
	block = text(block, "name", "web_search")
	dst = endEvent(append(e.blockStart(dst), append(raw(block, "input", "{}"), '}')...))
	dst = e.delta(dst, "input_json_delta", "partial_json", string(member(use, "input")))
	return e.blockStop(dst)
}
