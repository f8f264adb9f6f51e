package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
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
	Upstream http.Header // all of them, for health
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
	resp   *http.Response
	body   io.ReadCloser // decoded
	held   *[]byte
	good   bool
	form   form
	length int64 // of an identity body, -1 if unknown

	judge    protocol.Judge
	splitter sse.Splitter
	verdict  protocol.Verdict
	failure  *ai.Failure // of an error event that came after content
	end      protocol.Step
	proven   bool
	events   int
	tail     [2]byte // the last bytes given to the client
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
// the answer has proved itself or has failed to.
func Send(parent context.Context, r *Request) *Answer {
	a := &Answer{req: r, parent: parent, length: -1}
	a.watch.start = time.Now()
	a.ctx, a.watch.cancel = context.WithCancelCause(parent)
	a.armForSending()
	resp, err := r.Transport.RoundTrip(r.outbound(a.ctx))
	if err != nil {
		a.blame(err, "connect")
		return a
	}
	a.resp, a.Status, a.Upstream = resp, resp.StatusCode, resp.Header
	a.Header = clientHeader(resp.Header)
	a.Evidence.Status, a.Evidence.Header = resp.StatusCode, resp.Header
	a.held = heldBuffers.Get().(*[]byte)
	body, decoded, err := Decode(resp.Header, resp.Body)
	if err != nil {
		a.blameAnswer(ai.BadAnswer, err.Error())
		return a
	}
	a.body = body
	if !decoded {
		a.length = resp.ContentLength
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		a.readError()
		return a
	}
	if !a.wantsStream() {
		a.watch.arm(r.Timers.Idle, errIdle)
	} else if r.Timers.FirstContent <= 0 {
		a.watch.arm(r.Timers.Idle, errIdle)
	}
	a.prove()
	return a
}

// armForSending guards the wait for headers; the limit for the first content
// of a stream runs from the same moment.
func (a *Answer) armForSending() {
	t := &a.req.Timers
	switch {
	case a.wantsStream() && t.FirstContent > 0 && (t.Headers <= 0 || t.FirstContent < t.Headers):
		a.watch.arm(t.FirstContent, errFirstContent)
	default:
		a.watch.arm(t.Headers, errHeaders)
	}
}

func (a *Answer) wantsStream() bool { return a.req.Stream }

// Good reports whether the answer proved itself and may be given to the client.
func (a *Answer) Good() bool { return a.good }

// Held is the decoded body of a bad answer, as far as it was read.
func (a *Answer) Held() []byte {
	if a.held == nil {
		return nil
	}
	return bytes.Clone(*a.held)
}

// Verdict sums up what was seen of the answer so far.
func (a *Answer) Verdict() protocol.Verdict {
	if a.judge != nil {
		return a.judge.Verdict()
	}
	return a.verdict
}

// Close ends the attempt. What upstream still sends is not read.
func (a *Answer) Close() {
	a.watch.stop()
	a.watch.cancel(errDone)
	if a.body != nil {
		a.body.Close()
	}
	if a.resp != nil {
		a.resp.Body.Close()
	}
	if a.held != nil {
		putHeld(a.held)
		a.held = nil
	}
}

// blame says why there is no answer, or no end of it.
func (a *Answer) blame(err error, phase string) {
	e := &a.Evidence
	e.Err, e.Phase = err, phase
	cause := context.Cause(a.ctx)
	switch {
	case errors.Is(cause, errHeaders):
		e.Kind, e.Phase = ai.Timeout, "headers"
	case errors.Is(cause, errFirstContent):
		e.Kind, e.Phase = ai.Timeout, "first_content"
	case errors.Is(cause, errIdle):
		e.Kind, e.Phase = ai.Timeout, "idle"
	case errors.Is(a.parent.Err(), context.DeadlineExceeded):
		e.Kind, e.Phase = ai.Timeout, "total"
	case a.parent.Err() != nil:
		e.Kind = ai.ClientGone
	case phase == "body":
		e.Kind = ai.Truncated
	default:
		e.Kind = ai.NetworkError
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			e.Phase = "headers"
		}
	}
}

// blameAnswer says what is wrong with an answer that came.
func (a *Answer) blameAnswer(kind ai.Kind, message string) {
	a.Evidence.Kind = kind
	if a.Evidence.Failure.Message == "" {
		a.Evidence.Failure.Message = message
	}
}

// readError reads an error answer.
func (a *Answer) readError() {
	a.watch.arm(a.req.Timers.Idle, errIdle)
	eof, err := a.fill(keepError)
	if err != nil && !eof && len(*a.held) == 0 && context.Cause(a.ctx) != nil {
		a.blame(err, "body")
		return
	}
	b := *a.held
	a.Evidence.Body = bytes.Clone(b[:min(len(b), tellError)])
	a.Evidence.Failure, _ = protocol.ParseFailure(a.Evidence.Body)
	if a.Status < 400 {
		a.blameAnswer(ai.BadAnswer, "a redirect or another status that is no answer")
	}
}

// fill reads until the held bytes are limit or the body ends.
func (a *Answer) fill(limit int) (eof bool, err error) {
	for len(*a.held) < limit {
		if eof, err = a.readSome(); err != nil || eof {
			return eof, err
		}
	}
	return false, nil
}

// readSome reads once into the held bytes.
func (a *Answer) readSome() (eof bool, err error) {
	b := *a.held
	if len(b) == cap(b) {
		b = append(b, 0)[:len(b)]
	}
	n, err := a.body.Read(b[len(b):cap(b)])
	*a.held = b[:len(b)+n]
	a.watch.touch()
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return true, nil
	}
	return false, err
}
