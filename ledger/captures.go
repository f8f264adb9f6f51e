package ledger

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// This file keeps the bodies of calls for a while, where somebody has asked
// for it. It is best effort: no call waits for it, and what cannot be written
// is not kept.

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

// NewCaptures returns an empty queue. A CaptureWriter writes what is in it.
func NewCaptures() *Captures { return &Captures{queue: make(chan capturedCall, maxCaptures)} }

// Add has a capture written, with what is to be hidden masked in it. It never
// waits: what finds no room is lost, and counted.
func (k *Captures) Add(one Capture, hide []string) {
	select {
	case k.queue <- capturedCall{Capture: one, secrets: hide}:
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
