package openai

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

func (w *promptWriter) messages() {
	w.Open('[')
	for i := range w.p.Turns {
		t := &w.p.Turns[i]
		switch t.Role {
		case protocol.System, protocol.Developer:
			w.system(t)
		case protocol.Assistant:
			w.assistant(t, w.current(i))
		case protocol.User:
			w.user(t)
		}
	}
	w.Close(']')
}

// current reports whether a turn belongs to the answer that is being made: no
// words of the user stand behind it. Most models want thoughts back only there.
func (w *promptWriter) current(i int) bool {
	for _, t := range w.p.Turns[i+1:] {
		if t.Role == protocol.User && !isResults(&t) {
			return false
		}
	}
	return true
}

func (w *promptWriter) begin(role, name string) {
	w.Open('{')
	w.Text("role", role)
	w.TextIf("name", name)
}

func (w *promptWriter) system(t *protocol.Turn) {
	role := "system" // developer is known to OpenAI's models only
	if t.Role == protocol.Developer && w.traits.own {
		role = "developer"
	}
	w.begin(role, t.Name)
	w.Key("content")
	w.content(t.Parts, false)
	w.Close('}')
}

// user writes what the user says, and before it what tools said. Messages of
// tools hold text only; what else a tool showed is shown by the user then.
func (w *promptWriter) user(t *protocol.Turn) {
	var rest []protocol.Part
	for i := range t.Parts {
		part := &t.Parts[i]
		if part.Kind != protocol.Result {
			continue
		}
		var texts []protocol.Part
		for _, inner := range part.Back.SaidAsText() {
			if inner.Kind == protocol.Text {
				texts = append(texts, inner)
			} else {
				rest = append(rest, inner)
			}
		}
		text, _ := protocol.PlainText(texts)
		if text == "" && len(rest) > 0 {
			text = "(see the next message)"
		}
		w.hintIf(part.Cache != "", "cache marks")
		w.Open('{')
		w.Text("role", "tool")
		w.Text("tool_call_id", part.Back.ID)
		w.Text("content", text)
		w.Close('}')
	}
	for _, part := range t.Parts {
		if part.Kind != protocol.Result {
			rest = append(rest, part)
		}
	}
	if len(rest) == 0 && isResults(t) {
		return
	}
	w.begin("user", t.Name)
	w.Key("content")
	w.content(rest, true)
	w.Close('}')
}

func (w *promptWriter) assistant(t *protocol.Turn, current bool) {
	var texts, calls, thoughts []protocol.Part
	for i := range t.Parts {
		switch part := t.Parts[i]; part.Kind {
		case protocol.Text, protocol.Refusal:
			texts = append(texts, part)
		case protocol.Call:
			calls = append(calls, part)
		case protocol.Thought:
			thoughts = append(thoughts, part)
		case protocol.Search:
			w.hint("search history")
		default:
			w.cannot("media in the model's turn")
		}
	}
	w.begin("assistant", t.Name)
	w.thoughts(thoughts, current, len(calls) > 0)
	w.Key("content")
	if len(texts) == 0 && len(calls) > 0 {
		w.Raw([]byte("null"))
	} else {
		w.content(texts, false)
	}
	if len(calls) > 0 {
		w.Key("tool_calls")
		w.Open('[')
		for i := range calls {
			w.call(calls[i].Call)
		}
		w.Close(']')
	}
	w.Close('}')
}

// thoughts writes what a model behind this protocol thought. All want it back
// within a tool loop, some (protocol.WantsThoughts) in every later request, and
// a calling turn of another model's, whose thoughts are no use to them, must
// have something in its place.
func (w *promptWriter) thoughts(parts []protocol.Part, current, calls bool) {
	missing, wants := protocol.WantsThoughts(w.model)
	var said, details strings.Builder
	for i := range parts {
		if parts[i].Origin != ai.OpenAI {
			w.hint("thinking history")
			continue
		}
		said.WriteString(parts[i].Text)
		if list := parts[i].Signature; len(list) > len("[]") {
			if details.Len() > 0 {
				details.WriteByte(',')
			}
			details.WriteString(list[1 : len(list)-1])
		}
	}
	text := said.String()
	switch {
	case text != "" && (current || wants || details.Len() > 0):
		w.Text("reasoning_content", text)
	case text != "":
		w.hint("thinking history")
	case wants && calls && details.Len() == 0:
		w.Text("reasoning_content", missing)
	}
	if details.Len() > 0 {
		w.Key("reasoning_details")
		w.Raw([]byte("[" + details.String() + "]"))
	}
}

func (w *promptWriter) call(call *protocol.ToolCall) {
	kind, argument, text := "function", "arguments", call.Arguments
	if call.Custom {
		kind, argument = "custom", "input"
	} else if text == "" {
		text = "{}"
	}
	w.Open('{')
	w.Text("id", call.ID)
	w.Text("type", kind)
	w.Key(kind)
	w.Open('{')
	w.Text("name", call.Name)
	w.Text(argument, text)
	w.Close('}')
	w.Close('}')
}
