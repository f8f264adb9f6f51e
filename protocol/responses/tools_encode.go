package responses

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

func (w *promptWriter) tools() {
	if len(w.p.Tools) == 0 {
		return
	}
	w.Key("tools")
	w.Open('[')
	for i := range w.p.Tools {
		w.tool(&w.p.Tools[i])
	}
	w.Close(']')
	w.choice()
	if w.p.Parallel != nil {
		w.Key("parallel_tool_calls")
		w.Bool(*w.p.Parallel)
	}
}

func (w *promptWriter) tool(t *protocol.Tool) {
	w.hintIf(t.Cache != "", "cache marks")
	w.Open('{')
	switch t.Kind {
	case protocol.WebSearch:
		w.Text("type", "web_search")
		if len(t.NotDomains) > 0 {
			w.cannot("web search without certain domains")
		}
		w.hintIf(t.MaxSearches > 0, "web_search.max_uses")
		if len(t.Domains) > 0 {
			w.Key("filters")
			w.Open('{')
			w.Key("allowed_domains")
			w.Strings(t.Domains)
			w.Close('}')
		}
		if l := t.Location; l != nil {
			w.Key("user_location")
			w.Open('{')
			w.Text("type", "approximate")
			l.Write(&w.Writer)
			w.Close('}')
		}
	case protocol.Hosted:
		w.cannot("tool " + t.Name)
	case protocol.Custom:
		w.Text("type", "custom")
		w.Text("name", t.Name)
		w.TextIf("description", t.Description)
		w.JSONIf("format", t.Grammar)
	case protocol.Function:
		w.Text("type", "function")
		w.Text("name", t.Name)
		mended, ok := schema.Tool(t.Schema, schemas)
		if !ok {
			w.cannot("schema of the tool " + t.Name)
		}
		w.hintIf(mended.Loose, "tools.schema")
		w.TextIf("description", protocol.Paragraphs(t.Description, mended.Rule))
		w.JSONIf("parameters", mended.Schema)
		wanted := t.Strict != nil && *t.Strict
		strict := wanted && !mended.Loose && schema.Strict(mended.Schema)
		w.hintIf(strict != wanted, "tools.strict")
		// The API takes a tool for strict if nothing is said; the others do not.
		w.Key("strict")
		w.Bool(strict)
	}
	w.Close('}')
}

func (w *promptWriter) choice() {
	c := &w.p.Choice
	mode := map[protocol.ChoiceMode]string{
		protocol.ChoiceAuto: "auto", protocol.ChoiceNone: "none", protocol.ChoiceAny: "required",
	}[c.Mode]
	switch {
	case c.Mode == protocol.ChoiceTool:
		kind := "function"
		if t := w.p.ToolNamed(c.Names[0]); t != nil && t.Kind == protocol.Custom {
			kind = "custom"
		}
		w.Key("tool_choice")
		w.Open('{')
		if c.Names[0] == "web_search" {
			w.Text("type", "web_search")
		} else {
			w.Text("type", kind)
			w.Text("name", c.Names[0])
		}
		w.Close('}')
	case len(c.Names) > 0:
		w.Key("tool_choice")
		w.Open('{')
		w.Text("type", "allowed_tools")
		w.Text("mode", mode)
		w.Key("tools")
		w.Open('[')
		for _, name := range c.Names {
			w.Open('{')
			w.Text("type", "function")
			w.Text("name", name)
			w.Close('}')
		}
		w.Close(']')
		w.Close('}')
	default:
		w.TextIf("tool_choice", mode)
	}
}
