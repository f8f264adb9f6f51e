package openai

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

func (w *promptWriter) tools() {
	var calls []*protocol.Tool
	for i := range w.p.Tools {
		switch t := &w.p.Tools[i]; t.Kind {
		case protocol.WebSearch:
			w.search(t)
		case protocol.Hosted:
			w.cannot("tool " + t.Name)
		default:
			calls = append(calls, t)
		}
	}
	if len(calls) == 0 {
		return
	}
	w.Key("tools")
	w.Open('[')
	for _, t := range calls {
		w.tool(t)
	}
	w.Close(']')
	w.choice()
	if w.p.Parallel != nil {
		w.Key("parallel_tool_calls")
		w.Bool(*w.p.Parallel)
	}
}

func (w *promptWriter) tool(t *protocol.Tool) {
	kind := "function"
	if t.Kind == protocol.Custom {
		if kind = "custom"; !w.traits.own {
			w.cannot("tools " + t.Name + " (free text)")
		}
	}
	mended, ok := schema.Tool(t.Schema, w.traits.schemas())
	if !ok && t.Kind != protocol.Custom {
		w.cannot("schema of the tool " + t.Name)
	}
	w.hintIf(mended.Loose, "tools.schema")
	w.Open('{')
	w.Text("type", kind)
	w.Key(kind)
	w.Open('{')
	w.Text("name", t.Name)
	w.TextIf("description", protocol.Paragraphs(t.Description, mended.Rule))
	if t.Kind == protocol.Custom {
		w.JSONIf("format", t.Grammar)
	} else {
		w.JSONIf("parameters", mended.Schema)
		if t.Strict != nil {
			strict := *t.Strict && !mended.Loose && schema.Strict(mended.Schema)
			w.hintIf(strict != *t.Strict, "tools.strict")
			w.Key("strict")
			w.Bool(strict)
		}
	}
	w.Close('}')
	w.Close('}')
	w.hintIf(t.Cache != "", "cache marks")
}

// search asks for OpenAI's own web search, which has no form of Chat
// Completions but on its search models.
func (w *promptWriter) search(t *protocol.Tool) {
	if len(t.Domains)+len(t.NotDomains) > 0 {
		w.cannot("web search on certain domains")
	}
	w.hintIf(t.MaxSearches > 0, "web_search.max_uses")
	if !strings.Contains(w.model, "search") { // gpt-4o-search-preview, gpt-5-search-api, sonar and others need not be asked
		w.cannot("web search on this model")
	}
	w.Key("web_search_options")
	w.Open('{')
	if l := t.Location; l != nil {
		w.Key("user_location")
		w.Open('{')
		w.Text("type", "approximate")
		w.Key("approximate")
		w.Open('{')
		l.Write(&w.Writer)
		w.Close('}')
		w.Close('}')
	}
	w.Close('}')
}

func (w *promptWriter) choice() {
	c := &w.p.Choice
	if len(c.Names) > 0 && c.Mode != protocol.ChoiceTool {
		w.allowed()
		return
	}
	switch c.Mode {
	case protocol.ChoiceUnset:
	case protocol.ChoiceAuto:
		w.Text("tool_choice", "auto")
	case protocol.ChoiceNone:
		w.Text("tool_choice", "none")
	case protocol.ChoiceAny:
		w.Text("tool_choice", "required")
	case protocol.ChoiceTool:
		kind := "function"
		if i := slices.IndexFunc(w.p.Tools, func(t protocol.Tool) bool { return t.Name == c.Names[0] }); i >= 0 && w.p.Tools[i].Kind == protocol.Custom {
			kind = "custom"
		}
		w.Key("tool_choice")
		w.Open('{')
		w.Text("type", kind)
		w.Key(kind)
		w.Open('{')
		w.Text("name", c.Names[0])
		w.Close('}')
		w.Close('}')
	}
}

// allowed limits the tools to some of them.
func (w *promptWriter) allowed() {
	if !w.traits.own {
		w.cannot("tool_choice allowed tools")
	}
	mode := "auto"
	if w.p.Choice.Mode == protocol.ChoiceAny {
		mode = "required"
	}
	w.Key("tool_choice")
	w.Open('{')
	w.Text("type", "allowed_tools")
	w.Key("allowed_tools")
	w.Open('{')
	w.Text("mode", mode)
	w.Key("tools")
	w.Open('[')
	for _, name := range w.p.Choice.Names {
		w.Open('{')
		w.Text("type", "function")
		w.Key("function")
		w.Open('{')
		w.Text("name", name)
		w.Close('}')
		w.Close('}')
	}
	w.Close(']')
	w.Close('}')
	w.Close('}')
}
