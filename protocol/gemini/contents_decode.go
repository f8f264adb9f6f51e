package gemini

import (
	"fmt"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// readSystem reads systemInstruction, whose role means nothing.
func (d *decoder) readSystem(value []byte, path string) error {
	turn := protocol.Turn{Role: protocol.System}
	err := fields(value, path, func(name string, value []byte) error {
		at := below(path, name)
		switch name {
		case "role":
			return nil
		case "parts":
			return elements(value, at, func(value []byte, path string) error {
				p, err := readPart(value, path, d.p)
				switch {
				case err != nil:
					return err
				case p.call != nil, p.back != nil, p.media != nil, p.thought:
					d.p.Keep(unindexed(path)) // Google documents text only
				case p.text != "":
					turn.Parts = append(turn.Parts, protocol.Part{Text: p.text})
				}
				return nil
			})
		}
		d.p.Keep(unindexed(at))
		return nil
	})
	if len(turn.Parts) > 0 {
		d.p.Turns = append([]protocol.Turn{turn}, d.p.Turns...)
	}
	return err
}

func (d *decoder) readContents(value []byte, path string) error {
	return elements(value, path, d.readContent)
}

// readContent reads one content into the turn it belongs to: Google's clients
// may split what one side says into several.
func (d *decoder) readContent(value []byte, path string) error {
	role := protocol.User
	var parts []byte
	err := fields(value, path, func(name string, value []byte) error {
		at := below(path, name)
		switch name {
		case "role":
			said, err := readText(value, at)
			if err != nil {
				return err
			}
			switch said {
			case "", "user", "function":
			case "model":
				role = protocol.Assistant
			default:
				return protocol.BadRequest(at, fmt.Sprintf("must be user or model, not %q", said))
			}
		case "parts":
			parts = value
		default:
			d.p.Keep(unindexed(at))
		}
		return nil
	})
	if err != nil || parts == nil {
		return err
	}
	return elements(parts, below(path, "parts"), func(value []byte, path string) error {
		p, err := readPart(value, path, d.p)
		if err != nil {
			return err
		}
		return d.addPart(&p, role)
	})
}

// turn is the last turn if it is of a role, or a new one.
func (d *decoder) turn(role protocol.Role) *protocol.Turn {
	if n := len(d.p.Turns); n == 0 || d.p.Turns[n-1].Role != role {
		d.p.Turns = append(d.p.Turns, protocol.Turn{Role: role})
	}
	return &d.p.Turns[len(d.p.Turns)-1]
}

// addPart takes a part into the conversation. A call is the model's and a
// result the user's whatever the content's role, which Google does not check.
func (d *decoder) addPart(p *part, role protocol.Role) error {
	switch {
	case p.call != nil:
		return d.addCall(p)
	case p.back != nil:
		t := d.turn(protocol.User)
		t.Parts = append(t.Parts, protocol.Part{Kind: protocol.Result, Back: p.back})
		d.results = append(d.results, located{p.back, p.path + ".functionResponse"})
	case p.media != nil:
		t := d.turn(role)
		t.Parts = append(t.Parts, protocol.Part{Kind: p.kind, Media: p.media})
	case p.thought:
		to := protocol.Part{Kind: protocol.Thought, Text: p.text, Origin: ai.Gemini}
		sign(&to, p.signature)
		t := d.turn(role)
		t.Parts = addThought(t.Parts, &to, p.text)
	case p.hasText:
		to := protocol.Part{Kind: protocol.Text, Text: p.text}
		t := d.turn(role)
		if thoughts, _ := thoughtsIn(p.signature); len(thoughts) > 0 {
			t.Parts = thoughtsBefore(append(t.Parts, to), thoughts)
			break
		}
		sign(&to, p.signature)
		t.Parts = append(t.Parts, to)
	}
	return nil
}

func (d *decoder) addCall(p *part) error {
	if p.call.Name == "" {
		return protocol.BadRequest(p.path+".functionCall.name", "is missing")
	}
	if p.call.ID == "" {
		p.call.ID = protocol.MadeUpID()
	}
	to := protocol.Part{Kind: protocol.Call, Call: p.call}
	t := d.turn(protocol.Assistant)
	switch thoughts, near := thoughtsIn(p.signature); {
	case near:
		t.Parts = append(t.Parts, thoughts...)
	case len(thoughts) > 0:
		t.Parts = restoreThoughts(t.Parts, thoughts)
	default:
		sign(&to, p.signature)
	}
	t.Parts = append(t.Parts, to)
	d.calls[p.call.ID] = true
	return nil
}

// located is a result and where it stands.
type located struct {
	*protocol.ToolResult
	path string
}

// matchResults finds the call of each result: by its id, or, since most of
// Google's models give none, the first of that name that has no result yet.
func (d *decoder) matchResults() error {
	for _, r := range d.results {
		if !d.calls[r.ID] {
			r.ID = ""
		}
	}
	d.p.NameResults()
	for _, r := range d.results {
		switch {
		case r.Name == "":
			return protocol.BadRequest(r.path+".name", "is missing")
		case r.ID == "":
			return protocol.BadRequest(r.path, fmt.Sprintf("answers no functionCall of the name %q", r.Name))
		}
	}
	return nil
}
