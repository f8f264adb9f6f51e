package responses

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// head is what of a response is known at its beginning.
type head struct {
	id, model string
	created   int64
	prompt    *protocol.Prompt
	items     int // that have an id
}

func newHead(r *protocol.Reply, p *protocol.Prompt) head {
	h := head{id: newResponseID(), model: r.Model, created: r.Created, prompt: p}
	if h.prompt == nil {
		h.prompt = new(protocol.Prompt)
	}
	if h.model == "" {
		h.model = h.prompt.Model
	}
	if h.created == 0 {
		h.created = time.Now().Unix()
	}
	return h
}

// itemID is the id of the next item.
func (h *head) itemID(prefix string) string {
	h.items++
	return partID(prefix, h.id, strconv.Itoa(h.items))
}

// write writes a response up to its output. status is in_progress, completed or
// incomplete; reason is why it is incomplete.
func (h *head) write(w *protocol.Writer, status, reason string) {
	p := h.prompt
	null := []byte("null")
	w.Open('{')
	w.Text("id", h.id)
	w.Text("object", "response")
	w.Number("created_at", h.created)
	w.Text("status", status)
	w.Key("background")
	w.Bool(false)
	w.Key("error")
	w.Raw(null)
	w.Key("incomplete_details")
	if reason == "" {
		w.Raw(null)
	} else {
		w.Open('{')
		w.Text("reason", reason)
		w.Close('}')
	}
	w.Key("instructions")
	w.Raw(null)
	w.Key("max_output_tokens")
	if p.MaxOutput > 0 {
		w.Int(p.MaxOutput)
	} else {
		w.Raw(null)
	}
	w.Text("model", h.model)
	w.Key("parallel_tool_calls")
	w.Bool(p.Parallel == nil || *p.Parallel)
	w.Key("previous_response_id")
	if p.Previous == "" {
		w.Raw(null)
	} else {
		w.String(p.Previous)
	}
	w.Key("reasoning")
	w.Open('{')
	w.Key("effort")
	if p.Thinking.Effort != "" {
		w.String(p.Thinking.Effort)
	} else {
		w.Raw(null)
	}
	w.Key("summary")
	w.Raw(null)
	w.Close('}')
	w.Key("store")
	w.Bool(p.Made != nil)
	h.sampling(w)
	w.Key("text")
	w.Raw([]byte(`{"format":{"type":"text"}}`))
	w.Text("tool_choice", "auto")
	w.Key("tools")
	w.Raw([]byte("[]"))
	w.Text("truncation", "disabled")
	w.Key("metadata")
	w.Raw([]byte("{}"))
}

func (h *head) sampling(w *protocol.Writer) {
	one := 1.0
	t, top := h.prompt.Temperature, h.prompt.TopP
	if t == nil {
		t = &one
	}
	if top == nil {
		top = &one
	}
	w.FloatIf("temperature", t)
	w.FloatIf("top_p", top)
}

// statusOf is how a response ended.
func statusOf(r *protocol.Reply) (status, reason string) {
	switch r.Stop {
	case protocol.StopLength, protocol.StopContext:
		return "incomplete", "max_output_tokens"
	case protocol.StopFilter:
		return "incomplete", "content_filter"
	}
	return "completed", ""
}

// EncodeReply writes a whole response.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	var w protocol.Writer
	h := newHead(r, p)
	status, reason := statusOf(r)
	h.write(&w, status, reason)
	w.Key("output")
	w.Open('[')
	for i := 0; i < len(r.Parts); {
		if sign := signOf(&r.Parts[i]); sign != nil {
			item := h.newItem(sign)
			item.write(&w, []protocol.Part{*sign})
		}
		item := h.newItem(&r.Parts[i])
		next := i + 1
		for item.kind == "message" && next < len(r.Parts) && isMessage(r.Parts[next].Kind) {
			next++
		}
		item.write(&w, r.Parts[i:next])
		i = next
	}
	w.Close(']')
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w.Close('}')
	h.made(w.B)
	return w.B
}

// made tells whoever keeps the response of it.
func (h *head) made(response []byte) {
	if h.prompt.Made != nil {
		h.prompt.Made(response)
	}
}

// signOf is what a call was signed with, as a thought of its own: calls have no
// place for it here. nil if there is nothing.
func signOf(part *protocol.Part) *protocol.Part {
	if part.Kind != protocol.Call || part.Signature == "" {
		return nil
	}
	return &protocol.Part{Kind: protocol.Thought, Signature: part.Signature, Origin: part.Origin}
}

func isMessage(k protocol.PartKind) bool {
	switch k {
	case protocol.Call, protocol.Thought, protocol.Search, protocol.Result:
		return false
	default:
		return true
	}
}

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

// writeUsage is the reverse of openaikit.ReadUsage.
func writeUsage(w *protocol.Writer, u *ai.Usage) {
	w.Open('{')
	w.Number("input_tokens", u.Input)
	w.Key("input_tokens_details")
	w.Open('{')
	w.Number("cached_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.Number("cache_write_tokens", u.CacheWrite)
	}
	w.Close('}')
	w.Number("output_tokens", u.Output)
	w.Key("output_tokens_details")
	w.Open('{')
	w.Number("reasoning_tokens", u.Reasoning)
	w.Close('}')
	w.Number("total_tokens", u.Input+u.Output)
	w.Close('}')
}
