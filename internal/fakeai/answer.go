package fakeai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ccload/ccload/ai"
)

// Sizes of what is made up.
const (
	echoedText  = 200     // bytes of the request's text that are echoed
	bigText     = 3 << 20 // bytes of text in one event
	pieceText   = 100     // bytes of a piece of a text of given size
	thinkTokens = 16
	badUTF8     = "\ue000" // stands for invalid bytes until the answer is written
)

// finish is why an answer ended.
type finish uint8

const (
	finishStop finish = iota
	finishTool
	finishLength
	finishRefused
)

// answer is an answer before it is written in a format.
type answer struct {
	id       string // unique part of its ids
	model    string
	created  int64
	thinking string
	pieces   []string // text, as streamed
	calls    []call
	finish   finish
	usage    ai.Usage
	req      *Request
	b        *Behaviour
}

// call is the call of a tool.
type call struct{ id, name, arguments string }

// text is all of the text.
func (a *answer) text() string { return strings.Join(a.pieces, "") }

// responseID is the id of the answer as its format writes it.
func (a *answer) responseID() string {
	switch a.req.Protocol {
	case ai.Anthropic:
		return "msg_01" + a.id
	case ai.Responses:
		return "resp_0" + a.id
	case ai.Gemini:
		return a.id
	}
	return "chatcmpl-" + a.id
}

// newAnswer makes up the answer to a generation.
func (s *Server) newAnswer(r *Request, b *Behaviour) *answer {
	a := &answer{
		id: fmt.Sprintf("%s%06d", identifier(s.o.Name), r.Number), model: r.Model,
		created: r.Time.Unix(), req: r, b: b,
	}
	if b.Think {
		a.thinking = "The user says something. I answer it."
	}
	functions := r.in.functions(r.Protocol)
	switch {
	case b.Fault == Hollow:
	case b.Fault == Refused:
		a.finish = finishRefused
		a.pieces = []string{"I ", "am "}
	case len(functions) > 0 && r.in.wantsCall() && (!s.o.NoToolCalls || b.Calls > 0):
		a.finish = finishTool
		for i := range min(max(1, b.Calls), len(functions)) {
			a.calls = append(a.calls, call{
				id: fmt.Sprintf("%s%d", a.id, i), name: functions[i].Name, arguments: arguments(functions[i].Parameters),
			})
		}
	default:
		a.pieces = s.pieces(r, b)
	}
	if limit := int(r.in.limit()); limit > 0 && b.Events == 0 && b.Size == 0 && !b.Big && len(a.pieces) > limit {
		a.pieces, a.finish = a.pieces[:limit], finishLength
	}
	a.count()
	return a
}

// pieces are the text of an answer, as it is streamed.
func (s *Server) pieces(r *Request, b *Behaviour) []string {
	switch {
	case b.Events > 0:
		list := make([]string, b.Events)
		for i := range list {
			list[i] = Word(i, b.EventSize)
		}
		return list
	case b.Size > 0:
		list := make([]string, max(1, b.Size/pieceText))
		for i := range list {
			list[i] = Word(i, pieceText)
		}
		return list
	}
	text := b.Text
	if text == "" {
		text = "Hello from " + s.o.Name + ": " + ai.Shorten(r.in.lastText(), echoedText)
	}
	list := strings.SplitAfter(text, " ")
	if b.Fault == InvalidUTF8 {
		list = append(list, badUTF8)
	}
	if b.Big {
		list = append(list, strings.Repeat("lorem ipsum ", bigText/12))
	}
	return list
}

// Word is the text of the i-th event of a numbered answer: a mark that names
// its place, then filling up to size bytes. A reader that looks for the marks
// in order knows whether it has seen the whole answer.
func Word(i, size int) string {
	w := fmt.Sprintf("w%05d ", i)
	if missing := size - len(w); missing > 0 {
		w += strings.Repeat("lorem ipsum ", missing/12+1)[:missing]
	}
	return w
}

// count makes up usage: four bytes of request are a token, half of the input
// was cached, and every piece of text is a token.
func (a *answer) count() {
	u := ai.Usage{Input: max(1, int64(len(a.req.Body))/4), Output: max(1, int64(len(a.pieces))), Reported: true}
	u.CachedInput = u.Input / 2
	for _, c := range a.calls {
		u.Output += int64(len(c.arguments))/4 + 1
	}
	if a.thinking != "" {
		u.Reasoning = thinkTokens
		u.Output += thinkTokens
	}
	if a.b.Fault == Hollow {
		u.Output = 0
	}
	switch a.req.Protocol {
	case ai.Anthropic:
		u.CacheWrite = u.Input / 8
		u.Reasoning = 0 // it does not tell
		u.ServiceTier = "standard"
	case ai.OpenAI, ai.Responses:
		u.ServiceTier = "default"
	}
	a.usage = u
}

// identifier is a name as it may stand in an id.
func identifier(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, name)
}

// quote writes a JSON string as the services do: without escaping for HTML.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// indent is JSON as those services write it that do so for people.
func indent(b []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return b
	}
	out.WriteByte('\n')
	return out.Bytes()
}
