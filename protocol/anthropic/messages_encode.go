package anthropic

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol"
)

// system writes the turns before the first message of the conversation.
func (w *promptWriter) system() {
	n := leading(w.p.Turns)
	asks := w.p.Output.JSON && w.p.Output.Schema == nil
	if n == 0 && !asks {
		return
	}
	w.Key("system")
	w.Open('[')
	if asks {
		defer func() { w.hint("response_format json_object, which is asked for in words") }()
	}
	for i := range n {
		for j := range w.p.Turns[i].Parts {
			part := &w.p.Turns[i].Parts[j]
			if part.Kind != protocol.Text {
				w.cannot("media in a system turn")
				continue
			}
			w.text(part.Text, part)
		}
	}
	if asks { // Messages has no such mode without a schema
		w.text("Answer with one JSON object and nothing else: no other text, no code fence.", &protocol.Part{})
	}
	w.Close(']')
}

// leading is how many system turns stand before all others.
func leading(turns []protocol.Turn) int {
	for i := range turns {
		if turns[i].Role != protocol.System && turns[i].Role != protocol.Developer {
			return i
		}
	}
	return len(turns)
}

// messages writes the conversation. Neighbours of one side are one message, so
// that all results of a turn's calls stand in the message behind it, before
// anything else, as the API demands.
func (w *promptWriter) messages() {
	w.Open('[')
	turns := slices.Clone(w.p.Turns[leading(w.p.Turns):])
	last := len(turns) - 1
	i := -1
	turns = slices.DeleteFunc(turns, func(t protocol.Turn) bool { // the API takes no empty message
		i++
		return i < last && empty(&t)
	})
	if len(turns) == 0 { // nothing but a system turn: "at least one message is required"
		w.message(protocol.User, []protocol.Turn{{Parts: []protocol.Part{{Text: "."}}}}, false)
	}
	for from := 0; from < len(turns); {
		to := from + 1
		side := turns[from].Role == protocol.Assistant
		for to < len(turns) && (turns[to].Role == protocol.Assistant) == side {
			to++
		}
		role := protocol.User
		if side {
			role = protocol.Assistant
		}
		w.message(role, turns[from:to], to == len(turns))
		from = to
	}
	w.Close(']')
}

// empty reports whether a turn says nothing.
func empty(t *protocol.Turn) bool {
	for i := range t.Parts {
		if t.Parts[i].Kind != protocol.Text || t.Parts[i].Text != "" {
			return false
		}
	}
	return true
}

func (w *promptWriter) message(role protocol.Role, turns []protocol.Turn, last bool) {
	before := len(w.B)
	name := "user"
	if role == protocol.Assistant {
		name = "assistant"
	}
	w.Open('{')
	w.Text("role", name)
	w.Key("content")
	w.Open('[')
	nothing := len(w.B)
	if role == protocol.User {
		w.results(turns)
	}
	for i, turn := range turns {
		system := turn.Role == protocol.System || turn.Role == protocol.Developer
		for j := range turn.Parts {
			part := &turn.Parts[j]
			switch {
			case part.Kind == protocol.Result:
			case system && part.Kind == protocol.Text:
				// Within a conversation only some models take a system turn;
				// this is how Claude Code writes one for the others.
				w.text("<system-reminder>\n"+part.Text+"\n</system-reminder>", part)
			default:
				ends := last && role == protocol.Assistant && i == len(turns)-1 && j == len(turn.Parts)-1
				w.part(part, ends)
			}
		}
	}
	if len(w.B) == nothing { // nothing is left of it, and the API takes no empty message
		w.B = w.B[:before]
		if last && role == protocol.Assistant {
			return
		}
		w.Open('{')
		w.Text("role", name)
		w.Key("content")
		w.Open('[')
		w.text(".", &protocol.Part{})
	}
	w.Close(']')
	w.Close('}')
}

// results writes the results of tools, which go first.
func (w *promptWriter) results(turns []protocol.Turn) {
	for i := range turns {
		for j := range turns[i].Parts {
			if part := &turns[i].Parts[j]; part.Kind == protocol.Result {
				w.result(part)
			}
		}
	}
}

func (w *promptWriter) result(part *protocol.Part) {
	w.Open('{')
	w.Text("type", "tool_result")
	w.Text("tool_use_id", protocol.PlainID(part.Back.ID))
	if len(part.Back.Parts) > 0 {
		w.Key("content")
		w.Open('[')
		for i := range part.Back.Parts {
			inner := &part.Back.Parts[i]
			switch inner.Kind {
			case protocol.Text, protocol.Refusal, protocol.Image, protocol.Document:
				w.part(inner, false)
			default:
				w.cannot("media in the result of a tool")
			}
		}
		w.Close(']')
	}
	if part.Back.Error {
		w.Key("is_error")
		w.Bool(true)
	}
	w.cache(part.Cache)
	w.Close('}')
}

// part writes a block. ends says that it is the last of the conversation and
// the model's own, which may not end in white space.
func (w *promptWriter) part(part *protocol.Part, ends bool) {
	switch part.Kind {
	case protocol.Text, protocol.Refusal:
		text := part.Text
		if ends {
			text = strings.TrimRight(text, " \t\r\n")
		}
		w.text(text, part)
	case protocol.Image, protocol.Document:
		w.media(part)
	case protocol.Call:
		w.call(part)
	case protocol.Thought:
		w.thought(part)
	case protocol.Search:
		w.hint("search history")
	case protocol.Audio:
		w.cannot("audio")
	case protocol.Video:
		w.cannot("video")
	case protocol.Result: // written before
	}
}

func (w *promptWriter) text(text string, part *protocol.Part) {
	if text == "" { // "text content blocks must be non-empty"
		return
	}
	w.Open('{')
	w.Text("type", "text")
	w.Text("text", text)
	w.cache(part.Cache)
	w.Close('}')
}

func (w *promptWriter) call(part *protocol.Part) {
	call := part.Call
	if call.Custom {
		w.cannot("calls with free text")
	}
	w.Open('{')
	w.Text("type", "tool_use")
	w.Text("id", protocol.PlainID(call.ID))
	w.Text("name", call.Name)
	w.Key("input")
	w.Raw(arguments(call.Arguments))
	w.cache(part.Cache)
	w.Close('}')
}

// arguments are a call's arguments as an object. What is none, because a model
// wrote it so, is kept as text within one.
func arguments(text string) []byte {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return []byte("{}")
	case text[0] == '{' && valid(text):
		return []byte(text)
	}
	var w protocol.Writer
	w.Open('{')
	w.Text("arguments", text)
	w.Close('}')
	return w.B
}

func (w *promptWriter) thought(part *protocol.Part) {
	switch {
	case !own(part) || !w.traits.thinks:
		w.hint("thinking history")
	case part.Redacted:
		w.Open('{')
		w.Text("type", "redacted_thinking")
		w.Text("data", part.Signature)
		w.Close('}')
	default:
		w.Open('{')
		w.Text("type", "thinking")
		w.Text("thinking", part.Text)
		w.Text("signature", part.Signature)
		w.Close('}')
	}
}

// images are the types of images that the API takes.
var images = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

func (w *promptWriter) media(part *protocol.Part) {
	m := part.Media
	kind := "document"
	if part.Kind == protocol.Image {
		kind = "image"
	}
	w.Open('{')
	w.Text("type", kind)
	w.Key("source")
	w.Open('{')
	switch {
	case m.Plain != "":
		w.Text("type", "text")
		w.Text("media_type", "text/plain")
		w.Text("data", m.Plain)
	case m.Data != "" && kind == "image" && !images[strings.ToLower(m.Type)]:
		w.cannot("images of the type " + m.Type)
	case m.Data != "" && kind == "document" && m.Type != "application/pdf":
		text, ok := plainOf(m)
		if !ok {
			w.cannot("documents of the type " + m.Type)
		}
		w.Text("type", "text")
		w.Text("media_type", "text/plain")
		w.Text("data", text)
	case m.Data != "":
		w.Text("type", "base64")
		w.Text("media_type", strings.ToLower(m.Type))
		w.Text("data", m.Data)
	case m.URL != "":
		w.Text("type", "url")
		w.Text("url", m.URL)
	case m.FileID != "":
		w.cannot("files uploaded elsewhere")
	}
	w.Close('}')
	if kind == "document" {
		w.TextIf("title", m.Name)
	}
	w.cache(part.Cache)
	w.Close('}')
}
