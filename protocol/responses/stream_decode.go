package responses

import (
	"encoding/json"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one stream. Items come one after the other; what belongs
// to another than the open one is taken from its end, where it is whole.
type replyDecoder struct {
	reply   protocol.Reply
	begun   bool
	open    bool
	part    protocol.Part
	index   int  // output_index of the open part's item
	said    bool // something of it came in deltas
	content int  // content_index of the open part
	done    map[int]bool
	ended   bool
}

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder { return &replyDecoder{done: make(map[int]bool)} }

// streamEvent is an event of a stream.
type streamEvent struct {
	Type     string             `json:"type"`
	Response *response          `json:"response"`
	Index    int                `json:"output_index"`
	Content  int                `json:"content_index"`
	Summary  int                `json:"summary_index"`
	Item     json.RawMessage    `json:"item"`
	Delta    json.RawMessage    `json:"delta"`
	Logprobs []protocol.Logprob `json:"logprobs"`
}

// kinds are the parts that events add to.
var kinds = map[string]protocol.PartKind{
	"response.output_text.delta":             protocol.Text,
	"response.refusal.delta":                 protocol.Refusal,
	"response.reasoning_summary_text.delta":  protocol.Thought,
	"response.reasoning_text.delta":          protocol.Thought,
	"response.function_call_arguments.delta": protocol.Call,
	"response.custom_tool_call_input.delta":  protocol.Call,
}

// mostItems bounds what is remembered of a stream.
const mostItems = 4096

// Event reads the next event.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	var e streamEvent
	if json.Unmarshal(ev.Data, &e) != nil || d.ended {
		return
	}
	if e.Type == "" {
		e.Type = string(ev.Name)
	}
	if e.Response != nil {
		d.start(e.Response, give)
	}
	switch e.Type {
	case "response.output_item.added":
		d.added(&e, give)
	case "response.reasoning_summary_part.added":
		if e.Summary > 0 && d.open && d.part.Kind == protocol.Thought && d.index == e.Index {
			d.more("\n\n", nil, give)
		}
	case "response.output_item.done":
		d.finished(&e, give)
	case "response.completed", "response.incomplete", "response.done":
		if e.Response != nil {
			d.reply.Stop = e.Response.stop()
			d.rest(e.Response, give)
		}
		d.ended = true
	default:
		if kind, ok := kinds[e.Type]; ok {
			d.delta(kind, &e, give)
		}
	}
}

func (d *replyDecoder) start(r *response, give func(*protocol.Piece)) {
	if d.begun {
		return
	}
	d.begun = true
	if r != nil {
		d.reply.ID, d.reply.Model, d.reply.Created = r.ID, r.Model, r.created()
	}
	give(&protocol.Piece{Kind: protocol.PieceStart, Reply: &d.reply})
}

// added opens the part of an item that is one.
func (d *replyDecoder) added(e *streamEvent, give func(*protocol.Piece)) {
	var item outputItem
	if json.Unmarshal(e.Item, &item) != nil || d.done[e.Index] {
		return
	}
	switch item.Type {
	case "reasoning":
		d.begin(protocol.Part{Kind: protocol.Thought, Origin: ai.Responses, ID: item.ID}, e, give)
	case "function_call", "custom_tool_call":
		d.begin(item.call(false), e, give)
	}
}

func (d *replyDecoder) begin(part protocol.Part, e *streamEvent, give func(*protocol.Piece)) {
	d.start(nil, give)
	d.close(protocol.Part{}, give)
	d.open, d.part, d.index, d.content, d.said = true, part, e.Index, e.Content, false
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
}

func (d *replyDecoder) more(text string, logprobs []protocol.Logprob, give func(*protocol.Piece)) {
	if text == "" && len(logprobs) == 0 {
		return
	}
	d.said = true
	give(&protocol.Piece{Kind: protocol.PieceMore, Text: text, Part: protocol.Part{Kind: d.part.Kind, Logprobs: logprobs}})
}

func (d *replyDecoder) delta(kind protocol.PartKind, e *streamEvent, give func(*protocol.Piece)) {
	var text string
	if json.Unmarshal(e.Delta, &text) != nil || d.done[e.Index] {
		return
	}
	if !d.open || d.index != e.Index || d.part.Kind != kind || (kind == protocol.Text || kind == protocol.Refusal) && d.content != e.Content {
		if kind == protocol.Call {
			return // it has no name yet; its end is whole
		}
		part := protocol.Part{Kind: kind}
		if kind == protocol.Thought {
			part.Origin = ai.Responses
		}
		d.begin(part, e, give)
	}
	d.more(text, e.Logprobs, give)
}

// finished closes an item, or gives it whole if nothing came of it before.
func (d *replyDecoder) finished(e *streamEvent, give func(*protocol.Piece)) {
	if d.done[e.Index] || len(d.done) > mostItems {
		return
	}
	var item outputItem
	if json.Unmarshal(e.Item, &item) != nil {
		return
	}
	d.done[e.Index] = true
	d.item(&item, e, give)
}

func (d *replyDecoder) item(item *outputItem, e *streamEvent, give func(*protocol.Piece)) {
	parts := item.parts()
	at := 0
	if d.open && d.index == e.Index && len(parts) > 0 {
		// The open part is the last of the item; those before it are closed.
		at = len(parts)
		last := &parts[at-1]
		if !d.said {
			d.more(textOf(last), last.Logprobs, give)
		}
		d.close(*last, give)
	}
	for i := at; i < len(parts); i++ {
		part := parts[i]
		open := part
		open.Signature, open.Citations, open.Logprobs = "", nil, nil
		if part.Kind != protocol.Search {
			open.Text = ""
		}
		if part.Call != nil {
			call := *part.Call
			call.Arguments = ""
			open.Call = &call
		}
		d.begin(open, e, give)
		if part.Kind != protocol.Search {
			d.more(textOf(&part), part.Logprobs, give)
		}
		d.close(part, give)
	}
}

func textOf(part *protocol.Part) string {
	if part.Call != nil {
		return part.Call.Arguments
	}
	return part.Text
}

// close closes what is open; with says what only the end tells.
func (d *replyDecoder) close(with protocol.Part, give func(*protocol.Piece)) {
	if !d.open {
		return
	}
	d.open = false
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: protocol.Part{
		Kind: d.part.Kind, Signature: with.Signature, Origin: with.Origin, Citations: with.Citations, Media: with.Media, ID: with.ID,
	}})
}

// rest gives what only the end of the response holds: some vendors send no
// items before it.
func (d *replyDecoder) rest(r *response, give func(*protocol.Piece)) {
	if len(d.done) > 0 || d.open {
		return
	}
	var items []json.RawMessage
	_ = json.Unmarshal(r.Output, &items)
	for i, raw := range items {
		var item outputItem
		if json.Unmarshal(raw, &item) == nil {
			d.item(&item, &streamEvent{Index: i}, give)
		}
	}
}

// Close ends the answer.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.begun {
		return
	}
	d.close(protocol.Part{}, give)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
}
