package responses

import (
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// item is an item of an output.
type item struct {
	kind, id  string
	namespace string
	name      string // of a call, without its namespace
	custom    bool   // a call whose text goes into an object upstream, see protocol.FreeText
	form      *form  // of a call that has one
	tool      string // the type of the tool then
}

// whole reports whether a call is told when all of its arguments are there.
func (i *item) whole() bool { return i.custom || i.form != nil }

func (h *head) newItem(part *protocol.Part) item {
	switch part.Kind {
	case protocol.Call:
		i := item{kind: "function_call", id: h.itemID("fc"), name: part.Call.Name}
		t := h.prompt.ToolNamed(part.Call.Name)
		if t != nil && t.Namespace != "" {
			i.namespace = t.Namespace
			i.name = strings.TrimPrefix(part.Call.Name, t.Namespace+"__")
		}
		if t != nil && t.Form != "" {
			i.form, i.tool = formOf(t.Form), t.Form
			i.kind, i.id = i.form.item, h.itemID(i.form.member)
			return i
		}
		if part.Call.Custom || t != nil && t.Kind == protocol.Custom {
			i.kind, i.id, i.custom = "custom_tool_call", h.itemID("ctc"), !part.Call.Custom
		}
		return i
	case protocol.Thought:
		return item{kind: "reasoning", id: h.itemID("rs")}
	case protocol.Search:
		return item{kind: "web_search_call", id: h.itemID("ws")}
	default:
		return item{kind: "message", id: h.itemID("msg")}
	}
}

// write writes an item whole.
func (i *item) write(w *protocol.Writer, parts []protocol.Part) {
	part := &parts[0]
	w.Open('{')
	w.Text("id", i.id)
	w.Text("type", i.kind)
	switch i.kind {
	case "message":
		w.Text("status", "completed")
		w.Text("role", "assistant")
		w.Key("content")
		w.Open('[')
		for k := range parts {
			writePart(w, &parts[k])
		}
		w.Close(']')
	case "reasoning":
		w.Key("summary")
		writeSummary(w, part.Text)
		if part.Origin != "" || part.Signature != "" {
			w.Text("encrypted_content", encrypted(part))
		}
	case "web_search_call":
		w.Text("status", "completed")
		w.Key("action")
		w.Open('{')
		w.Text("type", "search")
		w.Text("query", part.Text)
		w.Close('}')
	default:
		w.Text("status", "completed")
		w.Text("call_id", part.Call.ID)
		if i.form != nil {
			i.form.write(w, i.tool, part.Call.Arguments)
			break
		}
		w.Text("name", i.name)
		w.TextIf("namespace", i.namespace)
		w.Text(i.argument(), i.arguments(part.Call))
	}
	w.Close('}')
}

func (i *item) argument() string {
	if i.kind == "custom_tool_call" {
		return "input"
	}
	return "arguments"
}

func (i *item) arguments(call *protocol.ToolCall) string {
	switch {
	case i.custom:
		p := protocol.Prompt{Tools: []protocol.Tool{{Kind: protocol.Custom, Name: call.Name}}}
		text, _ := p.FreeText(call)
		return text
	case call.Arguments == "" && i.kind == "function_call":
		return "{}"
	}
	return call.Arguments
}

func writeSummary(w *protocol.Writer, text string) {
	w.Open('[')
	if text != "" {
		w.Open('{')
		w.Text("type", "summary_text")
		w.Text("text", text)
		w.Close('}')
	}
	w.Close(']')
}

// encrypted is what the client gives back with a thought. Its summary comes
// back too, but not from every client.
func encrypted(part *protocol.Part) string {
	if part.Origin == ai.Responses {
		return part.Signature
	}
	return part.Seal(true)
}

// writePart writes a part of a message.
func writePart(w *protocol.Writer, part *protocol.Part) {
	w.Open('{')
	if part.Kind == protocol.Refusal {
		w.Text("type", "refusal")
		w.Text("refusal", part.Text)
		w.Close('}')
		return
	}
	text := part.Text
	if part.Media != nil { // a model's picture as Markdown, which clients of text show
		text = "![](" + urlOf(part.Media) + ")"
	}
	w.Text("type", "output_text")
	w.Text("text", text)
	w.Key("annotations")
	w.Open('[')
	cited := protocol.WithEnds(part.Citations, utf8.RuneCountInString(text))
	for k := range cited {
		writeCitation(w, &cited[k])
	}
	w.Close(']')
	w.Key("logprobs")
	if len(part.Logprobs) == 0 {
		w.Raw([]byte("[]"))
	} else {
		w.Raw(protocol.JSON(part.Logprobs))
	}
	w.Close('}')
}

func writeCitation(w *protocol.Writer, c *protocol.Citation) {
	if c.URL == "" {
		return
	}
	w.Open('{')
	w.Text("type", "url_citation")
	w.Number("start_index", int64(c.Start))
	w.Number("end_index", int64(c.End))
	w.Text("url", c.URL)
	w.Text("title", c.Title)
	w.Close('}')
}
