// Package relay makes one attempt: it sends a request to one upstream, keeps
// the answer back until it has proved itself, and then copies it to the client
// while it follows what passes. It knows nothing of who is tried next.
//
// An answer proves itself in one of three ways. A whole body is read, up to a
// limit, and judged by its wire format. A stream is read past its preamble to
// the first event with content. An opaque body (audio, images) is taken at the
// word of its status and content type. What proves bad comes back as evidence
// for package health, and the client has seen nothing of it.
//
// A stream that was given to the client ends in one of these ways:
//
//   - the upstream closes it after its end: all is well, also if it resets the
//     connection then, or if the client is already gone;
//   - the upstream does not close it after its end: it is closed here;
//   - an event says that the answer failed: the client has it as it came;
//   - it breaks off or falls silent: the client gets the wire format's own
//     error event, never an end marker, and then the connection is cut;
//   - the client hangs up: the upstream is stopped at once.
package relay

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
)

// Limits of what is held back, in bytes.
const (
	holdWhole  = 4 << 20  // of a body that is judged whole; a larger one is judged by its beginning
	holdStream = 16 << 20 // of a stream before its first content; what is larger is given away as it is
	keepError  = 1 << 20  // of an error answer, to be passed on if the fault is the caller's
	tellError  = 64 << 10 // of it that is looked at
)

// Patience that is not for the operator to choose.
const (
	lingerEnd     = 500 * time.Millisecond // with trailing bytes, after the end marker or an error event
	lingerFinish  = 2 * time.Second        // with an end marker or the end, after the last content
	errorPatience = 5 * time.Second        // with the body of an error answer: its status is enough to go on
	stalePatience = 2 * time.Second        // how soon a connection shows that it was closed while idle
	lastWords     = time.Second            // with a client that does not read, once its call is over
)

// Timers bound the silence of an upstream; 0 switches a timer off. The whole
// call is bounded by its context.
type Timers struct {
	// Headers is from sending to the answer's headers; for a call that is not
	// streamed, to the first byte behind them, because a model that thinks may
	// do so before or after its headers.
	Headers time.Duration
	// FirstContent is from sending to the first content of a stream.
	FirstContent time.Duration
	// Begun is the same once headers have come, and Thinking for a call of which
	// Thinker says that its model thinks first; each counts if it is longer. 0:
	// FirstContent counts all the time.
	Begun, Thinking time.Duration
	Thinker         Thinker
	// Idle is between two reads of an answer's body, once it has begun and the
	// first content is not waited for.
	Idle time.Duration
}

// Thinker knows whether a call has reasoning switched on.
type Thinker interface {
	// Thinks is asked once, when the time for a call that has none is over. It
	// may be asked on another goroutine while an answer is waited for.
	Thinks() bool
}

// Request is one attempt.
type Request struct {
	ID     string // the call's id, told to the client if its stream breaks off
	Method string
	URL    *url.URL
	// Base is the address that URL was made from. Where its text leaves open
	// whether the endpoints have a version, and there is no such endpoint, the
	// other form is asked in the same attempt, and remembered if it answers.
	Base      config.Base
	Header    http.Header // sent as it is, never changed
	Body      Body
	Format    protocol.Format
	Endpoint  *protocol.Endpoint
	Stream    bool // the client asked for a stream
	Array     bool // a Gemini stream in the form of a JSON array
	Transport http.RoundTripper
	Timers    Timers
	// Given counts the bytes of the answer that the client was given so far, for
	// others to see. nil: nobody looks.
	Given *atomic.Int64
	// Hide reports whether an event of a stream, by its data, is kept from the
	// client. nil: none is.
	Hide func(data []byte) bool
	// Rename is the name of the model that the client asked for, which the
	// answer gives it; "" leaves the upstream's.
	Rename string
	// Translate is set if the client speaks another format. Stream is then what
	// the upstream was asked for.
	Translate *Translation
	// Progress is told of a stream that takes long, each ProgressEvery, by the
	// goroutine that copies it. nil: nobody is.
	Progress Progress
}

// ProgressEvery is how often Progress is told of a stream, at most.
const ProgressEvery = time.Second

// Progress is told how far a stream has come: Verdict and Said of the answer are
// those of this moment.
type Progress interface {
	Progress(a *Answer)
}

// Reasons an attempt is ended from our side; they are the causes of its
// context.
var (
	errHeaders      = errors.New("no headers in time")
	errFirstContent = errors.New("no content in time")
	errIdle         = errors.New("silence within the answer")
	errLongError    = errors.New("an error answer that does not end")
	errDone         = errors.New("the attempt is over")
)

// ErrExiting is the cause of a parent context that the process ends because it
// exits: neither the upstream nor the client is to blame.
var ErrExiting = errors.New("the gateway is shutting down")

// ErrEnded is, by errors.Is, the cause of a parent context that an operator
// ended: likewise.
var ErrEnded = errors.New("an operator ended the call")
