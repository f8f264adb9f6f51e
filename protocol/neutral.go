package protocol

import (
	"net/http"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// This file is what several codecs need.

// BadRequest says that a client's request is not valid in its own format. param
// is the path of the field, as the format's own errors name it.
func BadRequest(param, message string) *RequestError {
	return &RequestError{Status: http.StatusBadRequest, Code: "invalid_request", Param: param, Message: message}
}

// EachField walks the members of a JSON object that a request holds at path, ""
// for the whole, with their names unescaped. It stops at the first error.
func EachField(object []byte, path string, fn func(name string, value []byte) error) error {
	var failed error
	err := scan.Members(object, func(key []byte, start, end int) bool {
		name, ok := scan.Unescape(nil, key)
		if !ok {
			name = key
		}
		failed = fn(string(name), object[start:end])
		return failed == nil
	})
	if err != nil {
		return BadRequest(path, "must be an object: "+err.Error())
	}
	return failed
}

// EachElement walks the elements of a JSON array that a request holds at path.
// It stops at the first error.
func EachElement(array []byte, path string, fn func(i int, value []byte) error) error {
	var failed error
	i := 0
	err := scan.Elements(array, func(start, end int) bool {
		failed = fn(i, array[start:end])
		i++
		return failed == nil
	})
	if err != nil {
		return BadRequest(path, "must be a list: "+err.Error())
	}
	return failed
}

// PlainText joins the texts of parts with line feeds. all is false if there was
// something else.
func PlainText(parts []Part) (text string, all bool) {
	all = true
	var b strings.Builder
	for i := range parts {
		switch parts[i].Kind {
		case Text, Refusal:
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(parts[i].Text)
		default:
			all = false
		}
	}
	return b.String(), all
}

// Paragraphs joins texts that are not empty.
func Paragraphs(texts ...string) string {
	var said []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			said = append(said, text)
		}
	}
	if len(said) < 2 && len(texts) > 0 && (len(said) == 0 || strings.TrimSpace(texts[0]) == said[0]) {
		return texts[0] // as it was
	}
	return strings.Join(said, "\n\n")
}

// NameResults gives results the names of the tools they are of, and results
// without an id the ids of the calls they answer, in order: what G, or the
// other formats, want to know.
func (p *Prompt) NameResults() {
	names := make(map[string]string)
	var open []*ToolCall // calls not answered yet
	for t := range p.Turns {
		parts := p.Turns[t].Parts
		for i := range parts {
			switch {
			case parts[i].Call != nil:
				names[parts[i].Call.ID] = parts[i].Call.Name
				open = append(open, parts[i].Call)
			case parts[i].Back != nil:
				answer(parts[i].Back, names, &open)
			}
		}
	}
}

func answer(r *ToolResult, names map[string]string, open *[]*ToolCall) {
	for i, call := range *open {
		if r.ID != "" && r.ID == call.ID || r.ID == "" && r.Name == call.Name {
			r.ID = call.ID
			*open = append((*open)[:i], (*open)[i+1:]...)
			break
		}
	}
	if r.Name == "" {
		r.Name = names[r.ID]
	}
}
