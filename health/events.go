package health

import (
	"sync"
	"sync/atomic"
	"time"
)

// events is the queue of changes that wait to be told. They are put into it under
// the lock of their scope set, so that their order is that of the facts, and taken
// out without any lock, so that whoever is told may ask the Tracker.
type events struct {
	waiting atomic.Int32 // of list and of what is being told

	mu         sync.Mutex
	list       []Change
	delivering bool
}

// startedCooldown tells that a breaker cools down.
func (tr *Tracker) startedCooldown(c *breaker, now time.Time) {
	c.announced = true
	tr.publish(Change{Entry: c.entry(now)})
}

// recovered tells that a breaker has recovered, if anybody knows that it had to.
func (tr *Tracker) recovered(c *breaker, now time.Time) {
	if c.announced {
		c.announced = false
		tr.publish(Change{Entry: c.entry(now), Recovered: true})
	}
}

// publish queues a change; deliver tells it once the locks are released.
func (tr *Tracker) publish(c Change) {
	if tr.changed == nil {
		return
	}
	tr.events.mu.Lock()
	defer tr.events.mu.Unlock()
	tr.events.list = append(tr.events.list, c)
	tr.events.waiting.Add(1)
}

// deliver tells what waits, unless somebody else is doing so: two at a time
// could tell a recovery before the failure it ends.
func (tr *Tracker) deliver() {
	if tr.events.waiting.Load() == 0 {
		return
	}
	mine := false
	for list := tr.events.take(&mine); list != nil; list = tr.events.take(&mine) {
		for i := range list {
			tr.changed(list[i])
			tr.events.waiting.Add(-1)
		}
	}
}

// take returns what waits. mine is whether the caller is the one who tells.
func (n *events) take(mine *bool) []Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.delivering && !*mine {
		return nil
	}
	list := n.list
	n.list = nil
	n.delivering = list != nil
	*mine = n.delivering
	return list
}
