package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// This file keeps the bodies of calls for a while, where somebody has asked
// for it. It is best effort: no call waits for it, and what cannot be written
// is not kept.

// capturing is what is kept of a call under way.
type capturing struct {
	limit    int
	answer   []byte
	upstream []byte
	cut      bool
	secrets  []string
}

// StartCapture begins to keep the call's bodies, if that is wanted of calls of
// its token.
func (c *Call) StartCapture() {
	conf := &c.snapshot.table.Capture
	if !conf.Enabled || len(conf.Tokens) > 0 && !slices.Contains(conf.Tokens, c.Token) {
		return
	}
	c.capture = &capturing{limit: int(conf.BodyBytes), secrets: []string{access.Credential(c.r)}}
	c.w = &capturedWriter{ResponseWriter: c.w, into: c.capture}
}

// add keeps what fits.
func (k *capturing) add(to, data []byte) []byte {
	room := max(0, k.limit-len(to))
	if len(data) > room {
		data, k.cut = data[:room], true
	}
	return append(to, data...)
}

// said keeps what an upstream said that the client does not get.
func (k *capturing) said(t *routing.Target, status int, body []byte) {
	if k == nil {
		return
	}
	k.upstream = k.add(k.upstream, fmt.Appendf(nil, "--- %s, %s, status %d\n", t.Name, t.Address(), status))
	k.upstream = k.add(k.upstream, body)
	k.upstream = k.add(k.upstream, []byte("\n"))
	k.secrets = append(k.secrets, t.Secret())
}

// keepCapture hands over what was kept, before the call's body is given back.
func (c *Call) keepCapture() {
	k, conf := c.capture, &c.snapshot.table.Capture
	if k == nil || conf.FailuresOnly && c.Record.Outcome == ai.OK {
		return
	}
	if len(conf.Channels) > 0 && !slices.ContainsFunc(c.Record.Attempts, func(a ai.Attempt) bool { return slices.Contains(conf.Channels, a.Target.Channel) }) {
		return
	}
	for i := range c.Record.Attempts {
		if ch := c.snapshot.table.ByName[c.Record.Attempts[i].Target.Channel]; ch != nil {
			for j := range ch.Keys {
				if ch.Keys[j].ID == c.Record.Attempts[i].Target.Key {
					k.secrets = append(k.secrets, ch.Keys[j].Secret)
				}
			}
		}
	}
	one := capturedCall{secrets: k.secrets, Capture: Capture{ID: c.ID, Time: c.Received, Answer: k.answer, Upstream: k.upstream}}
	if c.body != nil {
		one.Request = k.add(nil, c.body.bytes)
	}
	one.Cut = k.cut
	c.site.gateway.State.Captures.take(one)
}

// capturedWriter keeps what a client is sent.
type capturedWriter struct {
	http.ResponseWriter
	into *capturing
}

func (w *capturedWriter) Write(b []byte) (int, error) {
	w.into.answer = w.into.add(w.into.answer, b)
	return w.ResponseWriter.Write(b)
}

// ReadFrom keeps what is copied too.
func (w *capturedWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Flush sends what is buffered.
func (w *capturedWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (w *capturedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Capture is what was said in a call, as far as it was kept.
type Capture struct {
	ID       string    // of the call
	Time     time.Time // when the call arrived
	Cut      bool      // there was more
	Request  []byte    // of the client
	Answer   []byte    // the client got
	Upstream []byte    // what upstreams said that the client did not get
}

// capturedCall is a capture whose secrets are not masked yet.
type capturedCall struct {
	Capture
	secrets []string
}

// Captures are bodies of calls that wait to be written.
type Captures struct {
	queue chan capturedCall
	lost  atomic.Int64
}

// Bounds of what waits to be written.
const (
	maxCaptures  = 64
	captureBatch = 8
	captureWait  = 10 * time.Second // for the store
)

func newCaptures() *Captures { return &Captures{queue: make(chan capturedCall, maxCaptures)} }

// take never waits.
func (k *Captures) take(one capturedCall) {
	select {
	case k.queue <- one:
	default:
		k.lost.Add(1)
	}
}

// CaptureStore is where captures are kept. It seals them: people said what is in
// them.
type CaptureStore interface {
	// SaveCaptures keeps some.
	SaveCaptures(ctx context.Context, list []Capture) error
	// ForgetCaptures removes those before a moment, and the oldest until the
	// rest take no more than bytes.
	ForgetCaptures(ctx context.Context, before time.Time, bytes int64) error
}

// CaptureWriter writes captures to a store, and forgets old ones.
type CaptureWriter struct {
	From  *Captures
	Store CaptureStore
	Conf  func() config.Capture // that of the moment
	Log   func() *zap.Logger
}

// Run writes until ctx ends.
func (cw *CaptureWriter) Run(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	cw.forget(ctx)
	for {
		var batch []Capture
		select {
		case <-ctx.Done():
			cw.write(context.WithoutCancel(ctx), cw.From.more(nil))
			return
		case <-tick.C:
			cw.forget(ctx)
			continue
		case one := <-cw.From.queue:
			batch = cw.From.more(append(batch, one.masked()))
		}
		cw.write(ctx, batch)
	}
}

// more takes what else is there.
func (k *Captures) more(batch []Capture) []Capture {
	for len(batch) < captureBatch {
		select {
		case one := <-k.queue:
			batch = append(batch, one.masked())
		default:
			return batch
		}
	}
	return batch
}

func (cw *CaptureWriter) write(ctx context.Context, batch []Capture) {
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, captureWait)
	defer cancel()
	err := cw.Store.SaveCaptures(ctx, batch)
	if err == nil {
		if conf := cw.Conf(); conf.Enabled {
			err = cw.Store.ForgetCaptures(ctx, time.Now().Add(-conf.Age.Duration), conf.Bytes)
		}
	}
	if err != nil {
		cw.Log().Warn("bodies of calls cannot be kept", zap.Error(err))
	}
	if n := cw.From.lost.Swap(0); n > 0 {
		cw.Log().Warn("bodies of calls are not kept, because the store is too slow for them", zap.Int64("calls", n))
	}
}

// forget forgets what is too old, also after capturing was switched off.
func (cw *CaptureWriter) forget(ctx context.Context) {
	conf := cw.Conf()
	ctx, cancel := context.WithTimeout(ctx, captureWait)
	defer cancel()
	// While the store is away there is nothing new to forget either.
	_ = cw.Store.ForgetCaptures(ctx, time.Now().Add(-conf.Age.Duration), conf.Bytes)
}

// masked is the capture without secrets: those that it was made with, and
// whatever looks like one.
func (k *capturedCall) masked() Capture {
	one := k.Capture
	for _, body := range []*[]byte{&one.Request, &one.Answer, &one.Upstream} {
		*body = secrets.RedactBody(*body, k.secrets)
	}
	return one
}
