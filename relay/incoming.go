package relay

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// incoming is an upstream's answer as it comes.
type incoming struct {
	exchange
	deadline deadline
	conn     *connection
}

// exchange is what an incoming answer has of its own: nothing of it outlives the
// attempt.
type exchange struct {
	req    *Request
	parent context.Context
	ctx    context.Context

	resp    *http.Response
	body    io.Reader // decoded
	decoder *decoding // of body, nil if it needs none
	length  int64     // of the body, if it needs no decoding; -1 if unknown
	held    *[]byte   // what was read and the client does not have
	begun   bool      // a byte of the body has come
	timed   bool      // its silence is guarded
	over    error     // that ended the body, io.EOF for a proper end
	closed  bool
}

// guardSending guards the wait for headers. The limit for the first content of
// a stream runs from the same moment.
func (in *incoming) guardSending() {
	t := &in.req.Timers
	if in.req.Stream && t.FirstContent > 0 && (t.Headers <= 0 || t.FirstContent < t.Headers) {
		in.deadline.until(t.FirstContent, errFirstContent)
	} else if t.Headers > 0 {
		in.deadline.until(t.Headers, errHeaders)
	}
}

// guardContent guards the wait for what proves an answer.
func (in *incoming) guardContent() {
	t := &in.req.Timers
	switch {
	case !in.req.Stream: // the limit for the headers goes on
	case t.FirstContent > 0:
		in.deadline.until(max(t.FirstContent, t.Begun), errFirstContent)
		in.deadline.extendBy(t)
		in.timed = true // its silence is no other matter
	case t.Headers > 0:
		in.deadline.off()
	}
}

// readOnce reads once into the held bytes.
func (in *incoming) readOnce() {
	if len(*in.held) == cap(*in.held) {
		in.held = grow(in.held, 2*cap(*in.held))
	}
	if in.begun && !in.timed {
		in.timed = true
		in.deadline.silence(in.req.Timers.Idle, errIdle)
	}
	b := *in.held
	in.deadline.waits()
	n, err := in.body.Read(b[len(b):cap(b)])
	in.deadline.came()
	*in.held = b[:len(b)+n]
	in.begun = in.begun || n > 0
	in.over = err
}

// ended reports whether the body has come to its proper end.
func (in *incoming) ended() bool { return errors.Is(in.over, io.EOF) }
