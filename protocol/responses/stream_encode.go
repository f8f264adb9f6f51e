package responses

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// replyEncoder writes one stream. What clients build their history of
// (response.output_item.done, response.completed) holds items whole, so the
// output is kept until the end.
type replyEncoder struct {
	head     head
	prompt   *protocol.Prompt
	sequence int64
	index    int // output_index of the item at hand, -1 before the first
	item     item
	part     protocol.Part
	parts    []protocol.Part // of the message at hand, closed
	text     strings.Builder // of the part at hand
	open     bool            // an item is
	begun    bool            // the part at hand has its beginning
	output   protocol.Writer // items that are done
}

// NewReplyEncoder returns an encoder for one stream.
func (Format) NewReplyEncoder(p *protocol.Prompt, _ bool) protocol.ReplyEncoder {
	return &replyEncoder{prompt: p, index: -1}
}

// event begins an event.
func (e *replyEncoder) event(dst []byte, name string) protocol.Writer {
	dst = append(append(append(dst, "event: "...), name...), "\ndata: "...)
	w := protocol.Writer{B: dst}
	w.Open('{')
	w.Text("type", name)
	w.Number("sequence_number", e.sequence)
	e.sequence++
	return w
}

// end ends it.
func end(w *protocol.Writer) []byte {
	w.Close('}')
	return append(w.B, "\n\n"...)
}

// of begins an event of the item at hand.
func (e *replyEncoder) of(dst []byte, name string) protocol.Writer {
	w := e.event(dst, name)
	w.Number("output_index", int64(e.index))
	w.Text("item_id", e.item.id)
	return w
}

// Append writes what a piece amounts to.
func (e *replyEncoder) Append(dst []byte, p *protocol.Piece) []byte {
	switch p.Kind {
	case protocol.PieceStart:
		e.head = newHead(p.Reply, e.prompt)
		return e.progress(e.progress(dst, "response.created"), "response.in_progress")
	case protocol.PieceOpen:
		return e.start(dst, &p.Part)
	case protocol.PieceMore:
		return e.more(dst, p)
	case protocol.PieceClose:
		return e.close(dst, &p.Part)
	case protocol.PieceStop:
		return e.stop(dst, p.Reply)
	case protocol.PiecePing:
		return append(dst, ": ping\n\n"...)
	}
	return dst
}

func (e *replyEncoder) progress(dst []byte, name string) []byte {
	w := e.event(dst, name)
	w.Key("response")
	e.head.write(&w, "in_progress", "")
	w.Key("output")
	w.Raw([]byte("[]"))
	w.Key("usage")
	w.Raw([]byte("null"))
	w.Close('}')
	return end(&w)
}

// start opens a part, and an item for it unless it goes on with a message.
func (e *replyEncoder) start(dst []byte, part *protocol.Part) []byte {
	e.text.Reset()
	e.begun = false
	e.part = *part
	if isMessage(part.Kind) {
		return dst // a message without a word is none: see begin
	}
	dst = e.done(dst)
	if sign := signOf(part); sign != nil {
		e.part = *sign
		dst = e.done(e.add(dst))
		e.part = *part
	}
	return e.add(dst)
}

// add writes the beginning of an item.
func (e *replyEncoder) add(dst []byte) []byte {
	e.item = e.head.newItem(&e.part)
	e.index++
	e.open = true
	w := e.event(dst, "response.output_item.added")
	w.Number("output_index", int64(e.index))
	w.Key("item")
	w.Open('{')
	w.Text("id", e.item.id)
	w.Text("type", e.item.kind)
	switch e.item.kind {
	case "message":
		w.Text("status", "in_progress")
		w.Text("role", "assistant")
		w.Key("content")
		w.Raw([]byte("[]"))
	case "reasoning":
		w.Key("summary")
		w.Raw([]byte("[]"))
	case "web_search_call":
		w.Text("status", "in_progress")
	default:
		w.Text("status", "in_progress")
		w.Text("call_id", e.part.Call.ID)
		if e.item.form != nil {
			e.item.form.write(&w, e.item.tool, "")
			break
		}
		w.Text("name", e.item.name)
		w.TextIf("namespace", e.item.namespace)
		w.Text(e.item.argument(), "")
	}
	w.Close('}')
	return end(&w)
}

// begin writes the beginning of the part at hand, within its item.
func (e *replyEncoder) begin(dst []byte) []byte {
	if e.begun {
		return dst
	}
	e.begun = true
	switch {
	case isMessage(e.part.Kind):
		if !e.open || e.item.kind != "message" {
			dst = e.add(e.done(dst))
		}
		w := e.of(dst, "response.content_part.added")
		w.Number("content_index", int64(len(e.parts)))
		w.Key("part")
		if e.part.Kind == protocol.Refusal {
			w.Raw([]byte(`{"type":"refusal","refusal":""}`))
		} else {
			w.Raw([]byte(`{"type":"output_text","text":"","annotations":[],"logprobs":[]}`))
		}
		return end(&w)
	case e.part.Kind == protocol.Thought:
		w := e.of(dst, "response.reasoning_summary_part.added")
		w.Number("summary_index", 0)
		w.Key("part")
		w.Raw([]byte(`{"type":"summary_text","text":""}`))
		return end(&w)
	}
	return dst
}

func (e *replyEncoder) more(dst []byte, p *protocol.Piece) []byte {
	e.text.WriteString(p.Text)
	e.part.Logprobs = append(e.part.Logprobs, p.Part.Logprobs...)
	if e.part.Kind == protocol.Search || p.Text == "" && len(p.Part.Logprobs) == 0 || e.part.Kind == protocol.Call && e.item.whole() {
		return dst
	}
	dst = e.begin(dst)
	switch e.part.Kind {
	case protocol.Call:
		w := e.of(dst, e.callEvent("delta"))
		w.Text("delta", p.Text)
		return end(&w)
	case protocol.Thought:
		w := e.of(dst, "response.reasoning_summary_text.delta")
		w.Number("summary_index", 0)
		w.Text("delta", p.Text)
		return end(&w)
	case protocol.Refusal:
		w := e.of(dst, "response.refusal.delta")
		w.Number("content_index", int64(len(e.parts)))
		w.Text("delta", p.Text)
		return end(&w)
	default:
	}
	return e.textDelta(dst, p.Text, p.Part.Logprobs)
}

func (e *replyEncoder) textDelta(dst []byte, text string, logprobs []protocol.Logprob) []byte {
	w := e.of(dst, "response.output_text.delta")
	w.Number("content_index", int64(len(e.parts)))
	w.Text("delta", text)
	w.Key("logprobs")
	if len(logprobs) == 0 {
		w.Raw([]byte("[]"))
	} else {
		w.Raw(protocol.JSON(logprobs))
	}
	return end(&w)
}

func (e *replyEncoder) callEvent(what string) string {
	if e.item.kind == "custom_tool_call" {
		return "response.custom_tool_call_input." + what
	}
	return "response.function_call_arguments." + what
}

// done ends the item at hand.
func (e *replyEncoder) done(dst []byte) []byte {
	if !e.open {
		return dst
	}
	e.open = false
	parts := e.parts
	if e.item.kind != "message" {
		parts = []protocol.Part{e.part}
	}
	from := len(e.output.B)
	e.item.write(&e.output, parts)
	written := e.output.B[from:]
	if from > 0 {
		written = written[1:] // the comma
	}
	e.parts = nil
	w := e.event(dst, "response.output_item.done")
	w.Number("output_index", int64(e.index))
	w.Key("item")
	w.Raw(written)
	return end(&w)
}

func (e *replyEncoder) stop(dst []byte, r *protocol.Reply) []byte {
	dst = e.done(dst)
	status, reason := statusOf(r)
	w := e.event(dst, "response."+status)
	w.Key("response")
	from := len(w.B)
	e.head.write(&w, status, reason)
	w.Key("output")
	w.Raw([]byte("["))
	w.B = append(append(w.B, e.output.B...), ']')
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w.Close('}')
	e.head.made(w.B[from:])
	return end(&w)
}
