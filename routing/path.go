package routing

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// path is how a candidate would be asked.
type path struct {
	protocol ai.Protocol
	ready    health.Readiness
	reason   ai.Reason
	detail   string
	partial  bool // some of the request's tools cannot be said
}

// Translatable reports whether calls of this kind can be translated at all: a
// stored response is bound to whoever stored it, and only answers of models
// mean the same everywhere.
func (c *Chooser) Translatable() bool {
	return c.Translator != nil && c.Call.Operation == ai.Generate && c.Pinned == nil
}

// pathTo finds the protocol to ask a candidate in: the client's own if that can
// be used, else the first of the candidate's that the request can be said in.
// Where none can be used now, it is the one that is due first: what cools down is no
// less there for being asked in another protocol.
func (c *Chooser) pathTo(cand *Candidate) path {
	best := path{protocol: c.Call.Protocol, reason: ai.WrongProtocol}
	found := cand.Speaks(c.Call.Protocol)
	if found {
		best.ready = cand.Health.Ready(c.Call.Protocol, cand.Model, c.Now)
		best.reason = reasonOf(best.ready)
		lost := best.ready.Scope == ai.ScopeURLProtocol || c.protocolFailed(cand, c.Call.Protocol)
		if !lost {
			return best
		}
	}
	if !c.Translatable() {
		return best
	}
	for _, p := range cand.Spoken {
		if p == c.Call.Protocol {
			continue
		}
		whole, err := c.Translator.CanTranslate(p, cand.Model)
		if err != nil {
			if best.reason == ai.WrongProtocol {
				best.reason, best.detail = ai.Untranslatable, err.Error()
			}
			continue
		}
		ready := cand.Health.Ready(p, cand.Model, c.Now)
		w := path{protocol: p, ready: ready, reason: reasonOf(ready), partial: !whole}
		if ready.OK && !c.protocolFailed(cand, p) {
			return w
		}
		if !found || !best.ready.OK && (ready.OK || ready.Until.Before(best.ready.Until)) {
			best, found = w, true
		}
	}
	return best
}

func reasonOf(r health.Readiness) ai.Reason {
	switch {
	case r.OK:
		return ai.Eligible
	case r.Probing:
		return ai.Probing
	}
	return ai.Cooling
}

// protocolFailed reports whether the call found that none of the candidate's
// addresses serves a protocol.
func (c *Chooser) protocolFailed(cand *Candidate, p ai.Protocol) bool {
	return len(c.Tried) > 0 && !c.urlLeft(cand, p)
}
