package openai

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one stream. What stands between the pieces of a call's
// arguments, and other calls, wait in a queue until the call has ended.
type replyDecoder struct {
	reply  protocol.Reply
	begun  bool
	queue  protocol.PartQueue
	halves map[protocol.PartKind]*protocol.Halves
	notes  strings.Builder // reasoning_details of the last thought, one after the other
	calls  []*streamedCall // that began, also those that ended
}

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder {
	return &replyDecoder{halves: make(map[protocol.PartKind]*protocol.Halves)}
}

// Event reads the next chunk.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	if isDone(ev.Data) {
		return
	}
	var a saidAnswer
	if fastjson.Unmarshal(ev.Data, &a) != nil {
		return
	}
	if !d.begun && (len(a.Choices) > 0 || a.ID != "") {
		d.begun = true
		d.reply.ID, d.reply.Model = a.ID, a.Model
		d.reply.Created, _ = a.Created.Int64()
		give(&protocol.Piece{Kind: protocol.PieceStart, Reply: &d.reply})
	}
	if d.reply.Model == "" {
		d.reply.Model = a.Model
	}
	for i := range a.Choices {
		c := &a.Choices[i]
		if c.Index != 0 {
			continue // the client asked for one
		}
		said := c.Delta
		if said == nil {
			said = c.Message
		}
		if said != nil {
			d.said(said, readLogprobs(c.Logprobs), give)
		}
		if c.Reason != "" {
			d.reply.Stop = stopOf(c.Reason)
			d.queue.Release(give)
		}
	}
}

func (d *replyDecoder) said(s *said, logprobs []protocol.Logprob, give func(*protocol.Piece)) {
	text, thought := s.text(d.half(protocol.Text), d.half(protocol.Thought))
	refusal, _ := d.half(protocol.Refusal).String(s.Refusal)
	details := s.details()
	if thought != "" || details != "" {
		d.think(thought, details, give)
	}
	if text != "" || len(logprobs) > 0 && refusal == "" {
		d.more(protocol.Text, text, logprobs, give)
	}
	if refusal != "" {
		d.more(protocol.Refusal, refusal, logprobs, give)
	}
	if c := s.citations(); len(c) > 0 {
		d.cite(c)
	}
	for i := range s.Images {
		media := new(protocol.Media)
		media.SetURL(s.Images[i].URL.URL)
		part := protocol.Part{Kind: protocol.Image, Media: media}
		d.add(&protocol.QueuedPart{Part: part, End: part})
	}
	for i := range s.Calls {
		d.call(&s.Calls[i], i, len(s.Calls), give)
	}
	if s.Call != nil {
		only := 0
		d.call(&saidCall{Index: &only, Function: s.Call}, 0, 1, give)
	}
	d.queue.Advance(give)
}

// half reads the strings of a kind of part.
func (d *replyDecoder) half(kind protocol.PartKind) *protocol.Halves {
	h := d.halves[kind]
	if h == nil {
		h = new(protocol.Halves)
		d.halves[kind] = h
	}
	return h
}

// add begins a part. Everything before it has ended but calls, whose arguments
// may still come.
func (d *replyDecoder) add(p *protocol.QueuedPart) *protocol.QueuedPart {
	for _, before := range d.queue.Waiting() {
		before.Over = before.Over || before.Part.Kind != protocol.Call
	}
	d.notes.Reset()
	d.queue.Add(p)
	return p
}

// more goes on with a part of a kind, or begins one.
func (d *replyDecoder) more(kind protocol.PartKind, text string, logprobs []protocol.Logprob, give func(*protocol.Piece)) {
	last := d.queue.Last()
	if last == nil || last.Part.Kind != kind {
		if text == "" && kind == protocol.Text {
			return
		}
		last = d.add(&protocol.QueuedPart{Part: protocol.Part{Kind: kind}})
		if kind == protocol.Thought {
			last.Part.Origin = ai.OpenAI
		}
	}
	d.queue.More(last, text, logprobs, give)
}

// think goes on with a thought, or begins one. Its details, without their
// brackets, are what its maker wants to see again.
func (d *replyDecoder) think(text, details string, give func(*protocol.Piece)) {
	d.more(protocol.Thought, text, nil, give)
	if details == "" || d.notes.Len() >= sse.MaxEvent {
		return
	}
	if d.notes.Len() > 0 {
		d.notes.WriteByte(',')
	}
	d.notes.WriteString(details)
	last := d.queue.Last()
	last.End.Signature, last.End.Origin = "["+d.notes.String()+"]", ai.OpenAI
}

// cite notes the sources of the last text, which may have none before it.
func (d *replyDecoder) cite(list []protocol.Citation) {
	for _, waits := range slices.Backward(d.queue.Waiting()) {
		if waits.Part.Kind == protocol.Text {
			waits.End.Citations = append(waits.End.Citations, list...)
			return
		}
	}
	d.add(&protocol.QueuedPart{Part: protocol.Part{Kind: protocol.Text}, End: protocol.Part{Citations: list}})
}

// Close ends the answer.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.begun {
		return
	}
	d.queue.Close(give)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
}
