package anthropic

import (
	"crypto/rand"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// messageID is an id as clients of this format expect it.
func messageID() string { return "msg_" + rand.Text()[:24] }

// EncodeReply writes a whole message.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	var w protocol.Writer
	writeHead(&w, r, p)
	w.Key("content")
	w.Open('[')
	calls := false
	for i := range r.Parts {
		writeBlock(&w, &r.Parts[i])
		calls = calls || r.Parts[i].Kind == protocol.Call
	}
	w.Close(']')
	writeStop(&w, r, calls)
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w.Close('}')
	return w.B
}

func writeHead(w *protocol.Writer, r *protocol.Reply, p *protocol.Prompt) {
	model := r.Model
	if model == "" && p != nil {
		model = p.Model
	}
	w.Open('{')
	w.Text("id", messageID())
	w.Text("type", "message")
	w.Text("role", "assistant")
	w.Text("model", model)
}

// writeStop writes why an answer ended. One with calls waits for their results,
// whatever the upstream called it.
func writeStop(w *protocol.Writer, r *protocol.Reply, calls bool) {
	reason := r.Stop
	switch {
	case reason == protocol.StopWords && r.StopWord == "":
		reason = protocol.StopEnd
	case calls && reason == protocol.StopEnd:
		reason = protocol.StopTools
	}
	w.Text("stop_reason", stopName(reason))
	w.Key("stop_sequence")
	if reason == protocol.StopWords {
		w.String(r.StopWord)
	} else {
		w.Raw([]byte("null"))
	}
}

// writeUsage is the reverse of counts.read.
func writeUsage(w *protocol.Writer, u *ai.Usage) {
	w.Open('{')
	w.Number("input_tokens", max(u.Input-u.CachedInput-u.CacheWrite, 0))
	w.Number("cache_creation_input_tokens", u.CacheWrite)
	w.Number("cache_read_input_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.Key("cache_creation")
		w.Open('{')
		w.Number("ephemeral_5m_input_tokens", u.CacheWrite-u.CacheWrite1h)
		w.Number("ephemeral_1h_input_tokens", u.CacheWrite1h)
		w.Close('}')
	}
	w.Number("output_tokens", u.Output)
	if u.Reasoning > 0 {
		w.Key("output_tokens_details")
		w.Open('{')
		w.Number("thinking_tokens", u.Reasoning)
		w.Close('}')
	}
	if u.WebSearches > 0 {
		w.Key("server_tool_use")
		w.Open('{')
		w.Number("web_search_requests", u.WebSearches)
		w.Close('}')
	}
	w.Close('}')
}

// writeBlock writes a part as a client gets it.
func writeBlock(w *protocol.Writer, part *protocol.Part) {
	switch part.Kind {
	case protocol.Text, protocol.Refusal:
		if part.Text == "" {
			return
		}
		w.Open('{')
		w.Text("type", "text")
		w.Text("text", part.Text)
		writeCitations(w, part.Citations)
	case protocol.Thought:
		w.Open('{')
		if part.Redacted && part.Text == "" {
			w.Text("type", "redacted_thinking")
			w.Text("data", signature(part))
			break
		}
		w.Text("type", "thinking")
		w.Text("thinking", part.Text)
		w.Text("signature", signature(part))
	case protocol.Call:
		if part.Signature != "" { // of a call, which has no place of its own for it
			writeBlock(w, &protocol.Part{Kind: protocol.Thought, Redacted: true, Signature: part.Seal(false), Origin: ai.Anthropic})
		}
		w.Open('{')
		w.Text("type", "tool_use")
		w.Text("id", protocol.PlainID(part.Call.ID))
		w.Text("name", part.Call.Name)
		w.Key("input")
		w.Raw(arguments(part.Call.Arguments))
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		w.Open('{') // a model's picture: clients of this format know none
		w.Text("type", "text")
		w.Text("text", linked(part))
	default: // Search: its citations stand at the text
		return
	}
	w.Close('}')
}

// signature is what the client gives back with a thought.
func signature(part *protocol.Part) string {
	if part.Origin == ai.Anthropic {
		return part.Signature
	}
	return part.Seal(part.Redacted)
}

// linked is a picture as Markdown, which clients of text show.
func linked(part *protocol.Part) string {
	if part.Media == nil {
		return ""
	}
	if part.Media.URL != "" {
		return "![](" + part.Media.URL + ")"
	}
	return "![](" + part.Media.DataURL() + ")"
}

// writeCitations writes sources in the web, the one kind that others have too.
func writeCitations(w *protocol.Writer, list []protocol.Citation) {
	first := true
	for _, c := range list {
		if c.URL == "" {
			continue
		}
		if first {
			w.Key("citations")
			w.Open('[')
			first = false
		}
		writeCitation(w, &c)
	}
	if !first {
		w.Close(']')
	}
}

func writeCitation(w *protocol.Writer, c *protocol.Citation) {
	w.Open('{')
	w.Text("type", "web_search_result_location")
	w.Text("url", c.URL)
	w.Text("title", c.Title)
	w.Text("encrypted_index", "")
	w.Text("cited_text", c.Quote)
	w.Close('}')
}
