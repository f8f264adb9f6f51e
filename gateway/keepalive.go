package gateway

import (
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
)

// keepaliveEvery is the time between two signs of life.
const keepaliveEvery = 15 * time.Second

// keepaliveQUIC is the latest moment of the first sign over HTTP/3: Caddy gives a
// QUIC connection up on which nothing came for 30 seconds, unless its client asks
// for life by itself.
const keepaliveQUIC = 20 * time.Second

// keepalive gives the client of a stream signs of life while upstreams think:
// servers between them give a connection up on which nothing comes for a minute
// or two. The first sends the headers, so that what is known of the answer later
// has no place in them; the call may still go elsewhere.
//
// Signs are written by a timer, and only while an attempt is waited for: until
// wait and after stop the writer is the handler's alone.
//
// A nil keepalive gives none. The others are used again, with their timers: most
// streams never need one.
type keepalive struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	sign    []byte
	array   bool
	timer   *time.Timer
	due     time.Time
	waiting bool
	begun   bool  // the headers are sent
	bytes   int64 // of signs
}

var keepalives = sync.Pool{New: func() any {
	k := new(keepalive)
	k.timer = time.AfterFunc(time.Hour, k.fire)
	k.timer.Stop()
	return k
}}

// newKeepalive arranges for signs of life, if a call's answer will be a stream.
func newKeepalive(c *Call) *keepalive {
	after := c.site.Limits.KeepaliveAfter
	format, ok := c.match.Format.(protocol.StreamKeeper)
	if !ok || after <= 0 || !c.Stream || !generates(c.Operation) || c.match.Endpoint.Opaque {
		return nil
	}
	if c.r.ProtoMajor == 3 {
		after = min(after, keepaliveQUIC)
	}
	k := keepalives.Get().(*keepalive)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.w, k.sign, k.array, k.due = c.w, format.SignOfLife(), c.request.Array, c.Received.Add(after)
	return k
}

// release ends the signs of a call, and returns how many bytes they were.
func (k *keepalive) release() (bytes int64) {
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	bytes = k.bytes
	k.w, k.waiting, k.begun, k.bytes = nil, false, false, 0
	k.timer.Stop()
	keepalives.Put(k)
	return bytes
}

// has reports whether the client has the headers already.
func (k *keepalive) has() bool { return k != nil && k.begun }

// wait allows signs until stop.
func (k *keepalive) wait() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting = true
	k.timer.Reset(max(0, time.Until(k.due)))
}

// stop ends what wait began. No sign is under way when it returns. If the headers
// are sent, what is written to the client from then on is the body only.
func (k *keepalive) stop(c *Call) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting = false
	k.timer.Stop()
	if _, is := c.w.(*begunWriter); k.begun && !is {
		c.w = &begunWriter{ResponseWriter: c.w, header: make(http.Header)}
		c.chooser.Input.Writer = c.w
	}
}

// fire gives a sign.
func (k *keepalive) fire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.waiting {
		return
	}
	if left := time.Until(k.due); left > 0 { // set for an earlier call
		k.timer.Reset(left)
		return
	}
	if !k.begun {
		k.begun = true
		relay.StreamHeader(k.w.Header(), k.array)
		k.w.WriteHeader(http.StatusOK)
	}
	n, err := k.w.Write(k.sign)
	k.bytes += int64(n)
	if err == nil {
		err = http.NewResponseController(k.w).Flush()
	}
	if err != nil {
		return // the client is gone, which ends the call
	}
	k.due = time.Now().Add(keepaliveEvery)
	k.timer.Reset(keepaliveEvery)
}

// begunWriter is the rest of an answer whose headers are sent.
type begunWriter struct {
	http.ResponseWriter
	header http.Header // goes nowhere
}

// Header is what nobody will see.
func (w *begunWriter) Header() http.Header { return w.header }

// WriteHeader does nothing: there is a status already.
func (w *begunWriter) WriteHeader(int) {}

// Unwrap is for http.ResponseController.
func (w *begunWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeErrorEvent ends a stream that has nothing but signs of life with an error,
// as one that breaks off: the status that was sent says that all is well.
func writeErrorEvent(c *Call, e *protocol.Error) {
	event := c.match.Format.ErrorEvent(e, c.request.Array)
	if c.request.Array { // which has no first element yet
		event = append([]byte("["), trimComma(event)...)
	}
	n, err := c.w.Write(event)
	c.Record.AnswerBytes = int64(n)
	if err == nil {
		_ = http.NewResponseController(c.w).Flush() // the connection is cut in any case
	}
	c.abort = true
}

func trimComma(event []byte) []byte {
	if len(event) > 0 && event[0] == ',' {
		return event[1:]
	}
	return event
}

// asStream makes a whole answer into the stream that the client was promised. It
// reports whether that was possible.
func (a *attempt) asStream(answer *relay.Answer) bool {
	c := a.call
	if !c.alive.has() || answer.Streamed() {
		return true
	}
	codec := CodecOf(c.Protocol)
	if codec == nil || c.Operation != ai.Generate {
		return answer.Restate(nil)
	}
	prompt := c.readPrompt()
	if prompt == nil {
		return answer.Restate(nil)
	}
	return answer.Restate(&relay.Translation{
		Upstream: codec, Client: codec, Prompt: prompt, Stream: true, Array: c.request.Array, Model: a.renames(),
	})
}
