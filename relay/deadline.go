package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadline ends an attempt that takes too long. It guards one thing at a time:
// either a moment, or the silence of the upstream, which is the time that is
// spent waiting for it. Noting that a wait begins or ends costs an atomic
// store: the timer is not set anew at each read, but looks at the last one when
// it fires.
type deadline struct {
	cancel context.CancelCauseFunc
	start  time.Time
	since  atomic.Int64 // when the wait at hand began, after start; negative: nobody waits

	mu    sync.Mutex
	timer *time.Timer
	cause error
	at    time.Duration // after start: the moment; 0: none
	limit time.Duration // of silence; 0: none
}

// begin starts the time of an attempt.
func (w *deadline) begin(cancel context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel, w.start = cancel, time.Now()
}

// reset makes the deadline of an attempt that is over ready for another. Its
// timer is kept; one that just fires finds nothing to guard.
func (w *deadline) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel, w.start, w.cause, w.at, w.limit = nil, time.Time{}, nil, 0, 0
	w.since.Store(0)
}

// until ends the attempt with cause at a moment counted from its start; 0
// guards nothing.
func (w *deadline) until(at time.Duration, cause error) { w.arm(at, 0, cause) }

// within ends the attempt with cause in d from now.
func (w *deadline) within(d time.Duration, cause error) { w.arm(time.Since(w.start)+d, 0, cause) }

// silence ends the attempt with cause once one wait takes longer than limit; 0
// guards nothing.
func (w *deadline) silence(limit time.Duration, cause error) { w.arm(0, limit, cause) }

// extendBy puts the moment off until Thinking, if the call's model thinks first.
func (w *deadline) extendBy(t *Timers) {
	if t.Thinker == nil || t.Thinking <= t.Begun || t.Thinking <= t.FirstContent {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = (*unlessThinking)(t)
}

// unlessThinking is the cause of an attempt that ends for want of content, unless
// its model thinks: then there is more time.
type unlessThinking Timers

func (t *unlessThinking) Error() string { return errFirstContent.Error() }
func (t *unlessThinking) Unwrap() error { return errFirstContent }

// off guards nothing any more.
func (w *deadline) off() { w.arm(0, 0, nil) }

// waits notes that a wait for the upstream begins, and says how long after the
// start of the attempt.
func (w *deadline) waits() time.Duration {
	now := time.Since(w.start)
	w.since.Store(int64(now))
	return now
}

// came notes that a wait is over. What happens until the next one is not the
// upstream's fault: a client may read slowly.
func (w *deadline) came() { w.since.Store(-1) }

func (w *deadline) arm(at, limit time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.limit, w.cause = max(at, 0), max(limit, 0), cause
	wait := w.limit
	if w.at > 0 {
		wait = w.at - time.Since(w.start)
	}
	switch {
	case w.at == 0 && w.limit == 0:
		if w.timer != nil {
			w.timer.Stop()
		}
	case w.timer == nil:
		w.timer = time.AfterFunc(wait, w.fire)
	default:
		w.timer.Reset(wait)
	}
}

// fire looks whether time is up. It may be called for an earlier guard, or
// while the wait that it was set for is long over.
func (w *deadline) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.start)
	var left time.Duration
	switch {
	case w.at > 0:
		left = w.at - now
	case w.limit > 0:
		left = w.limit
		if since := w.since.Load(); since >= 0 {
			left -= now - time.Duration(since)
		}
	default:
		return
	}
	if t, ok := w.cause.(*unlessThinking); ok && left <= 0 { //nolint:errorlint // the very value is asked
		if w.cause = errFirstContent; t.Thinker.Thinks() {
			w.at = t.Thinking
			left = w.at - now
		}
	}
	if left > 0 {
		w.timer.Reset(left)
		return
	}
	w.cancel(w.cause)
}
