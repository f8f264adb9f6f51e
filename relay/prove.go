package relay

import (
	"bytes"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// prove reads the answer until it has proved itself, or has failed to.
func (a *Answer) prove() {
	media := mediaType(a.resp.Header)
	if media == "text/html" {
		a.proveNotHTML()
		return
	}
	eof, err := a.readSome()
	if err != nil {
		a.blame(err, "body")
		return
	}
	switch {
	case a.req.Array && startsWith(*a.held, '['):
		a.splitter = &sse.ArrayScanner{}
		a.proveStream(eof)
	case media == "text/event-stream" && !startsWith(*a.held, '{'), looksLikeEvents(*a.held) && !a.req.Endpoint.Opaque:
		a.splitter = &sse.Scanner{}
		a.proveStream(eof)
	case a.req.Endpoint.Opaque && !isText(media):
		a.proveOpaque(eof)
	default:
		a.proveWhole(eof)
	}
}

// startsWith reports whether the first byte of JSON text is c.
func startsWith(b []byte, c byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(b) > 0 && b[0] == c
}

func isText(media string) bool { return media == "application/json" || media == "text/plain" || media == "" }

// proveNotHTML: an API does not answer with a page. It is read for its title.
func (a *Answer) proveNotHTML() {
	if _, err := a.fill(tellError); err != nil {
		a.blame(err, "body")
		return
	}
	a.Evidence.Body = bytes.Clone(*a.held)
	a.Evidence.Failure, _ = protocol.ParseFailure(*a.held)
	a.blameAnswer(ai.BadAnswer, "a web page instead of an answer")
}

func (a *Answer) proveOpaque(eof bool) {
	if eof && len(*a.held) == 0 {
		a.blameAnswer(ai.Empty, "an answer without a body")
		return
	}
	a.form = opaque
	a.accept()
}

// proveWhole reads a body whole and judges it.
func (a *Answer) proveWhole(eof bool) {
	var err error
	if !eof {
		eof, err = a.fill(holdWhole)
	}
	if err != nil {
		a.blame(err, "body")
		return
	}
	if !eof {
		if f, isError := protocol.ParseFailure((*a.held)[:tellError]); isError {
			a.Evidence.Failure = f
			a.Evidence.Body = bytes.Clone((*a.held)[:tellError])
			a.blameAnswer(ai.SoftError, "an error of unusual size")
			return
		}
		a.form = large
		a.accept()
		return
	}
	if a.req.Endpoint.Opaque {
		a.judgeOpaque()
		return
	}
	if len(*a.held) == 0 && a.Status == 204 {
		a.accept()
		return
	}
	a.verdict = a.req.Format.JudgeBody(a.req.Endpoint, *a.held)
	if isAnswer(a.verdict.Kind) {
		a.accept()
		return
	}
	a.Evidence.Failure = a.verdict.Failure
	a.Evidence.Body = bytes.Clone((*a.held)[:min(len(*a.held), tellError)])
	a.blameAnswer(a.verdict.Kind, "")
}

// isAnswer reports whether a verdict is one on a real answer: a refusal is
// what the model, or its provider's policy, has to say.
func isAnswer(k ai.Kind) bool { return k == ai.OK || k == ai.ContentFilter }

// judgeOpaque judges text in the place of something opaque: an error, or for
// instance a transcript.
func (a *Answer) judgeOpaque() {
	f, isError := protocol.ParseFailure(*a.held)
	switch {
	case len(*a.held) == 0:
		a.blameAnswer(ai.Empty, "an answer without a body")
	case isError && startsWith(*a.held, '{'):
		a.Evidence.Failure = f
		a.blameAnswer(ai.SoftError, "")
	default:
		a.accept()
	}
}

// proveStream reads a stream to its first content.
func (a *Answer) proveStream(eof bool) {
	a.form = stream
	a.judge = a.req.Format.NewJudge(a.req.Endpoint)
	seen := 0
	for {
		if err := a.feed((*a.held)[seen:]); err != nil {
			a.blameAnswer(ai.BadAnswer, err.Error())
			return
		}
		seen = len(*a.held)
		if eof {
			a.splitter.Close(a.event)
		}
		switch {
		case a.proven:
			a.accept()
			return
		case a.failure != nil:
			a.Evidence.Failure = *a.failure
			a.Evidence.Kind = ai.SoftError
			return
		case eof:
			a.endedEarly()
			return
		case len(*a.held) > holdStream:
			a.blameAnswer(ai.BadAnswer, "no content in a very long stream")
			return
		}
		var err error
		if eof, err = a.readSome(); err != nil {
			a.blame(err, "body")
			if a.Evidence.Kind == ai.Truncated && len(*a.held) == 0 {
				a.Evidence.Kind = ai.NetworkError
			}
			return
		}
	}
}

// endedEarly judges a stream that ended before any content.
func (a *Answer) endedEarly() {
	if a.events == 0 && len(*a.held) > 0 && !looksLikeEvents(*a.held) { // no stream at all
		a.judge, a.form = nil, whole
		a.proveWhole(true)
		return
	}
	v := a.judge.Verdict()
	if isAnswer(v.Kind) {
		a.accept()
		return
	}
	a.Evidence.Failure = v.Failure
	a.blameAnswer(v.Kind, "the stream ended before any content")
}

// feed lets the judge see what has come.
func (a *Answer) feed(chunk []byte) error { return a.splitter.Feed(chunk, a.event) }

// event takes one event in.
func (a *Answer) event(ev sse.Event) bool {
	a.events++
	switch step := a.judge.Event(ev); step {
	case protocol.Content:
		a.proven = true
	case protocol.Finish, protocol.End:
		a.proven = true
		a.end = max(a.end, step)
	case protocol.Failed:
		f := a.judge.Failure()
		a.failure = &f
		return false
	}
	return true
}

// accept notes that the answer may be given to the client.
func (a *Answer) accept() {
	a.good = true
	a.Evidence.Kind = ai.OK
	a.FirstContent = time.Since(a.watch.start)
}
