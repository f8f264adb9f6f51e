package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/access"
)

// This file is how the input of calls is counted off their path. A call whose
// budget has room enough is admitted by a bound of its input, which costs next to
// nothing to find. If it is still under way a moment later its input is counted,
// and the bound replaced, so that no more is set aside than is used, here and on
// other nodes. Most short calls have ended by then: they are never counted.

const (
	// recountAfter is how long a bound stands at least, and recountTick how much
	// longer at most while the machine keeps up: together below the 100 ms after
	// which a bound might be in somebody's way.
	recountAfter = 50 * time.Millisecond
	recountTick  = 20 * time.Millisecond

	// Calls beyond these are counted before they are admitted.
	recountsMost     = 2048
	recountsMostSize = 64 << 20 // bytes of their bodies
)

// boundCall is a call that was admitted by a bound.
type boundCall struct {
	call *Call
	most access.Use           // by the bound
	due  time.Duration        // when it is counted, since the call was received
	body atomic.Pointer[body] // nil: it is being counted, was, or need not be
}

// Recounts are the calls whose bounds are to be replaced by counts. Calls are
// admitted by bounds only while Run runs.
type Recounts struct {
	mu       sync.Mutex
	queue    []*boundCall // by when they are due
	running  bool
	wake     chan struct{} // the queue is empty no more
	size     atomic.Int64  // bytes of the bodies that wait
	counting sync.Mutex    // held while the call of an entry is counted
}

func newRecounts() *Recounts { return &Recounts{wake: make(chan struct{}, 1)} }

// admitByBound admits the call by a bound of its input, or says that it has to be
// counted.
func (c *Call) admitByBound() bool {
	q := c.site.gateway.State.Recounts
	if !c.token.Limiter().Measured() || !q.room(len(c.body.bytes)) {
		return false
	}
	n, bound := c.site.gateway.State.Counter.AtMost(c.forecast.sent(), c.forecast.countedModel(), c.body.bytes)
	if !bound {
		c.forecast.set(n)
		return false
	}
	most := c.forecast.expectedOf(n.Tokens)
	granted := c.token.AdmitBound(c.Received, most)
	if granted == nil {
		return false
	}
	c.admission.granted = granted // before anybody may replace the bound
	c.body.hold()
	b := &c.admission.bound
	b.call, b.most, b.due = c, most, c.since()+recountAfter
	b.body.Store(c.body)
	q.add(b, len(c.body.bytes))
	return true
}

// room reports whether a call with a body of so many bytes may wait.
func (q *Recounts) room(size int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running && len(q.queue) < recountsMost && q.size.Load()+int64(size) <= recountsMostSize
}

func (q *Recounts) add(b *boundCall, size int) {
	q.size.Add(int64(size))
	q.mu.Lock()
	q.queue = append(q.queue, b)
	first := len(q.queue) == 1
	q.mu.Unlock()
	if first {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

func (b *boundCall) recounts() *Recounts { return b.call.site.gateway.State.Recounts }

// take takes the body out of the entry, so that only one does something with it.
func (b *boundCall) take() *body {
	taken := b.body.Swap(nil)
	if taken != nil {
		b.recounts().size.Add(-int64(len(taken.bytes)))
	}
	return taken
}

// drop says that the call has ended.
func (b *boundCall) drop() {
	if taken := b.take(); taken != nil {
		taken.release()
	}
}

// replace counts the call, unless it has ended, and replaces its bound.
func (b *boundCall) replace() {
	q := b.recounts()
	q.counting.Lock()
	defer q.counting.Unlock()
	taken := b.take()
	if taken == nil {
		return
	}
	defer taken.release()
	is := b.call.forecast.expectedOf(b.call.forecast.inputCount(taken).Tokens)
	b.call.admission.granted.Adjust(access.Use{Tokens: is.Tokens - b.most.Tokens, Money: is.Money - b.most.Money})
}

// Run replaces bounds by counts until ctx ends.
func (q *Recounts) Run(ctx context.Context) {
	q.mu.Lock()
	q.running = true
	q.mu.Unlock()
	defer q.end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b, wait := q.next(time.Now())
		if b != nil {
			b.replace()
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		case <-timer.C:
		}
	}
}

// next takes the first entry out if it is due, or says how long to wait.
func (q *Recounts) next(now time.Time) (*boundCall, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		q.queue = nil
		return nil, time.Hour
	}
	b := q.queue[0]
	if wait := b.due - now.Sub(b.call.Received); wait > 0 {
		return nil, max(wait, recountTick)
	}
	q.queue[0] = nil
	q.queue = q.queue[1:]
	return b, 0
}

// replace replaces the bounds that are counted in the same accounts as a limiter
// at once, because they may be in somebody's way. It reports whether there were
// any.
func (q *Recounts) replace(l *access.Limiter) bool {
	if l.Bounds() == 0 {
		return false
	}
	q.mu.Lock()
	var own []*boundCall
	for _, b := range q.queue {
		if b.call.token.Limiter().SharesSpend(l) {
			own = append(own, b)
		}
	}
	q.mu.Unlock()
	for _, b := range own {
		b.replace()
	}
	q.counting.Lock() // wait for the one that is being counted
	defer q.counting.Unlock()
	return true
}

// end lets go of what waits: the bounds stand until their calls end.
func (q *Recounts) end() {
	q.mu.Lock()
	left := q.queue
	q.queue, q.running = nil, false
	q.mu.Unlock()
	for _, b := range left {
		b.drop()
	}
}
