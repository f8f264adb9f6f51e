package responses

import (
	"cmp"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// add puts a part into the turn of its side, which goes on as long as the side
// does.
func (r *promptReader) add(role protocol.Role, parts ...protocol.Part) {
	if n := len(r.p.Turns); n > 0 && r.p.Turns[n-1].Role == role {
		r.p.Turns[n-1].Parts = append(r.p.Turns[n-1].Parts, parts...)
		return
	}
	r.p.Turns = append(r.p.Turns, protocol.Turn{Role: role, Parts: parts})
}

// roles are the roles of messages.
var roles = map[string]protocol.Role{
	"user": protocol.User, "assistant": protocol.Assistant, "system": protocol.System, "developer": protocol.Developer,
}

// item reads one item of the input.
func (r *promptReader) item(path string, v []byte) {
	get := func(name string) string {
		s, _ := scan.String(protocol.Member(v, name))
		return s
	}
	switch kind := protocol.Kind(v); kind {
	case "message", "":
		role, known := roles[get("role")]
		if !known {
			r.Fail(path+".role", path+".role must be user, assistant, system or developer")
			return
		}
		parts := r.content(protocol.Member(v, "content"), path+".content")
		if role == protocol.User || role == protocol.Assistant {
			r.add(role, parts...)
		} else {
			r.p.Turns = append(r.p.Turns, protocol.Turn{Role: role, Parts: parts})
		}
	case "function_call", "custom_tool_call":
		call := &protocol.ToolCall{ID: protocol.OriginalID(get("call_id")), Name: spaced(get("namespace"), get("name")), Arguments: get("arguments")}
		if kind == "custom_tool_call" {
			call.Custom, call.Arguments = true, get("input")
		}
		r.add(protocol.Assistant, protocol.Part{Kind: protocol.Call, Call: call})
	case "function_call_output", "custom_tool_call_output":
		result := &protocol.ToolResult{ID: protocol.OriginalID(get("call_id")), Parts: r.content(protocol.Member(v, "output"), path+".output")}
		if result.ID == "" {
			r.Fail(path+".call_id", path+".call_id is missing")
		}
		if r.searches[get("call_id")] {
			return // of a call that is not told
		}
		r.add(protocol.User, protocol.Part{Kind: protocol.Result, Back: result})
	case "reasoning":
		part := protocol.Part{Kind: protocol.Thought, ID: get("id"), Text: summary(v)}
		id := part.ID
		part.Unseal(get("encrypted_content"), ai.Responses)
		if part.Origin == ai.Responses {
			part.ID = id
		}
		r.add(protocol.Assistant, part)
	case "web_search_call":
		r.p.Hint("search history") // the text that came of it is there
	case "code_interpreter_call":
		r.p.Hint("code interpreter history") // likewise
	case "image_generation_call":
		r.p.Hint("image generation history")
		r.add(protocol.Assistant, protocol.Part{Kind: protocol.Text, Text: "(a picture was made here: " + cmp.Or(get("revised_prompt"), "not described") + ")"})
	case "additional_tools", "tool_search_output": // tools that are told later than others
		r.Elements(protocol.Member(v, "tools"), path+".tools", func(path string, v []byte) { r.tool(path, v, "") })
	case "tool_search_call":
		r.p.Hint("tool search history") // what it found is told as any other tool
		if r.searches == nil {
			r.searches = make(map[string]bool)
		}
		r.searches[get("call_id")] = true
	default:
		if !r.formItem(kind, path, v) { // what OpenAI runs, or keeps
			r.p.Keep(path + ".type " + kind)
		}
	}
}

// summary is what a reasoning item tells.
func summary(v []byte) string {
	var texts []string
	for _, list := range [...]string{"summary", "content"} {
		_ = protocol.EachElement(protocol.Member(v, list), "", func(_ int, v []byte) error {
			if text, ok := scan.String(protocol.Member(v, "text")); ok {
				texts = append(texts, text)
			}
			return nil
		})
		if len(texts) > 0 {
			break
		}
	}
	return strings.Join(texts, "\n\n")
}

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
		get := func(name string) string {
			s, _ := scan.String(protocol.Member(v, name))
			return s
		}
		m := &protocol.Media{Detail: get("detail"), FileID: get("file_id"), Name: get("filename")}
		if m.FileID != "" {
			r.p.Keep(path + ".file_id") // nobody else has the file
		}
		switch kind := protocol.Kind(v); kind {
		case "input_text", "output_text", "text":
			parts = append(parts, protocol.Part{Kind: protocol.Text, Text: get("text")})
		case "refusal":
			parts = append(parts, protocol.Part{Kind: protocol.Refusal, Text: get("refusal")})
		case "input_image":
			m.SetURL(get("image_url"))
			parts = append(parts, protocol.Part{Kind: protocol.Image, Media: m})
		case "input_file":
			if m.URL = get("file_url"); m.URL == "" {
				m.SetURL(get("file_data"))
			}
			parts = append(parts, protocol.Part{Kind: protocol.Document, Media: m})
		case "input_audio":
			inner := protocol.Member(v, "input_audio")
			m.Data, _ = scan.String(protocol.Member(inner, "data"))
			format, _ := scan.String(protocol.Member(inner, "format"))
			m.Type = map[string]string{"mp3": "audio/mpeg"}[format]
			if m.Type == "" {
				m.Type = "audio/" + format
			}
			parts = append(parts, protocol.Part{Kind: protocol.Audio, Media: m})
		default:
			r.p.Keep(path + ".type " + kind)
		}
	})
	return parts
}
