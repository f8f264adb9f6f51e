package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Answer is what an attempt brought. It is used by one goroutine and must be
// closed.
type Answer struct {
	Status   int         // upstream's status, 0 if there was none
	Header   http.Header // what of upstream's headers the client gets
	Upstream http.Header // all of them, for health; never changed
	// Evidence says what there is to say against the answer; its kind is OK for
	// an answer that proved itself, and for an error status, which Status tells.
	Evidence health.Evidence
	// FirstContent is the time from sending to the first content, or to the end
	// of a whole body.
	FirstContent time.Duration

	req    *Request
	parent context.Context
	ctx    context.Context
	watch  watch
	conn   connection

	resp    *http.Response
	body    io.Reader // decoded
	decoder *decoding // of body, nil if it needs none
	length  int64     // of the body, if it needs no decoding; -1 if unknown
	held    *[]byte   // what was read and the client does not have
	begun   bool      // a byte of the body has come
	timed   bool      // its silence is guarded
	over    error     // that ended the body, io.EOF for a proper end

	good bool
	form form

	judge    protocol.Judge // of a stream
	splitter sse.Splitter
	see      func(sse.Event) bool // event, made once
	blind    bool                 // an event was too large to look at: what follows is not judged
	proven   bool
	events   int
	end      protocol.Step // Finish or End, once seen
	failure  *ai.Failure   // of an error event
	failed   []byte        // the beginning of that event's data
	garbled  bool          // it is no error event, but one that is broken itself
	whole    int           // of held, what stands before that one
	closing  bool          // what the splitter reports now was not ended by the upstream
	rest     *abridger     // of a body too large to be held
	verdict  protocol.Verdict
	sample   sample

	translator *translator     // of a stream, if the client speaks another format
	reply      *protocol.Reply // of a whole body, likewise
}

// form is how an answer is treated.
type form uint8

const (
	whole  form = iota // held and judged whole
	large              // too large for that: its beginning was judged
	opaque             // not looked into
	stream             // judged event by event
)

// connection is what the transport tells of the connection it took.
type connection struct {
	trace  httptrace.ClientTrace
	got    atomic.Bool
	reused atomic.Bool
}

func (c *connection) gotConn(info httptrace.GotConnInfo) {
	c.reused.Store(info.Reused)
	c.got.Store(true)
}

// Send sends a request, holds the answer back and judges it. It returns when
// the answer has proved itself or has failed to. The parent's end ends the
// attempt: a deadline is a timeout of the whole call, anything else means that
// the client is gone.
func Send(parent context.Context, r *Request) *Answer {
	a := &Answer{req: r, parent: parent, length: -1}
	a.watch.start = time.Now()
	ctx, cancel := context.WithCancelCause(parent)
	a.watch.cancel = cancel
	a.conn.trace.GotConn = a.conn.gotConn
	a.ctx = httptrace.WithClientTrace(ctx, &a.conn.trace)
	a.guardSending()
	resp, err := a.roundTrip() //nolint:bodyclose // Close does
	if err != nil {
		a.Evidence = a.blame(err)
		return a
	}
	a.resp, a.Status, a.Upstream = resp, resp.StatusCode, resp.Header
	if r.Translate == nil {
		a.Header = clientHeader(resp.Header)
	} else {
		a.Header = make(http.Header) // it is of another service to the client
	}
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

// roundTrip sends the request. A connection that the upstream closed just when
// it was taken out of the pool says nothing about the upstream; then the
// request is sent once more.
func (a *Answer) roundTrip() (*http.Response, error) {
	resp, err := a.req.Transport.RoundTrip(a.req.outbound(a.ctx))
	if err == nil || !a.conn.stale(err) || a.ctx.Err() != nil || time.Since(a.watch.start) > stalePatience {
		return resp, err
	}
	a.conn.got.Store(false)
	a.conn.reused.Store(false)
	return a.req.Transport.RoundTrip(a.req.outbound(a.ctx))
}

// stale reports whether an error is what a connection shows that was closed
// while it was idle. The transport sends again by itself only what is
// idempotent, and then as often as it has idle connections.
func (c *connection) stale(err error) bool {
	if !c.reused.Load() {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.HasSuffix(err.Error(), "server closed idle connection") // net/http does not export it
}

// guardSending guards the wait for headers. The limit for the first content of
// a stream runs from the same moment.
func (a *Answer) guardSending() {
	t := &a.req.Timers
	if a.req.Stream && t.FirstContent > 0 && (t.Headers <= 0 || t.FirstContent < t.Headers) {
		a.watch.until(t.FirstContent, errFirstContent)
	} else if t.Headers > 0 {
		a.watch.until(t.Headers, errHeaders)
	}
}

// guardContent guards the wait for what proves an answer.
func (a *Answer) guardContent() {
	t := &a.req.Timers
	switch {
	case !a.req.Stream: // the limit for the headers goes on
	case t.FirstContent > 0:
		a.watch.until(t.FirstContent, errFirstContent)
		a.timed = true // its silence is no other matter
	case t.Headers > 0:
		a.watch.off()
	}
}

// Good reports whether the answer proved itself and may be given to the client.
func (a *Answer) Good() bool { return a.good }

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
func (a *Answer) Close() {
	a.watch.off()
	a.watch.cancel(errDone)
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
	case errors.Is(a.parent.Err(), context.DeadlineExceeded):
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
	a.watch.within(errorPatience, errLongError)
	a.timed = true
	a.fill(keepError)
	a.watch.off()
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

// fill reads until the held bytes are limit or the body is over.
func (a *Answer) fill(limit int) {
	for a.over == nil && len(*a.held) < limit {
		a.readSome()
	}
}

// readSome reads once into the held bytes.
func (a *Answer) readSome() {
	if len(*a.held) == cap(*a.held) {
		a.held = grow(a.held, 2*cap(*a.held))
	}
	if a.begun && !a.timed {
		a.timed = true
		a.watch.silence(a.req.Timers.Idle, errIdle)
	}
	b := *a.held
	a.watch.waits()
	n, err := a.body.Read(b[len(b):cap(b)])
	a.watch.came()
	*a.held = b[:len(b)+n]
	a.begun = a.begun || n > 0
	a.over = err
}

// ended reports whether the body has come to its proper end.
func (a *Answer) ended() bool { return errors.Is(a.over, io.EOF) }
