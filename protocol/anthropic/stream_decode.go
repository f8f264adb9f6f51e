package anthropic

import (
	"encoding/json"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// streamEvent is an event of a stream.
type streamEvent struct {
	Type    string `json:"type"`
	Message struct {
		ID    string `json:"id"`
		Model string `json:"model"`
	} `json:"message"`
	Block block `json:"content_block"`
	Delta struct {
		Type      string          `json:"type"`
		Text      string          `json:"text"`
		Thinking  string          `json:"thinking"`
		Signature string          `json:"signature"`
		Partial   string          `json:"partial_json"`
		Citation  json.RawMessage `json:"citation"`
		Reason    string          `json:"stop_reason"`
		Word      string          `json:"stop_sequence"`
	} `json:"delta"`
}

// Event reads the next event.
func (d *replyDecoder) Event(ev sse.Event, give func(*protocol.Piece)) {
	var e streamEvent
	if json.Unmarshal(ev.Data, &e) != nil {
		return
	}
	if e.Type == "" {
		e.Type = string(ev.Name)
	}
	switch e.Type {
	case "message_start":
		if !d.begun {
			d.reply.ID, d.reply.Model = e.Message.ID, e.Message.Model
		}
		d.start(give)
	case "ping":
		if d.begun {
			give(&protocol.Piece{Kind: protocol.PiecePing})
		}
	case "content_block_start":
		d.start(give)
		d.close(give)
		d.begin(&e.Block, give)
	case "content_block_delta":
		d.delta(&e, give)
	case "content_block_stop":
		d.close(give)
	case "message_delta":
		if e.Delta.Reason != "" {
			d.stopped = true
			d.reply.Stop, d.reply.StopWord = stopOf(e.Delta.Reason), e.Delta.Word
		}
	}
}

// begin opens a part. What a block brings at its start is not lost.
func (d *replyDecoder) begin(b *block, give func(*protocol.Piece)) {
	part, ok := b.part()
	if !ok {
		return
	}
	d.open, d.kind = true, part.Kind
	d.end = protocol.Part{Signature: part.Signature, Origin: part.Origin, Redacted: part.Redacted, Citations: part.Citations, ID: part.ID}
	text := part.Text
	if part.Call != nil {
		text, part.Call.Arguments = part.Call.Arguments, ""
	}
	if part.Kind == protocol.Search {
		text = ""
	} else {
		part.Text = ""
	}
	part.Signature, part.Citations = "", nil
	give(&protocol.Piece{Kind: protocol.PieceOpen, Part: part})
	d.more(text, give)
}

func (d *replyDecoder) more(text string, give func(*protocol.Piece)) {
	if text != "" {
		give(&protocol.Piece{Kind: protocol.PieceMore, Text: text, Part: protocol.Part{Kind: d.kind}})
	}
}

func (d *replyDecoder) delta(e *streamEvent, give func(*protocol.Piece)) {
	if !d.open {
		// Some relays leave content_block_start out.
		opened := block{Type: "text"}
		switch e.Delta.Type {
		case "text_delta":
		case "thinking_delta":
			opened.Type = "thinking"
		default:
			return
		}
		d.start(give)
		d.begin(&opened, give)
	}
	switch e.Delta.Type {
	case "text_delta":
		if d.kind == protocol.Text {
			d.more(e.Delta.Text, give)
		}
	case "thinking_delta":
		if d.kind == protocol.Thought {
			d.more(e.Delta.Thinking, give)
		}
	case "signature_delta":
		d.end.Signature += e.Delta.Signature
		d.end.Origin = ai.Anthropic
	case "input_json_delta":
		if d.kind == protocol.Call {
			d.more(e.Delta.Partial, give)
		}
	case "citations_delta":
		d.end.Citations = append(d.end.Citations, readCitations(append(append([]byte("["), e.Delta.Citation...), ']'))...)
	}
}

// Close ends the answer.
func (d *replyDecoder) Close(give func(*protocol.Piece)) {
	if !d.begun {
		return
	}
	d.close(give)
	give(&protocol.Piece{Kind: protocol.PieceStop, Reply: &d.reply})
}
