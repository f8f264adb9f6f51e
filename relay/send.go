package relay

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
)

// Answer is what an attempt brought: first its proof, and, if that is good, its
// delivery to the client by CopyTo. It is used by one goroutine and must be
// closed.
type Answer struct {
	Status   int         // upstream's status, 0 if there was none
	Header   http.Header // what of upstream's headers the client gets
	Upstream http.Header // all of them, for health; never changed
	// Evidence says what there is to say against the answer; its kind is OK for
	// an answer that proved itself, and for an error status, which Status tells.
	Evidence health.Evidence
	// FirstByte is the time from sending to the headers; 0 if there were none.
	FirstByte time.Duration
	// FirstContent is the time from sending to the first content, or to the end
	// of a whole body.
	FirstContent time.Duration

	incoming // what comes of it
	progress // what was seen in it, if it is a stream
	good     bool
	form     form
	rest     *truncator // of a body too large to be held
	verdict  protocol.Verdict
	reply    *protocol.Reply // of a whole body, if the client speaks another format
}

// form is how an answer is treated.
type form uint8

const (
	whole  form = iota // held and judged whole
	large              // too large for that: its beginning was judged
	opaque             // not looked into
	stream             // judged event by event
)

// Send sends a request, holds the answer back and judges it. It returns when
// the answer has proved itself or has failed to. The parent's end ends the
// attempt: a deadline is a timeout of the whole call, anything else means that
// the client is gone.
func Send(parent context.Context, r *Request) *Answer {
	a := send(parent, r)
	if !a.noSuchEndpoint() {
		return a
	}
	url := r.Base.Other(r.URL)
	if url == nil || parent.Err() != nil {
		return a
	}
	second := *r
	second.URL = url
	b := send(parent, &second)
	if b.Status < 200 || b.Status/100 == 3 || b.noSuchEndpoint() {
		b.Close()
		return a
	}
	a.Close()
	if b.knowsEndpoint() {
		r.Base.Learn()
	}
	return b
}

// noSuchEndpoint reports whether the answer says that there is nothing at the
// address, as opposed to no such model.
func (a *Answer) noSuchEndpoint() bool {
	switch a.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return a.Evidence.Kind == ai.OK && health.Classify(&a.Evidence, nil, time.Now()).Kind == ai.NoSuchEndpoint
	}
	return false
}

// knowsEndpoint reports whether an answer can only be that of an endpoint: who
// asks for a key, or fails, may do so at any address.
func (a *Answer) knowsEndpoint() bool {
	return a.good || a.Status/100 == 4 && a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden
}

// send is Send for one form of the address.
func send(parent context.Context, r *Request) *Answer {
	a := answers.Get().(*Answer)
	a.exchange = exchange{req: r, parent: parent, length: -1}
	ctx, cancel := context.WithCancelCause(parent)
	a.deadline.begin(cancel)
	a.ctx = httptrace.WithClientTrace(ctx, &a.conn.trace)
	a.guardSending()
	resp, err := a.roundTrip() //nolint:bodyclose // Close does
	if err != nil {
		a.Evidence = a.blame(err)
		return a
	}
	a.FirstByte = time.Since(a.deadline.start)
	a.resp, a.Status, a.Upstream = resp, resp.StatusCode, resp.Header
	if r.Translate == nil {
		addClientHeader(a.Header, resp.Header)
	} // else it is of another service to the client
	a.Evidence.Status, a.Evidence.Header = resp.StatusCode, resp.Header
	if resp.StatusCode == http.StatusSwitchingProtocols { // there is no body, but a connection
		a.accuse(ai.BadAnswer, "a change of protocol that nobody asked for")
		return a
	}
	a.body, a.length = resp.Body, resp.ContentLength
	a.decoder, err = newDecoding(resp.Header, resp.Body)
	switch {
	case err != nil:
		a.accuse(ai.BadAnswer, err.Error())
		return a
	case a.decoder != nil:
		a.body, a.length = a.decoder, -1
	}
	a.held = getBuffer(0)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		a.readError()
		return a
	}
	a.guardContent()
	a.prove()
	return a
}

// Good reports whether the answer proved itself and may be given to the client.
func (a *Answer) Good() bool { return a.good }

// Sent reports whether the request had a connection to go on.
func (a *Answer) Sent() bool { return a.resp != nil || a.conn.got.Load() }

// Streamed reports whether the client gets the answer as a stream.
func (a *Answer) Streamed() bool {
	return a.form == stream && a.reply == nil || a.reply != nil && a.req.Translate.Stream
}

// Restate makes a good answer that is one whole into a stream for a client that
// was promised one, by a translation into its own format; nil: there is none. If
// that cannot be done the answer is good no more.
func (a *Answer) Restate(t *Translation) bool {
	if t != nil && a.form == whole && a.reply == nil {
		request := *a.req
		request.Translate = t
		a.req = &request
		if a.translateWhole() {
			return true
		}
	}
	a.good = false
	a.accuse(ai.BadAnswer, "an answer that is no stream, to a client that has the beginning of one")
	return false
}

// Held is the decoded body of a bad answer as far as it was read, at most 1 MB;
// of a stream it is the data of the event that failed.
func (a *Answer) Held() []byte {
	switch {
	case a.failed != nil:
		return a.failed
	case a.held == nil:
		return nil
	}
	return bytes.Clone((*a.held)[:min(len(*a.held), keepError)])
}

// Verdict sums up what was seen of the answer so far.
func (a *Answer) Verdict() protocol.Verdict {
	if a.judge != nil {
		return a.judge.Verdict()
	}
	return a.verdict
}

// Close ends the attempt. What upstream still sends is not read. It may be
// called more than once.
func (a *Answer) Close() { a.close() }

// close is Close; it reports whether nobody uses the attempt any more.
func (a *Answer) close() (unused bool) {
	if a.closed {
		return false
	}
	a.closed = true
	a.deadline.off()
	a.deadline.cancel(errDone)
	if a.resp != nil {
		_ = a.resp.Body.Close()
	}
	if a.decoder != nil {
		_ = a.decoder.Close()
		a.decoder = nil
	}
	if a.held != nil {
		putBuffer(a.held)
		a.held = nil
	}
	a.sample.release()
	return a.conn.done()
}

// Release is Close for an answer of which nothing is used afterwards, also none
// of its headers: its memory serves other attempts.
func (a *Answer) Release() {
	if !a.close() || !a.conn.told() {
		return
	}
	a.recycle()
	answers.Put(a)
}

// answers are used again: they are a quarter of what a call allocates.
var answers = sync.Pool{New: func() any { return newAnswer() }}

func newAnswer() *Answer {
	a := &Answer{Header: make(http.Header, 8)}
	a.conn, a.see = newConnection(), a.event
	return a
}

// recycle forgets the attempt.
func (a *Answer) recycle() {
	clear(a.Header)
	a.Status, a.Upstream, a.Evidence, a.FirstByte, a.FirstContent = 0, nil, health.Evidence{}, 0, 0
	a.good, a.form, a.rest, a.verdict, a.reply = false, whole, nil, protocol.Verdict{}, nil
	a.exchange, a.progress = exchange{}, progress{see: a.see}
	a.deadline.reset()
	a.conn.reset()
}

// blame says why there is no answer, or no end of it.
func (a *Answer) blame(err error) health.Evidence {
	e := a.Evidence
	e.Err = err
	cause := context.Cause(a.ctx)
	for _, t := range [...]struct {
		cause error
		phase string
	}{{errHeaders, "headers"}, {errFirstContent, "first_content"}, {errIdle, "idle"}} {
		if errors.Is(cause, t.cause) {
			e.Kind, e.Phase = ai.Timeout, t.phase
			return e
		}
	}
	var timeout net.Error
	switch {
	case errors.Is(context.Cause(a.parent), ErrExiting):
		e.Kind, e.Phase = ai.Timeout, "exit"
	case errors.Is(context.Cause(a.parent), ErrEnded):
		e.Kind = ai.Ended
	case errors.Is(a.parent.Err(), context.DeadlineExceeded), errors.Is(context.Cause(a.parent), context.DeadlineExceeded):
		e.Kind, e.Phase = ai.Timeout, "total"
	case a.parent.Err() != nil:
		e.Kind = ai.ClientGone
	case a.resp != nil:
		e.Kind, e.Phase = ai.Truncated, "body"
		if a.decoder != nil && a.decoder.garbled(err) {
			e.Kind = ai.BadAnswer
		}
	case a.conn.got.Load():
		e.Kind, e.Phase = ai.NetworkError, "headers"
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Phase = ai.Timeout, "connect"
	default:
		e.Kind, e.Phase = ai.NetworkError, "connect"
	}
	return e
}

// accuse says what is wrong with an answer that came.
func (a *Answer) accuse(kind ai.Kind, message string) {
	e := &a.Evidence
	e.Kind = kind
	if e.Failure.Message == "" {
		e.Failure.Message = message
	}
	if e.Body == nil && a.held != nil {
		e.Body = bytes.Clone((*a.held)[:min(len(*a.held), tellError)])
	}
}

// readError reads an error answer as far as it comes in a short time: the
// status has said what matters.
func (a *Answer) readError() {
	a.deadline.within(errorPatience, errLongError)
	a.timed = true
	a.fill(keepError)
	a.deadline.off()
	if a.parent.Err() != nil {
		a.Evidence = a.blame(a.over)
		return
	}
	b := *a.held
	a.Evidence.Body = bytes.Clone(b[:min(len(b), tellError)])
	a.Evidence.Failure, _ = protocol.ParseFailure(a.Evidence.Body)
	a.verdict.Usage = a.req.Format.JudgeBody(a.req.Endpoint, b).Usage // an error may have used something
	if a.Status < 400 {
		a.accuse(ai.BadAnswer, "a redirect or another status that is no answer")
	}
}
