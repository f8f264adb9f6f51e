package gemini

import (
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// skipSignature stands for the signature of a call that no Gemini model made.
// Gemini 3 refuses the first call of a step without any.
// https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
const skipSignature = "skip_thought_signature_validator"

// opening is what the user says where a conversation begins with the model: a
// text of no letters, which Gemini takes as the beginning it wants.
const opening = ""

func textPart(text string) outPart { return outPart{Text: &text} }

// system writes all system turns as one instruction.
func (e *encoder) system() error {
	var parts []outPart
	for i := range e.p.Turns {
		turn := &e.p.Turns[i]
		if turn.Role != protocol.System && turn.Role != protocol.Developer {
			continue
		}
		for j := range turn.Parts {
			part := &turn.Parts[j]
			if part.Kind != protocol.Text {
				return e.cannot("system turn with something else than text")
			}
			e.marks(part)
			if part.Text != "" {
				parts = append(parts, textPart(part.Text))
			}
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if len(e.out.Contents) == 0 { // there must be a content
		e.out.Contents = []outContent{{Role: "user", Parts: parts}}
		return nil
	}
	if e.model.noSystem {
		first := &e.out.Contents[0]
		first.Parts = append(parts, first.Parts...)
		return nil
	}
	e.out.SystemInstruction = &outContent{Parts: parts}
	return nil
}

// contents writes the turns of user and model, which must alternate and begin
// with the user's.
func (e *encoder) contents() error {
	names := make(map[string]string)
	var current *outContent
	var results, beside []outPart // of the user's turn at hand: what was said of calls comes first
	flush := func() {
		if current != nil && len(results)+len(beside) > 0 {
			current.Parts = append(append(results, beside...), current.Parts...)
			results, beside = nil, nil
		}
	}
	for i := range e.p.Turns {
		turn := &e.p.Turns[i]
		if turn.Name != "" {
			e.hint("name")
		}
		role := "user"
		switch turn.Role {
		case protocol.System, protocol.Developer:
			continue
		case protocol.Assistant:
			role = "model"
		default:
		}
		signature := ""
		for j := range turn.Parts {
			part := &turn.Parts[j]
			e.marks(part)
			if j+1 < len(turn.Parts) && signs(part, &turn.Parts[j+1]) {
				signature = part.Signature
				continue
			}
			if emptyPart(part) && !allEmpty(turn.Parts) {
				continue
			}
			made, extra, err := e.part(part, names)
			if err != nil {
				return err
			}
			if made == nil {
				continue
			}
			if signature != "" {
				made.ThoughtSignature, signature = signature, ""
			}
			if current == nil || current.Role != role {
				flush()
				e.out.Contents = append(e.out.Contents, outContent{Role: role})
				current = &e.out.Contents[len(e.out.Contents)-1]
			}
			if made.FunctionResponse != nil {
				results, beside = append(results, *made), append(beside, extra...)
				continue
			}
			current.Parts = append(current.Parts, *made)
		}
	}
	flush()
	e.tidy()
	return nil
}

// signs reports whether a thought is only the signature of the call behind it:
// clients of formats whose calls have no place for one keep it so.
func signs(p, next *protocol.Part) bool {
	return p.Kind == protocol.Thought && p.Origin == ai.Gemini && p.Text == "" && p.Signature != "" &&
		next.Kind == protocol.Call && next.Signature == ""
}

// allEmpty reports whether parts say nothing at all: they are texts of no
// letters. Gemini takes a content of one, but it need not be among others.
func allEmpty(parts []protocol.Part) bool {
	return !slices.ContainsFunc(parts, func(p protocol.Part) bool { return !emptyPart(&p) })
}

func emptyPart(p *protocol.Part) bool {
	return (p.Kind == protocol.Text || p.Kind == protocol.Refusal) && p.Text == "" && p.Signature == ""
}

// tidy takes texts of no letters out of contents that have more to say, and
// gives the conversation its beginning.
func (e *encoder) tidy() {
	for i := range e.out.Contents {
		c := &e.out.Contents[i]
		kept := c.Parts[:0]
		for _, p := range c.Parts {
			if p.Text == nil || *p.Text != "" || p.Thought || p.ThoughtSignature != "" {
				kept = append(kept, p)
			}
		}
		if len(kept) == 0 {
			kept = c.Parts[:1]
		}
		c.Parts = kept
	}
	if len(e.out.Contents) > 0 && e.out.Contents[0].Role == "model" {
		first := outContent{Role: "user", Parts: []outPart{textPart(opening)}}
		e.out.Contents = append([]outContent{first}, e.out.Contents...)
	}
	if e.model.version >= 30 {
		e.signCalls()
	}
}

// signCalls gives the first call of each step of the current turn a signature
// if it has none. The turn began with the last content of the user's in which
// no function answers.
func (e *encoder) signCalls() {
	for i := len(e.out.Contents) - 1; i >= 0; i-- {
		c := &e.out.Contents[i]
		if c.Role == "user" {
			if c.Parts[0].FunctionResponse == nil {
				return
			}
			continue
		}
		for j := range c.Parts {
			if c.Parts[j].FunctionCall != nil {
				if c.Parts[j].ThoughtSignature == "" {
					c.Parts[j].ThoughtSignature = skipSignature
				}
				break
			}
		}
	}
}
