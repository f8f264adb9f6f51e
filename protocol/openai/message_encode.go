package openai

import (
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

func writeMessage(w *protocol.Writer, r *protocol.Reply) (calls bool) {
	var text, refusal, thought, own strings.Builder
	var seals []string
	var citations []protocol.Citation
	for i := range r.Parts {
		switch part := &r.Parts[i]; part.Kind {
		case protocol.Text:
			text.WriteString(part.Text)
			citations = append(citations, protocol.WithEnds(part.Citations, utf8.RuneCountInString(part.Text))...)
		case protocol.Refusal:
			refusal.WriteString(part.Text)
		case protocol.Thought:
			thought.WriteString(part.Text)
			if part.Origin == ai.OpenAI {
				own.WriteString(part.Signature)
			}
			if seal := sealOf(part); seal != "" {
				seals = append(seals, seal)
			}
		case protocol.Image, protocol.Audio, protocol.Video, protocol.Document:
			text.WriteString(linked(part.Media))
		case protocol.Call:
			calls = true
		default:
		}
	}
	w.Open('{')
	w.Text("role", "assistant")
	w.Key("content")
	if text.Len() == 0 && (calls || refusal.Len() > 0) {
		w.Raw([]byte("null"))
	} else {
		w.String(text.String())
	}
	w.Key("refusal")
	if refusal.Len() > 0 {
		w.String(refusal.String())
	} else {
		w.Raw([]byte("null"))
	}
	w.TextIf("reasoning_content", thought.String())
	switch {
	case len(seals) > 0:
		w.Key("reasoning_details")
		writeDetails(w, seals)
	case own.Len() > 0:
		w.JSONIf("reasoning_details", []byte(own.String()))
	}
	if len(citations) > 0 {
		w.Key("annotations")
		writeCitations(w, citations)
	}
	if calls {
		w.Key("tool_calls")
		w.Open('[')
		for i := range r.Parts {
			if part := &r.Parts[i]; part.Kind == protocol.Call {
				w.Open('{')
				writeCallHead(w, part, seals)
				w.Text(argumentName(part.Call), argumentsOf(part.Call))
				w.Close('}')
				w.Close('}')
				seals = nil // the first carries them
			}
		}
		w.Close(']')
	}
	w.Close('}')
	return calls
}

// sealOf is what a client must give back of a thought; "" if there is nothing.
func sealOf(part *protocol.Part) string {
	if !part.ComesBack() || part.Origin == ai.OpenAI {
		return ""
	}
	return part.Seal(true)
}

// writeDetails writes seals as OpenRouter writes what is encrypted, for clients
// that know to give it back.
func writeDetails(w *protocol.Writer, seals []string) {
	w.Open('[')
	for i, seal := range seals {
		w.Open('{')
		w.Text("type", "reasoning.encrypted")
		w.Text("data", seal)
		w.Text("format", "unknown")
		w.Number("index", int64(i))
		w.Close('}')
	}
	w.Close(']')
}

// writeCallHead writes a call up to its arguments. Plain clients keep nothing
// of a message but what OpenAI documents, and of that only the ids of calls are
// free: what must come back goes there.
func writeCallHead(w *protocol.Writer, part *protocol.Part, seals []string) {
	id := part.Call.ID
	if part.Signature != "" && part.Origin != ai.OpenAI {
		seals = append(append([]string(nil), seals...), part.Seal(false))
	}
	for _, seal := range seals {
		if len(id)+len(seal) < sealMost {
			id += idSeal + seal
		}
	}
	kind := "function"
	if part.Call.Custom {
		kind = "custom"
	}
	w.Text("id", id)
	w.Text("type", kind)
	w.Key(kind)
	w.Open('{')
	w.Text("name", part.Call.Name)
}

func argumentName(call *protocol.ToolCall) string {
	if call.Custom {
		return "input"
	}
	return "arguments"
}

func argumentsOf(call *protocol.ToolCall) string {
	if call.Arguments == "" && !call.Custom {
		return "{}"
	}
	return call.Arguments
}

// linked is a model's picture as Markdown, which clients of text show.
func linked(m *protocol.Media) string {
	if m == nil {
		return ""
	}
	return "![](" + urlOf(m) + ")"
}

func writeCitations(w *protocol.Writer, list []protocol.Citation) {
	w.Open('[')
	for _, c := range list {
		if c.URL == "" {
			continue
		}
		w.Open('{')
		w.Text("type", "url_citation")
		w.Key("url_citation")
		w.Open('{')
		w.Number("start_index", int64(c.Start))
		w.Number("end_index", int64(c.End))
		w.Text("title", c.Title)
		w.Text("url", c.URL)
		w.Close('}')
		w.Close('}')
	}
	w.Close(']')
}
