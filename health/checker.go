package health

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// Checker asks channels from time to time how they are. What it asks and what
// becomes of the answer is the caller's: the answer is evidence for a Tracker,
// and nothing else. A Checker belongs to one generation of the config.
type Checker struct {
	check func(ctx context.Context, channel string) ai.Outcome
	plan  []checkPlan

	mu      sync.Mutex
	cancel  context.CancelFunc // set by Start
	stopped bool
	done    sync.WaitGroup
}

type checkPlan struct {
	channel string
	every   time.Duration
}

// shortestInterval keeps a mistaken interval from becoming a flood.
const shortestInterval = time.Second

// NewChecker returns a checker that calls check. For one channel check is never
// called twice at a time; it should end soon after its context does.
func NewChecker(check func(ctx context.Context, channel string) ai.Outcome) *Checker {
	return &Checker{check: check}
}

// Add has a channel checked every so often, jittered by a fifth. Call it before
// Start.
func (k *Checker) Add(channel string, every time.Duration) {
	k.plan = append(k.plan, checkPlan{channel, max(every, shortestInterval)})
}

// Start begins, with one goroutine per channel. The first check of a channel
// comes after a random part of its interval, so that they do not all come at
// once, nor with every reload.
func (k *Checker) Start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cancel != nil || k.stopped {
		return
	}
	var ctx context.Context
	ctx, k.cancel = context.WithCancel(context.Background())
	for _, p := range k.plan {
		k.done.Go(func() { k.run(ctx, p) })
	}
}

func (k *Checker) run(ctx context.Context, p checkPlan) {
	timer := time.NewTimer(time.Duration(rand.Float64() * float64(p.every))) //nolint:gosec // spreads checks, guards nothing
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if ctx.Err() != nil { // both were ready
			return
		}
		k.check(ctx, p.channel)
		timer.Reset(time.Duration((1 - jitterPart + 2*jitterPart*rand.Float64()) * float64(p.every))) //nolint:gosec // the same
	}
}

// Stop ends all checks and returns when none is under way any more. It may be
// called more than once, also without Start.
func (k *Checker) Stop() {
	k.mu.Lock()
	k.stopped = true
	if k.cancel != nil {
		k.cancel()
	}
	k.mu.Unlock()
	k.done.Wait()
}
