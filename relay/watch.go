package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// watch ends an attempt when its upstream is silent for too long. It guards
// one kind of silence at a time. Touching it costs an atomic store: the timer
// is not set anew at each read, but looks at the last one when it fires.
type watch struct {
	cancel context.CancelCauseFunc
	start  time.Time
	last   atomic.Int64 // nanoseconds from start to the last sign of life

	mu    sync.Mutex
	timer *time.Timer
	limit time.Duration
	cause error
}

// arm begins to guard: silence longer than limit from now, or from the last
// touch, ends the attempt with cause. A limit of 0 guards nothing.
func (w *watch) arm(limit time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit, w.cause = limit, cause
	w.touch()
	switch {
	case limit <= 0:
		w.stopLocked()
	case w.timer == nil:
		w.timer = time.AfterFunc(limit, w.fire)
	default:
		w.timer.Reset(limit)
	}
}

// touch notes a sign of life.
func (w *watch) touch() { w.last.Store(int64(time.Since(w.start))) }

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit <= 0 {
		return
	}
	silent := time.Since(w.start) - time.Duration(w.last.Load())
	if left := w.limit - silent; left > 0 {
		w.timer.Reset(left)
		return
	}
	w.cancel(w.cause)
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = 0
	w.stopLocked()
}

func (w *watch) stopLocked() {
	if w.timer != nil {
		w.timer.Stop()
	}
}
