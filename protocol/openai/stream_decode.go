package openai

import (
	"encoding/json"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one stream. Calls of one answer may come interleaved by
// their index: those behind the open one are held back until it is closed, and
// that is when another one, or a text, goes on.
type replyDecoder struct {
	reply protocol.Reply
	begun bool
	open  bool
	part  protocol.Part // the open part; of a Call its id and name
	index int           // of the open call
	end   protocol.Part // what closes it
	held  []heldCall
	stop  bool
	whole strings.Builder // arguments of the open call
	notes strings.Builder // reasoning_details of the open thought, one after the other
	seen  map[int]bool    // calls that were begun
}

// heldCall is a call that waits.
type heldCall struct {
	index     int
	part      protocol.Part
	arguments strings.Builder
}

// most bounds what is held back, in calls: no model makes that many at once.
const most = 256

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder {
	return &replyDecoder{index: -1, seen: make(map[int]bool)}
}

// Event reads the next chunk.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	if isDone(ev.Data) {
		return
	}
	var a saidAnswer
	if json.Unmarshal(ev.Data, &a) != nil {
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
			d.stop, d.reply.Stop = true, stopOf(c.Reason)
		}
	}
}

func (d *replyDecoder) said(s *said, logprobs []protocol.Logprob, give func(*protocol.Piece)) {
	text, thought := s.text()
	details := strings.TrimSpace(string(s.Details))
	noted := strings.HasPrefix(details, "[") && details != "[]"
	if thought != "" || noted && (!d.open || d.part.Kind != protocol.Call) {
		d.more(protocol.Thought, thought, nil, give)
		if noted && d.notes.Len() < sse.MaxEvent {
			if d.notes.Len() > 0 {
				d.notes.WriteByte(',')
			}
			d.notes.WriteString(details[1 : len(details)-1])
		}
	}
	if text != "" || len(logprobs) > 0 && s.Refusal == "" {
		d.more(protocol.Text, text, logprobs, give)
	}
	if s.Refusal != "" {
		d.more(protocol.Refusal, s.Refusal, logprobs, give)
	}
	if c := s.citations(); len(c) > 0 && (!d.open || d.part.Kind == protocol.Text) {
		if !d.open {
			d.start(protocol.Part{Kind: protocol.Text}, -1, give)
		}
		d.end.Citations = append(d.end.Citations, c...)
	}
	for i := range s.Images {
		media := new(protocol.Media)
		media.SetURL(s.Images[i].URL.URL)
		d.start(protocol.Part{Kind: protocol.Image, Media: media}, -1, give)
		d.end.Media = media
		d.close(give)
	}
	for i := range s.Calls {
		d.call(&s.Calls[i], i, give)
	}
	if s.Call != nil && (s.Call.Name != "" || d.seen[0]) {
		d.call(&saidCall{Function: s.Call}, 0, give)
	}
}

// more goes on with a part of a kind, or begins one.
func (d *replyDecoder) more(kind protocol.PartKind, text string, logprobs []protocol.Logprob, give func(*protocol.Piece)) {
	if !d.open || d.part.Kind != kind {
		if text == "" && kind == protocol.Text {
			return
		}
		part := protocol.Part{Kind: kind}
		if kind == protocol.Thought {
			part.Origin = ai.OpenAI
		}
		d.start(part, -1, give)
	}
	if text != "" || len(logprobs) > 0 {
		give(&protocol.Piece{Kind: protocol.PieceMore, Text: text, Part: protocol.Part{Kind: kind, Logprobs: logprobs}})
	}
}

// start closes what is open and opens a part.
func (d *replyDecoder) start(part protocol.Part, index int, give func(*protocol.Piece)) {
	d.close(give)
	d.whole.Reset()
	d.open, d.part, d.index = true, part, index
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
}

func (d *replyDecoder) close(give func(*protocol.Piece)) {
	if !d.open {
		return
	}
	d.open = false
	d.end.Kind = d.part.Kind
	if d.part.Kind == protocol.Thought && d.notes.Len() > 0 {
		d.end.Signature, d.end.Origin = "["+d.notes.String()+"]", ai.OpenAI
	}
	d.notes.Reset()
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: d.end})
	d.end = protocol.Part{}
}

// call takes a piece of a call. One without an index is told by its place, or,
// where each chunk has one, by a new id.
func (d *replyDecoder) call(c *saidCall, place int, give func(*protocol.Piece)) {
	index := place
	if c.Index != nil {
		index = *c.Index
	} else if c.ID != "" && len(d.seen) > 0 && !d.knows(c.ID) {
		index = len(d.seen)
	}
	text := c.arguments()
	if d.open && d.part.Kind == protocol.Call && d.index == index {
		d.arguments(text, give)
		return
	}
	for i := range d.held {
		if d.held[i].index == index {
			d.held[i].arguments.WriteString(text)
			return
		}
	}
	if d.seen[index] || len(d.seen) >= most {
		return // it was closed: nothing can be added to it
	}
	part, ok := c.part()
	if !ok {
		return
	}
	d.seen[index] = true
	if d.open && d.part.Kind == protocol.Call {
		d.held = append(d.held, heldCall{index: index, part: part})
		d.held[len(d.held)-1].arguments.WriteString(text)
		// A call whose arguments are complete will not go on: most models write
		// one call after the other.
		d.release(false, give)
		return
	}
	d.start(part, index, give)
	d.arguments(text, give)
}

// knows reports whether a call has an id.
func (d *replyDecoder) knows(id string) bool {
	if d.open && d.part.Call != nil && d.part.Call.ID == id {
		return true
	}
	for i := range d.held {
		if d.held[i].part.Call.ID == id {
			return true
		}
	}
	return false
}

func (d *replyDecoder) arguments(text string, give func(*protocol.Piece)) {
	if text == "" {
		return
	}
	d.whole.WriteString(text)
	give(&protocol.Piece{Kind: protocol.PieceMore, Text: text, Part: protocol.Part{Kind: protocol.Call}})
}

// release opens the calls that were held back, the last of which stays open.
// Without all, only if the open one is complete.
func (d *replyDecoder) release(all bool, give func(*protocol.Piece)) {
	for len(d.held) > 0 {
		if d.open && d.part.Kind == protocol.Call && !all && !complete(d.whole.String()) {
			return
		}
		next := d.held[0]
		d.held = d.held[1:]
		d.start(next.part, next.index, give)
		d.arguments(next.arguments.String(), give)
	}
}

// complete reports whether arguments are a whole object.
func complete(text string) bool {
	return json.Valid([]byte(text))
}

// Close ends the answer.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.begun {
		return
	}
	d.release(true, give)
	d.close(give)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
}
