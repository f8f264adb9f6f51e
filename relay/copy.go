package relay

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

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
// all and does not close.
func (a *Answer) CopyTo(_ context.Context, w http.ResponseWriter) Ending {
	e := Ending{Evidence: health.Evidence{Kind: ai.OK, Status: a.Status, Header: a.Upstream, Committed: true}}
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	switch {
	case a.form == whole:
		header["Content-Length"] = []string{strconv.Itoa(len(*a.held))}
	case a.length >= 0 && a.form != stream:
		header["Content-Length"] = []string{strconv.FormatInt(a.length, 10)}
	}
	w.WriteHeader(a.Status)
	c := copying{Answer: a, w: w, flush: http.NewResponseController(w), ending: &e}
	if !c.write(*a.held) {
		return e
	}
	if a.form == whole {
		return e
	}
	c.flush.Flush() //nolint:errcheck // a writer that cannot flush shows at the next write
	putHeld(a.held)
	a.held = nil
	a.watch.arm(a.req.Timers.Idle, errIdle)
	c.rest()
	return e
}

// copying is the state of CopyTo.
type copying struct {
	*Answer
	w      http.ResponseWriter
	flush  *http.ResponseController
	ending *Ending
}

// write gives bytes to the client. It reports whether the client is there.
func (c *copying) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	n, err := c.w.Write(b)
	c.ending.Bytes += int64(n)
	if err != nil {
		c.gone()
		return false
	}
	return true
}

// gone notes that the client has left. A stream that had ended is complete all
// the same: clients close at the last event.
func (c *copying) gone() {
	c.watch.cancel(errDone)
	if c.judge != nil && c.judge.Ended() {
		return
	}
	c.ending.Evidence.Kind = ai.ClientGone
}

// rest copies what comes after the held bytes.
func (c *copying) rest() {
	buf := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buf)
	lingering := protocol.Preamble
	for c.failure == nil {
		if c.end != lingering {
			lingering = c.end
			c.linger()
		}
		n, err := c.body.Read(*buf)
		if n > 0 {
			c.watch.touch()
			if !c.write((*buf)[:n]) {
				return
			}
			if ferr := c.flush.Flush(); ferr != nil && !errors.Is(ferr, http.ErrNotSupported) {
				c.gone()
				return
			}
			if c.judge != nil && c.feed((*buf)[:n]) != nil {
				c.broken(ai.BadAnswer, "an event of unusual size")
				return
			}
		}
		if err != nil {
			c.ended(err)
			return
		}
	}
	// The error event has gone to the client as it came.
	c.ending.Evidence.Kind = ai.SoftError
	c.ending.Evidence.Failure = *c.failure
	c.ending.Abort = false
}

// linger shortens the wait once the stream has said that it is over.
func (c *copying) linger() {
	if c.end == protocol.End {
		c.watch.arm(lingerEnd, errDone)
	} else {
		c.watch.arm(lingerFinish, errDone)
	}
}

// ended judges the end of the upstream's body.
func (c *copying) ended(err error) {
	eof := errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
	if c.judge == nil {
		if !eof {
			c.blameEnding(err)
			c.ending.Abort = c.ending.Evidence.Kind != ai.ClientGone
		}
		return
	}
	open := c.splitter.Buffered() > 0
	c.splitter.Close(c.event)
	if c.failure != nil {
		c.ending.Evidence.Kind, c.ending.Evidence.Failure = ai.SoftError, *c.failure
		return
	}
	if c.judge.Ended() {
		return // also when the connection was reset after the end
	}
	if eof {
		c.ending.Evidence.Kind = ai.Truncated
	} else {
		c.blameEnding(err)
	}
	if c.ending.Evidence.Kind == ai.ClientGone {
		return
	}
	c.sayBroken(open)
}

// blameEnding finds out who ended a body that did not end by itself.
func (c *copying) blameEnding(err error) {
	c.blame(err, "body")
	c.ending.Evidence.Kind, c.ending.Evidence.Phase, c.ending.Evidence.Err = c.Evidence.Kind, c.Evidence.Phase, err
}

// broken ends a stream that cannot be followed any more.
func (c *copying) broken(kind ai.Kind, message string) {
	c.ending.Evidence.Kind = kind
	c.ending.Evidence.Failure.Message = message
	c.sayBroken(true)
}

// sayBroken ends the client's stream with the protocol's error event and asks
// for the connection to be cut. It never writes an end marker.
func (c *copying) sayBroken(open bool) {
	c.ending.Abort = true
	message := "the upstream's answer broke off before its end"
	status, code := http.StatusBadGateway, "upstream_truncated"
	if c.ending.Evidence.Kind == ai.Timeout {
		message, status, code = "the upstream fell silent within its answer", http.StatusGatewayTimeout, "upstream_timeout"
	}
	array, isArray := c.splitter.(*sse.ArrayScanner)
	if isArray && array.Inside() {
		return // half an element was sent: nothing that is added could be read
	}
	event := c.req.Format.ErrorEvent(&protocol.Error{Status: status, Code: code, Message: message, RequestID: c.req.ID}, isArray)
	if open && !isArray {
		event = append([]byte("\n\n"), event...)
	}
	if c.write(event) {
		c.flush.Flush() //nolint:errcheck // there is nothing more to say
	}
}
