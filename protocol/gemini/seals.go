package gemini

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// This file brings the thoughts of other formats' models through the history
// of a Gemini client. Some of these clients (Gemini CLI among them) keep no
// part that is a thought, and some cut one into as many parts as it came in;
// but all keep the signatures of calls, without which Gemini 3 would refuse
// them. So a thought is sealed whole in its own part, and once more in the
// signature of the call that follows it.

// beforePart is before the id of a thought whose seal is that of the very text
// or call it led to: the client did not ask to see thoughts.
const beforePart = "before:"

// foreign reports whether a part is another format's.
func foreign(p *protocol.Part) bool { return p.Origin != "" && p.Origin != ai.Gemini }

// joinSeals puts several seals into one signature: their texts, one in a line.
func joinSeals(seals []string) string {
	if len(seals) < 2 {
		return strings.Join(seals, "")
	}
	var raw [][]byte
	for _, s := range seals {
		if one, err := base64.StdEncoding.DecodeString(s); err == nil {
			raw = append(raw, one)
		}
	}
	return base64.StdEncoding.EncodeToString(bytes.Join(raw, []byte("\n")))
}

// thoughtsIn are the thoughts that are sealed in the signature of a call or a
// text; near says that they belong right before it.
func thoughtsIn(signature string) (all []protocol.Part, near bool) {
	if signature == "" || !protocol.Sealed([]byte(signature)) {
		return nil, false
	}
	standard, _ := standardBase64(signature)
	raw, err := base64.StdEncoding.DecodeString(standard)
	if err != nil {
		return nil, false
	}
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		t := protocol.Part{Kind: protocol.Thought}
		if t.Unseal(base64.StdEncoding.EncodeToString(line), ai.Gemini); foreign(&t) {
			id, isBefore := strings.CutPrefix(t.ID, beforePart)
			t.ID, near = id, near || isBefore
			all = append(all, t)
		}
	}
	return all, near
}

// thoughtsBefore puts the thoughts that the last text brought back before it.
// It may stand in several parts, up to an empty one: that ended another text.
func thoughtsBefore(parts, thoughts []protocol.Part) []protocol.Part {
	at := len(parts) - 1
	for at > 0 && parts[at-1].Kind == protocol.Text && parts[at-1].Text != "" {
		at--
	}
	return slices.Insert(parts, at, thoughts...)
}

// restoreThoughts puts the thoughts that a call brought back before what the
// model said next, unless they came back by themselves. What came back of them
// without a signature (Google's SDK for Go keeps no part that has only one) is
// replaced.
func restoreThoughts(parts, thoughts []protocol.Part) []protocol.Part {
	step := 0 // where the model's latest step begins
	for i := range parts {
		if parts[i].Kind == protocol.Call {
			step = i + 1
		}
	}
	for i := range thoughts {
		t := &thoughts[i]
		if slices.ContainsFunc(parts, func(p protocol.Part) bool { return sameThought(&p, t) }) {
			continue
		}
		for step < len(parts) && foreign(&parts[step]) {
			step++
		}
		rest, end := t.Text, step
		for end < len(parts) && unsigned(&parts[end]) && strings.HasPrefix(rest, parts[end].Text) {
			rest = rest[len(parts[end].Text):]
			end++
		}
		if rest != "" {
			end = step
		}
		parts = slices.Replace(parts, step, end, *t)
		step++
	}
	return parts
}

// unsigned reports whether a part is a thought that may be a piece of another
// format's.
func unsigned(p *protocol.Part) bool {
	return p.Kind == protocol.Thought && p.Origin == ai.Gemini && p.Signature == ""
}

func sameThought(a, b *protocol.Part) bool {
	return a.Kind == protocol.Thought && a.Origin == b.Origin && a.Signature == b.Signature && a.Text == b.Text && a.ID == b.ID
}

// addThought appends a thought. One that came back whole replaces the pieces of
// it before; said is the piece that its own part came with.
func addThought(parts []protocol.Part, t *protocol.Part, said string) []protocol.Part {
	if foreign(t) {
		rest := strings.TrimSuffix(t.Text, said)
		for n := len(parts); n > 0; n-- {
			last := &parts[n-1]
			before, isEnd := strings.CutSuffix(rest, last.Text)
			if !unsigned(last) || !isEnd {
				break
			}
			rest, parts = before, parts[:n-1]
		}
	}
	return append(parts, *t)
}
