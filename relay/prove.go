package relay

import (
	"bytes"
	"net/http"
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// prove reads the answer until it has proved itself, or has failed to.
func (a *Answer) prove() {
	if a.Status == http.StatusNoContent || a.Status == http.StatusResetContent {
		a.accept() // there is no body
		return
	}
	media := mediaType(a.resp.Header)
	look := a.look(media)
	for look == undecided && a.over == nil {
		a.readSome()
		look = a.look(media)
	}
	if look == undecided && media == eventStream {
		look = events
	}
	switch look {
	case events:
		a.splitter = &sse.Scanner{}
		a.proveStream()
	case elements:
		a.splitter = &sse.ArrayScanner{}
		a.proveStream()
	case bytesOnly:
		a.proveOpaque()
	case page:
		a.provePage()
	default:
		a.proveWhole()
	}
}

// look is what a body looks like.
type look uint8

const (
	undecided look = iota // not enough of it has come
	events                // server-sent events
	elements              // the elements of a JSON array
	bytesOnly             // something not to look into
	page                  // for a browser
	text                  // JSON, or what should be
)

// byteOrderMark may stand before text.
var byteOrderMark = []byte("\xef\xbb\xbf")

// fields are the names that lines of server-sent events begin with.
var fields = [...]string{"data", "event", "id", "retry"}

// look tells from the body's beginning how to read it. The Content-Type is
// believed only as far as the beginning agrees: relays label streams as JSON or
// as HTML, and errors as streams.
func (a *Answer) look(media string) look {
	ep := a.req.Endpoint
	b := bytes.TrimLeft(bytes.TrimPrefix(*a.held, byteOrderMark), " \t\r\n")
	switch {
	case a.opaqueBody(media):
		return bytesOnly
	case len(b) == 0 || bytes.HasPrefix(byteOrderMark, b):
		return undecided
	case b[0] == '{':
		return text
	case media == html && (b[0] == '<' || ep.Opaque):
		return page
	case b[0] == '[' && a.req.Array:
		return elements
	case b[0] == '<', b[0] == '[':
		return text
	case media == eventStream, b[0] == ':':
		return events
	case ep.Opaque: // a transcript, which may begin in any way
		return text
	}
	name, _, found := bytes.Cut(b[:min(len(b), len("event:"))], []byte(":"))
	for _, field := range fields {
		if found && string(name) == field {
			return events
		}
		if !found && bytes.HasPrefix([]byte(field), name) {
			return undecided
		}
	}
	return text
}

// opaqueBody reports whether a good answer of a media type is bytes of whatever
// kind, as the endpoint has them, and not labelled as a text that may be an error.
func (a *Answer) opaqueBody(media string) bool {
	labelled := media == jsonText || media == "text/plain" || media == "" || media == html || media == eventStream
	return a.req.Endpoint.Opaque && !labelled
}

// provePage: an API does not answer with a page. It is read for its title.
func (a *Answer) provePage() {
	a.fill(tellError)
	if a.parent.Err() != nil {
		a.Evidence = a.blame(a.over)
		return
	}
	a.Evidence.Failure, _ = protocol.ParseFailure(*a.held)
	a.accuse(ai.BadAnswer, "a web page instead of an answer")
}

// proveOpaque takes an answer at the word of its status and type, once there
// is anything of it.
func (a *Answer) proveOpaque() {
	for a.over == nil && len(*a.held) == 0 {
		a.readSome()
	}
	switch {
	case len(*a.held) > 0:
		a.form = opaque
		a.accept()
	case a.ended():
		a.accuse(ai.Empty, "an answer without a body")
	default:
		a.Evidence = a.blame(a.over)
	}
}

// proveWhole reads a body whole and judges it.
func (a *Answer) proveWhole() {
	if a.over == nil && a.length > 0 && a.length <= holdWhole {
		a.held = grow(a.held, int(a.length)+1) // one more, or the last read would be no end
	}
	hold := holdWhole
	if a.req.Translate != nil {
		hold = holdTranslated
	}
	a.fill(hold)
	switch {
	case a.over == nil && a.req.Translate != nil:
		a.accuse(ai.BadAnswer, "an answer that is too large to be translated")
	case a.over == nil:
		a.proveLarge()
	case !a.ended():
		a.Evidence = a.blame(a.over)
	case a.req.Endpoint.Opaque:
		a.judgeOpaque()
	default:
		a.verdict = a.req.Format.JudgeBody(a.req.Endpoint, *a.held)
		if isAnswer(a.verdict.Kind) {
			if a.req.Translate == nil || a.translateWhole() {
				a.accept()
			}
			return
		}
		a.Evidence.Failure = a.verdict.Failure
		a.accuse(a.verdict.Kind, "")
	}
}

// isAnswer reports whether a verdict is one on a real answer: a refusal is
// what the model, or its provider's policy, has to say.
func isAnswer(k ai.Kind) bool { return k == ai.OK || k == ai.ContentFilter }

// proveLarge judges a body that is too large to be held by its beginning. No
// error is of that size, but one may stand before something else.
func (a *Answer) proveLarge() {
	if f, isError := protocol.ParseFailure((*a.held)[:tellError]); isError {
		a.Evidence.Failure = f
		a.accuse(ai.SoftError, "")
		return
	}
	a.form = large
	a.rest = &truncator{}
	a.rest.write(*a.held)
	a.accept()
}

// judgeOpaque judges text in the place of something opaque: an error, or for
// instance a transcript.
func (a *Answer) judgeOpaque() {
	f, isError := protocol.ParseFailure(*a.held)
	switch {
	case len(bytes.TrimSpace(*a.held)) == 0:
		a.accuse(ai.Empty, "an answer without a body")
	case isError && bytes.TrimLeft(*a.held, " \t\r\n")[0] == '{':
		a.Evidence.Failure = f
		a.accuse(ai.SoftError, "")
	default:
		if v := a.req.Format.JudgeBody(a.req.Endpoint, *a.held); isAnswer(v.Kind) {
			a.verdict = v // a transcript in JSON says what it used
		}
		a.accept()
	}
}

// proveStream reads a stream to its first content.
func (a *Answer) proveStream() {
	a.form = stream
	a.judge = a.req.Format.NewJudge(a.req.Endpoint)
	if a.req.Translate != nil {
		a.translator = newTranslator(a.req.Translate, func() ai.Usage { return a.judge.Verdict().Usage })
	}
	for seen := 0; ; a.readSome() {
		if err := a.follow((*a.held)[seen:]); err != nil {
			a.accuse(ai.BadAnswer, err.Error())
			return
		}
		if a.garbled {
			a.whole = seen + a.splitter.Whole()
		}
		seen = len(*a.held)
		if a.over != nil && !a.blind {
			a.closing = true
			a.splitter.Close(a.see)
		}
		if a.collects() && a.failure == nil {
			if a.collected() {
				return
			}
			seen = 0
		}
		switch {
		case (a.proven || a.blind) && !a.collects():
			a.accept()
			return
		case a.failure != nil:
			a.Evidence.Failure = *a.failure
			a.Evidence.Body = a.failed
			a.Header["Content-Type"] = []string{jsonText} // what Held is
			a.accuse(ai.SoftError, "")
			return
		case a.ended():
			a.proveEnded()
			return
		case a.over != nil:
			a.Evidence = a.blame(a.over)
			return
		case len(*a.held) > holdStream && !a.collects():
			a.accept()
			return
		}
	}
}

// proveEnded judges a stream that ended before any content.
func (a *Answer) proveEnded() {
	if _, isSSE := a.splitter.(*sse.Scanner); isSSE && a.events == 0 && isOther(*a.held) {
		a.judge, a.splitter, a.translator, a.form = nil, nil, nil, whole // it was only labelled as one
		a.proveWhole()
		return
	}
	v := a.judge.Verdict()
	if isAnswer(v.Kind) {
		a.accept()
		return
	}
	a.Evidence.Failure = v.Failure
	a.accuse(v.Kind, "the stream ended before any content")
}

// isOther reports whether a body has something in it, but no line of
// server-sent events.
func isOther(b []byte) bool {
	for line := range bytes.Lines(b) {
		name, _, found := bytes.Cut(line, []byte(":"))
		if found && (len(name) == 0 || slices.Contains(fields[:], string(name))) {
			return false
		}
	}
	return len(bytes.TrimSpace(b)) > 0
}

// accept notes that the answer may be given to the client.
func (a *Answer) accept() {
	a.deadline.off()
	a.good = true
	a.Evidence.Kind = ai.OK
	a.FirstContent = time.Since(a.deadline.start)
}
