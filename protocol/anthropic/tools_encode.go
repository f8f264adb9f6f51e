package anthropic

import (
	"slices"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

// selectTools takes the tools that may be called. Where a choice allows some
// only, the others are not told: that is how this format says it.
func (e *encoder) selectTools() {
	names := e.p.Choice.Names
	limited := len(names) > 0 && (e.p.Choice.Mode == protocol.ChoiceAuto || e.p.Choice.Mode == protocol.ChoiceAny && len(names) > 1)
	for i := range e.p.Tools {
		t := &e.p.Tools[i]
		if !limited || t.Kind == protocol.WebSearch || t.Kind == protocol.Hosted || slices.Contains(names, t.Name) {
			e.tools = append(e.tools, t)
		}
	}
}

// forced reports whether the model must call a tool.
func (e *encoder) forced() bool {
	return len(e.tools) > 0 && (e.p.Choice.Mode == protocol.ChoiceAny || e.p.Choice.Mode == protocol.ChoiceTool)
}

// writeTools writes tools and tool_choice, which may stand beside tools only.
func (e *encoder) writeTools() error {
	if len(e.tools) == 0 {
		return nil
	}
	e.b = append(key(e.b, "tools"), '[')
	for _, t := range e.tools {
		e.b = append(comma(e.b), '{')
		switch t.Kind {
		case protocol.Custom:
			return e.cannot("custom tool")
		case protocol.Hosted:
			return e.cannot("tool " + t.Name)
		case protocol.WebSearch:
			e.writeWebSearch(t)
		case protocol.Function:
			if err := e.writeFunction(t); err != nil {
				return err
			}
		}
		e.mark(t.Cache)
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, ']')
	return e.writeChoice()
}

func (e *encoder) writeFunction(t tool) error {
	mended, ok := schema.Tool(t.Schema, schema.Target{})
	if !ok {
		return e.cannot("schema of the tool " + t.Name)
	}
	if mended.Loose {
		e.hint("tools.schema")
	}
	input := mended.Schema
	strict := t.Strict != nil && *t.Strict && !mended.Loose
	if strict && !e.model.schemas {
		e.hint("tools.strict")
		strict = false
	}
	if strict {
		closed, err := strictSchema(input)
		if strict = err == nil; strict {
			input = closed
		} else {
			e.hint("tools.strict")
		}
	}
	e.b = text(e.b, "name", t.Name)
	e.b = textIf(e.b, "description", protocol.Paragraphs(t.Description, mended.Rule))
	e.b = raw(e.b, "input_schema", input)
	if strict {
		e.b = raw(e.b, "strict", "true")
	}
	return nil
}

func (e *encoder) writeWebSearch(t tool) {
	e.b = text(e.b, "type", "web_search_20250305") // which all models know
	e.b = text(e.b, "name", "web_search")
	if t.MaxSearches > 0 {
		e.b = whole(e.b, "max_uses", t.MaxSearches)
	}
	if len(t.Domains) > 0 {
		e.b = texts(e.b, "allowed_domains", t.Domains)
	}
	if len(t.NotDomains) > 0 {
		e.b = texts(e.b, "blocked_domains", t.NotDomains)
	}
	if l := t.Location; l != nil {
		e.b = append(key(e.b, "user_location"), '{')
		e.b = text(e.b, "type", "approximate")
		e.b = textIf(e.b, "city", l.City)
		e.b = textIf(e.b, "region", l.Region)
		e.b = textIf(e.b, "country", l.Country)
		e.b = append(textIf(e.b, "timezone", l.Timezone), '}')
	}
}

// writeChoice writes tool_choice.
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use
func (e *encoder) writeChoice() error {
	c := &e.p.Choice
	kind, name := "", ""
	switch c.Mode {
	case protocol.ChoiceUnset:
	case protocol.ChoiceAuto:
		kind = "auto"
	case protocol.ChoiceNone:
		kind = "none"
	case protocol.ChoiceAny:
		kind = "any"
		if len(c.Names) == 1 {
			kind, name = "tool", c.Names[0]
		}
	case protocol.ChoiceTool:
		if len(c.Names) != 1 {
			return e.cannot("tool_choice")
		}
		kind, name = "tool", c.Names[0]
	}
	if (kind == "any" || kind == "tool") && e.model.noForced {
		return e.cannot("tool_choice")
	}
	one := e.p.Parallel != nil && !*e.p.Parallel && kind != "none"
	if kind == "" && one {
		kind = "auto"
	}
	if kind == "" {
		return nil
	}
	e.b = append(key(e.b, "tool_choice"), '{')
	e.b = text(e.b, "type", kind)
	e.b = textIf(e.b, "name", name)
	if one {
		e.b = raw(e.b, "disable_parallel_tool_use", "true")
	}
	e.b = append(e.b, '}')
	return nil
}
