package responses

import (
	"encoding/json"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one stream. Items may be interleaved: the parts of those
// behind the first wait in a queue until it has ended.
type replyDecoder struct {
	reply protocol.Reply
	begun bool
	ended bool
	queue protocol.PartQueue
	items []*streamedItem // that began, also those that ended
}

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder { return new(replyDecoder) }

func init() { fastjson.Register(streamEvent{}, outputItem{}, outputPart{}, response{}) }

// streamEvent is an event of a stream.
type streamEvent struct {
	Type     string             `json:"type"`
	Response *response          `json:"response"`
	Index    *int               `json:"output_index"`
	ItemID   string             `json:"item_id"`
	Content  int                `json:"content_index"`
	Summary  int                `json:"summary_index"`
	Item     json.RawMessage    `json:"item"`
	Part     json.RawMessage    `json:"part"`
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

// Event reads the next event.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	var e streamEvent
	if fastjson.Unmarshal(ev.Data, &e) != nil || d.ended {
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
		d.added(&e)
	case "response.reasoning_summary_part.added":
		if it := d.find(&e, "reasoning"); it != nil && e.Summary > 0 && !it.done && len(it.parts) > 0 {
			d.queue.More(&it.parts[0].QueuedPart, "\n\n", nil, give)
		}
	case "response.content_part.done":
		d.partDone(&e)
	case "response.output_item.done":
		d.itemDone(&e, give)
	case "response.completed", "response.incomplete", "response.done":
		if e.Response != nil {
			d.reply.Stop = e.Response.stop()
			d.complete(e.Response, give)
		}
		d.ended = true
	default:
		if kind, ok := kinds[e.Type]; ok {
			d.delta(kind, &e, give)
		}
	}
	if len(d.items) > 0 {
		d.start(nil, give)
		d.queue.Advance(give)
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

// added begins an item, and its part if that is known already.
func (d *replyDecoder) added(e *streamEvent) {
	var item outputItem
	if fastjson.Unmarshal(e.Item, &item) != nil || len(d.items) >= maxItems || item.ID != "" && d.withID(item.ID) != nil {
		return
	}
	it := d.newItem(item.Type, item.ID, e.Index)
	switch item.Type {
	case "reasoning":
		d.addPart(it, protocol.Part{Kind: protocol.Thought, Origin: ai.Responses, ID: item.ID}, 0)
	case "function_call", "custom_tool_call":
		if item.Name != "" { // else its end tells it
			d.addPart(it, item.call(false), 0)
		}
	}
}

// addPart begins a part of an item. The texts before it have ended, and, if it
// is a text, the thoughts as well; calls wait for their own end.
func (d *replyDecoder) addPart(it *streamedItem, part protocol.Part, content int) *itemPart {
	spoken := part.Kind != protocol.Call && part.Kind != protocol.Thought
	for _, before := range d.queue.Waiting() {
		switch before.Part.Kind {
		case protocol.Call:
		case protocol.Thought:
			before.Over = before.Over || spoken
		default:
			before.Over = true
		}
	}
	p := &itemPart{content: content}
	p.Part = part
	it.parts = append(it.parts, p)
	d.queue.Add(&p.QueuedPart)
	return p
}

func (d *replyDecoder) delta(kind protocol.PartKind, e *streamEvent, give func(*protocol.Piece)) {
	it := d.find(e, typeOf(kind))
	switch {
	case it == nil && (kind == protocol.Call || len(d.items) >= maxItems):
		return // it has no name yet; its end is whole
	case it == nil:
		it = d.newItem(typeOf(kind), e.ItemID, e.Index)
	case it.done || kind == protocol.Call && len(it.parts) == 0:
		return
	}
	d.start(nil, give)
	part := it.part(kind, e.Content)
	if part == nil {
		p := protocol.Part{Kind: kind}
		if kind == protocol.Thought {
			p.Origin = ai.Responses
		}
		part = d.addPart(it, p, e.Content)
	}
	text, _ := part.half.String(e.Delta)
	d.queue.More(&part.QueuedPart, text, e.Logprobs, give)
}

// partDone takes what only the end of a text tells.
func (d *replyDecoder) partDone(e *streamEvent) {
	var part outputPart
	it := d.find(e, "message")
	if it == nil || it.done || fastjson.Unmarshal(e.Part, &part) != nil {
		return
	}
	if p := it.part(protocol.Text, e.Content); p != nil {
		p.End.Citations = citations(part.Annotations)
	}
}

// itemDone ends an item, or gives it whole if nothing came of it before.
func (d *replyDecoder) itemDone(e *streamEvent, give func(*protocol.Piece)) {
	var item outputItem
	if fastjson.Unmarshal(e.Item, &item) != nil {
		return
	}
	it := d.find(&streamEvent{ItemID: item.ID, Index: e.Index}, item.Type)
	if it != nil && it.done && item.ID != "" && it.id != item.ID {
		it = nil // another, by the same index
	}
	if it == nil {
		if len(d.items) >= maxItems {
			return
		}
		it = d.newItem(item.Type, item.ID, e.Index)
	}
	d.finish(it, &item, give)
}

// finish takes an item's end, where it is whole.
func (d *replyDecoder) finish(it *streamedItem, item *outputItem, give func(*protocol.Piece)) {
	if it.done {
		return
	}
	it.done = true
	d.start(nil, give)
	for i, whole := range item.parts() {
		var p *itemPart
		if i < len(it.parts) {
			p = it.parts[i]
		}
		switch {
		case p == nil, p.Closed && whole.Kind == protocol.Thought && whole.Signature != "":
			// Of a thought that has ended before its item, its signature.
			open := beginningOf(&whole)
			said := p != nil && p.Said
			p = d.addPart(it, open, i)
			if !said && whole.Kind != protocol.Search {
				d.queue.More(&p.QueuedPart, textOf(&whole), whole.Logprobs, give)
			}
		case !p.Said:
			d.queue.More(&p.QueuedPart, textOf(&whole), whole.Logprobs, give)
		}
		whole.Text, whole.Logprobs = "", nil
		p.End = whole
	}
	for _, p := range it.parts {
		p.Over = true
	}
}

// beginningOf is what of a whole part its beginning tells.
func beginningOf(whole *protocol.Part) protocol.Part {
	open := *whole
	open.Signature, open.Citations, open.Logprobs = "", nil, nil
	if open.Kind != protocol.Search {
		open.Text = ""
	}
	if whole.Call != nil {
		call := *whole.Call
		call.Arguments = ""
		open.Call = &call
	}
	return open
}

func textOf(part *protocol.Part) string {
	if part.Call != nil {
		return part.Call.Arguments
	}
	return part.Text
}

// complete takes what only the end of the response holds: vendors leave out the
// ends of items, or items as a whole.
func (d *replyDecoder) complete(r *response, give func(*protocol.Piece)) {
	var list []json.RawMessage
	_ = fastjson.Unmarshal(r.Output, &list)
	items := make([]outputItem, 0, len(list))
	for _, raw := range list {
		var item outputItem
		if fastjson.Unmarshal(raw, &item) == nil {
			items = append(items, item)
		}
	}
	for i, it := range d.match(items) {
		if it == nil {
			it = d.newItem(items[i].Type, items[i].ID, nil)
		}
		d.finish(it, &items[i], give)
	}
}

// Close ends the answer.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.begun {
		return
	}
	d.queue.Close(give)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
}
