package anthropic

import (
	"crypto/rand"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// ofPart is before the id of the call, or before nothing for the text, that a
// sealed signature belongs to. Calls and texts have no place for signatures
// here; a redacted thought right behind them has, and comes back.
const ofPart = "part:"

// EncodeReply writes a whole answer.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	b := appendHead(make([]byte, 0, 1024), r, p)
	b = append(key(b, "content"), '[')
	var seen ending
	thoughts := newThoughts(p)
	for i := range r.Parts {
		part := &r.Parts[i]
		seen.see(part)
		switch {
		case part.Kind == protocol.Thought && !thoughts.shows(part):
			thoughts.keep(part)
		case part.Kind == protocol.Thought:
			b = append(appendThought(append(comma(b), '{'), thoughts.shown(part)), '}')
		default:
			before := len(b)
			if b = appendPart(b, part); len(b) > before {
				for _, block := range thoughts.take() {
					b = append(comma(b), block...)
				}
			}
		}
	}
	b = append(b, ']')
	b = seen.append(b, r)
	return append(appendUsage(key(b, "usage"), &r.Usage), '}')
}

// appendHead begins a message.
func appendHead(b []byte, r *protocol.Reply, p *protocol.Prompt) []byte {
	id, model := r.ID, r.Model
	if !strings.HasPrefix(id, "msg_") {
		id = "msg_" + rand.Text()
	}
	if model == "" && p != nil {
		model = p.Model
	}
	b = text(append(b, '{'), "id", id)
	b = text(b, "type", "message")
	b = text(b, "role", "assistant")
	return text(b, "model", model)
}

// ending is what of an answer tells why it ended.
type ending struct{ called, refused bool }

func (e *ending) see(p *protocol.Part) {
	e.called = e.called || p.Kind == protocol.Call
	e.refused = e.refused || p.Kind == protocol.Refusal
}

// append appends stop_reason and stop_sequence. tool_use makes clients look for
// calls, so it is said if and only if there are some.
func (e *ending) append(b []byte, r *protocol.Reply) []byte {
	reason := r.Stop
	switch {
	case reason == protocol.StopEnd && e.called:
		reason = protocol.StopTools
	case reason == protocol.StopTools && !e.called:
		reason = protocol.StopEnd
	}
	if reason == protocol.StopEnd && e.refused {
		reason = protocol.StopFilter
	}
	name := stopReasons[0].name
	for _, row := range stopReasons {
		if row.reason == reason {
			name = row.name
		}
	}
	b = text(b, "stop_reason", name)
	if reason == protocol.StopWords && r.StopWord != "" {
		return text(b, "stop_sequence", r.StopWord)
	}
	return raw(b, "stop_sequence", "null")
}

// appendPart appends the blocks of a part.
func appendPart(b []byte, p *protocol.Part) []byte {
	switch p.Kind {
	case protocol.Text, protocol.Refusal:
		if p.Text != "" {
			b = text(text(append(comma(b), '{'), "type", "text"), "text", p.Text)
			if len(p.Citations) > 0 {
				b = append(key(b, "citations"), '[')
				for i := range p.Citations {
					b = appendCitation(comma(b), &p.Citations[i], p.Origin)
				}
				b = append(b, ']')
			}
			b = append(b, '}')
		}
		return appendSigned(b, p, "")
	case protocol.Call:
		b = text(append(comma(b), '{'), "type", "tool_use")
		b = text(b, "id", protocol.PlainID(p.Call.ID))
		b = text(b, "name", p.Call.Name)
		input, _ := inputOf(p.Call)
		b = append(raw(b, "input", input), '}')
		return appendSigned(b, p, p.Call.ID)
	case protocol.Search:
		use, result := searchBlocks(p)
		b = append(comma(b), use...)
		if len(result) > 0 {
			b = append(comma(b), result...)
		}
		return b
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		b = text(append(comma(b), '{'), "type", "text")
		return append(text(b, "text", unshown(p)), '}')
	case protocol.Thought, protocol.Result: // see thoughts; nobody answers with a result
	}
	return b
}

// unshown is a model's picture as Markdown: answers of this format carry texts
// only.
func unshown(p *protocol.Part) string {
	switch {
	case p.Media == nil:
		return "[media]"
	case p.Media.URL != "":
		return "![](" + p.Media.URL + ")"
	}
	return "![](" + p.Media.DataURL() + ")"
}

// appendSigned appends a redacted thought with the signature of a call or text,
// if it has one.
func appendSigned(b []byte, p *protocol.Part, id string) []byte {
	if p.Signature == "" {
		return b
	}
	return append(appendThought(append(comma(b), '{'), signedAfter(p, id)), '}')
}

// signedAfter is the redacted thought that carries the signature of another
// part.
func signedAfter(p *protocol.Part, id string) *protocol.Part {
	carrier := protocol.Part{Signature: p.Signature, Origin: p.Origin, ID: ofPart + id}
	return &protocol.Part{Kind: protocol.Thought, Redacted: true, Signature: carrier.Seal(false), Origin: ai.Anthropic}
}

// appendCitation appends a source. The place in the provider's own index, which
// the format wants, is a seal: what has one never goes to another upstream.
func appendCitation(b []byte, c *protocol.Citation, origin ai.Protocol) []byte {
	if c.URL == "" {
		b = text(append(b, '{'), "type", "char_location")
		b = text(b, "cited_text", c.Quote)
		b = whole(b, "document_index", 0)
		if c.Title == "" {
			b = raw(b, "document_title", "null")
		} else {
			b = text(b, "document_title", c.Title)
		}
		b = whole(b, "start_char_index", 0)
		b = whole(b, "end_char_index", 0)
		return append(raw(b, "file_id", "null"), '}')
	}
	b = text(append(b, '{'), "type", "web_search_result_location")
	b = text(b, "url", c.URL)
	b = text(b, "title", c.Title)
	b = text(b, "cited_text", c.Quote)
	return append(text(b, "encrypted_index", (&protocol.Part{Origin: origin}).Seal(false)), '}')
}

// searchBlocks are the blocks of a search: as they came, or made of what is
// known. result is empty if there is none.
func searchBlocks(p *protocol.Part) (use, result []byte) {
	if p.Origin == ai.Anthropic && p.Signature != "" {
		_ = protocol.EachElement([]byte(p.Signature), "", func(i int, value []byte) error {
			if i == 0 {
				use = value
			} else {
				result = value
			}
			return nil
		})
		if len(use) > 0 {
			return use, result
		}
	}
	id := p.ID
	if !strings.HasPrefix(id, "srvtoolu_") {
		id = "srvtoolu_" + rand.Text()
	}
	use = text([]byte{'{'}, "type", "server_tool_use")
	use = text(use, "id", id)
	use = text(use, "name", "web_search")
	use = append(key(use, "input"), '{')
	use = append(text(use, "query", p.Text), '}', '}')

	result = text([]byte{'{'}, "type", "web_search_tool_result")
	result = text(result, "tool_use_id", id)
	result = append(key(result, "content"), '[')
	seal := p.Seal(false)
	for i := range p.Citations {
		c := &p.Citations[i]
		result = text(append(comma(result), '{'), "type", "web_search_result")
		result = text(result, "url", c.URL)
		result = text(result, "title", c.Title)
		result = text(result, "encrypted_content", seal)
		result = append(raw(result, "page_age", "null"), '}')
	}
	return use, append(result, ']', '}')
}
