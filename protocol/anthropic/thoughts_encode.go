package anthropic

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// beforePart is before the id of a thought that stands behind the text or the
// call that it led to. Clients that did not ask for thoughts take the first
// block for the text.
const beforePart = "before:"

// thoughts are what a client gets of the thoughts of another format's model.
// One that enabled thinking sees them, with what their maker needs in the place
// of the signature. Any other gets only what must come back, sealed and behind
// what it would have come before.
type thoughts struct {
	asked  bool
	hidden bool // it asked for the signatures only
	kept   []protocol.Part
}

func newThoughts(p *protocol.Prompt) thoughts {
	return thoughts{
		asked:  p == nil || p.Thinking.Mode == protocol.ThinkingOn,
		hidden: p != nil && p.Thinking.Show == "none",
	}
}

// shows reports whether a thought stands where it was thought.
func (t *thoughts) shows(p *protocol.Part) bool {
	return t.asked || p.Origin == ai.Anthropic && !p.Wanted
}

// shown is a thought as a client of this format sees it.
func (t *thoughts) shown(p *protocol.Part) *protocol.Part {
	if p.Origin == ai.Anthropic {
		return p
	}
	if t.hidden && !p.Redacted {
		return &protocol.Part{Kind: protocol.Thought, Signature: p.Seal(true), Origin: ai.Anthropic}
	}
	empty := p.Text == "" || p.Redacted
	return &protocol.Part{
		Kind: protocol.Thought, Text: p.Text, Redacted: empty, Signature: p.Seal(empty), Origin: ai.Anthropic,
	}
}

// keep notes a thought that is not shown.
func (t *thoughts) keep(p *protocol.Part) {
	if p.ComesBack() {
		t.kept = append(t.kept, *p)
	}
}

// take returns the blocks that carry the thoughts that were kept.
func (t *thoughts) take() [][]byte {
	blocks := make([][]byte, 0, len(t.kept))
	for i := range t.kept {
		p := &t.kept[i]
		p.ID = beforePart + p.ID
		block := appendThought([]byte{'{'}, &protocol.Part{Redacted: true, Signature: p.Seal(true)})
		blocks = append(blocks, append(block, '}'))
	}
	t.kept = t.kept[:0]
	return blocks
}
