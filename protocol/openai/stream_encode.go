package openai

import (
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// replyEncoder writes one stream.
type replyEncoder struct {
	prompt *protocol.Prompt
	head   completion
	part   protocol.Part
	calls  int
	said   bool            // of the open call, its arguments have begun
	chars  int             // of the open text
	seals  []string        // of thoughts, for the id of the next call
	text   strings.Builder // of the open thought, which its seal holds
}

// NewReplyEncoder returns an encoder for one stream.
func (Format) NewReplyEncoder(p *protocol.Prompt, _ bool) protocol.ReplyEncoder {
	return &replyEncoder{prompt: p}
}

// chunk begins a chunk up to its delta's members.
func (e *replyEncoder) chunk(dst []byte) protocol.Writer {
	w := protocol.Writer{B: append(dst, "data: "...)}
	e.head.write(&w, "chat.completion.chunk")
	w.Key("choices")
	w.Open('[')
	w.Open('{')
	w.Number("index", 0)
	w.Key("delta")
	w.Open('{')
	return w
}

// end ends a chunk behind its delta's members.
func (e *replyEncoder) end(w *protocol.Writer, reason string, logprobs []protocol.Logprob) []byte {
	w.Close('}')
	if len(logprobs) > 0 {
		w.Key("logprobs")
		writeLogprobs(w, logprobs)
	}
	w.Key("finish_reason")
	if reason == "" {
		w.Raw([]byte("null"))
	} else {
		w.String(reason)
	}
	w.Close('}')
	w.Close(']')
	if e.prompt != nil && e.prompt.WantsUsage {
		w.Key("usage")
		w.Raw([]byte("null"))
	}
	w.Close('}')
	return append(w.B, "\n\n"...)
}

// Append writes what a piece amounts to.
func (e *replyEncoder) Append(dst []byte, p *protocol.Piece) []byte {
	switch p.Kind {
	case protocol.PieceStart:
		e.head = newCompletion(p.Reply, e.prompt)
		w := e.chunk(dst)
		w.Text("role", "assistant")
		w.Text("content", "")
		return e.end(&w, "", nil)
	case protocol.PieceOpen:
		e.part, e.said, e.chars = p.Part, false, 0
		e.text.Reset()
		if p.Part.Kind == protocol.Call {
			return e.call(dst, &p.Part)
		}
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

func (e *replyEncoder) call(dst []byte, part *protocol.Part) []byte {
	w := e.chunk(dst)
	w.Key("tool_calls")
	w.Open('[')
	w.Open('{')
	w.Number("index", int64(e.calls))
	writeCallHead(&w, part, e.seals)
	w.Text(argumentName(part.Call), "")
	w.Close('}')
	w.Close('}')
	w.Close(']')
	e.seals = nil
	e.calls++
	return e.end(&w, "", nil)
}

func (e *replyEncoder) more(dst []byte, p *protocol.Piece) []byte {
	if p.Text == "" && len(p.Part.Logprobs) == 0 {
		return dst
	}
	w := e.chunk(dst)
	switch e.part.Kind {
	case protocol.Call:
		e.said = true
		kind := "function"
		if e.part.Call.Custom {
			kind = "custom"
		}
		w.Key("tool_calls")
		w.Open('[')
		w.Open('{')
		w.Number("index", int64(e.calls-1))
		w.Key(kind)
		w.Open('{')
		w.Text(argumentName(e.part.Call), p.Text)
		w.Close('}')
		w.Close('}')
		w.Close(']')
	case protocol.Thought:
		if e.text.Len() < sealMost {
			e.text.WriteString(p.Text)
		}
		w.Text("reasoning_content", p.Text)
	case protocol.Refusal:
		w.Text("refusal", p.Text)
	case protocol.Text:
		e.chars += utf8.RuneCountInString(p.Text)
		w.Text("content", p.Text)
	default:
		return dst
	}
	return e.end(&w, "", p.Part.Logprobs)
}

func (e *replyEncoder) close(dst []byte, with *protocol.Part) []byte {
	switch e.part.Kind {
	case protocol.Thought:
		part := e.part
		if with.Signature != "" {
			part.Signature, part.Origin = with.Signature, with.Origin
		}
		part.Text, part.Redacted, part.ID = e.text.String(), part.Redacted || with.Redacted, with.ID
		part.Wanted = part.Wanted || with.Wanted
		if part.Origin == ai.OpenAI && part.Signature != "" {
			w := e.chunk(dst)
			w.JSONIf("reasoning_details", []byte(part.Signature))
			return e.end(&w, "", nil)
		}
		seal := sealOf(&part)
		if seal == "" || e.text.Len() >= sealMost {
			return dst
		}
		e.seals = append(e.seals, seal)
		w := e.chunk(dst)
		w.Key("reasoning_details")
		writeDetails(&w, []string{seal})
		return e.end(&w, "", nil)
	case protocol.Call:
		if !e.said && !e.part.Call.Custom {
			return e.more(dst, &protocol.Piece{Text: "{}"})
		}
	case protocol.Text:
		if len(with.Citations) > 0 {
			w := e.chunk(dst)
			w.Key("annotations")
			writeCitations(&w, protocol.WithEnds(with.Citations, e.chars))
			return e.end(&w, "", nil)
		}
	case protocol.Image, protocol.Audio, protocol.Video, protocol.Document:
		if with.Media != nil {
			w := e.chunk(dst)
			w.Text("content", linked(with.Media))
			return e.end(&w, "", nil)
		}
	default:
	}
	return dst
}

func (e *replyEncoder) stop(dst []byte, r *protocol.Reply) []byte {
	w := e.chunk(dst)
	dst = e.end(&w, stopName(stopWith(r.Stop, e.calls > 0)), nil)
	if e.prompt != nil && e.prompt.WantsUsage {
		w = protocol.Writer{B: append(dst, "data: "...)}
		e.head.write(&w, "chat.completion.chunk")
		w.Key("choices")
		w.Raw([]byte("[]"))
		w.Key("usage")
		writeUsage(&w, &r.Usage)
		w.Close('}')
		dst = append(w.B, "\n\n"...)
	}
	return append(dst, "data: [DONE]\n\n"...)
}
