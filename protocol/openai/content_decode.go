package openai

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// content reads a text, or parts.
func (r *promptReader) content(v []byte, path string) []protocol.Part {
	if v == nil {
		return nil
	}
	if text, ok := scan.String(v); ok {
		return []protocol.Part{{Kind: protocol.Text, Text: text}}
	}
	var parts []protocol.Part
	r.Elements(v, path, func(path string, v []byte) {
		if text, ok := scan.String(v); ok {
			parts = append(parts, protocol.Part{Kind: protocol.Text, Text: text})
			return
		}
		if part, ok := r.part(path, v); ok {
			if cache := protocol.Member(v, "cache_control"); cache != nil {
				part.Cache = lifetime(cache)
			}
			parts = append(parts, part)
		}
	})
	return parts
}

// lifetime is what a mark for the prompt cache says, as Anthropic's do.
func lifetime(mark []byte) string {
	if scan.StringIs(protocol.Member(mark, "ttl"), "1h") {
		return "1h"
	}
	return "5m"
}

// mark puts the mark of a message where it ends.
func mark(parts []protocol.Part, cache string) {
	for i := len(parts) - 1; i >= 0 && cache != ""; i-- {
		if parts[i].Kind != protocol.Thought {
			if parts[i].Cache == "" {
				parts[i].Cache = cache
			}
			return
		}
	}
}

// audioTypes are the media types of the formats of input_audio.
var audioTypes = []struct{ format, media string }{
	{"wav", "audio/wav"}, {"mp3", "audio/mpeg"}, {"mp3", "audio/mp3"}, {"wav", "audio/x-wav"}, {"wav", "audio/wave"},
}

// part reads one part of a content; ok is false for one that is noted instead.
func (r *promptReader) part(path string, v []byte) (part protocol.Part, ok bool) {
	kind := protocol.Kind(v)
	inner := protocol.Member(v, kind)
	text := func(object []byte, name string) string {
		s, _ := scan.String(protocol.Member(object, name))
		return s
	}
	media := func(k protocol.PartKind) protocol.Part {
		m := &protocol.Media{Detail: text(inner, "detail")}
		if url, isText := scan.String(inner); isText { // Mistral
			m.SetURL(url)
		} else {
			m.SetURL(text(inner, "url"))
		}
		return protocol.Part{Kind: k, Media: m}
	}
	switch kind {
	case "text", "input_text", "output_text", "":
		raw := protocol.Member(v, "text")
		if raw == nil {
			r.Fail(path+".text", path+".text is missing")
		}
		return protocol.Part{Kind: protocol.Text, Text: r.String(raw, path+".text")}, true
	case "refusal":
		return protocol.Part{Kind: protocol.Refusal, Text: text(v, "refusal")}, true
	case "image_url":
		return media(protocol.Image), true
	case "video_url":
		return media(protocol.Video), true
	case "document_url", "file_url":
		part = media(protocol.Document)
		part.Media.Name = text(v, "document_name")
		return part, true
	case "input_audio":
		m := &protocol.Media{Data: text(inner, "data"), Type: "audio/" + text(inner, "format")}
		for _, t := range audioTypes {
			if t.format == text(inner, "format") {
				m.Type = t.media
				break
			}
		}
		return protocol.Part{Kind: protocol.Audio, Media: m}, true
	case "file":
		m := &protocol.Media{Name: text(inner, "filename"), FileID: text(inner, "file_id")}
		if m.FileID != "" {
			r.p.Keep(path + ".file.file_id") // nobody else has the file
		}
		if data := text(inner, "file_data"); data != "" {
			m.SetURL(data)
			if m.URL != "" && m.Data == "" && len(data) > 2000 { // bare base64
				m.Data, m.URL, m.Type = data, "", "application/pdf"
			}
		}
		return protocol.Part{Kind: mediaKind(m.Type), Media: m}, true
	case "thinking": // Mistral
		whole, _ := protocol.PlainText(r.content(protocol.Member(v, "thinking"), path+".thinking"))
		return protocol.Part{Kind: protocol.Thought, Text: whole, Origin: ai.OpenAI}, true
	}
	r.p.Keep(path + ".type " + kind)
	return part, false
}

func mediaKind(mediaType string) protocol.PartKind {
	if k := protocol.MediaKind(mediaType); k != protocol.Audio && k != protocol.Video {
		return k
	}
	return protocol.Document
}
