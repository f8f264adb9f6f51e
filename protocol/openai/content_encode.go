package openai

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// content writes a text if it is one, or else parts.
func (w *promptWriter) content(parts []protocol.Part, media bool) {
	marks := false
	for i := range parts {
		marks = marks || parts[i].Cache != "" && w.traits.cacheMark
		w.hintIf(parts[i].Cache != "" && !w.traits.cacheMark, "cache marks")
	}
	text, all := protocol.PlainText(parts)
	if all && !marks {
		w.String(text)
		return
	}
	w.Open('[')
	for i := range parts {
		part := &parts[i]
		if part.Kind != protocol.Text && part.Kind != protocol.Refusal && !media {
			w.cannot("media in a system turn")
			continue
		}
		w.part(part)
	}
	w.Close(']')
}

// part writes one part of a content.
func (w *promptWriter) part(part *protocol.Part) {
	m := part.Media
	switch part.Kind {
	case protocol.Text, protocol.Refusal:
		w.Open('{')
		w.Text("type", "text")
		w.Text("text", part.Text)
		if part.Cache != "" && w.traits.cacheMark {
			w.Key("cache_control")
			w.Raw([]byte(`{"type":"ephemeral"}`))
		}
		w.Close('}')
	case protocol.Image:
		if m.FileID != "" {
			w.cannot("files uploaded elsewhere")
		}
		w.Open('{')
		w.Text("type", "image_url")
		w.Key("image_url")
		w.Open('{')
		w.Text("url", urlOf(m))
		w.TextIf("detail", m.Detail)
		w.Close('}')
		w.Close('}')
	case protocol.Document:
		w.document(m)
	case protocol.Audio:
		w.audio(m)
	case protocol.Video:
		w.cannot("video")
	case protocol.Search:
		w.hint("search history")
	default: // calls, results and thoughts have places of their own
	}
}

func urlOf(m *protocol.Media) string {
	if m.URL != "" {
		return m.URL
	}
	return m.DataURL()
}

func (w *promptWriter) document(m *protocol.Media) {
	switch {
	case m.Plain != "":
		text := m.Plain
		if m.Name != "" {
			text = m.Name + "\n\n" + text
		}
		w.part(&protocol.Part{Kind: protocol.Text, Text: text})
	case m.Data == "":
		w.cannot("documents by address")
	default:
		name := m.Name
		if name == "" {
			name = "document.pdf" // it must have one
		}
		w.Open('{')
		w.Text("type", "file")
		w.Key("file")
		w.Open('{')
		w.Text("filename", name)
		w.Text("file_data", m.DataURL())
		w.Close('}')
		w.Close('}')
	}
}

func (w *promptWriter) audio(m *protocol.Media) {
	for _, t := range audioTypes {
		if t.media == strings.ToLower(m.Type) && m.Data != "" {
			w.Open('{')
			w.Text("type", "input_audio")
			w.Key("input_audio")
			w.Open('{')
			w.Text("data", m.Data)
			w.Text("format", t.format)
			w.Close('}')
			w.Close('}')
			return
		}
	}
	w.cannot("audio of the type " + m.Type)
}
