package openai

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// hosted are the types of tools that a vendor of this format runs, and that an
// agent with tools of its own can do without.
var hosted = map[string]bool{
	"image_generation": true, "code_interpreter": true, "web_fetch": true, "tool_search": true, "code_execution": true,
	"openrouter:web_fetch": true, "openrouter:image_generation": true, "openrouter:datetime": true,
}

func (r *promptReader) tool(path string, v []byte) {
	before := len(r.p.Tools)
	defer func() {
		if mark := protocol.Member(v, "cache_control"); mark != nil && len(r.p.Tools) > before { // where OpenRouter and LiteLLM take it
			r.p.Tools[before].Cache = lifetime(mark)
		}
	}()
	switch kind := protocol.Kind(v); kind {
	case "function", "":
		if inner := protocol.Member(v, "function"); inner != nil {
			r.function(path+".function", inner)
		} else {
			r.Fail(path+".function", path+".function is missing")
		}
	case "custom":
		tool := protocol.Tool{Kind: protocol.Custom}
		r.Each(protocol.Member(v, "custom"), path+".custom", func(name string, v []byte) {
			switch name {
			case "name":
				tool.Name = r.String(v, path)
			case "description":
				tool.Description = r.String(v, path)
			case "format":
				tool.Grammar = v
			default:
				r.p.Keep(path + "." + name)
			}
		})
		r.p.Tools = append(r.p.Tools, tool)
	case "openrouter:web_search", "web_search", "web_search_preview":
		r.p.Tools = append(r.p.Tools, protocol.Tool{Kind: protocol.WebSearch, Name: "web_search"})
	default:
		if hosted[kind] {
			r.p.Tools = append(r.p.Tools, protocol.Tool{Kind: protocol.Hosted, Name: kind})
			return
		}
		r.p.Keep(path + ".type " + kind)
	}
}

func (r *promptReader) function(path string, v []byte) {
	var tool protocol.Tool
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "name":
			tool.Name = r.String(v, path+".name")
		case "description":
			tool.Description = r.String(v, path+".description")
		case "parameters":
			tool.Schema = v
		case "strict":
			strict := r.Bool(v, path+".strict")
			tool.Strict = &strict
		case "cache_control":
			tool.Cache = lifetime(v)
		default:
			r.p.Hint("tools." + name)
		}
	})
	r.p.Tools = append(r.p.Tools, tool)
}

func (r *promptReader) choice(v []byte) {
	c := &r.p.Choice
	if mode, ok := scan.String(v); ok {
		switch mode {
		case "auto":
			c.Mode = protocol.ChoiceAuto
		case "none":
			c.Mode = protocol.ChoiceNone
		case "required", "any": // any: Mistral
			c.Mode = protocol.ChoiceAny
		default:
			r.Fail("tool_choice", "tool_choice must be auto, none, required or name a tool")
		}
		return
	}
	name := func(object []byte) string {
		s, _ := scan.String(protocol.Member(object, "name"))
		return s
	}
	switch kind := protocol.Kind(v); kind {
	case "function", "custom":
		c.Mode, c.Names = protocol.ChoiceTool, []string{name(protocol.Member(v, kind))}
	case "": // function_call, or a type left out
		if inner := protocol.Member(v, "function"); inner != nil {
			v = inner
		}
		c.Mode, c.Names = protocol.ChoiceTool, []string{name(v)}
	case "allowed_tools":
		inner := protocol.Member(v, "allowed_tools")
		if c.Mode = protocol.ChoiceAuto; scan.StringIs(protocol.Member(inner, "mode"), "required") {
			c.Mode = protocol.ChoiceAny
		}
		r.Elements(protocol.Member(inner, "tools"), "tool_choice.tools", func(_ string, v []byte) {
			c.Names = append(c.Names, name(protocol.Member(v, "function")))
		})
	default:
		if hosted[kind] || strings.HasPrefix(kind, "web_search") {
			c.Mode, c.Names = protocol.ChoiceTool, []string{kind}
			return
		}
		r.p.Keep("tool_choice.type " + kind)
	}
}

func (r *promptReader) search(v []byte) {
	tool := protocol.Tool{Kind: protocol.WebSearch, Name: "web_search"}
	if at := protocol.Member(protocol.Member(v, "user_location"), "approximate"); at != nil {
		tool.Location = protocol.ReadLocation(at)
	}
	r.p.Tools = append(r.p.Tools, tool)
}
