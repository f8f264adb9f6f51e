package anthropic

import (
	"github.com/ccload/ccload/protocol"
)

// plan is how much is thought and written.
type plan struct {
	most   int64  // max_tokens
	kind   string // thinking.type, "" for none
	budget int64
	effort string
}

// minBudget is the least budget of thinking.
// https://docs.claude.com/en/docs/build-with-claude/extended-thinking
const minBudget = 1024

// planThinking decides on max_tokens, which is required here, and on thinking,
// which counts towards it.
func (e *encoder) planThinking(groups []group) plan {
	t, m := &e.p.Thinking, &e.model
	pl := plan{most: e.p.MaxOutput}
	if pl.most <= 0 {
		pl.most = m.most
	} else if m.claude && pl.most > m.most {
		e.hint("max_tokens above the model's most")
		pl.most = m.most
	}
	switch {
	case t.Mode == protocol.ThinkingOff:
		e.planOff(&pl)
	case m.wantsThoughts && !thoughtOf(groups):
		e.hint("thinking")
		pl.kind = "disabled"
	case t.Mode == protocol.ThinkingOn && !m.thinks:
		e.hint("thinking")
	case t.Mode == protocol.ThinkingOn && m.adaptive && e.forced() && !m.alwaysOn:
		// "Thinking may not be enabled when tool_choice forces tool use."
		e.hint("thinking")
		pl.kind, pl.effort = "disabled", t.Effort
	case t.Mode == protocol.ThinkingOn && m.adaptive:
		pl.kind = "adaptive"
		pl.effort = t.Effort
		if pl.effort == "" {
			pl.effort = protocol.EffortOf(t.Budget)
		}
	case t.Mode == protocol.ThinkingOn:
		e.planBudget(&pl, groups)
		if len(m.efforts) > 0 && t.Budget > 0 { // Opus 4.5 takes both
			pl.effort = t.Effort
		}
	default:
		pl.effort = t.Effort
	}
	if want := pl.effort; want != "" {
		if pl.effort = protocol.EffortUpTo(want, m.efforts...); pl.effort != want {
			e.hint("thinking.effort")
		}
	}
	if pl.kind == "disabled" && m.offLimit && (pl.effort == "xhigh" || pl.effort == "max") {
		pl.effort = "high"
	}
	return pl
}

// planOff plans without thinking: as little as may be where it cannot be
// without.
func (e *encoder) planOff(pl *plan) {
	switch {
	case e.model.alwaysOn:
		e.hint("thinking off")
		pl.effort = "low"
		return
	case e.model.thinks:
		pl.kind = "disabled"
	}
	pl.effort = e.p.Thinking.Effort
}

// planBudget plans thinking by a number of tokens, less than max_tokens.
func (e *encoder) planBudget(pl *plan, groups []group) {
	t := &e.p.Thinking
	if pl.most <= minBudget || e.forced() || !mayThink(groups) {
		// Thinking that fits nowhere, "thinking may not be enabled when
		// tool_choice forces tool use", "expected thinking or
		// redacted_thinking": the API refuses the request.
		e.hint("thinking")
		return
	}
	pl.kind, pl.budget = "enabled", t.Budget
	if pl.budget <= 0 {
		pl.budget = protocol.BudgetOf(t.Effort)
	}
	if pl.budget <= 0 {
		pl.budget = protocol.BudgetOf("medium")
	}
	pl.budget = max(pl.budget, minBudget)
	if pl.budget >= pl.most {
		e.hint("thinking.budget")
		pl.budget = max(minBudget, pl.most-pl.most/4) // leave some for the answer
	}
}

// thoughtOf reports whether all calls came of thoughts: those of another model,
// which the conversation began with, did not.
func thoughtOf(groups []group) bool {
	for i := range groups {
		thought := false
		for _, it := range groups[i].items {
			switch it.part.Kind {
			case protocol.Thought:
				thought = true
			case protocol.Call:
				if !thought {
					return false
				}
			default:
			}
		}
	}
	return true
}

// mayThink reports whether thinking may be on by a budget: if the conversation
// stands in the middle of calls, or of an answer, the assistant must have begun
// it with a thought.
func mayThink(groups []group) bool {
	last := len(groups) - 1
	for last >= 0 && groups[last].role == protocol.System {
		last--
	}
	if last >= 0 && groups[last].role == protocol.User && groups[last].results > 0 {
		last--
	}
	if last < 0 || groups[last].role != protocol.Assistant {
		return true
	}
	return groups[last].items[0].part.Kind == protocol.Thought
}

// writeThinking writes thinking. What of it is shown matters only where some
// is.
func (e *encoder) writeThinking(pl *plan) {
	if pl.kind == "" {
		return
	}
	e.b = append(key(e.b, "thinking"), '{')
	e.b = text(e.b, "type", pl.kind)
	if pl.kind == "enabled" {
		e.b = whole(e.b, "budget_tokens", pl.budget)
	}
	if show := e.p.Thinking.Show; show != "" && pl.kind != "disabled" {
		switch {
		case !e.model.display:
			e.hint("thinking.display")
		case show == "none":
			e.b = text(e.b, "display", "omitted")
		default:
			e.b = text(e.b, "display", "summarized")
		}
	}
	e.b = append(e.b, '}')
}
