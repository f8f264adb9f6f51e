package responses

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// input writes the conversation as items.
func (w *promptWriter) input() {
	w.Open('[')
	for i := range w.p.Turns {
		w.turn(&w.p.Turns[i])
	}
	w.Close(']')
}

// turn writes a turn. What stands in messages is collected until something
// comes that is an item of its own.
func (w *promptWriter) turn(t *protocol.Turn) {
	var pending []protocol.Part
	flush := func() {
		if len(pending) > 0 {
			w.message(t.Role, pending)
			pending = nil
		}
	}
	for i := range t.Parts {
		part := &t.Parts[i]
		w.hintIf(part.Cache != "", "cache marks")
		switch part.Kind {
		case protocol.Call:
			flush()
			w.call(part.Call)
		case protocol.Result:
			flush()
			w.result(part.Back)
		case protocol.Thought:
			flush()
			w.thought(part)
		case protocol.Search:
			w.hintIf(true, "search history")
		default:
			pending = append(pending, *part)
		}
	}
	flush()
}

func (w *promptWriter) message(role protocol.Role, parts []protocol.Part) {
	name := map[protocol.Role]string{
		protocol.User: "user", protocol.Assistant: "assistant", protocol.System: "system", protocol.Developer: "developer",
	}[role]
	w.Open('{')
	w.Text("type", "message")
	w.Text("role", name)
	w.Key("content")
	w.content(parts, role == protocol.Assistant)
	w.Close('}')
}

func (w *promptWriter) content(parts []protocol.Part, output bool) {
	w.Open('[')
	for i := range parts {
		w.part(&parts[i], output)
	}
	w.Close(']')
}

func (w *promptWriter) part(part *protocol.Part, output bool) {
	m := part.Media
	if m != nil && m.FileID != "" {
		w.cannot("files uploaded elsewhere")
	}
	if output && m != nil {
		w.cannot("media in the model's turn")
		return
	}
	kind := "input_text"
	if output {
		kind = "output_text"
	}
	switch part.Kind {
	case protocol.Text:
		w.Open('{')
		w.Text("type", kind)
		w.Text("text", part.Text)
	case protocol.Refusal:
		w.Open('{')
		w.Text("type", "refusal")
		w.Text("refusal", part.Text)
	case protocol.Image:
		w.Open('{')
		w.Text("type", "input_image")
		w.Text("image_url", urlOf(m))
		if m.Detail != "" {
			w.Text("detail", m.Detail)
		}
	case protocol.Document:
		w.document(m)
		return
	default:
		w.cannot(map[protocol.PartKind]string{protocol.Audio: "audio", protocol.Video: "video"}[part.Kind])
		return
	}
	w.Close('}')
}

func urlOf(m *protocol.Media) string {
	if m.URL != "" {
		return m.URL
	}
	return m.DataURL()
}

func (w *promptWriter) document(m *protocol.Media) {
	w.Open('{')
	switch {
	case m.Plain != "":
		text := m.Plain
		if m.Name != "" {
			text = m.Name + "\n\n" + text
		}
		w.Text("type", "input_text")
		w.Text("text", text)
	case m.URL != "":
		w.Text("type", "input_file")
		w.Text("file_url", m.URL)
	default:
		name := m.Name
		if name == "" {
			name = "document" + extension(m.Type) // it must have one
		}
		w.Text("type", "input_file")
		w.Text("filename", name)
		w.Text("file_data", m.DataURL())
	}
	w.Close('}')
}

func extension(mediaType string) string {
	switch mediaType {
	case "text/plain":
		return ".txt"
	case "text/markdown":
		return ".md"
	case "text/csv":
		return ".csv"
	case "text/html":
		return ".html"
	case "application/json":
		return ".json"
	}
	return ".pdf"
}

func (w *promptWriter) call(call *protocol.ToolCall) {
	w.Open('{')
	if call.Custom {
		w.Text("type", "custom_tool_call")
		w.Text("call_id", call.ID)
		w.Text("name", call.Name)
		w.Text("input", call.Arguments)
	} else {
		arguments := call.Arguments
		if strings.TrimSpace(arguments) == "" {
			arguments = "{}"
		}
		w.Text("type", "function_call")
		w.Text("call_id", call.ID)
		w.Text("name", call.Name)
		w.Text("arguments", arguments)
	}
	w.Close('}')
}

func (w *promptWriter) result(r *protocol.ToolResult) {
	kind := "function_call_output"
	if w.customCall(r.ID) {
		kind = "custom_tool_call_output"
	}
	parts := r.SaidAsText()
	w.Open('{')
	w.Text("type", kind)
	w.Text("call_id", r.ID)
	w.Key("output")
	if text, all := protocol.PlainText(parts); all {
		w.String(text)
	} else {
		w.content(parts, false)
	}
	w.Close('}')
}

// customCall reports whether the call of an id had free text.
func (w *promptWriter) customCall(id string) bool {
	for i := range w.p.Turns {
		for j := range w.p.Turns[i].Parts {
			if call := w.p.Turns[i].Parts[j].Call; call != nil && call.Custom && call.ID == id {
				return true
			}
		}
	}
	return false
}
