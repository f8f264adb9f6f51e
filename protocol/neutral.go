package protocol

import (
	"encoding/base64"
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

// Efforts are the levels of thinking from the least to the most, with the
// budget of tokens that says the same where levels cannot be said. low, medium
// and high are what Google documents for reasoning_effort at its
// OpenAI-compatible endpoint (1,024, 8,192 and 24,576); 1,024 is also the least
// that Anthropic takes.
var Efforts = []struct {
	Name   string
	Budget int64
}{
	{"minimal", 1024},
	{"low", 1024},
	{"medium", 8192},
	{"high", 24576},
	{"xhigh", 32768},
	{"max", 65536},
}

// BudgetOf is the budget that an effort amounts to; 0 for one that is unknown.
func BudgetOf(effort string) int64 {
	for _, e := range Efforts {
		if e.Name == effort {
			return e.Budget
		}
	}
	return 0
}

// EffortOf is the effort that a budget amounts to: low, medium or high, which
// every model with levels knows.
func EffortOf(budget int64) string {
	switch {
	case budget <= 0:
		return ""
	case budget <= 2048:
		return "low"
	case budget <= 16384:
		return "medium"
	}
	return "high"
}

// EffortUpTo is an effort, lowered to what a target knows: known are the names
// it knows, from the least to the most.
func EffortUpTo(effort string, known ...string) string {
	rank := func(name string) int {
		for i, e := range Efforts {
			if e.Name == name {
				return i
			}
		}
		return -1
	}
	want := rank(effort)
	if want < 0 || len(known) == 0 {
		return ""
	}
	best := known[0]
	for _, k := range known {
		if rank(k) <= want {
			best = k
		}
	}
	return best
}

// DataURL is media written as a data URL (RFC 2397).
func (m *Media) DataURL() string {
	kind := m.Type
	if kind == "" {
		kind = "application/octet-stream"
	}
	return "data:" + kind + ";base64," + m.Data
}

// SetURL takes a URL, or what a data URL holds.
func (m *Media) SetURL(url string) {
	rest, isData := strings.CutPrefix(url, "data:")
	head, data, ok := strings.Cut(rest, ",")
	if !isData || !ok {
		m.URL = url
		return
	}
	kind, isBase64 := strings.CutSuffix(head, ";base64")
	if !isBase64 {
		data = base64.StdEncoding.EncodeToString([]byte(data))
	}
	m.Type, m.Data = kind, data
}

// MediaKind is the kind of part that a media type makes.
func MediaKind(mediaType string) PartKind {
	switch head, _, _ := strings.Cut(mediaType, "/"); head {
	case "image":
		return Image
	case "audio":
		return Audio
	case "video":
		return Video
	}
	return Document
}

// ReadLocation reads where a user is, as three of the formats say it.
func ReadLocation(v []byte) *Location {
	get := func(name string) string {
		s, _ := scan.String(Member(v, name))
		return s
	}
	return &Location{City: get("city"), Region: get("region"), Country: get("country"), Timezone: get("timezone")}
}

// Write writes the members that ReadLocation reads.
func (l *Location) Write(w *Writer) {
	w.TextIf("city", l.City)
	w.TextIf("region", l.Region)
	w.TextIf("country", l.Country)
	w.TextIf("timezone", l.Timezone)
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
