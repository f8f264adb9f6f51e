package routing

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// Exclusion is a candidate that may not be picked now, and why.
type Exclusion struct {
	Index  int // in the candidates of its step
	Reason ai.Reason
	Ready  health.Readiness // until when, if something cools down or is full
	Detail string
}

// explain says why a candidate is left out, for people.
func (e *Exclusion) explain(cand *Candidate) ai.Candidate {
	told := ai.Candidate{Channel: cand.Name, Reason: e.Reason, Detail: e.Detail}
	switch e.Reason {
	case ai.Cooling, ai.Probing:
		if e.Detail != "" {
			break
		}
		told.Detail = e.Ready.Scope.String() + " cools down: " + e.Ready.Kind.String()
		told.Until = e.Ready.Until
	case ai.OutsideHours:
		told.Detail = cand.Conf.Hours.String()
	case ai.OverBudget, ai.SpendingUnknown:
		told.Until = e.Ready.Until
	case ai.WrongProtocol:
		told.Detail = "speaks " + strings.Join(cand.ProtocolNames(), ", ")
	}
	return told
}

// Explanation lists every candidate, and why it was left out when its step was
// last looked at. A call in which nobody was left out shares the list of its
// route, and calls that found the same the list of what they found.
func (c *Chooser) Explanation() []ai.Candidate {
	if c.step == nil {
		return c.Route.Steps[0].All
	}
	if len(c.Route.Steps) == 1 && len(c.excluded()) == 0 {
		return c.step.All
	}
	if len(c.Route.Steps) == 1 && c.census != nil && !c.leftOwn {
		return c.census.explained
	}
	var list []ai.Candidate
	for i := range c.Route.Steps {
		s := &c.Route.Steps[i]
		if s == c.step {
			list = c.appendExplained(list)
		} else {
			list = append(list, s.All...)
		}
	}
	return list
}

// Explain lists the candidates of a step, and why each of them is left out now.
func (c *Chooser) Explain(s *Step) []ai.Candidate {
	c.filter(s)
	return c.appendExplained(nil)
}

func (c *Chooser) appendExplained(list []ai.Candidate) []ai.Candidate {
	from := len(list)
	list = append(list, c.step.All...)
	left := c.excluded()
	for i := range left {
		l := &left[i]
		list[from+l.Index] = l.explain(&c.step.Candidates[l.Index])
	}
	return list
}
