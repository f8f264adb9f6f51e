package health

import (
	"sync"
	"sync/atomic"
	"time"
)

// news is the queue of changes that wait to be told. They are put into it under
// the lock of their area, so that their order is that of the facts, and taken
// out without any lock, so that whoever is told may ask the Board.
type news struct {
	waiting atomic.Int32 // of list and of what is being told

	mu      sync.Mutex
	list    []Change
	telling bool
}

// rests tells that a cell rests.
func (b *Board) rests(c *cell, now time.Time) {
	c.announced = true
	b.tell(Change{Entry: c.entry(now)})
}

// recovered tells that a cell has recovered, if anybody knows that it had to.
func (b *Board) recovered(c *cell, now time.Time) {
	if c.announced {
		c.announced = false
		b.tell(Change{Entry: c.entry(now), Recovered: true})
	}
}

// tell queues a change; deliver tells it once the locks are released.
func (b *Board) tell(c Change) {
	if b.changed == nil {
		return
	}
	b.news.mu.Lock()
	defer b.news.mu.Unlock()
	b.news.list = append(b.news.list, c)
	b.news.waiting.Add(1)
}

// deliver tells what waits, unless somebody else is doing so: two at a time
// could tell a recovery before the failure it ends.
func (b *Board) deliver() {
	if b.news.waiting.Load() == 0 {
		return
	}
	mine := false
	for list := b.news.take(&mine); list != nil; list = b.news.take(&mine) {
		for i := range list {
			b.changed(list[i])
			b.news.waiting.Add(-1)
		}
	}
}

// take returns what waits. mine is whether the caller is the one who tells.
func (n *news) take(mine *bool) []Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.telling && !*mine {
		return nil
	}
	list := n.list
	n.list = nil
	n.telling = list != nil
	*mine = n.telling
	return list
}
