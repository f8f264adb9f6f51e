package responses

import (
	"strconv"
	"time"

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
