package anthropic

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// This file brings turns into the order that this format demands: the user
// begins, user and assistant alternate, and the results of calls stand first in
// the message right behind the calls.

// item is what becomes a block.
type item struct {
	part  *protocol.Part
	text  string // of a text
	id    string // of a call or result
	cache string
}

// group is what becomes a message.
type group struct {
	role    protocol.Role // User, Assistant or System
	items   []item
	results int // how many of the items, the first, are results
}

// arrange brings the turns into order. System and developer turns at the
// beginning are the system prompt; later ones stay where they are: as system
// messages if the model takes them there, else as text of the user's in the
// tags that Claude Code uses for such words and Claude's models know.
func (e *encoder) arrange() (groups []group, system []item, err error) {
	turns := e.p.Turns
	n := 0
	for n < len(turns) && isSystem(turns[n].Role) {
		n++
	}
	if n == len(turns) && n > 0 {
		n-- // somebody must have said something
	}
	for i := range turns[:n] {
		if system, err = e.items(system, &turns[i], protocol.System); err != nil {
			return nil, nil, err
		}
	}
	for i := range turns[n:] {
		t := &turns[n+i]
		g := group{role: t.Role}
		switch {
		case isSystem(t.Role) && len(turns) == n+1:
			g.role = protocol.User
		case isSystem(t.Role):
			g.role = protocol.System
		}
		if g.items, err = e.items(nil, t, g.role); err != nil {
			return nil, nil, err
		}
		groups = merge(groups, g)
	}
	groups = e.placeSystem(groups)
	groups = placeResults(groups)
	if len(groups) == 0 || groups[0].role != protocol.User {
		e.hint("first turn")
		dot := item{part: &protocol.Part{Kind: protocol.Text}, text: "."}
		groups = append([]group{{role: protocol.User, items: []item{dot}}}, groups...)
	}
	return groups, system, e.checkEnd(groups)
}

func isSystem(r protocol.Role) bool { return r == protocol.System || r == protocol.Developer }

// merge adds a group, to the last if that has the same role.
func merge(groups []group, g group) []group {
	if len(g.items) == 0 {
		return groups
	}
	if last := len(groups) - 1; last >= 0 && groups[last].role == g.role {
		groups[last].items = append(groups[last].items, g.items...)
		return groups
	}
	return append(groups, g)
}

// items takes of a turn what becomes blocks.
func (e *encoder) items(to []item, t *protocol.Turn, role protocol.Role) ([]item, error) {
	blank := "" // white space before the next text
	if t.Name != "" {
		e.hint("name")
	}
	for i := range t.Parts {
		p := &t.Parts[i]
		it := item{part: p, cache: p.Cache}
		switch p.Kind {
		case protocol.Text, protocol.Refusal:
			// "text content blocks must contain non-whitespace text"
			if strings.TrimSpace(p.Text) == "" {
				passMark(to, p.Cache)
				if nextIsText(t.Parts[i+1:]) { // it stands between two, or belongs to the one behind it
					blank += p.Text
				}
				continue
			}
			it.text, blank = blank+p.Text, ""
			if len(p.Citations) > 0 {
				e.hint("citations")
			}
		case protocol.Thought:
			if !e.keepsThought(p) {
				e.hint("thinking history")
				continue
			}
			it.cache = ""
		case protocol.Search:
			if p.Origin != ai.Anthropic || p.Signature == "" {
				e.hint("search history")
				continue
			}
		case protocol.Call:
			it.id = p.Call.ID
		case protocol.Result:
			it.id = p.Back.ID
		case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
			if role != protocol.User {
				return nil, e.cannot("media in a turn that is not the user's")
			}
		}
		if role == protocol.System && it.text == "" {
			return nil, e.cannot("system turn with something else than text")
		}
		if inAnothersTurn(p.Kind, role) {
			return nil, e.cannot("call or result in another's turn")
		}
		to = append(to, it)
	}
	return to, nil
}

// passMark gives the mark for the prompt cache of a part that is left out to the
// item before it.
func passMark(to []item, mark string) {
	last := len(to) - 1
	if last >= 0 && to[last].cache == "" && to[last].part.Kind != protocol.Thought {
		to[last].cache = mark
	}
}

func inAnothersTurn(k protocol.PartKind, role protocol.Role) bool {
	return k == protocol.Call && role != protocol.Assistant || k == protocol.Result && role != protocol.User
}

// nextIsText reports whether the next part that says anything is a text.
func nextIsText(parts []protocol.Part) bool {
	for i := range parts {
		switch p := &parts[i]; {
		case p.Kind != protocol.Text && p.Kind != protocol.Refusal:
			return false
		case strings.TrimSpace(p.Text) != "":
			return true
		}
	}
	return false
}

// keepsThought reports whether a thought is this format's own. Claude's models
// refuse one without a signature; other vendors' give none.
func (e *encoder) keepsThought(p *protocol.Part) bool {
	return p.Origin == ai.Anthropic && (p.Signature != "" || !e.model.claude && !p.Redacted && p.Text != "")
}

// placeSystem keeps system groups where the API takes them: right behind the
// user, and last or before the assistant.
func (e *encoder) placeSystem(groups []group) []group {
	out := groups[:0:0]
	for i, g := range groups {
		if g.role == protocol.System {
			fits := e.model.systems && i > 0 && groups[i-1].role == protocol.User &&
				(i == len(groups)-1 || groups[i+1].role == protocol.Assistant)
			if !fits {
				g = asReminder(g)
			}
		}
		out = merge(out, g)
	}
	return out
}

func asReminder(g group) group {
	items := make([]item, len(g.items))
	for i, it := range g.items {
		it.text = "<system-reminder>\n" + it.text + "\n</system-reminder>"
		items[i] = it
	}
	return group{role: protocol.User, items: items}
}

// checkEnd looks at the last turn. If it is the assistant's, the model is to go
// on with it, which newer ones do not: only after a search that was paused.
func (e *encoder) checkEnd(groups []group) error {
	last := &groups[len(groups)-1]
	if last.role != protocol.Assistant {
		return nil
	}
	it := &last.items[len(last.items)-1]
	switch it.part.Kind {
	case protocol.Search:
		return nil
	case protocol.Call:
		return e.cannot("a last turn with calls that have no results")
	default:
	}
	if e.model.noPrefill {
		return e.cannot("a last turn of the assistant's")
	}
	// "final assistant content cannot end with trailing whitespace"
	it.text = strings.TrimRight(it.text, " \t\r\n")
	return nil
}
