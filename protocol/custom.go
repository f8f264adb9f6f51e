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

// Without returns the prompt without the tools of some kinds, which the provider
// would run, if the model has others and need not call one of these: an agent
// that offers them among its own does without. left are their names.
func (p *Prompt) Without(kinds ...ToolKind) (q *Prompt, left []string, ok bool) {
	gone := func(t *Tool) bool { return slices.Contains(kinds, t.Kind) }
	cut := *p
	cut.Tools = nil
	for i := range p.Tools {
		t := &p.Tools[i]
		if !gone(t) {
			cut.Tools = append(cut.Tools, *t)
			continue
		}
		name := "tools." + t.Name
		if t.Kind == WebSearch {
			name = "web search"
		}
		left = addOnce(left, name)
	}
	if len(left) == 0 || len(cut.Tools) == 0 {
		return p, nil, false
	}
	if len(p.Choice.Names) > 0 { // some of those that are left must be allowed
		cut.Choice.Names = slices.DeleteFunc(slices.Clone(p.Choice.Names), func(name string) bool {
			return !slices.ContainsFunc(cut.Tools, func(t Tool) bool { return t.Name == name })
		})
		if len(cut.Choice.Names) == 0 {
			return p, nil, false
		}
	}
	return &cut, left, true
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

// InWords is how an answer in JSON is asked for where there is no such mode.
const InWords = "Answer with one JSON object and nothing else: no other text, no code fence."

// WithFormInWords returns the prompt with the form of its answer asked for in
// words instead of by a mode, if it asks for one.
func (p *Prompt) WithFormInWords() (*Prompt, bool) {
	if !p.Output.JSON {
		return p, false
	}
	words := InWords
	if p.Output.Schema != nil {
		words += " It keeps to this JSON schema:\n" + string(p.Output.Schema)
	}
	q := *p
	q.Output = Output{Verbosity: p.Output.Verbosity}
	q.Turns = append([]Turn{{Role: System, Parts: []Part{{Text: words}}}}, p.Turns...)
	return &q, true
}

// AnswerTool is the tool whose arguments are the answer: see WithFormByTool.
const AnswerTool = "answer"

// WithFormByTool returns the prompt with a tool that the model must call, whose
// arguments are the answer in the form that is asked for. That is possible where
// the model has no other tools and the answer is an object. Thinking does not go
// with it: see Prompt.Forced.
func (p *Prompt) WithFormByTool() (*Prompt, bool) {
	o := &p.Output
	if o.Schema == nil || len(p.Tools) > 0 || p.Thinking.Mode == ThinkingOn || !scan.StringIs(Member(o.Schema, "type"), "object") {
		return p, false
	}
	q := *p
	q.Output = Output{Verbosity: o.Verbosity}
	q.Tools = []Tool{{Name: AnswerTool, Description: Paragraphs("Takes the whole answer.", o.About), Schema: o.Schema, Strict: o.Strict}}
	q.Choice = ToolChoice{Mode: ChoiceTool, Names: []string{AnswerTool}}
	one := false
	q.Parallel = &one
	return &q, true
}

// Forced reports whether the model must call a tool.
func (p *Prompt) Forced() bool {
	return len(p.Tools) > 0 && (p.Choice.Mode == ChoiceAny || p.Choice.Mode == ChoiceTool)
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
