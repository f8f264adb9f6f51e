package anthropic

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// promptReader reads one request.
type promptReader struct {
	protocol.Reader
	p *protocol.Prompt
}

// DecodePrompt reads a request to /v1/messages
// (https://docs.anthropic.com/en/api/messages).
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	r := promptReader{p: &protocol.Prompt{Model: in.Model, Stream: in.Stream, WantsUsage: true}}
	p := r.p
	var system, messages, choice []byte
	r.Each(in.Body, "", func(name string, v []byte) {
		switch name {
		case "model":
			p.Model = r.String(v, name)
		case "stream":
			p.Stream = r.Bool(v, name)
		case "system":
			system = v
		case "messages":
			messages = v
		case "max_tokens":
			p.MaxOutput = r.Int(v, name)
		case "temperature":
			p.Temperature = r.Float(v, name)
		case "top_p":
			p.TopP = r.Float(v, name)
		case "top_k":
			n := r.Int(v, name)
			p.TopK = &n
		case "stop_sequences":
			p.Stop = r.Strings(v, name)
		case "tools":
			r.Elements(v, name, r.tool)
		case "tool_choice":
			choice = v
		case "thinking":
			r.thinking(v)
		case "output_config":
			r.outputConfig(v)
		case "output_format":
			r.output(v, name)
		case "service_tier":
			if tier := r.String(v, name); tier == "standard_only" {
				p.Tier = "default"
			}
		case "metadata":
			p.User, _ = scan.String(protocol.Member(v, "user_id"))
		case "cache_control", "inference_geo", "betas", "anthropic_version":
			p.Hint(name)
		case "context_management":
			// It trims the conversation where it would be too long; a shorter
			// memory of tools is no other meaning.
			p.Hint(name)
		default: // container, mcp_servers, speed and what is not known here
			p.Keep(name)
		}
	})
	if system != nil {
		r.system(system)
	}
	if messages == nil && r.Err == nil {
		r.Fail("messages", "messages: Field required")
	}
	r.Elements(messages, "messages", r.message)
	if choice != nil {
		r.choice(choice)
	}
	return p, r.Err
}

func (r *promptReader) system(v []byte) {
	turn := protocol.Turn{Role: protocol.System}
	turn.Parts = r.content(v, "system")
	if len(turn.Parts) > 0 {
		r.p.Turns = append(r.p.Turns, turn)
	}
}

func (r *promptReader) message(path string, v []byte) {
	var turn protocol.Turn
	var content []byte
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "role":
			switch role := r.String(v, path+".role"); role {
			case "user":
			case "assistant":
				turn.Role = protocol.Assistant
			case "system": // Claude Code writes it within messages
				turn.Role = protocol.System
			default:
				r.Fail(path+".role", path+`.role: must be "user" or "assistant"`)
			}
		case "content":
			content = v
		default:
			r.p.Keep(path + "." + name)
		}
	})
	if content == nil {
		r.Fail(path+".content", path+".content: Field required")
		return
	}
	turn.Parts = r.content(content, path+".content")
	r.p.Turns = append(r.p.Turns, turn)
}

// content reads a text, or blocks.
func (r *promptReader) content(v []byte, path string) []protocol.Part {
	if text, ok := scan.String(v); ok {
		return []protocol.Part{{Kind: protocol.Text, Text: text}}
	}
	var parts []protocol.Part
	r.Elements(v, path, func(path string, v []byte) {
		if part, ok := r.block(path, v); ok {
			parts = append(parts, part)
		}
	})
	return parts
}

// block reads one block; ok is false for one that the neutral form has no part
// for, which is noted.
func (r *promptReader) block(path string, v []byte) (part protocol.Part, ok bool) {
	kind := protocol.Kind(v)
	switch kind {
	case "text":
		part.Kind = protocol.Text
	case "image":
		part.Kind, part.Media = protocol.Image, new(protocol.Media)
	case "document":
		part.Kind, part.Media = protocol.Document, new(protocol.Media)
	case "tool_use":
		part.Kind, part.Call = protocol.Call, new(protocol.ToolCall)
	case "tool_result":
		part.Kind, part.Back = protocol.Result, new(protocol.ToolResult)
	case "thinking", "redacted_thinking":
		part.Kind, part.Redacted = protocol.Thought, kind == "redacted_thinking"
	case "server_tool_use", "web_search_tool_result":
		if kind == "web_search_tool_result" || scan.StringIs(protocol.Member(v, "name"), "web_search") {
			r.p.Hint("search history") // the text that came of it is there
			return part, false
		}
		fallthrough
	default:
		r.p.Keep(path + ".type " + kind)
		return part, false
	}
	signature := ""
	r.Each(v, path, func(name string, v []byte) {
		switch {
		case name == "type":
		case name == "cache_control":
			part.Cache = cacheTTL(v)
		case name == "text" && kind == "text", name == "thinking" && kind == "thinking":
			part.Text = r.String(v, path+"."+name)
		case name == "signature" && kind == "thinking", name == "data" && kind == "redacted_thinking":
			signature = r.String(v, path+"."+name)
		case name == "source" && part.Media != nil:
			r.source(v, path+".source", part.Media)
		case name == "title" && part.Media != nil:
			part.Media.Name = r.String(v, path+"."+name)
		case name == "citations":
			r.citations(v, &part)
		case name == "context" && part.Media != nil, name == "caller":
			r.p.Hint(path + "." + name)
		case part.Call != nil:
			r.call(name, v, path, part.Call)
		case part.Back != nil:
			r.result(name, v, path, part.Back)
		default:
			r.p.Keep(path + "." + name)
		}
	})
	if part.Kind == protocol.Thought {
		part.Unseal(signature, ai.Anthropic)
	}
	if part.Back != nil && part.Back.ID == "" {
		r.Fail(path+".tool_use_id", path+".tool_use_id: Field required")
	}
	return part, true
}

func (r *promptReader) call(name string, v []byte, path string, call *protocol.ToolCall) {
	switch name {
	case "id":
		call.ID = protocol.OriginalID(r.String(v, path+".id"))
	case "name":
		call.Name = r.String(v, path+".name")
	case "input":
		call.Arguments = string(v)
	default:
		r.p.Keep(path + "." + name)
	}
}

func (r *promptReader) result(name string, v []byte, path string, result *protocol.ToolResult) {
	switch name {
	case "tool_use_id":
		result.ID = protocol.OriginalID(r.String(v, path+"."+name))
	case "content":
		result.Parts = r.content(v, path+".content")
	case "is_error":
		result.Error = r.Bool(v, path+"."+name)
	default:
		r.p.Keep(path + "." + name)
	}
}

// source reads where the bytes of an image or document are.
func (r *promptReader) source(v []byte, path string, m *protocol.Media) {
	kind := protocol.Kind(v)
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "type":
		case "media_type":
			m.Type = r.String(v, path+"."+name)
		case "data":
			if kind == "text" {
				m.Plain = r.String(v, path+"."+name)
			} else {
				m.Data = r.String(v, path+"."+name)
			}
		case "url":
			m.URL = r.String(v, path+"."+name)
		case "file_id":
			m.FileID = r.String(v, path+"."+name)
			r.p.Keep(path + "." + name) // nobody else has the file
		default: // content: a document made of blocks
			r.p.Keep(path + "." + name)
		}
	})
}

// citations are asked for in a document, and told in a text.
func (r *promptReader) citations(v []byte, part *protocol.Part) {
	if part.Media != nil {
		if on, _ := scan.Bool(protocol.Member(v, "enabled")); on {
			r.p.Keep("citations")
		}
		return
	}
	part.Citations = readCitations(v)
}

// cacheTTL is the lifetime that a cache_control asks for.
func cacheTTL(v []byte) string {
	if ttl, _ := scan.String(protocol.Member(v, "ttl")); ttl != "" {
		return ttl
	}
	return "5m"
}

// tool reads one tool. Of those that Anthropic runs, or knows the form of, only
// the web search has an equal elsewhere.
func (r *promptReader) tool(path string, v []byte) {
	tool := protocol.Tool{}
	kind := protocol.Kind(v)
	switch {
	case kind == "" || kind == "custom":
	case strings.HasPrefix(kind, "web_search_"):
		tool.Kind = protocol.WebSearch
	default:
		r.p.Keep(path + ".type " + kind)
		return
	}
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "type":
		case "name":
			tool.Name = r.String(v, path+".name")
		case "description":
			tool.Description = r.String(v, path+".description")
		case "input_schema":
			tool.Schema = v
		case "strict":
			strict := r.Bool(v, path+".strict")
			tool.Strict = &strict
		case "cache_control":
			tool.Cache = cacheTTL(v)
		case "max_uses":
			tool.MaxSearches = r.Int(v, path+".max_uses")
		case "allowed_domains":
			tool.Domains = r.Strings(v, path+"."+name)
		case "blocked_domains":
			tool.NotDomains = r.Strings(v, path+"."+name)
		case "user_location":
			tool.Location = location(v)
		case "eager_input_streaming", "input_examples", "defer_loading", "allowed_callers", "response_inclusion":
			r.p.Hint("tools." + name)
		default:
			r.p.Keep(path + "." + name)
		}
	})
	r.p.Tools = append(r.p.Tools, tool)
}

func location(v []byte) *protocol.Location {
	get := func(name string) string {
		s, _ := scan.String(protocol.Member(v, name))
		return s
	}
	return &protocol.Location{City: get("city"), Region: get("region"), Country: get("country"), Timezone: get("timezone")}
}

func (r *promptReader) choice(v []byte) {
	c := &r.p.Choice
	switch kind := protocol.Kind(v); kind {
	case "auto":
		c.Mode = protocol.ChoiceAuto
	case "any":
		c.Mode = protocol.ChoiceAny
	case "none":
		c.Mode = protocol.ChoiceNone
	case "tool":
		c.Mode = protocol.ChoiceTool
		name, _ := scan.String(protocol.Member(v, "name"))
		c.Names = []string{name}
	default:
		r.Fail("tool_choice.type", `tool_choice.type: must be "auto", "any", "tool" or "none"`)
	}
	if v := protocol.Member(v, "disable_parallel_tool_use"); v != nil {
		parallel := !r.Bool(v, "tool_choice.disable_parallel_tool_use")
		r.p.Parallel = &parallel
	}
}

func (r *promptReader) thinking(v []byte) {
	t := &r.p.Thinking
	r.Each(v, "thinking", func(name string, v []byte) {
		switch name {
		case "type":
			switch kind := r.String(v, "thinking.type"); kind {
			case "enabled", "adaptive":
				t.Mode = protocol.ThinkingOn
			case "disabled":
				t.Mode = protocol.ThinkingOff
			default:
				r.Fail("thinking.type", `thinking.type: must be "enabled", "adaptive" or "disabled"`)
			}
		case "budget_tokens":
			t.Budget = r.Int(v, "thinking.budget_tokens")
		case "display":
			if t.Show = "summary"; scan.StringIs(v, "omitted") {
				t.Show = "none"
			}
		default:
			r.p.Keep("thinking." + name)
		}
	})
}

func (r *promptReader) outputConfig(v []byte) {
	r.Each(v, "output_config", func(name string, v []byte) {
		switch name {
		case "effort":
			r.p.Thinking.Effort = r.String(v, "output_config.effort")
		case "format":
			r.output(v, "output_config.format")
		default:
			r.p.Keep("output_config." + name)
		}
	})
}

func (r *promptReader) output(v []byte, path string) {
	if kind := protocol.Kind(v); kind != "json_schema" {
		r.p.Keep(path + ".type " + kind)
		return
	}
	r.p.Output.JSON, r.p.Output.Schema = true, protocol.Member(v, "schema")
}
