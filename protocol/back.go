package protocol

// Back turns an answer back into one to what the client asked, where the target
// was asked something else: it knows tools by other names, or gave the answer as
// the arguments of a tool. It is used for one answer.
type Back struct {
	Names  Names
	Answer bool // the arguments of AnswerTool are the answer

	inAnswer, answered bool
}

// Piece returns a piece as the client is to have it. The one that is given stays
// as it is: whoever made it may still need it.
func (b *Back) Piece(p *Piece) *Piece {
	if len(b.Names) == 0 && !b.Answer {
		return p
	}
	q := *p
	if p.Kind == PieceOpen {
		b.inAnswer = b.isAnswer(&p.Part)
		b.answered = b.answered || b.inAnswer
	}
	if b.inAnswer && (p.Kind == PieceOpen || p.Kind == PieceMore || p.Kind == PieceClose) {
		q.Part = Part{Kind: Text}
		b.inAnswer = p.Kind != PieceClose
		return &q
	}
	b.rename(&q.Part)
	if p.Kind == PieceStop && b.answered && p.Reply.Stop == StopTools {
		reply := *p.Reply
		reply.Stop = StopEnd
		q.Reply = &reply
	}
	return &q
}

// Reply turns a whole answer.
func (b *Back) Reply(r *Reply) {
	for i := range r.Parts {
		part := &r.Parts[i]
		if b.isAnswer(part) {
			*part = Part{Kind: Text, Text: part.Call.Arguments}
			if r.Stop == StopTools {
				r.Stop = StopEnd
			}
		}
		b.rename(part)
	}
}

func (b *Back) isAnswer(part *Part) bool {
	return b.Answer && part.Kind == Call && part.Call != nil && part.Call.Name == AnswerTool
}

func (b *Back) rename(part *Part) {
	if part.Call == nil {
		return
	}
	if name := b.Names.Original(part.Call.Name); name != part.Call.Name {
		call := *part.Call
		call.Name = name
		part.Call = &call
	}
}
