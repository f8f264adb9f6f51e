package gemini

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// writer turns pieces into parts.
type writer struct {
	id, model, created string
	hidden             bool // the client did not ask to see thoughts
	write              func(part outPart, tokens []protocol.Logprob)

	part  protocol.Part // the open one
	text  strings.Builder
	seals []string // of thoughts, for the call that may follow
	parts int      // that were begun, with texts that stand together as one
	run   protocol.PartKind
	index index // of the texts that stand together
	begun int   // where the open one begins among them, in characters
	chars int
	where outGrounding
}

func newWriter(p *protocol.Prompt) *writer {
	hidden := p != nil && (p.Thinking.Show == "" || p.Thinking.Show == "none")
	return &writer{hidden: hidden, run: protocol.Search}
}

// reply is an answer, or an event, with nothing in it.
func (w *writer) reply() *outReply {
	return &outReply{
		Candidates: make([]outCandidate, 1), ModelVersion: w.model, CreateTime: w.created, ResponseID: w.id,
	}
}

func (w *writer) add(p *protocol.Piece) {
	switch p.Kind {
	case protocol.PieceStart:
		w.start(p.Reply)
	case protocol.PieceOpen:
		w.open(&p.Part)
	case protocol.PieceMore:
		w.more(p)
	case protocol.PieceClose:
		w.close(&p.Part)
	default:
	}
}

func (w *writer) start(r *protocol.Reply) {
	w.id, w.model = r.ID, r.Model
	if w.id == "" {
		w.id = rand.Text()
	}
	if r.Created > 0 {
		w.created = time.Unix(r.Created, 0).UTC().Format(time.RFC3339)
	}
}

func (w *writer) open(p *protocol.Part) {
	w.part = *p
	if p.Call != nil {
		call := *p.Call
		w.part.Call = &call
	}
	w.text.Reset()
	kind := p.Kind
	switch kind {
	case protocol.Search: // says where something is from, and is no part
		w.where.Queries = append(w.where.Queries, p.Text)
		w.sources(p.Citations)
		return
	case protocol.Refusal:
		kind = protocol.Text
	default:
	}
	if kind != protocol.Text || w.run != protocol.Text {
		w.index.reset()
		w.chars = 0
		w.parts++
	}
	w.run, w.begun = kind, w.chars
}

func (w *writer) more(p *protocol.Piece) {
	if p.Text == "" && len(p.Part.Logprobs) == 0 {
		return
	}
	switch w.part.Kind {
	case protocol.Text, protocol.Refusal:
		w.index.add(p.Text)
		w.chars += characters(p.Text)
		w.write(textPart(p.Text), p.Part.Logprobs)
	case protocol.Thought:
		if foreign(&w.part) || w.part.Origin == "" {
			w.text.WriteString(p.Text)
		}
		if !w.hidden && !w.part.Redacted {
			part := textPart(p.Text)
			part.Thought = true
			w.write(part, nil)
		}
	case protocol.Call:
		w.text.WriteString(p.Text)
	default:
	}
}

func (w *writer) close(end *protocol.Part) {
	p := &w.part
	if end.Signature != "" {
		p.Signature, p.Origin = end.Signature, end.Origin
	}
	if end.Origin != "" {
		p.Origin = end.Origin
	}
	if end.ID != "" {
		p.ID = end.ID
	}
	if end.Media != nil {
		p.Media = end.Media
	}
	p.Redacted = p.Redacted || end.Redacted
	p.Wanted = p.Wanted || end.Wanted
	switch p.Kind {
	case protocol.Text, protocol.Refusal:
		w.cite(end.Citations)
		signature := p.Signature
		if foreign(p) {
			signature = "" // nobody else signs texts
		}
		if w.hidden && len(w.seals) > 0 { // behind what was thought before it
			signature, w.seals = joinSeals(w.seals), nil
		}
		if signature != "" {
			part := textPart("")
			part.ThoughtSignature = signature
			w.write(part, nil)
		}
	case protocol.Thought:
		w.closeThought(p)
	case protocol.Call:
		w.closeCall(p)
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		w.media(p.Media)
	case protocol.Search:
		w.sources(end.Citations)
	default:
	}
}

// closeThought gives a thought its signature: its own, or what brings another
// format's back. Where thoughts are not shown, only those come back that must,
// in the signature of the text or call that follows: a client that did not ask
// for thoughts takes the first part for the text.
func (w *writer) closeThought(p *protocol.Part) {
	if p.Origin == "" || p.Origin == ai.Gemini && p.Signature == "" {
		return
	}
	if w.hidden && foreign(p) {
		if p.ComesBack() {
			p.Text += w.text.String()
			p.ID = beforePart + p.ID
			w.seals = append(w.seals, p.Seal(true))
		}
		return
	}
	part := textPart("")
	part.Thought, part.ThoughtSignature = true, p.Signature
	if foreign(p) {
		p.Text += w.text.String()
		part.ThoughtSignature = p.Seal(true)
		w.seals = append(w.seals, part.ThoughtSignature)
	}
	w.write(part, nil)
}

func (w *writer) closeCall(p *protocol.Part) {
	call := *p.Call
	call.Arguments += w.text.String()
	part := outPart{FunctionCall: &outCall{ID: sentID(call.ID), Name: call.Name, Args: arguments(&call)}}
	switch {
	case p.Signature != "" && !foreign(p):
		part.ThoughtSignature = p.Signature
	case len(w.seals) > 0:
		part.ThoughtSignature = joinSeals(w.seals)
	}
	w.seals = nil
	w.write(part, nil)
}

func (w *writer) media(m *protocol.Media) {
	switch {
	case m == nil:
	case m.Data != "":
		w.write(outPart{InlineData: &outBlob{MimeType: m.Type, Data: m.Data}}, nil)
	case m.URL != "":
		w.write(outPart{FileData: &outFile{MimeType: m.Type, FileURI: m.URL}}, nil)
	}
}

// end completes the last thing that an answer says.
func (w *writer) end(reply *outReply, r *protocol.Reply) {
	c := &reply.Candidates[0]
	c.FinishReason = finishReason(r.Stop)
	if len(w.where.Queries)+len(w.where.Chunks) > 0 {
		c.Grounding = &w.where
	}
	if reply.ModelVersion == "" {
		reply.ModelVersion = r.Model
	}
	reply.UsageMetadata = usageOut(&r.Usage)
}
