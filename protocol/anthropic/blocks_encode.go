package anthropic

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol"
)

func (e *encoder) writeSystem(system []item) error {
	if len(system) == 0 {
		return nil
	}
	e.b = append(key(e.b, "system"), '[')
	for i := range system {
		if err := e.writeItem(&system[i]); err != nil {
			return err
		}
	}
	e.b = append(e.b, ']')
	return nil
}

var roleNames = map[protocol.Role]string{protocol.User: "user", protocol.Assistant: "assistant", protocol.System: "system"}

func (e *encoder) writeMessages(groups []group) error {
	e.b = append(key(e.b, "messages"), '[')
	for i := range groups {
		g := &groups[i]
		e.b = append(comma(e.b), '{')
		e.b = text(e.b, "role", roleNames[g.role])
		e.b = append(key(e.b, "content"), '[')
		for j := range g.items {
			if err := e.writeItem(&g.items[j]); err != nil {
				return err
			}
		}
		e.b = append(e.b, ']', '}')
	}
	e.b = append(e.b, ']')
	return nil
}

// writeItem writes a block.
func (e *encoder) writeItem(it *item) error {
	p := it.part
	if p.Kind == protocol.Search {
		e.writeSearch(p)
		return nil
	}
	e.b = append(comma(e.b), '{')
	var err error
	switch p.Kind {
	case protocol.Text, protocol.Refusal:
		e.b = text(text(e.b, "type", "text"), "text", it.text)
	case protocol.Thought:
		e.b = appendThought(e.b, p)
	case protocol.Call:
		e.b = text(e.b, "type", "tool_use")
		e.b = text(e.b, "id", it.id)
		e.b = text(e.b, "name", p.Call.Name)
		input, ok := inputOf(p.Call)
		if !ok {
			e.hint("arguments that are no object")
		}
		e.b = raw(e.b, "input", input)
	case protocol.Result:
		err = e.writeResult(it)
	case protocol.Image, protocol.Document:
		err = e.writeMedia(p)
	default:
		return e.cannot("media that is neither an image nor a document")
	}
	e.mark(it.cache)
	e.b = append(e.b, '}')
	return err
}

// appendThought appends a thought of this format's own, without its braces.
func appendThought(b []byte, p *protocol.Part) []byte {
	if p.Redacted {
		return text(text(b, "type", "redacted_thinking"), "data", p.Signature)
	}
	return text(text(text(b, "type", "thinking"), "thinking", p.Text), "signature", p.Signature)
}

// inputOf is the input of a call, which must be an object: of another format it
// may be free text, or what a model took for an object.
func inputOf(call *protocol.ToolCall) (input []byte, ok bool) {
	arguments := strings.TrimSpace(call.Arguments)
	if arguments == "" && !call.Custom {
		return []byte("{}"), true
	}
	if !call.Custom {
		if object, err := readObject([]byte(arguments), ""); err == nil {
			return object, true
		}
	}
	return append(text([]byte{'{'}, "input", call.Arguments), '}'), call.Custom
}

// writeSearch writes the blocks of a search as they came.
func (e *encoder) writeSearch(p *protocol.Part) {
	list, err := compact([]byte(p.Signature))
	if err != nil || len(list) < 2 || list[0] != '[' {
		e.hint("search history")
		return
	}
	e.b = append(comma(e.b), list[1:len(list)-1]...)
}

// writeResult writes what a tool said.
func (e *encoder) writeResult(it *item) error {
	back := it.part.Back
	e.b = text(e.b, "type", "tool_result")
	e.b = text(e.b, "tool_use_id", it.id)
	e.b = append(key(e.b, "content"), '[')
	for i := range back.Parts {
		p := &back.Parts[i]
		inner := item{part: p, text: p.Text, cache: p.Cache}
		switch p.Kind {
		case protocol.Text, protocol.Refusal:
			if strings.TrimSpace(p.Text) == "" {
				continue
			}
		case protocol.Image, protocol.Document:
		case protocol.Audio, protocol.Video, protocol.Call, protocol.Result, protocol.Thought, protocol.Search:
			return e.cannot("tool result with something else than text, images and documents")
		}
		if err := e.writeItem(&inner); err != nil {
			return err
		}
	}
	e.b = append(e.b, ']')
	if back.Error {
		e.b = raw(e.b, "is_error", "true")
	}
	return nil
}

// imageTypes are what images may be.
// https://docs.claude.com/en/docs/build-with-claude/vision
var imageTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// writeMedia writes an image or a document.
func (e *encoder) writeMedia(p *protocol.Part) error {
	m := p.Media
	if m == nil {
		return e.cannot("media without content")
	}
	image := p.Kind == protocol.Image
	kind, _, _ := strings.Cut(strings.ToLower(m.Type), ";")
	if kind = strings.TrimSpace(kind); kind == "image/jpg" {
		kind = "image/jpeg"
	}
	if image {
		e.b = text(e.b, "type", "image")
	} else {
		e.b = text(e.b, "type", "document")
	}
	e.b = append(key(e.b, "source"), '{')
	switch {
	case m.FileID != "":
		if strings.HasPrefix(m.FileID, "file-") { // OpenAI's
			return e.cannot("file id")
		}
		e.files = true
		e.b = text(text(e.b, "type", "file"), "file_id", m.FileID)
	case m.URL != "":
		if !strings.HasPrefix(m.URL, "https://") && !strings.HasPrefix(m.URL, "http://") {
			return e.cannot("media by an address that is not https")
		}
		if !image && kind != "" && kind != "application/pdf" {
			return e.cannot("document by address that is no PDF")
		}
		e.b = text(text(e.b, "type", "url"), "url", m.URL)
	case image:
		if m.Data == "" {
			return e.cannot("media without content")
		}
		if !slices.Contains(imageTypes, kind) {
			return e.cannot("media type " + m.Type)
		}
		e.base64(kind, m.Data)
	default:
		if err := e.writeDocument(m, kind); err != nil {
			return err
		}
	}
	e.b = append(e.b, '}')
	if m.Name != "" {
		if image {
			e.hint("media.name")
		} else {
			e.b = text(e.b, "title", m.Name)
		}
	}
	if m.Detail != "" && m.Detail != "auto" {
		e.hint("media.detail")
	}
	return nil
}

func (e *encoder) base64(kind, data string) {
	e.b = text(text(e.b, "type", "base64"), "media_type", kind)
	e.b = text(e.b, "data", data)
}

// writeDocument writes a document that the request has: a PDF, or text of
// whatever kind.
func (e *encoder) writeDocument(m *protocol.Media, kind string) error {
	plain := m.Plain
	if m.Data != "" {
		if kind == "application/pdf" || kind == "" && strings.HasPrefix(m.Data, "JVBERi") { // %PDF-
			e.base64("application/pdf", m.Data)
			return nil
		}
		if !isText(kind) {
			return e.cannot("media type " + m.Type)
		}
		decoded, err := base64.StdEncoding.DecodeString(m.Data)
		if err != nil {
			return e.cannot("media that is not base64")
		}
		plain = string(decoded)
	}
	if plain == "" {
		return e.cannot("media without content")
	}
	e.b = text(text(e.b, "type", "text"), "media_type", "text/plain")
	e.b = text(e.b, "data", plain)
	return nil
}

// isText reports whether a media type is one of text.
func isText(kind string) bool {
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/x-yaml", "application/yaml", "application/csv":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}
