package protocol

import (
	"strings"

	"github.com/ccload/ccload/ai"
)

// This file is the answer half of the neutral message: a Reply whole, and the
// Pieces it comes in when it is streamed.

// StopReason is why an answer ended.
type StopReason uint8

// Reasons to stop.
const (
	StopEnd     StopReason = iota // it was done. A end_turn; C stop; R completed; G STOP
	StopLength                    // the limit of tokens. A max_tokens; C length; R incomplete max_output_tokens; G MAX_TOKENS
	StopWords                     // a stop sequence. A stop_sequence; C stop; G STOP
	StopTools                     // it waits for tools. A tool_use; C tool_calls, function_call; R, G by what is in it
	StopFilter                    // its content. A refusal; C content_filter; R incomplete content_filter; G SAFETY, RECITATION, …
	StopPause                     // the provider wants to be asked to go on. A pause_turn
	StopContext                   // the context is full. A model_context_window_exceeded; elsewhere as StopLength
)

// Reply is a whole answer, free of any wire format.
type Reply struct {
	ID       string
	Model    string // as the upstream names it
	Created  int64  // unix seconds, 0 if nobody says
	Parts    []Part
	Stop     StopReason
	StopWord string   // the sequence of StopWords, if it is told
	Usage    ai.Usage // filled in by whoever judged the answer
}

// PieceKind is what a piece of a streamed answer is.
type PieceKind uint8

// Kinds of pieces. A stream is
//
//	PieceStart { PieceOpen PieceMore* PieceClose } PieceStop
//
// Parts come one after the other: none is opened before the one before it is
// closed. PieceStop comes only if the stream ended as it should.
const (
	PieceStart PieceKind = iota // Reply has what is known: id, model
	PieceOpen                   // a part begins; Part has its kind, and of a Call its id, name and Signature
	PieceMore                   // Part.Text, or Part.Call.Arguments, goes on by Text; Part.Logprobs are of it
	PieceClose                  // the part ends; Part is what only the end tells: Signature, Citations
	PieceStop                   // Reply has how it ended: Stop, StopWord, Usage, Model
	PiecePing                   // nothing; the client shall know that there is somebody
)

// Piece is a part of a streamed answer. It and what it points to are valid only
// during the call that hands it over.
type Piece struct {
	Kind  PieceKind
	Text  string
	Part  Part
	Reply *Reply
}

// Collector puts the pieces of a stream together. The zero value is ready.
type Collector struct {
	Reply   Reply
	text    strings.Builder
	open    bool
	Stopped bool // PieceStop was seen
}

// Add takes the next piece in.
func (c *Collector) Add(p *Piece) {
	switch p.Kind {
	case PieceStart:
		c.Reply.ID, c.Reply.Model, c.Reply.Created = p.Reply.ID, p.Reply.Model, p.Reply.Created
	case PieceOpen:
		part := p.Part
		if part.Call != nil {
			call := *part.Call
			part.Call = &call
		}
		c.Reply.Parts = append(c.Reply.Parts, part)
		c.text.Reset()
		c.open = true
	case PieceMore:
		c.text.WriteString(p.Text)
		if last := c.last(); last != nil {
			last.Logprobs = append(last.Logprobs, p.Part.Logprobs...)
		}
	case PieceClose:
		c.end(&p.Part)
	case PieceStop:
		c.end(&Part{})
		c.Stopped = true
		c.Reply.Stop, c.Reply.StopWord, c.Reply.Usage = p.Reply.Stop, p.Reply.StopWord, p.Reply.Usage
		if c.Reply.Model == "" {
			c.Reply.Model = p.Reply.Model
		}
	}
}

func (c *Collector) last() *Part {
	if !c.open || len(c.Reply.Parts) == 0 {
		return nil
	}
	return &c.Reply.Parts[len(c.Reply.Parts)-1]
}

// end closes the open part.
func (c *Collector) end(with *Part) {
	last := c.last()
	if last == nil {
		return
	}
	c.open = false
	if last.Kind == Call {
		last.Call.Arguments += c.text.String()
	} else {
		last.Text += c.text.String()
	}
	if with.Signature != "" {
		last.Signature, last.Origin = with.Signature, with.Origin
	}
	last.Redacted = last.Redacted || with.Redacted
	last.Wanted = last.Wanted || with.Wanted
	last.Citations = append(last.Citations, with.Citations...)
	if with.Media != nil {
		last.Media = with.Media
	}
	if with.ID != "" {
		last.ID = with.ID
	}
}

// Play hands over a whole answer in pieces.
func (r *Reply) Play(give func(*Piece)) {
	give(&Piece{Kind: PieceStart, Reply: r})
	for i := range r.Parts {
		part := r.Parts[i]
		open, end := part, Part{
			Kind: part.Kind, Signature: part.Signature, Origin: part.Origin, Redacted: part.Redacted, Citations: part.Citations,
			Media: part.Media, ID: part.ID, Wanted: part.Wanted,
		}
		open.Text, open.Citations, open.Logprobs = "", nil, nil
		if part.Kind != Call {
			open.Signature = ""
		}
		text := part.Text
		if part.Kind == Call {
			call := *part.Call
			text, call.Arguments = call.Arguments, ""
			open.Call, end.Call = &call, part.Call
		}
		if part.Kind == Search {
			open.Text, open.Citations, text = part.Text, part.Citations, ""
			end.Citations = nil // told once
		}
		give(&Piece{Kind: PieceOpen, Part: open})
		if text != "" {
			give(&Piece{Kind: PieceMore, Text: text, Part: Part{Kind: part.Kind, Logprobs: part.Logprobs}})
		}
		give(&Piece{Kind: PieceClose, Part: end})
	}
	give(&Piece{Kind: PieceStop, Reply: r})
}
