package routing

import (
	"sync"
	"sync/atomic"
)

// InFlight counts the calls under way per channel and key. Counters are found
// once, when a config is built, and live on by name over reloads.
type InFlight struct {
	mu       sync.Mutex
	counters map[loadKey]*atomic.Int64
}

type loadKey struct{ channel, key string }

func newInFlight() *InFlight {
	return &InFlight{counters: make(map[loadKey]*atomic.Int64)}
}

// counter returns the counter of a channel's key, making it if need be.
func (b *InFlight) counter(channel, key string) *atomic.Int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := loadKey{channel, key}
	c := b.counters[k]
	if c == nil {
		c = new(atomic.Int64)
		b.counters[k] = c
	}
	return c
}
