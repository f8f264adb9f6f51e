package anthropic

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// webSearch is how the types of all versions of the web search tool begin.
const webSearch = "web_search_"

func (d *decoder) readTools(value []byte, path string) error {
	return elements(value, path, d.readTool)
}

// hosted are how the types of tools begin that the provider runs, and that an
// agent with tools of its own can do without.
var hosted = []string{"web_fetch_", "code_execution_", "tool_search_tool_"}

// readTool reads a tool: one with a schema, one that the client runs too and the
// provider trained its models on, or one that the provider runs.
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview
func (d *decoder) readTool(value []byte, path string) error {
	if len(value) == 0 || value[0] != '{' {
		return protocol.BadRequest(path, "must be an object")
	}
	kind := typeOf(value)
	switch {
	case kind == "", kind == "custom":
		return d.readFunction(value, path)
	case strings.HasPrefix(kind, webSearch):
		return d.readWebSearch(value, path)
	}
	for _, prefix := range hosted {
		if strings.HasPrefix(kind, prefix) {
			d.p.Tools = append(d.p.Tools, protocol.Tool{Kind: protocol.Hosted, Name: memberText(value, "name")})
			return nil
		}
	}
	if of := clientToolOf(kind); of != nil {
		return d.readClientTool(of, kind, value, path)
	}
	d.p.Keep("tools." + kind)
	return nil
}

func (d *decoder) readFunction(value []byte, path string) error {
	t := protocol.Tool{Kind: protocol.Function}
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "name":
			t.Name, err = readText(value, path)
		case "description":
			t.Description, err = readText(value, path)
		case "input_schema":
			t.Schema, err = readObject(value, path)
		case "strict":
			var strict bool
			strict, err = readBool(value, path)
			t.Strict = &strict
		case "cache_control":
			t.Cache, err = d.readCache(value, path)
		case "eager_input_streaming", "input_examples":
			d.p.Hint(unindexed(path))
		case "defer_loading": // others are told at once what a search would find
			return hintIfSet(d, value, path)
		case "allowed_callers":
			return d.readCallers(value, path)
		default:
			d.p.Keep(unindexed(path))
		}
		return err
	})
	if err == nil && t.Name == "" {
		err = protocol.BadRequest(path+".name", "is missing")
	}
	if err == nil && t.Schema == nil {
		err = protocol.BadRequest(path+".input_schema", "is missing")
	}
	d.p.Tools = append(d.p.Tools, t)
	return err
}

// readCallers reads who may call a tool: others know only the model itself.
func (d *decoder) readCallers(value []byte, path string) error {
	callers, err := readTexts(value, path)
	for _, caller := range callers {
		if caller != "direct" {
			d.p.Keep(unindexed(path))
		}
	}
	return err
}

// readWebSearch reads the web search tool.
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-search-tool
func (d *decoder) readWebSearch(value []byte, path string) error {
	t := protocol.Tool{Kind: protocol.WebSearch}
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "name":
			t.Name, err = readText(value, path)
		case "max_uses":
			t.MaxSearches, err = readInt(value, path)
		case "allowed_domains":
			t.Domains, err = readTexts(value, path)
		case "blocked_domains":
			t.NotDomains, err = readTexts(value, path)
		case "user_location":
			t.Location, err = d.readLocation(value, path)
		case "cache_control":
			t.Cache, err = d.readCache(value, path)
		case "allowed_callers":
			return d.readCallers(value, path)
		case "defer_loading":
			return hintIfSet(d, value, path)
		case "strict":
			return nativeIfSet(d, value, path)
		default:
			d.p.Keep(unindexed(path))
		}
		return err
	})
	d.p.Tools = append(d.p.Tools, t)
	return err
}

func (d *decoder) readLocation(value []byte, path string) (*protocol.Location, error) {
	var l protocol.Location
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type": // approximate
		case "city":
			l.City, err = readText(value, path)
		case "region":
			l.Region, err = readText(value, path)
		case "country":
			l.Country, err = readText(value, path)
		case "timezone":
			l.Timezone, err = readText(value, path)
		default:
			d.p.Keep(unindexed(path))
		}
		return err
	})
	return &l, err
}

// choices are the types of a tool choice.
var choices = map[string]protocol.ChoiceMode{
	"auto": protocol.ChoiceAuto, "any": protocol.ChoiceAny, "tool": protocol.ChoiceTool, "none": protocol.ChoiceNone,
}

func (d *decoder) readToolChoice(value []byte, path string) error {
	err := fields(value, path, func(name string, value []byte, path string) error {
		switch name {
		case "type":
			kind, err := readText(value, path)
			mode, known := choices[kind]
			if err == nil && !known {
				err = protocol.BadRequest(path, "must be auto, any, tool or none")
			}
			d.p.Choice.Mode = mode
			return err
		case "name":
			tool, err := readText(value, path)
			d.p.Choice.Names = []string{tool}
			return err
		case "disable_parallel_tool_use":
			off, err := readBool(value, path)
			on := !off
			d.p.Parallel = &on
			return err
		}
		d.p.Keep(path)
		return nil
	})
	if err != nil {
		return err
	}
	c := &d.p.Choice
	switch {
	case c.Mode == protocol.ChoiceUnset:
		return protocol.BadRequest(path+".type", "must be auto, any, tool or none")
	case c.Mode == protocol.ChoiceTool && len(c.Names) == 0:
		return protocol.BadRequest(path+".name", "is missing: the tool to call")
	case c.Mode != protocol.ChoiceTool:
		c.Names = nil
	}
	return nil
}

// isWebSearch reports whether a block is a search that the provider runs.
func isWebSearch(block []byte) bool {
	name := member(block, "name")
	return scan.StringIs(name, "web_search")
}
