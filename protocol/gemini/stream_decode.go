package gemini

import (
	"bytes"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// replyDecoder reads one answer: a stream, or a whole one as its only event.
// Of several candidates it reads the first.
type replyDecoder struct {
	head    protocol.Reply
	started bool
	open    bool
	part    protocol.Part // the open one: its kind
	text    index         // of the open Text
	sources sources
	partial partialCall
	halves  [2]protocol.Halves // of texts and thoughts
	called  bool
	reason  protocol.StopReason
}

// NewReplyDecoder returns a decoder for one stream.
func (Format) NewReplyDecoder() protocol.ReplyDecoder { return new(replyDecoder) }

// DecodeReply reads a whole answer, or the array of a stream.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	var d replyDecoder
	var c protocol.Collector
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '[' {
		_ = scan.Elements(body, func(start, end int) bool {
			d.Event(sse.Event{Data: body[start:end]}, c.Add)
			return true
		})
	} else {
		d.Event(sse.Event{Data: body}, c.Add)
	}
	d.Close(c.Add)
	if !c.Stopped {
		return nil, protocol.BadRequest("", "is no answer of Gemini's")
	}
	return &c.Reply, nil
}

// stopReasons are Google's, by name and number. What is not listed (OTHER,
// MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, …) is an end like any other.
// https://ai.google.dev/api/generate-content#FinishReason
var stopReasons = map[string]protocol.StopReason{
	"MAX_TOKENS": protocol.StopLength, "2": protocol.StopLength,
	"SAFETY": protocol.StopFilter, "3": protocol.StopFilter,
	"RECITATION": protocol.StopFilter, "4": protocol.StopFilter,
	"BLOCKLIST": protocol.StopFilter, "6": protocol.StopFilter,
	"PROHIBITED_CONTENT": protocol.StopFilter, "7": protocol.StopFilter,
	"SPII": protocol.StopFilter, "8": protocol.StopFilter,
	"LANGUAGE":                 protocol.StopFilter,
	"MODEL_ARMOR":              protocol.StopFilter,
	"IMAGE_SAFETY":             protocol.StopFilter,
	"IMAGE_PROHIBITED_CONTENT": protocol.StopFilter,
	"IMAGE_RECITATION":         protocol.StopFilter,
}

// Event reads the next event.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	data := bytes.TrimSpace(ev.Data)
	if len(data) == 0 || data[0] != '{' || scan.Valid(data) != nil {
		return
	}
	var candidates, feedback []byte
	answer := false
	_ = fields(data, "", func(name string, value []byte) error {
		switch name {
		case "candidates":
			candidates, answer = value, true
		case "promptFeedback":
			feedback, answer = value, true
		case "usageMetadata":
			answer = true
		case "modelVersion":
			if s, _ := scan.String(value); s != "" {
				d.head.Model = s
			}
		case "responseId":
			if d.head.ID == "" {
				d.head.ID, _ = scan.String(value)
			}
		case "createTime":
			s, _ := scan.String(value)
			if t, err := time.Parse(time.RFC3339, s); err == nil && d.head.Created == 0 {
				d.head.Created = t.Unix()
			}
		}
		return nil
	})
	if !answer {
		return
	}
	if !d.started {
		d.started = true
		give(&protocol.Piece{Kind: protocol.PieceStart, Reply: &d.head})
	}
	first := true
	if len(candidates) > 0 {
		_ = elements(candidates, "", func(value []byte, _ string) error {
			if first && isFirst(value) {
				first = false
				d.candidate(value, give)
			}
			return nil
		})
	}
	if start, end, ok := scan.Get(feedback, "blockReason"); ok && said(feedback[start:end]) {
		d.reason = protocol.StopFilter
	}
}

// isFirst reports whether a candidate is the first, which may not say so.
func isFirst(candidate []byte) bool {
	start, end, ok := scan.Get(candidate, "index")
	if !ok {
		return true
	}
	n, _ := scan.Int(candidate[start:end])
	return n == 0
}

func (d *replyDecoder) candidate(value []byte, give func(*protocol.Piece)) {
	var content, grounding, learnt []byte
	var tokens []protocol.Logprob
	_ = fields(value, "", func(name string, value []byte) error {
		switch name {
		case "content":
			content = value
		case "finishReason":
			reason, _ := readEnum(value, "", "", "STOP", "MAX_TOKENS")
			if r, listed := stopReasons[reason]; listed {
				d.reason = r
			}
		case "groundingMetadata":
			grounding = value
		case "citationMetadata":
			learnt = value
		case "logprobsResult":
			tokens = readLogprobs(value)
		}
		return nil
	})
	if start, end, ok := scan.Get(content, "parts"); ok {
		_ = elements(content[start:end], "", func(value []byte, _ string) error {
			if p, err := readPart(value, "", silent{}); err == nil {
				half := &d.halves[0]
				if p.thought {
					half = &d.halves[1]
				}
				if p.hasText {
					p.text, _ = half.String(p.raw)
				}
				d.take(&p, &tokens, give)
			}
			return nil
		})
	}
	if len(grounding) > 0 {
		d.sources.ground(grounding)
	}
	if len(learnt) > 0 {
		d.sources.learnt(learnt)
	}
}

// take reads the next part. Text that goes on is a part of its own in each
// event; it has ended when another kind comes, or its signature.
func (d *replyDecoder) take(p *part, tokens *[]protocol.Logprob, give func(*protocol.Piece)) {
	if p.call == nil && d.partial.open {
		d.endPartial(give)
	}
	switch {
	case p.call != nil:
		d.takeCall(p, give)
	case p.media != nil:
		d.close("", give)
		part := protocol.Part{Kind: p.kind, Media: p.media}
		give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
		give(&protocol.Piece{Kind: protocol.PieceClose, Part: part})
	case p.thought:
		d.say(protocol.Thought, p.text, nil, give)
		if p.signature != "" {
			d.begin(protocol.Thought, give)
			d.close(p.signature, give)
		}
	case p.hasText:
		if p.text != "" {
			d.say(protocol.Text, p.text, *tokens, give)
			*tokens = nil
		}
		if p.signature == "" {
			return
		}
		if !d.open { // a signature of nothing that was said
			d.begin(protocol.Thought, give)
		}
		d.close(p.signature, give)
	}
}

// begin opens a part of a kind unless it is open.
func (d *replyDecoder) begin(kind protocol.PartKind, give func(*protocol.Piece)) {
	if d.open && d.part.Kind == kind {
		return
	}
	d.close("", give)
	d.open, d.part = true, protocol.Part{Kind: kind}
	if kind == protocol.Thought {
		d.part.Origin = ai.Gemini
	}
	d.text.reset()
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: d.part})
}

func (d *replyDecoder) say(kind protocol.PartKind, text string, tokens []protocol.Logprob, give func(*protocol.Piece)) {
	if text == "" {
		return
	}
	d.begin(kind, give)
	if kind == protocol.Text {
		d.text.add(text)
	}
	give(&protocol.Piece{Kind: protocol.PieceMore, Text: text, Part: protocol.Part{Kind: kind, Logprobs: tokens}})
}

// close ends the open part, if there is one.
func (d *replyDecoder) close(signature string, give func(*protocol.Piece)) {
	if !d.open {
		return
	}
	d.open = false
	end := d.part
	if signature != "" {
		end.Signature, end.Origin = signature, ai.Gemini
	}
	if end.Kind == protocol.Text {
		end.Citations = d.sources.take(&d.text)
	}
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: end})
}

func (d *replyDecoder) takeCall(p *part, give func(*protocol.Piece)) {
	if p.partial || d.partial.open {
		d.takePartial(p, give)
		return
	}
	d.giveCall(p.call, p.signature, give)
}

func (d *replyDecoder) giveCall(call *protocol.ToolCall, signature string, give func(*protocol.Piece)) {
	d.close("", give)
	if call.Name == "" {
		return
	}
	if call.ID == "" {
		call.ID = protocol.MadeUpID()
	}
	d.called = true
	part := protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: call.ID, Name: call.Name}}
	if signature != "" {
		part.Signature, part.Origin = signature, ai.Gemini
	}
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
	give(&protocol.Piece{Kind: protocol.PieceMore, Text: call.Arguments, Part: protocol.Part{Kind: protocol.Call}})
	part.Call = call
	give(&protocol.Piece{Kind: protocol.PieceClose, Part: part})
}

// Close hands over what only the end tells: the searches, one part for each
// query, of which the first has what was found.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.started {
		return
	}
	d.endPartial(give)
	d.close("", give)
	for i, query := range d.sources.queries {
		part := protocol.Part{Kind: protocol.Search, Text: query}
		if i == 0 {
			part.Citations = d.sources.found
		}
		give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
		give(&protocol.Piece{Kind: protocol.PieceClose, Part: protocol.Part{Kind: protocol.Search}})
	}
	d.head.Stop = d.reason
	if d.reason == protocol.StopEnd && d.called {
		d.head.Stop = protocol.StopTools
	}
	d.started = false
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.head})
}
