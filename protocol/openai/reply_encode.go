package openai

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// sealMost is how long a seal may be to go into the id of a call: clients keep
// ids in their history and their logs.
const sealMost = 16 << 10

// completion is what an answer's id, time and model are.
type completion struct {
	id, model string
	created   int64
}

func newCompletion(r *protocol.Reply, p *protocol.Prompt) completion {
	c := completion{id: "chatcmpl-" + rand.Text(), model: r.Model, created: r.Created}
	if c.model == "" && p != nil {
		c.model = p.Model
	}
	if c.created == 0 {
		c.created = time.Now().Unix()
	}
	return c
}

func (c *completion) write(w *protocol.Writer, object string) {
	w.Open('{')
	w.Text("id", c.id)
	w.Text("object", object)
	w.Number("created", c.created)
	w.Text("model", c.model)
}

// EncodeReply writes a whole completion.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	var w protocol.Writer
	c := newCompletion(r, p)
	c.write(&w, "chat.completion")
	w.Key("choices")
	w.Open('[')
	w.Open('{')
	w.Number("index", 0)
	w.Key("message")
	calls := writeMessage(&w, r)
	w.Key("logprobs")
	writeLogprobs(&w, logprobsOf(r))
	w.Text("finish_reason", stopName(stopWith(r.Stop, calls)))
	w.Close('}')
	w.Close(']')
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w.Close('}')
	return w.B
}

// stopWith is why an answer ended: one with calls waits for their results.
func stopWith(reason protocol.StopReason, calls bool) protocol.StopReason {
	if calls && reason == protocol.StopEnd {
		return protocol.StopTools
	}
	return reason
}

func logprobsOf(r *protocol.Reply) []protocol.Logprob {
	var list []protocol.Logprob
	for i := range r.Parts {
		list = append(list, r.Parts[i].Logprobs...)
	}
	return list
}

func writeLogprobs(w *protocol.Writer, list []protocol.Logprob) {
	if len(list) == 0 {
		w.Raw([]byte("null"))
		return
	}
	w.Open('{')
	w.Key("content")
	w.Raw(protocol.JSON(list))
	w.Key("refusal")
	w.Raw([]byte("null"))
	w.Close('}')
}

func writeMessage(w *protocol.Writer, r *protocol.Reply) (calls bool) {
	var text, refusal, thought, own strings.Builder
	var seals []string
	var citations []protocol.Citation
	for i := range r.Parts {
		switch part := &r.Parts[i]; part.Kind {
		case protocol.Text:
			text.WriteString(part.Text)
			citations = append(citations, protocol.WithEnds(part.Citations, utf8.RuneCountInString(part.Text))...)
		case protocol.Refusal:
			refusal.WriteString(part.Text)
		case protocol.Thought:
			thought.WriteString(part.Text)
			if part.Origin == ai.OpenAI {
				own.WriteString(part.Signature)
			}
			if seal := sealOf(part); seal != "" {
				seals = append(seals, seal)
			}
		case protocol.Image, protocol.Audio, protocol.Video, protocol.Document:
			text.WriteString(linked(part.Media))
		case protocol.Call:
			calls = true
		default:
		}
	}
	w.Open('{')
	w.Text("role", "assistant")
	w.Key("content")
	if text.Len() == 0 && (calls || refusal.Len() > 0) {
		w.Raw([]byte("null"))
	} else {
		w.String(text.String())
	}
	w.Key("refusal")
	if refusal.Len() > 0 {
		w.String(refusal.String())
	} else {
		w.Raw([]byte("null"))
	}
	w.TextIf("reasoning_content", thought.String())
	switch {
	case len(seals) > 0:
		w.Key("reasoning_details")
		writeDetails(w, seals)
	case own.Len() > 0:
		w.JSONIf("reasoning_details", []byte(own.String()))
	}
	if len(citations) > 0 {
		w.Key("annotations")
		writeCitations(w, citations)
	}
	if calls {
		w.Key("tool_calls")
		w.Open('[')
		for i := range r.Parts {
			if part := &r.Parts[i]; part.Kind == protocol.Call {
				w.Open('{')
				writeCallHead(w, part, seals)
				w.Text(argumentName(part.Call), argumentsOf(part.Call))
				w.Close('}')
				w.Close('}')
				seals = nil // the first carries them
			}
		}
		w.Close(']')
	}
	w.Close('}')
	return calls
}

// sealOf is what a client must give back of a thought; "" if there is nothing.
func sealOf(part *protocol.Part) string {
	if !part.ComesBack() || part.Origin == ai.OpenAI {
		return ""
	}
	return part.Seal(true)
}

// writeDetails writes seals as OpenRouter writes what is encrypted, for clients
// that know to give it back.
func writeDetails(w *protocol.Writer, seals []string) {
	w.Open('[')
	for i, seal := range seals {
		w.Open('{')
		w.Text("type", "reasoning.encrypted")
		w.Text("data", seal)
		w.Text("format", "unknown")
		w.Number("index", int64(i))
		w.Close('}')
	}
	w.Close(']')
}

// writeCallHead writes a call up to its arguments. Plain clients keep nothing
// of a message but what OpenAI documents, and of that only the ids of calls are
// free: what must come back goes there.
func writeCallHead(w *protocol.Writer, part *protocol.Part, seals []string) {
	id := part.Call.ID
	if part.Signature != "" && part.Origin != ai.OpenAI {
		seals = append(append([]string(nil), seals...), part.Seal(false))
	}
	for _, seal := range seals {
		if len(id)+len(seal) < sealMost {
			id += idSeal + seal
		}
	}
	kind := "function"
	if part.Call.Custom {
		kind = "custom"
	}
	w.Text("id", id)
	w.Text("type", kind)
	w.Key(kind)
	w.Open('{')
	w.Text("name", part.Call.Name)
}

func argumentName(call *protocol.ToolCall) string {
	if call.Custom {
		return "input"
	}
	return "arguments"
}

func argumentsOf(call *protocol.ToolCall) string {
	if call.Arguments == "" && !call.Custom {
		return "{}"
	}
	return call.Arguments
}

// linked is a model's picture as Markdown, which clients of text show.
func linked(m *protocol.Media) string {
	if m == nil {
		return ""
	}
	return "![](" + urlOf(m) + ")"
}

func writeCitations(w *protocol.Writer, list []protocol.Citation) {
	w.Open('[')
	for _, c := range list {
		if c.URL == "" {
			continue
		}
		w.Open('{')
		w.Text("type", "url_citation")
		w.Key("url_citation")
		w.Open('{')
		w.Number("start_index", int64(c.Start))
		w.Number("end_index", int64(c.End))
		w.Text("title", c.Title)
		w.Text("url", c.URL)
		w.Close('}')
		w.Close('}')
	}
	w.Close(']')
}

// writeUsage is the reverse of openaikit.ReadUsage.
func writeUsage(w *protocol.Writer, u *ai.Usage) {
	w.Open('{')
	w.Number("prompt_tokens", u.Input)
	w.Number("completion_tokens", u.Output)
	w.Number("total_tokens", u.Input+u.Output)
	w.Key("prompt_tokens_details")
	w.Open('{')
	w.Number("cached_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.Number("cache_write_tokens", u.CacheWrite)
	}
	w.Number("audio_tokens", u.AudioInput)
	w.Close('}')
	w.Key("completion_tokens_details")
	w.Open('{')
	w.Number("reasoning_tokens", u.Reasoning)
	w.Number("audio_tokens", u.AudioOutput)
	w.Close('}')
	w.Close('}')
}
