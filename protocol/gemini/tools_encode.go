package gemini

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

func (e *encoder) tools() error {
	var functions []outFunction
	search := false
	for i := range e.p.Tools {
		t := &e.p.Tools[i]
		if t.Cache != "" {
			e.hint("cache marks")
		}
		switch t.Kind {
		case protocol.Function:
			if t.Strict != nil && *t.Strict {
				e.hint("tools.strict")
			}
			made, err := e.function(t)
			if err != nil {
				return err
			}
			functions = append(functions, made)
		case protocol.WebSearch:
			search = true
			if err := e.search(t); err != nil {
				return err
			}
		case protocol.Hosted:
			return e.cannot("tool " + t.Name)
		default:
			return e.cannot("custom tool")
		}
	}
	if len(functions) > 0 {
		e.out.Tools = append(e.out.Tools, outTool{FunctionDeclarations: functions})
	}
	if !search {
		return nil
	}
	e.out.Tools = append(e.out.Tools, outTool{GoogleSearch: new(struct{})})
	if len(functions) > 0 {
		// https://ai.google.dev/gemini-api/docs/tool-combination
		if e.model.version < 30 {
			return e.cannot("web search together with functions")
		}
		e.out.ToolConfig = &outToolConfig{ServerSide: true}
	}
	return nil
}

// function writes a tool. One without a schema takes nothing.
func (e *encoder) function(t *protocol.Tool) (outFunction, error) {
	made := outFunction{Name: t.Name, Description: t.Description}
	if t.Schema == nil {
		return made, nil
	}
	mended, ok := schema.Tool(t.Schema, schema.Target{OneType: true})
	if !ok || !isObject(mended.Schema) {
		return made, e.cannot("schema of the tool " + t.Name)
	}
	if mended.Loose {
		e.hint("tools.schema")
	}
	made.Description, made.Schema = protocol.Paragraphs(t.Description, mended.Rule), mended.Schema
	return made, nil
}

func (e *encoder) search(t *protocol.Tool) error {
	if len(t.Domains)+len(t.NotDomains) > 0 {
		return e.cannot("web search with domains")
	}
	if t.MaxSearches > 0 {
		e.hint("web_search.max_uses")
	}
	if t.Location != nil {
		e.hint("web_search.user_location")
	}
	return nil
}

func (e *encoder) choice() error {
	c := &e.p.Choice
	to := &outCalling{}
	switch c.Mode {
	case protocol.ChoiceUnset:
		return nil
	case protocol.ChoiceAuto:
		to.Mode = "AUTO"
		if len(c.Names) > 0 { // AUTO takes no names
			to.Mode, to.Allowed = "VALIDATED", c.Names
		}
	case protocol.ChoiceNone:
		to.Mode = "NONE"
	case protocol.ChoiceAny:
		to.Mode, to.Allowed = "ANY", c.Names
	case protocol.ChoiceTool:
		to.Mode, to.Allowed = "ANY", c.Names[:min(len(c.Names), 1)]
	}
	if len(e.out.Tools) == 0 || len(e.out.Tools[0].FunctionDeclarations) == 0 {
		if to.Mode == "ANY" {
			return e.cannot("tool_choice without functions")
		}
		return nil
	}
	if e.out.ToolConfig == nil {
		e.out.ToolConfig = new(outToolConfig)
	}
	e.out.ToolConfig.Calling = to
	return nil
}
