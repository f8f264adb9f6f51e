package relay

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Ending is how an answer ended that the client was given.
type Ending struct {
	Evidence health.Evidence // OK, or what broke it off
	Bytes    int64           // given to the client
	// Abort says that the answer is not complete and the connection must be
	// cut, so that the client sees it.
	Abort bool
}

// CopyTo gives a good answer to the client: headers, what was held back, and
// the rest as it comes, with a flush for each read. It ends the stream
// honestly if it breaks off, and does not wait for an upstream that has said
// all and does not close. The context that ends it is the one given to Send.
func (a *Answer) CopyTo(_ context.Context, w http.ResponseWriter) Ending {
	d := delivery{a, w}
	if a.reply != nil {
		e := a.ending()
		d.giveReply(&e)
		return e
	}
	d.renameHeld()
	d.writeHeader()
	if a.form == whole && len(*a.held) <= sizes[1] { // by far the most frequent; the server flushes it
		e := a.ending()
		if len(*a.held) > 0 {
			n, err := w.Write(*a.held)
			e.Bytes = int64(n)
			if err != nil {
				e.Evidence.Kind = ai.ClientGone
			}
		}
		return e
	}
	return d.copyRest()
}

// ending is the one of an answer that all is well with so far.
func (a *Answer) ending() Ending {
	return Ending{Evidence: health.Evidence{Kind: ai.OK, Status: a.Status, Header: a.Upstream, Committed: true}}
}

// copyRest gives an answer that is not, or need not be, there in one piece.
func (d delivery) copyRest() Ending {
	a, e := d.Answer, d.ending()
	c := copying{delivery: d, controller: http.NewResponseController(d.w), ending: &e}
	if a.form == stream && a.translator == nil {
		c.filter.rename = newRenamer(a.req.Format, a.req.Rename)
		switch a.splitter.(type) {
		case *sse.Scanner:
			c.filter.hide = a.req.Hide
		case *sse.ArrayScanner:
			c.filter.array = new(elementEnds)
		}
	}
	defer c.bound()()
	c.copy()
	return e
}

// writeHeader begins the answer.
func (d delivery) writeHeader() {
	header := d.w.Header()
	maps.Copy(header, d.Header)
	if d.translator != nil {
		StreamHeader(header, d.req.Translate.Array)
		d.w.WriteHeader(d.Status)
		return
	}
	_, isSSE := d.splitter.(*sse.Scanner)
	switch {
	case d.form == stream:
		header["X-Accel-Buffering"] = noBuffering
		header["Cache-Control"] = noStore
	case d.Status == http.StatusNoContent || d.Status == http.StatusResetContent:
	case d.form == whole:
		header["Content-Length"] = []string{strconv.Itoa(len(*d.held))}
	case d.length >= 0:
		header["Content-Length"] = []string{strconv.FormatInt(d.length, 10)}
	}
	header["Content-Type"] = []string{d.contentType(isSSE)}
	d.w.WriteHeader(d.Status)
}

// delivery is an answer on its way to the client.
type delivery struct {
	*Answer
	w http.ResponseWriter
}

// copying is a delivery that is given as it comes.
type copying struct {
	delivery
	controller *http.ResponseController
	ending     *Ending
	filter     eventFilter
	comma      bool // the last thing given of an array was a comma
	last       byte // that was given
}

// bound lets go of a client that does not read once the call's context is
// over: a write to it would never return. What it returns must be called at the
// end.
func (c *copying) bound() (release func()) {
	fired := make(chan struct{})
	server := http.NewResponseController(Innermost(c.w))
	stop := context.AfterFunc(c.parent, func() {
		defer close(fired)
		_ = server.SetWriteDeadline(time.Now().Add(lastWords)) // not every writer can
	})
	return func() {
		if !stop() {
			<-fired
			_ = server.SetWriteDeadline(time.Time{})
		}
	}
}

// Innermost is the server's own writer, whose deadlines may be set while
// another goroutine writes. Those around it, such as Caddy's IdleTimeoutWriter,
// are used by one goroutine only.
func Innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

// copy gives away what was held, and then what comes.
func (c *copying) copy() {
	if c.form == stream && c.failure != nil && c.garbled {
		c.passBroken((*c.held)[:c.whole], false)
		return
	}
	if c.translator != nil && c.end == protocol.End {
		c.translator.close()
	}
	if !c.give(c.forClient(*c.held)) {
		c.gone()
		return
	}
	if c.form == whole {
		return
	}
	buffer := fit(c.held, len(*c.held))
	c.held = nil
	defer func() { putBuffer(buffer) }()
	g := guard{}
	told := ProgressEvery
	for c.over == nil {
		g.set(c)
		if now := c.deadline.waits(); now >= told && c.req.Progress != nil {
			told = now + ProgressEvery
			c.req.Progress.Progress(c.Answer)
		}
		n, err := c.body.Read((*buffer)[:cap(*buffer)])
		c.deadline.came()
		c.over = err
		if n > 0 && !c.pass((*buffer)[:n]) {
			return
		}
		buffer = fit(buffer, n)
	}
	c.conclude()
}

// fit returns a buffer for the next read after one of n bytes: a large one
// while much comes at once, and a small one for the wait between two events. It
// is much already if it nearly fills what the transport reads at once, in which
// headers and the lengths of chunks stand too.
func fit(buffer *[]byte, n int) *[]byte {
	size := sizes[0]
	if n >= sizes[0]/2 {
		size = sizes[1]
	}
	if size == cap(*buffer) {
		*buffer = (*buffer)[:0]
		return buffer
	}
	putBuffer(buffer)
	return getBuffer(size)
}

// guard is what the wait for the next bytes is guarded by.
type guard struct {
	stage  stage
	events int
}

// stage is how far a body has come.
type stage uint8

const (
	fresh    stage = iota
	flowing        // more must come
	finished       // all was said; an end marker or the end may come
	over           // nothing that is needed can come
)

func (c *copying) stage() stage {
	array, isArray := c.splitter.(*sse.ArrayScanner)
	switch {
	case c.judge == nil || c.blind:
		return flowing
	case c.failure != nil, c.end == protocol.End, isArray && array.Closed() && c.judge.Ended():
		return over
	case c.end == protocol.Finish:
		return finished
	}
	return flowing
}

// set shortens the wait once the stream has said that it is over. Bytes that
// are no events, such as comments, prolong it then no more.
func (g *guard) set(c *copying) {
	now := c.stage()
	if now == g.stage && (now != finished || g.events == c.events) {
		return
	}
	g.stage, g.events = now, c.events
	switch now {
	case finished:
		c.deadline.within(lingerFinish, errDone)
	case over:
		c.deadline.within(lingerEnd, errDone)
	default:
		c.deadline.silence(c.req.Timers.Idle, errIdle)
	}
}

// pass looks at bytes that have come and gives them to the client, and looks at
// them also if the client is gone: they may say what the answer cost. It reports
// whether to go on.
func (c *copying) pass(b []byte) bool {
	var broken error
	inside := c.splitter != nil && c.splitter.Buffered() > 0
	switch {
	case c.judge != nil && c.failure == nil:
		if broken = c.follow(b); c.failure != nil && c.garbled {
			return c.passBroken(b[:c.splitter.Whole()], inside)
		}
	case c.rest != nil:
		c.rest.write(b)
	}
	if c.translator != nil && c.end == protocol.End && c.failure == nil {
		c.translator.close() // the client need not wait until the upstream closes
	}
	if c.translator != nil && c.failure != nil {
		c.conclude()
		return false
	}
	given := c.give(c.forClient(b))
	switch {
	case !given:
		c.gone()
	case broken != nil:
		c.ending.Evidence.Kind = ai.BadAnswer
		c.ending.Evidence.Err = broken
		c.sayBroken(true)
		return false
	}
	return given
}

// passBroken gives b, which stands before an event that is broken, and ends the
// stream there. inside says that an event had begun before b.
func (c *copying) passBroken(b []byte, inside bool) bool {
	e := &c.ending.Evidence
	e.Kind, e.Failure, e.Body = ai.SoftError, *c.failure, c.failed
	if !c.give(c.forClient(b)) {
		c.gone()
		return false
	}
	c.sayBroken(inside && len(b) == 0)
	return false
}

// forClient is what of the upstream's bytes the client gets now.
func (c *copying) forClient(b []byte) []byte {
	if c.translator != nil {
		return c.translator.take()
	}
	return c.filter.through(b)
}

// give writes bytes to the client and flushes them. It reports whether the
// client is there.
func (c *copying) give(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	n, err := c.w.Write(b)
	c.ending.Bytes += int64(n)
	if c.req.Given != nil {
		c.req.Given.Add(int64(n))
	}
	c.last = b[len(b)-1]
	if err == nil {
		if err = c.controller.Flush(); errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	if c.array() {
		if trimmed := bytes.TrimRight(b, " \t\r\n"); len(trimmed) > 0 {
			c.comma = trimmed[len(trimmed)-1] == ','
		}
	}
	return err == nil
}

// gone notes that the client has left, and stops the upstream. A stream that
// had ended is complete all the same: clients close at the last event.
func (c *copying) gone() {
	c.deadline.cancel(errDone)
	if c.judge == nil || !c.judge.Ended() {
		c.ending.Evidence.Kind = ai.ClientGone
	}
}

// conclude judges the end of the upstream's body.
func (c *copying) conclude() {
	e := &c.ending.Evidence
	if c.judge == nil || c.blind {
		c.concludeUnjudged()
		return
	}
	open := c.splitter.Buffered() > 0
	if array, isArray := c.splitter.(*sse.ArrayScanner); isArray {
		open = array.Inside() || array.Closed()
	}
	c.closing = true
	c.splitter.Close(c.see)
	v := c.judge.Verdict()
	switch {
	case c.failure != nil && c.translator != nil:
		e.Kind, e.Failure, e.Body = ai.SoftError, *c.failure, c.failed
		if c.give(c.translator.take()) {
			c.sayBroken(false)
		} else {
			c.gone()
		}
		return
	case c.failure != nil && c.array() && c.garbled: // nothing can be said within an element, nor behind it
		e.Kind, e.Failure, e.Body = ai.SoftError, *c.failure, c.failed
		c.sayBroken(true)
		return
	case c.failure != nil: // the client has the event
		e.Kind, e.Failure, e.Body = ai.SoftError, *c.failure, c.failed
		c.giveRemainder()
		return
	case c.judge.Ended(): // also when the connection was reset after the end
		c.giveRemainder()
		return
	case !c.ended():
		c.blameEnd()
	case isAnswer(v.Kind):
		c.giveRemainder()
		return
	default:
		e.Kind, e.Failure = v.Kind, v.Failure
	}
	if e.Kind != ai.ClientGone {
		c.sayBroken(open)
	}
}

// giveRemainder gives what is left at a proper end.
func (c *copying) giveRemainder() {
	if c.translator != nil {
		c.translator.close()
		c.give(c.translator.take())
		return
	}
	rest := c.filter.remainder()
	c.give(rest)
	if c.unended && c.ended() && (!c.filter.active() || len(rest) > 0) {
		c.give(missingEnd(c.last))
	}
}

// missingEnd is what a server-sent event lacks whose bytes end with last: the
// end of its line, and the blank line without which a client drops it.
func missingEnd(last byte) []byte {
	if last == '\n' {
		return blankLine[:1]
	}
	return blankLine // behind a CR the first one belongs to it
}

// concludeUnjudged judges the end of a body that nobody looks into: it is
// complete if it ended by itself.
func (c *copying) concludeUnjudged() {
	switch {
	case !c.ended():
		c.blameEnd()
	case c.rest != nil && !c.rest.full:
		c.verdict = c.req.Format.JudgeBody(c.req.Endpoint, c.rest.text)
		if c.verdict.Kind != ai.Truncated {
			c.verdict.Kind = ai.OK // its beginning was judged
			return
		}
		c.ending.Evidence.Kind = ai.Truncated
	default:
		return
	}
	switch {
	case c.ending.Evidence.Kind == ai.ClientGone:
	case c.blind:
		c.sayBroken(true)
	default:
		c.ending.Abort = true
	}
}

// blameEnd finds out who ended a body that did not end by itself.
func (c *copying) blameEnd() {
	found := c.blame(c.over)
	e := &c.ending.Evidence
	e.Kind, e.Phase, e.Err = found.Kind, found.Phase, found.Err
}

// clientFormat is the format that the client speaks.
func (c *copying) clientFormat() protocol.Format {
	if c.translator != nil {
		return c.req.Translate.Client
	}
	return c.req.Format
}

// array reports whether the client gets a JSON array.
func (c *copying) array() bool {
	if c.translator != nil {
		return c.req.Translate.Array
	}
	_, isArray := c.splitter.(*sse.ArrayScanner)
	return isArray
}

// sayBroken ends the client's stream with the wire format's error event and
// asks for the connection to be cut. It never writes an end marker. open says
// that an event was begun: it is ended first. Inside an element of an array,
// and behind the array, nothing can be added that anybody could read.
func (c *copying) sayBroken(open bool) {
	c.ending.Abort = true
	e := &protocol.Error{
		Status: http.StatusBadGateway, Code: "upstream_truncated", RequestID: c.req.ID,
		Message: "the upstream's answer broke off before its end",
	}
	if c.translator != nil && c.failure != nil && c.failure.Message != "" {
		e.Code, e.Message = "upstream_error", c.failure.Message
	}
	if c.ending.Evidence.Kind == ai.Timeout {
		e.Status, e.Code, e.Message = http.StatusGatewayTimeout, "upstream_timeout", "the upstream fell silent within its answer"
		switch c.ending.Evidence.Phase {
		case "total":
			e.Code, e.Message = "total_timeout", "the answer took longer than the gateway allows"
		case "exit":
			e.Status, e.Code, e.Message = http.StatusServiceUnavailable, "gateway_exiting", "the gateway is shutting down"
		}
	}
	if c.ending.Evidence.Kind == ai.Ended {
		e.Status, e.Code, e.Message = http.StatusForbidden, "ended_by_operator", "an operator of this gateway ended the call"
	}
	isArray := c.array()
	event := c.clientFormat().ErrorEvent(e, isArray)
	intact := c.translator != nil || c.filter.drop()
	if intact {
		open = false // the client has whole events only
	}
	switch {
	case isArray && intact && c.ending.Bytes == 0:
		event = append([]byte("["), bytes.TrimPrefix(event, []byte(","))...)
	case isArray && open:
		return
	case isArray && c.comma:
		event = bytes.TrimPrefix(event, []byte(","))
	case open:
		event = append([]byte("\n\n"), event...)
	}
	c.give(event)
}
