package gemini

import "github.com/ccload/ccload/protocol"

// streamEncoder writes a stream: each event is an answer of its own with the
// next part, and the last has the reason it ended and the usage. There is no
// end marker but that; as an array the stream is closed by its bracket.
type streamEncoder struct {
	*writer
	dst   []byte
	array bool
	begun bool
}

// NewReplyEncoder returns an encoder for one stream.
func (Format) NewReplyEncoder(p *protocol.Prompt, array bool) protocol.ReplyEncoder {
	e := &streamEncoder{writer: newWriter(p), array: array}
	e.write = e.event
	return e
}

// Append appends what a piece amounts to.
func (e *streamEncoder) Append(dst []byte, p *protocol.Piece) []byte {
	e.dst = dst
	switch p.Kind {
	case protocol.PiecePing:
		e.ping()
	case protocol.PieceStop:
		e.stop(p.Reply)
	default:
		e.add(p)
	}
	dst, e.dst = e.dst, nil
	return dst
}

func (e *streamEncoder) event(part outPart, tokens []protocol.Logprob) {
	reply := e.reply()
	reply.Candidates[0].Content = &outContent{Role: "model", Parts: []outPart{part}}
	reply.Candidates[0].logprobs(tokens)
	e.put(reply)
}

func (e *streamEncoder) put(reply *outReply) {
	switch {
	case !e.array:
		e.dst = append(e.dst, "data: "...)
	case !e.begun:
		e.dst = append(e.dst, '[')
	default:
		e.dst = append(e.dst, ",\n"...)
	}
	e.begun = true
	e.dst = append(e.dst, protocol.JSON(reply)...)
	if !e.array {
		e.dst = append(e.dst, "\n\n"...)
	}
}

// ping writes white space between elements, or an event with a text of no
// letters, as Google's own streams have: its SDK for Go takes comments for
// errors.
func (e *streamEncoder) ping() {
	if e.array {
		e.dst = append(e.dst, '\n')
		return
	}
	e.event(textPart(""), nil)
}

func (e *streamEncoder) stop(r *protocol.Reply) {
	if e.id == "" {
		e.start(r)
	}
	reply := e.reply()
	if r.Stop != protocol.StopFilter {
		reply.Candidates[0].Content = &outContent{Role: "model", Parts: []outPart{textPart("")}}
	}
	e.end(reply, r)
	e.put(reply)
	if e.array {
		e.dst = append(e.dst, "\n]"...)
	}
}
