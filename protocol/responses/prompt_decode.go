package responses

import (
	"cmp"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// hints are fields that change nothing of what an answer means.
var hints = map[string]bool{
	"store": true, "metadata": true, "prompt_cache_key": true, "prompt_cache_retention": true, "client_metadata": true,
	"stream_options": true, "truncation": true, "moderation": true, "prompt_cache_options": true,
}

// promptReader reads one request.
type promptReader struct {
	protocol.Reader
	p *protocol.Prompt

	callIDs  map[string]string // of the calls of tools with forms, by their items' ids
	searches map[string]bool   // calls of the search for tools
}

// DecodePrompt reads a request to /v1/responses
// (https://platform.openai.com/docs/api-reference/responses).
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	r := promptReader{p: &protocol.Prompt{Model: in.Model, Stream: in.Stream, WantsUsage: true}}
	p := r.p
	var instructions, input, choice []byte
	top, wanted := int64(0), false
	r.Each(in.Body, "", func(name string, v []byte) {
		switch name {
		case "model":
			p.Model = r.String(v, name)
		case "stream":
			p.Stream = r.Bool(v, name)
		case "instructions":
			instructions = v
		case "input":
			input = v
		case "max_output_tokens":
			p.MaxOutput = r.Int(v, name)
		case "temperature":
			p.Temperature = r.Float(v, name)
		case "top_p":
			p.TopP = r.Float(v, name)
		case "top_logprobs":
			top = r.Int(v, name)
		case "include":
			for _, field := range r.Strings(v, name) {
				switch field {
				case "message.output_text.logprobs":
					wanted = true
				case "reasoning.encrypted_content", "web_search_call.action.sources", "web_search_call.results":
				default:
					p.Hint("include." + field)
				}
			}
		case "tools":
			r.Elements(v, name, func(path string, v []byte) { r.tool(path, v, "") })
		case "tool_choice":
			choice = v
		case "parallel_tool_calls":
			parallel := r.Bool(v, name)
			p.Parallel = &parallel
		case "reasoning":
			r.reasoning(v)
		case "text":
			r.text(v)
		case "service_tier":
			if tier := r.String(v, name); tier != "auto" {
				p.Tier = tier
			}
		case "user", "safety_identifier":
			p.User = r.String(v, name)
		case "background":
			if r.Bool(v, name) {
				p.Keep(name)
			}
		default: // previous_response_id, conversation, prompt, and what is not known here
			if hints[name] {
				p.Hint(name)
			} else {
				p.Unknown(name, v)
			}
		}
	})
	if wanted {
		p.Logprobs = int(top) + 1
	}
	if text, ok := scan.String(instructions); ok && text != "" {
		p.Turns = append(p.Turns, protocol.Turn{Role: protocol.System, Parts: []protocol.Part{{Text: text}}})
	} else if instructions != nil && !ok {
		p.Keep("instructions")
	}
	if text, ok := scan.String(input); ok {
		p.Turns = append(p.Turns, protocol.Turn{Parts: []protocol.Part{{Text: text}}})
	} else if input != nil {
		r.Elements(input, "input", r.item)
	} else if r.Err == nil && len(p.Native) == 0 {
		r.Fail("input", "one of input, previous_response_id, prompt or conversation must be provided")
	}
	if choice != nil {
		r.choice(choice)
	}
	return p, r.Err
}

func (r *promptReader) reasoning(v []byte) {
	t := &r.p.Thinking
	r.Each(v, "reasoning", func(name string, v []byte) {
		switch name {
		case "effort":
			if t.Effort = r.String(v, "reasoning.effort"); t.Effort == "none" {
				t.Effort, t.Mode = "", protocol.ThinkingOff
			} else {
				t.Mode = protocol.ThinkingOn
			}
		case "summary", "generate_summary":
			if t.Show = "summary"; scan.StringIs(v, "detailed") {
				t.Show = "detailed"
			}
		default:
			r.p.Hint("reasoning." + name)
		}
	})
}

func (r *promptReader) text(v []byte) {
	out := &r.p.Output
	r.Each(v, "text", func(name string, v []byte) {
		switch name {
		case "verbosity":
			out.Verbosity = r.String(v, "text.verbosity")
		case "format":
			r.format(v)
		default:
			r.p.Keep("text." + name)
		}
	})
}

func (r *promptReader) format(v []byte) {
	out := &r.p.Output
	switch kind := protocol.Kind(v); kind {
	case "text", "":
	case "json_object":
		out.JSON = true
	case "json_schema":
		out.JSON = true
		r.Each(v, "text.format", func(name string, v []byte) {
			switch name {
			case "type":
			case "name":
				out.Name = r.String(v, "text.format.name")
			case "description":
				out.About = r.String(v, "text.format.description")
			case "schema":
				out.Schema = v
			case "strict":
				strict := r.Bool(v, "text.format.strict")
				out.Strict = &strict
			default:
				r.p.Keep("text.format." + name)
			}
		})
	default:
		r.p.Keep("text.format.type " + kind)
	}
}

// tool reads one tool. Those of a namespace are tools of their own, by both
// names.
func (r *promptReader) tool(path string, v []byte, namespace string) {
	tool := protocol.Tool{Namespace: namespace}
	switch kind := protocol.Kind(v); {
	case kind == "function":
	case kind == "custom":
		tool.Kind = protocol.Custom
	case strings.HasPrefix(kind, "web_search"):
		tool.Kind, tool.Name = protocol.WebSearch, "web_search"
	case kind == "namespace":
		name, _ := scan.String(protocol.Member(v, "name"))
		r.Elements(protocol.Member(v, "tools"), path+".tools", func(path string, v []byte) { r.tool(path, v, name) })
		return
	case hosted[kind]:
		r.p.Tools = append(r.p.Tools, protocol.Tool{Kind: protocol.Hosted, Name: kind})
		return
	default:
		if f := formOf(kind); f != nil && !f.elsewhere(v) {
			r.p.Tools = append(r.p.Tools, f.function(kind))
			return
		}
		r.p.Keep(path + ".type " + kind) // run by OpenAI, or known to its models only
		return
	}
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "type":
		case "name":
			tool.Name = spaced(namespace, r.String(v, path+".name"))
		case "description":
			tool.Description = r.String(v, path+".description")
		case "parameters":
			tool.Schema = v
		case "strict":
			strict := r.Bool(v, path+".strict")
			tool.Strict = &strict
		case "format":
			tool.Grammar = v
		case "filters":
			if list := protocol.Member(v, "allowed_domains"); list != nil {
				tool.Domains = r.Strings(list, path+".filters.allowed_domains")
			}
		case "user_location":
			tool.Location = protocol.ReadLocation(v)
		case "search_context_size", "external_web_access", "search_content_types", "defer_loading", "output_schema", "cache_control":
			r.p.Hint("tools." + name)
		default:
			r.p.Keep(path + "." + name)
		}
	})
	r.p.Tools = append(r.p.Tools, tool)
}

// hosted are the types of tools that OpenAI runs, and that an agent with tools
// of its own can do without.
var hosted = map[string]bool{"image_generation": true, "code_interpreter": true, "tool_search": true, "web_fetch": true}

// spaced is the name of a tool with its namespace.
func spaced(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "__" + name
}

func (r *promptReader) choice(v []byte) {
	c := &r.p.Choice
	if mode, ok := scan.String(v); ok {
		switch mode {
		case "auto":
			c.Mode = protocol.ChoiceAuto
		case "none":
			c.Mode = protocol.ChoiceNone
		case "required":
			c.Mode = protocol.ChoiceAny
		default:
			r.Fail("tool_choice", "tool_choice must be auto, none, required or name a tool")
		}
		return
	}
	name := func(object []byte) string {
		kind := protocol.Kind(object)
		if f := formOf(kind); f != nil {
			return f.name
		}
		if hosted[kind] {
			return kind
		}
		if strings.HasPrefix(kind, "web_search") {
			return "web_search"
		}
		s, _ := scan.String(protocol.Member(object, "name"))
		namespace, _ := scan.String(protocol.Member(object, "namespace"))
		return spaced(namespace, s)
	}
	switch kind := protocol.Kind(v); {
	case kind == "function", kind == "custom", hosted[kind], formOf(kind) != nil, strings.HasPrefix(kind, "web_search"):
		c.Mode, c.Names = protocol.ChoiceTool, []string{name(v)}
	case kind == "allowed_tools":
		if c.Mode = protocol.ChoiceAuto; scan.StringIs(protocol.Member(v, "mode"), "required") {
			c.Mode = protocol.ChoiceAny
		}
		r.Elements(protocol.Member(v, "tools"), "tool_choice.tools", func(_ string, v []byte) { c.Names = append(c.Names, name(v)) })
	default:
		r.p.Keep("tool_choice.type " + kind)
	}
}

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
