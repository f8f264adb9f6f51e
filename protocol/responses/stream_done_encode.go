package responses

import (
	"unicode/utf8"

	"github.com/ccload/ccload/protocol"
)

// close ends the part at hand. A message stays open: another text may follow.
func (e *replyEncoder) close(dst []byte, with *protocol.Part) []byte {
	part := &e.part
	part.Citations = append(part.Citations, with.Citations...)
	if with.Signature != "" {
		part.Signature, part.Origin = with.Signature, with.Origin
	}
	if with.ID != "" {
		part.ID = with.ID
	}
	part.Redacted = part.Redacted || with.Redacted
	if with.Media != nil {
		part.Media = with.Media
	}
	switch {
	case part.Kind == protocol.Call:
		call := *part.Call
		call.Arguments = e.text.String()
		part.Call = &call
		dst = e.callDone(dst)
		return e.done(dst)
	case part.Kind == protocol.Thought:
		part.Text = e.text.String()
		dst = e.thoughtDone(dst)
		return e.done(dst)
	case !isMessage(part.Kind):
		return e.done(dst)
	}
	part.Text = e.text.String()
	if part.Text == "" && part.Media == nil {
		return dst
	}
	part.Citations = protocol.WithEnds(part.Citations, utf8.RuneCountInString(part.Text))
	dst = e.begin(dst)
	if part.Media != nil {
		part.Text = "![](" + urlOf(part.Media) + ")"
		part.Media = nil
		dst = e.textDelta(dst, part.Text, nil)
	}
	return e.textDone(dst)
}

func (e *replyEncoder) callDone(dst []byte) []byte {
	if e.item.form != nil {
		return dst // the item tells all
	}
	text := e.item.arguments(e.part.Call)
	if e.item.custom || e.text.Len() == 0 && text != "" {
		w := e.of(dst, e.callEvent("delta"))
		w.Text("delta", text)
		dst = end(&w)
	}
	w := e.of(dst, e.callEvent("done"))
	w.Text("name", e.item.name)
	w.Text(e.item.argument(), text)
	return end(&w)
}

func (e *replyEncoder) thoughtDone(dst []byte) []byte {
	if !e.begun {
		return dst
	}
	w := e.of(dst, "response.reasoning_summary_text.done")
	w.Number("summary_index", 0)
	w.Text("text", e.part.Text)
	w = e.of(end(&w), "response.reasoning_summary_part.done")
	w.Number("summary_index", 0)
	w.Key("part")
	w.Open('{')
	w.Text("type", "summary_text")
	w.Text("text", e.part.Text)
	w.Close('}')
	return end(&w)
}

func (e *replyEncoder) textDone(dst []byte) []byte {
	part := &e.part
	at := int64(len(e.parts))
	for i := range part.Citations {
		if part.Citations[i].URL == "" {
			continue
		}
		w := e.of(dst, "response.output_text.annotation.added")
		w.Number("content_index", at)
		w.Number("annotation_index", int64(i))
		w.Key("annotation")
		writeCitation(&w, &part.Citations[i])
		dst = end(&w)
	}
	name, field := "response.output_text.done", "text"
	if part.Kind == protocol.Refusal {
		name, field = "response.refusal.done", "refusal"
	}
	w := e.of(dst, name)
	w.Number("content_index", at)
	w.Text(field, part.Text)
	if field == "text" {
		w.Key("logprobs")
		w.Raw([]byte("[]"))
	}
	w = e.of(end(&w), "response.content_part.done")
	w.Number("content_index", at)
	w.Key("part")
	writePart(&w, part)
	e.parts = append(e.parts, *part)
	return end(&w)
}
