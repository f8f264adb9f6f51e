package relay

import (
	"maps"
	"net/http"
	"strconv"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// holdTranslated is how many bytes of a whole body are read that is to be
// translated, which cannot be done to a part of it.
const holdTranslated = 64 << 20

// Translation says that the client speaks another wire format than the
// upstream, which speaks Request.Format.
type Translation struct {
	Upstream, Client protocol.Codec
	Prompt           *protocol.Prompt // what the client asked
	Back             protocol.Back    // what the upstream was asked otherwise
	Stream           bool             // the client wants a stream
	Array            bool             // as a JSON array, Gemini's other form
	Model            string           // the name that the client asked for, which the answer gives it; "" leaves the upstream's
	// Input counts the tokens of the request, for streams that tell them at
	// their beginning, before the upstream has; nil: they tell none.
	Input func() int64
	// Thoughts says that the upstream's model wants to see again what it
	// thought, signed or not.
	Thoughts bool
}

// translator is a translation under way. The upstream's events go in, and what
// the client is to get of them comes out.
type translator struct {
	*Translation
	decoder protocol.ReplyDecoder
	encoder protocol.ReplyEncoder // nil: the client wants one object
	whole   protocol.Collector    // of which this is made
	out     []byte                // not yet given to the client
	usage   func() ai.Usage       // what the judge has seen of it so far
	closed  bool
	lingers bool // the end marker is waited for, but not for long
}

func newTranslator(t *Translation, usage func() ai.Usage) *translator {
	tr := &translator{Translation: t, decoder: t.Upstream.NewReplyDecoder(), usage: usage}
	if t.Stream {
		tr.encoder = t.Client.NewReplyEncoder(t.Prompt, t.Array)
	}
	return tr
}

// event takes an event of the upstream in.
func (t *translator) event(ev sse.Event) {
	if !t.closed {
		t.decoder.Event(ev, t.piece)
	}
}

// close says that the stream has ended as it should.
func (t *translator) close() {
	if !t.closed {
		t.decoder.Close(t.piece)
		t.closed = true
	}
}

func (t *translator) piece(p *protocol.Piece) {
	switch {
	case p.Kind == protocol.PieceStart:
		t.begin(p.Reply)
	case p.Kind == protocol.PieceStop:
		p.Reply.Usage = t.usage()
	case p.Part.Kind == protocol.Thought:
		p.Part.Wanted = t.Thoughts
	}
	p = t.Back.Piece(p)
	if t.encoder == nil {
		t.whole.Add(p)
		return
	}
	t.out = t.encoder.Append(t.out, p)
}

// begin completes what is known at the beginning of an answer.
func (t *translator) begin(r *protocol.Reply) {
	r.Usage = t.usage()
	if r.Usage.Input == 0 && t.Input != nil {
		r.Usage.Input = t.Input()
	}
	if t.Model != "" {
		r.Model = t.Model
	}
}

// take returns what the client is to get. It is valid until the next event.
func (t *translator) take() []byte {
	out := t.out
	t.out = t.out[:0]
	return out
}

// collected judges a stream that is collected: it is an answer once it has
// ended as it should. done reports whether there is a judgement.
func (a *Answer) collected() (done bool) {
	if a.events > 0 {
		*a.held = (*a.held)[:0]
	}
	switch {
	case a.end == protocol.Finish && a.over == nil:
		if !a.translator.lingers {
			a.translator.lingers = true
			a.deadline.within(lingerFinish, errDone)
		}
		return false
	case a.end == protocol.End, a.over != nil && a.judge.Ended(), a.ended() && isAnswer(a.judge.Verdict().Kind):
		a.translator.close()
		a.reply = &a.translator.whole.Reply
		a.accept()
		return true
	}
	return false
}

// translateWhole decodes a body that was judged to be an answer. It reports
// whether that was possible: nobody gets what cannot be read.
func (a *Answer) translateWhole() bool {
	reply, err := a.req.Translate.Upstream.DecodeReply(*a.held)
	if err != nil {
		a.accuse(ai.BadAnswer, "an answer that cannot be translated: "+err.Error())
		return false
	}
	reply.Usage = a.verdict.Usage
	if name := a.req.Translate.Model; name != "" {
		reply.Model = name
	}
	for i := range reply.Parts {
		reply.Parts[i].Wanted = a.req.Translate.Thoughts && reply.Parts[i].Kind == protocol.Thought
	}
	a.req.Translate.Back.Reply(reply)
	a.reply = reply
	return true
}

// giveReply gives the client a whole answer, translated.
func (d delivery) giveReply(e *Ending) {
	t := d.req.Translate
	header := d.w.Header()
	maps.Copy(header, d.Header)
	var text []byte
	switch {
	case t.Stream:
		StreamHeader(header, t.Array)
		encoder := t.Client.NewReplyEncoder(t.Prompt, t.Array)
		d.reply.Play(func(p *protocol.Piece) { text = encoder.Append(text, p) })
	default:
		text = t.Client.EncodeReply(d.reply, t.Prompt)
		header["Content-Type"] = []string{jsonText}
		header["Content-Length"] = []string{strconv.Itoa(len(text))}
	}
	d.w.WriteHeader(d.Status)
	n, err := d.w.Write(text)
	e.Bytes = int64(n)
	if err != nil {
		e.Evidence.Kind = ai.ClientGone
	}
}

// noBuffering asks a proxy in front of us, such as nginx, not to collect events.
var noBuffering = []string{"no"}

// noStore keeps caches from a stream.
var noStore = []string{"no-store"}

// StreamHeader says that a stream comes.
func StreamHeader(header http.Header, array bool) {
	header["X-Accel-Buffering"] = noBuffering
	header["Content-Type"] = []string{eventStream}
	header["Cache-Control"] = noStore
	if array {
		header["Content-Type"] = []string{jsonText}
	}
}
