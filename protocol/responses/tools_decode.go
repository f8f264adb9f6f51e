package responses

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

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
