package protocol

import (
	"slices"
	"strings"
)

// maxQueued is how many bytes a PartQueue keeps back. Beyond it the part that
// the others wait for has ended.
const maxQueued = 4 << 20

// PartQueue brings the parts of a stream into a row. Upstreams interleave them:
// two calls grow by turns, a line feed stands between two pieces of arguments.
// The readers of a stream want one part after the other, so the first part is
// handed over as it grows, and those behind it wait until it has ended. The
// zero value is ready.
type PartQueue struct {
	parts  []*QueuedPart
	queued int // bytes that wait
}

// QueuedPart is a part that has not been handed over completely.
type QueuedPart struct {
	// Part is what is known at its beginning. It may be changed until the part
	// is opened.
	Part Part
	// End is what its PieceClose tells.
	End Part
	// Over says that nothing more belongs to it, as far as anybody knows: it is
	// closed once another part waits.
	Over bool
	// Said says that there was a piece of it.
	Said bool
	// Closed says that it was handed over completely: nothing can be added.
	Closed bool

	text     strings.Builder
	logprobs []Logprob
	opened   bool
	object   objectEnd
}

// Add begins a part behind the others.
func (q *PartQueue) Add(p *QueuedPart) { q.parts = append(q.parts, p) }

// Last is the part that was added last; nil if that was closed.
func (q *PartQueue) Last() *QueuedPart {
	if len(q.parts) == 0 {
		return nil
	}
	return q.parts[len(q.parts)-1]
}

// Waiting are the parts that are not closed. The list is the queue's own.
func (q *PartQueue) Waiting() []*QueuedPart { return q.parts }

// More adds a piece to a part, which is handed over at once if the part is the
// first.
func (q *PartQueue) More(p *QueuedPart, text string, logprobs []Logprob, give func(*Piece)) {
	if p.Closed || text == "" && len(logprobs) == 0 {
		return
	}
	p.Said = true
	if p.Part.Kind == Call {
		p.object.read(text)
	}
	if p.opened {
		give(&Piece{Kind: PieceMore, Text: text, Part: Part{Kind: p.Part.Kind, Logprobs: logprobs}})
		return
	}
	p.text.WriteString(text)
	p.logprobs = append(p.logprobs, logprobs...)
	q.queued += len(text)
	q.Advance(give)
}

// IsWhole reports whether the arguments of a call are a complete object: most
// upstreams write one call after the other, so nothing more will come.
func (p *QueuedPart) IsWhole() bool {
	return p.Part.Kind == Call && !p.Part.Call.Custom && p.object.over
}

// Advance hands over what no longer waits for anything.
func (q *PartQueue) Advance(give func(*Piece)) { q.advance(give, false) }

// Release closes all parts but the last, which may still go on.
func (q *PartQueue) Release(give func(*Piece)) { q.advance(give, true) }

func (q *PartQueue) advance(give func(*Piece), all bool) {
	for len(q.parts) > 0 {
		first := q.parts[0]
		if first.Said || first.Part.Kind != Call { // a call's name may still come in pieces
			q.open(first, give)
		}
		if len(q.parts) == 1 || !all && !first.Over && !first.IsWhole() && q.queued <= maxQueued {
			return
		}
		q.close(first, give)
	}
}

// Close closes all parts.
func (q *PartQueue) Close(give func(*Piece)) {
	for len(q.parts) > 0 {
		q.close(q.parts[0], give)
	}
}

func (q *PartQueue) open(p *QueuedPart, give func(*Piece)) {
	if p.opened {
		return
	}
	p.opened = true
	give(&Piece{Kind: PieceOpen, Part: p.Part})
	if text := p.text.String(); text != "" || len(p.logprobs) > 0 {
		q.queued -= len(text)
		give(&Piece{Kind: PieceMore, Text: text, Part: Part{Kind: p.Part.Kind, Logprobs: p.logprobs}})
	}
	p.text.Reset()
	p.logprobs = nil
}

func (q *PartQueue) close(p *QueuedPart, give func(*Piece)) {
	q.open(p, give)
	p.Closed = true
	p.End.Kind = p.Part.Kind
	give(&Piece{Kind: PieceClose, Part: p.End})
	q.parts = slices.DeleteFunc(q.parts, func(other *QueuedPart) bool { return other == p })
}

// objectEnd finds the end of a JSON object that comes in pieces. Whether it is
// valid is not its concern.
type objectEnd struct {
	depth          int
	begun, over    bool
	quoted, escape bool
}

func (o *objectEnd) read(text string) {
	for i := 0; i < len(text) && !o.over; i++ {
		switch c := text[i]; {
		case o.escape:
			o.escape = false
		case o.quoted:
			o.escape, o.quoted = c == '\\', c != '"'
		case c == '"':
			o.quoted = true
		case c == '{' || c == '[':
			o.depth++
			o.begun = true
		case c == '}' || c == ']':
			o.depth--
			o.over = o.begun && o.depth <= 0
		}
	}
}
