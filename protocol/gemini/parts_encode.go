package gemini

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// part writes a part; nil if there is nothing to write. extra goes beside the
// results of the same turn.
func (e *encoder) part(p *protocol.Part, names map[string]string) (made *outPart, extra []outPart, err error) {
	switch p.Kind {
	case protocol.Text, protocol.Refusal:
		part := textPart(p.Text)
		part.ThoughtSignature = e.signature(p)
		return &part, nil, nil
	case protocol.Thought:
		if p.Origin != ai.Gemini {
			e.hint("thinking history")
			return nil, nil, nil
		}
		part := textPart(p.Text)
		part.Thought, part.ThoughtSignature = true, p.Signature
		return &part, nil, nil
	case protocol.Call:
		if p.Call.Custom {
			return nil, nil, e.cannot("custom tool")
		}
		names[p.Call.ID] = p.Call.Name
		call := &outCall{ID: sentID(p.Call.ID), Name: p.Call.Name, Args: arguments(p.Call)}
		return &outPart{FunctionCall: call, ThoughtSignature: e.signature(p)}, nil, nil
	case protocol.Result:
		return e.result(p.Back, names)
	case protocol.Search:
		e.hint("search history")
		return nil, nil, nil
	}
	made, err = e.media(p)
	return made, nil, err
}

// signature is what goes with a part to the model that made it.
func (e *encoder) signature(p *protocol.Part) string {
	if foreign(p) {
		return ""
	}
	return p.Signature
}

// sentID is the id of a call as it is written: not at all if it was made up.
func sentID(id string) string {
	if protocol.IsMadeUp(id) {
		return ""
	}
	return id
}

// arguments are a call's as an object. What a model wrote instead of one stays
// as the text it is.
func arguments(c *protocol.ToolCall) json.RawMessage {
	switch {
	case strings.TrimSpace(c.Arguments) == "":
		return json.RawMessage("{}")
	case !c.Custom && isObject([]byte(c.Arguments)):
		return json.RawMessage(c.Arguments)
	}
	return protocol.JSON(struct {
		Text string `json:"arguments"`
	}{c.Arguments})
}

// result writes what a tool said. Media are parts of the response from Gemini 3
// on, and parts beside it before.
// https://ai.google.dev/gemini-api/docs/function-calling#multimodal
func (e *encoder) result(r *protocol.ToolResult, names map[string]string) (made *outPart, extra []outPart, err error) {
	name := r.Name
	if called, known := names[r.ID]; known {
		name = called
	}
	if name == "" {
		return nil, nil, e.cannot("tool result without its call")
	}
	text, _ := protocol.PlainText(r.Parts)
	if r.Error && strings.TrimSpace(text) == "" {
		text, _ = protocol.PlainText(r.SaidAsText())
	}
	response := &outResponse{ID: sentID(r.ID), Name: name, Response: wrap(text, r.Error)}
	for i := range r.Parts {
		switch r.Parts[i].Kind {
		case protocol.Text, protocol.Refusal:
			continue
		case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		default:
			return nil, nil, e.cannot("tool result with a call or thought in it")
		}
		media, err := e.media(&r.Parts[i])
		if err != nil {
			return nil, nil, err
		}
		if e.model.version >= 30 {
			response.Parts = append(response.Parts, *media)
		} else {
			extra = append(extra, *media)
		}
	}
	return &outPart{FunctionResponse: response}, extra, nil
}

// wrap is a result's text as the object that a response must be: a JSON object
// as itself, any other text as "result", and an error's as "error". An object
// that would be read as one of these is a text, too.
func wrap(text string, isError bool) json.RawMessage {
	if isError {
		return protocol.JSON(struct {
			Text string `json:"error"`
		}{text})
	}
	if isObject([]byte(text)) {
		if _, name := onlyText([]byte(text)); name == "" {
			return json.RawMessage(text)
		}
	}
	return protocol.JSON(struct {
		Text string `json:"result"`
	}{text})
}

// media writes a picture, document, recording or film. Addresses are written as
// fileData, which Google fetches from Gemini 2.5 on.
// https://ai.google.dev/gemini-api/docs/file-input-methods
func (e *encoder) media(p *protocol.Part) (*outPart, error) {
	m := p.Media
	if m == nil {
		return nil, e.cannot("media without content")
	}
	if m.Name != "" {
		e.hint("media.name")
	}
	if m.Detail != "" && m.Detail != "auto" {
		e.hint("media.detail")
	}
	kind := m.Type
	switch {
	case m.FileID != "" && ownFile(m.FileID) && strings.Contains(m.FileID, "://"):
		return &outPart{FileData: &outFile{MimeType: kind, FileURI: m.FileID}}, nil
	case m.FileID != "":
		return nil, e.cannot("file id")
	case m.Data == "" && m.URL != "":
		return e.address(m, p.Kind)
	case m.Data == "":
		if kind == "" || m.Plain != "" {
			kind = "text/plain"
		}
		return &outPart{InlineData: &outBlob{MimeType: kind, Data: base64.StdEncoding.EncodeToString([]byte(m.Plain))}}, nil
	case kind == "":
		head, _ := base64.StdEncoding.DecodeString(m.Data[:min(len(m.Data), 512)&^3])
		kind, _, _ = strings.Cut(http.DetectContentType(head), ";")
	}
	if kind == "image/gif" { // "Unsupported MIME type"
		return nil, e.cannot("media type image/gif")
	}
	return &outPart{InlineData: &outBlob{MimeType: kind, Data: m.Data}}, nil
}

func (e *encoder) address(m *protocol.Media, kind protocol.PartKind) (*outPart, error) {
	if !strings.HasPrefix(m.URL, "https://") {
		return nil, e.cannot("media by an address that is not https")
	}
	if isFilm(m.URL) {
		return &outPart{FileData: &outFile{MimeType: m.Type, FileURI: m.URL}}, nil
	}
	if e.model.version > 0 && e.model.version < 25 {
		return nil, e.cannot("media by address")
	}
	mime := m.Type
	if mime == "" {
		mime = typeByName(m.URL)
	}
	if mime == "" {
		switch kind {
		case protocol.Image:
			mime = "image/jpeg"
		case protocol.Document:
			mime = "application/pdf"
		default:
		}
	}
	return &outPart{FileData: &outFile{MimeType: mime, FileURI: m.URL}}, nil
}
