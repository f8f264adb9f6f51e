package protocol

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// customSchema is how a tool that takes free text is offered where tools take
// objects only: as one with a single text.
const customSchema = `{"type":"object","properties":{"input":{"type":"string","description":"the whole input of the tool, as it is"}},"required":["input"]}`

// AsFunctions returns the prompt with its free text tools said as functions of
// one text, for formats that know no others. The encoder of the client's format
// turns calls back; see FreeText.
func (p *Prompt) AsFunctions() *Prompt {
	q := *p
	q.Tools = slices.Clone(p.Tools)
	for i := range q.Tools {
		t := &q.Tools[i]
		if t.Kind != Custom {
			continue
		}
		t.Kind, t.Schema = Function, []byte(customSchema)
		if definition, ok := scan.String(Member(t.Grammar, "definition")); ok {
			t.Description = strings.TrimSpace(t.Description + "\n\nThe input must keep to this grammar:\n" + definition)
		}
		t.Grammar = nil
	}
	q.Turns = slices.Clone(p.Turns)
	for i := range q.Turns {
		for j := range q.Turns[i].Parts {
			if call := q.Turns[i].Parts[j].Call; call != nil && call.Custom {
				q.Turns[i].Parts = slices.Clone(q.Turns[i].Parts)
				var w Writer
				w.Open('{')
				w.Text("input", call.Arguments)
				w.Close('}')
				q.Turns[i].Parts[j].Call = &ToolCall{ID: call.ID, Name: call.Name, Arguments: string(w.B)}
			}
		}
	}
	return &q
}

// WithoutSearch returns the prompt without the web search that the provider
// would run, if the model has other tools and need not search: an agent that
// offers it among its own does without.
func (p *Prompt) WithoutSearch() (*Prompt, bool) {
	q := *p
	q.Tools = slices.DeleteFunc(slices.Clone(p.Tools), func(t Tool) bool { return t.Kind == WebSearch })
	free := p.Choice.Mode != ChoiceTool || slices.ContainsFunc(q.Tools, func(t Tool) bool { return t.Name == p.Choice.Names[0] })
	return &q, len(q.Tools) > 0 && len(q.Tools) < len(p.Tools) && free
}

// WithAllowedOnly returns the prompt with only those tools that its choice
// allows, which says the same where a choice can name no more than one.
func (p *Prompt) WithAllowedOnly() *Prompt {
	q := *p
	if q.Choice.Mode == ChoiceTool || len(q.Choice.Names) == 0 {
		return &q
	}
	q.Tools = slices.DeleteFunc(slices.Clone(p.Tools), func(t Tool) bool { return !slices.Contains(p.Choice.Names, t.Name) })
	q.Choice.Names = nil
	return &q
}

// InWords is how an answer in JSON is asked for where there is no such mode
// without a schema.
const InWords = "Answer with one JSON object and nothing else: no other text, no code fence."

// WithJSONInWords returns the prompt with InWords instead of the mode, if it
// asks for that.
func (p *Prompt) WithJSONInWords() (*Prompt, bool) {
	if !p.Output.JSON || p.Output.Schema != nil {
		return p, false
	}
	q := *p
	q.Output.JSON = false
	q.Turns = append([]Turn{{Role: System, Parts: []Part{{Text: InWords}}}}, p.Turns...)
	return &q, true
}

// ToolNamed returns the tool of a name, nil if there is none.
func (p *Prompt) ToolNamed(name string) *Tool {
	if p == nil {
		return nil
	}
	for i := range p.Tools {
		if p.Tools[i].Name == name {
			return &p.Tools[i]
		}
	}
	return nil
}

// FreeText reports whether a call that came with an object is one of a tool
// that takes free text, and what the text is.
func (p *Prompt) FreeText(call *ToolCall) (text string, ok bool) {
	if t := p.ToolNamed(call.Name); call.Custom || t == nil || t.Kind != Custom {
		return "", false
	}
	if text, ok := scan.String(Member([]byte(call.Arguments), "input")); ok {
		return text, true
	}
	return call.Arguments, true
}
