package codectest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol"
)

// Essence is what of a prompt must survive, in lines: whose parts, in order,
// tools, and settings that were not dropped.
func Essence(p *protocol.Prompt, dropped []string) []string {
	var lines []string
	add := func(format string, a ...any) { lines = append(lines, fmt.Sprintf(format, a...)) }
	for i := range p.Turns {
		side := "user"
		switch p.Turns[i].Role {
		case protocol.Assistant:
			side = "assistant"
		case protocol.System, protocol.Developer:
			side = "system"
		case protocol.User:
		}
		for j := range p.Turns[i].Parts {
			part := p.Turns[i].Parts[j]
			if part.Kind == protocol.Text && part.Text == "" {
				continue // no format has to keep nothing
			}
			from := side
			if inner, ok := strings.CutPrefix(part.Text, "<system-reminder>\n"); ok && strings.HasSuffix(inner, "\n</system-reminder>") {
				from, part.Text = "system", strings.TrimSuffix(inner, "\n</system-reminder>") // how a late system turn is written
			}
			if part.Kind == protocol.Thought && slices.Contains(dropped, "thinking history") {
				continue
			}
			if n := len(lines); part.Kind == protocol.Text && n > 0 && strings.HasPrefix(lines[n-1], from+": text ") {
				lines[n-1] += "\n" + part.Text // neighbouring texts may become one
				continue
			}
			if part.Kind == protocol.Text {
				lines = append(lines, from+": text "+part.Text)
				continue
			}
			lines = append(lines, from+": "+Describe(&part))
		}
		for j := range p.Turns[i].Parts {
			if result := p.Turns[i].Parts[j].Back; result != nil {
				for k := range result.Parts { // what a tool showed may stand behind what it said
					if part := &result.Parts[k]; part.Kind != protocol.Text {
						lines = append(lines, side+": "+Describe(part))
					}
				}
			}
		}
	}
	for i := range p.Tools {
		tool := &p.Tools[i]
		if tool.Kind == protocol.Hosted && slices.Contains(dropped, "tools."+tool.Name) {
			continue
		}
		name := tool.Name
		if tool.Kind == protocol.WebSearch {
			name = "" // each format has its own
		}
		add("tool %d %s %q %s", tool.Kind, name, tool.Description, compact(tool.Schema))
	}
	if len(p.Tools) > 0 {
		add("choice %d %v", p.Choice.Mode, p.Choice.Names)
	}
	setting := func(name string, said bool, value any) {
		if said && !slices.Contains(dropped, name) {
			add("%s %v", name, value)
		}
	}
	setting("temperature", p.Temperature != nil, deref(p.Temperature))
	setting("top_p", p.TopP != nil, deref(p.TopP))
	setting("seed", p.Seed != nil, deref(p.Seed))
	setting("stop", len(p.Stop) > 0, p.Stop)
	setting("json", p.Output.JSON, compact(p.Output.Schema))
	setting("stream", p.Stream, "")
	return lines
}

func deref[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// Describe is a part in a line.
func Describe(p *protocol.Part) string {
	switch p.Kind {
	case protocol.Call:
		return fmt.Sprintf("call %s(%s)", p.Call.Name, compact([]byte(unbroken(p.Call.Arguments))))
	case protocol.Result:
		s := "result"
		text, _ := protocol.PlainText(p.Back.SaidAsText()) // that it failed may stand there
		if text == "(see the next message)" {              // where tools say texts only, the rest is shown behind it
			text = ""
		}
		return s + " " + compact([]byte(text))
	case protocol.Thought:
		return fmt.Sprintf("thought %q %s", p.Text, p.Signature)
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		kind := p.Media.Type
		if p.Media.URL != "" {
			kind = "" // it tells itself
		}
		return fmt.Sprintf("media %d %s %s %d bytes %s", p.Kind, kind, p.Media.URL, len(p.Media.Data), p.Media.Plain)
	case protocol.Text, protocol.Refusal, protocol.Search:
	}
	return fmt.Sprintf("%d %q", p.Kind, p.Text)
}

// unbroken are a call's arguments. Those that are no object, because a model
// wrote them so, may be the text of one.
func unbroken(arguments string) string {
	var wrapped map[string]string
	if json.Unmarshal([]byte(arguments), &wrapped) == nil && len(wrapped) == 1 {
		for _, name := range []string{"arguments", "input"} {
			if text := strings.TrimSpace(wrapped[name]); text != "" && (!json.Valid([]byte(text)) || text[0] != '{') {
				return text
			}
		}
	}
	return arguments
}

// compact is JSON without white space; what is no JSON, as it is.
func compact(v []byte) string {
	var b bytes.Buffer
	if len(v) == 0 || string(v) == "{}" {
		return "{}"
	}
	if json.Compact(&b, v) != nil {
		return string(v)
	}
	return b.String()
}

// ReplyEssence is what of an answer must survive its own format, in lines.
func ReplyEssence(r *protocol.Reply) []string {
	stop := r.Stop
	if stop == protocol.StopTools {
		stop = protocol.StopEnd // told by what is in it
	}
	lines := []string{fmt.Sprint("stop ", stop, r.StopWord)}
	for i := range r.Parts {
		if r.Parts[i].Kind == protocol.Search {
			continue // what was found is in the text and its citations
		}
		if m := r.Parts[i].Media; m != nil { // a picture may become Markdown
			url := m.URL
			if url == "" {
				url = m.DataURL()
			}
			lines = append(lines, Describe(&protocol.Part{Text: "![](" + url + ")"}))
			continue
		}
		if text := Describe(&r.Parts[i]); r.Parts[i].Text != "" || r.Parts[i].Kind != protocol.Text {
			lines = append(lines, text)
		}
	}
	return lines
}

// Said is what of an answer must survive in every format, in lines: its text,
// its thoughts that anybody may read, its calls, and whether it was cut.
func Said(r *protocol.Reply) []string {
	var text, thought strings.Builder
	var calls []string
	for i := range r.Parts {
		switch part := &r.Parts[i]; part.Kind {
		case protocol.Text, protocol.Refusal:
			text.WriteString(part.Text)
		case protocol.Thought:
			thought.WriteString(part.Text)
		case protocol.Call:
			calls = append(calls, Describe(part))
		case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
			url := part.Media.URL
			if url == "" {
				url = part.Media.DataURL()
			}
			text.WriteString("![](" + url + ")")
		default:
		}
	}
	stop := "done"
	switch r.Stop {
	case protocol.StopLength, protocol.StopContext:
		stop = "cut"
	default:
	}
	return append([]string{stop, text.String(), thought.String()}, calls...)
}
