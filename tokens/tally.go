package tokens

// tally is what was counted so far of a request, or of a part of it.
type tally struct {
	f             [features]int64
	fixed         int64 // tokens that do not depend on the family's factors: media, server tools
	calls         int64 // tool calls in the turn that is open
	unsure        bool  // something in it is an estimate
	bounded       bool  // texts in it were not counted, see AtMost
	unbounded     bool  // nobody can say how much is behind something in it
	tools, system hash
	start         start
}

// start is what an element of a conversation does to the turn before it.
type start uint8

const (
	endsTurn        start = 1 << iota // calls behind it belong to another turn
	continuesTurn                     // it is a call, of the turn that is open if there is one
	forgetsThoughts                   // thinking before it is not shown to the model
)

// effect is a tally as it is remembered.
type effect struct {
	f             [features]int32
	fixed, calls  int32
	tools, system hash
	start         start
	unsure        bool
	bounded       bool
	unbounded     bool
	end           uint32 // of the last element that is counted in it, for blocks
}

func (t *tally) effect() effect {
	e := effect{
		fixed: int32(t.fixed), calls: int32(t.calls), tools: t.tools, system: t.system, //nolint:gosec // bounded by the body's bytes
		start: t.start, unsure: t.unsure, bounded: t.bounded, unbounded: t.unbounded,
	}
	for i, n := range t.f {
		e.f[i] = int32(n) //nolint:gosec // the same
	}
	return e
}

// flags are the features that are 0 or 1.
var flags = [...]int{fHasTools, fForced, fHasSchema, fThinkingOn}

// add adds what a part of the request counts for by itself, the next one in
// order.
func (w *walk) add(e *effect) {
	if e.start&endsTurn != 0 {
		w.endTurn()
	}
	if e.start&forgetsThoughts != 0 {
		w.f[fThinking] = 0
	}
	if e.start&continuesTurn != 0 && w.calls > 0 {
		w.f[fMessages]--
		w.f[fAssistant]--
	}
	for i, n := range e.f {
		w.f[i] += int64(n)
	}
	for _, i := range flags {
		w.f[i] = min(w.f[i], 1)
	}
	w.fixed += int64(e.fixed)
	w.calls += int64(e.calls)
	w.unsure = w.unsure || e.unsure
	w.bounded = w.bounded || e.bounded
	w.unbounded = w.unbounded || e.unbounded
	w.tools.join(e.tools)
	w.system.join(e.system)
}

// hidden notes something of which nobody can say here how much it is: it is
// stored upstream, or the provider adds it by itself.
func (w *walk) hidden() { w.unsure, w.unbounded = true, true }
