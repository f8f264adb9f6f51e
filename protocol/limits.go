package protocol

import (
	"slices"
)

// This file fits names and ids to what a target takes of them. A name that is
// too long, or has a letter that is refused, gets a short one with a hash in it:
// the same in tools, history and tool choice, and on every turn, node and start.
// Answers are told by the client's own names again; see Names.

// Limits are what a target takes of names and ids. The zero value takes all.
type Limits struct {
	Tools  NameRule // the names of tools
	Calls  NameRule // the ids of calls
	Schema NameRule // the name of the answer's schema
}

// Names are the client's names of tools by those that a target was told instead.
// Nil if it was told all as they are.
type Names map[string]string

// Original is the client's name of a tool.
func (n Names) Original(name string) string {
	if original, ok := n[name]; ok {
		return original
	}
	return name
}

// Fit returns the prompt with names and ids that the target takes, and how the
// names are told back. It is the prompt itself if all are.
func (p *Prompt) Fit(l Limits) (*Prompt, Names) {
	tools, calls := p.names(), p.callIDs()
	newNames, newIDs := fitAll(&l.Tools, tools), fitAll(&l.Calls, calls)
	schema := p.Output.Name
	if schema != "" && !l.Schema.allows(schema) {
		schema = l.Schema.fit(schema, 0)
	}
	if newNames == nil && newIDs == nil && schema == p.Output.Name {
		return p, nil
	}
	q := *p
	q.Output.Name = schema
	if newNames != nil {
		q.Tools = slices.Clone(p.Tools)
		for i := range q.Tools {
			if t := &q.Tools[i]; t.isCalled() {
				t.Name = replaced(newNames, t.Name)
			}
		}
		q.Choice.Names = slices.Clone(p.Choice.Names)
		for i, name := range q.Choice.Names {
			q.Choice.Names[i] = replaced(newNames, name)
		}
	}
	q.Turns = slices.Clone(p.Turns)
	for i := range q.Turns {
		q.Turns[i].Parts = fitParts(q.Turns[i].Parts, newNames, newIDs)
	}
	var back Names
	if newNames != nil {
		back = make(Names, len(newNames))
		for name, fitted := range newNames {
			back[fitted] = name
		}
	}
	return &q, back
}

// fitParts returns parts with calls and results that are named anew.
func fitParts(parts []Part, names, ids map[string]string) []Part {
	cloned := false
	for i := range parts {
		call, back := parts[i].Call, parts[i].Back
		if call == nil && back == nil {
			continue
		}
		if !cloned {
			parts, cloned = slices.Clone(parts), true
		}
		if call != nil {
			fitted := *call
			fitted.Name, fitted.ID = replaced(names, call.Name), replaced(ids, call.ID)
			parts[i].Call = &fitted
		}
		if back != nil {
			fitted := *back
			fitted.Name, fitted.ID = replaced(names, back.Name), replaced(ids, back.ID)
			parts[i].Back = &fitted
		}
	}
	return parts
}

func replaced(by map[string]string, name string) string {
	if fitted, ok := by[name]; ok {
		return fitted
	}
	return name
}

// isCalled reports whether the client calls the tool by its name.
func (t *Tool) isCalled() bool { return t.Kind == Function || t.Kind == Custom }

// names are the names of tools, in tools, history and choice, each once.
func (p *Prompt) names() []string {
	var names []string
	for i := range p.Tools {
		if p.Tools[i].isCalled() {
			names = append(names, p.Tools[i].Name)
		}
	}
	for i := range p.Turns {
		for j := range p.Turns[i].Parts {
			switch part := &p.Turns[i].Parts[j]; {
			case part.Call != nil:
				names = append(names, part.Call.Name)
			case part.Back != nil && part.Back.Name != "":
				names = append(names, part.Back.Name)
			}
		}
	}
	return unique(names)
}

// callIDs are the ids of calls and results, each once.
func (p *Prompt) callIDs() []string {
	var ids []string
	for i := range p.Turns {
		for j := range p.Turns[i].Parts {
			switch part := &p.Turns[i].Parts[j]; {
			case part.Call != nil && part.Call.ID != "":
				ids = append(ids, part.Call.ID)
			case part.Back != nil && part.Back.ID != "":
				ids = append(ids, part.Back.ID)
			}
		}
	}
	return unique(ids)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// fitAll returns, of sorted names, what those that the rule refuses are called
// instead; nil if it refuses none. No two are called the same.
func fitAll(r *NameRule, names []string) map[string]string {
	var fitted map[string]string
	taken := make(map[string]bool, 1)
	for _, name := range names {
		if r.allows(name) {
			continue
		}
		if fitted == nil {
			fitted = make(map[string]string)
			for _, other := range names {
				taken[other] = true
			}
		}
		for attempt := 0; ; attempt++ {
			short := r.fit(name, attempt)
			if !taken[short] {
				fitted[name], taken[short] = short, true
				break
			}
		}
	}
	return fitted
}
