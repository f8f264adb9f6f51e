package selection

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// table is a bounded map from identities to state of any kind, for many
// goroutines: a look-up takes the read lock of one of its shards, and what it
// finds has a lock of its own. When a shard is full, what has not been used for
// maxAge makes room, or else what has not been used for long.
type table[V any] struct {
	seed     maphash.Seed
	perShard int
	maxAge   time.Duration
	fresh    func() *V
	shards   [tableShards]tableShard[V]
}

const tableShards = 32

type tableShard[V any] struct {
	mu      sync.RWMutex
	entries map[ident]*tableEntry[V]
}

type tableEntry[V any] struct {
	used  atomic.Int64 // unix seconds
	value *V
}

// ident is what state belongs to: names that stay the same over reloads. Which
// of the fields are used is the table's affair.
type ident struct {
	channel, url, model string
	path                uint64
}

func (t *table[V]) init(capacity int, maxAge time.Duration, fresh func() *V) {
	t.seed, t.perShard, t.maxAge, t.fresh = maphash.MakeSeed(), capacity/tableShards, maxAge, fresh
}

func (t *table[V]) shard(id ident) *tableShard[V] {
	return &t.shards[maphash.Comparable(t.seed, id)%tableShards]
}

// look returns the state of id, nil if there is none.
func (t *table[V]) look(id ident) *V {
	s := t.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.entries[id]; e != nil {
		return e.value
	}
	return nil
}

// get returns the state of id and makes it if need be. now is in nanoseconds.
func (t *table[V]) get(id ident, now int64) *V {
	s := t.shard(id)
	s.mu.RLock()
	e := s.entries[id]
	s.mu.RUnlock()
	if e == nil {
		e = t.insert(s, id, now)
	}
	// Only a new second is written, so that busy entries stay in all caches.
	if second := now / int64(time.Second); second > e.used.Load() {
		e.used.Store(second)
	}
	return e.value
}

func (t *table[V]) insert(s *tableShard[V], id ident, now int64) *tableEntry[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[id]; e != nil {
		return e
	}
	if len(s.entries) >= t.perShard {
		s.evict(now/int64(time.Second) - int64(t.maxAge/time.Second))
	}
	if s.entries == nil {
		s.entries = make(map[ident]*tableEntry[V])
	}
	// A name may be a slice of a request's body, which must not be kept.
	id.channel, id.url, id.model = strings.Clone(id.channel), strings.Clone(id.url), strings.Clone(id.model)
	e := &tableEntry[V]{value: t.fresh()}
	e.used.Store(now / int64(time.Second))
	s.entries[id] = e
	return e
}

// evict makes room: it looks at some entries and drops those that were last
// used before the given second, or else the one that was unused for longest.
// Looking at all would cost every call of a client that invents model names.
func (s *tableShard[V]) evict(before int64) {
	const looks = 16
	var oldest ident
	var since int64
	seen, dropped := 0, false
	for id, e := range s.entries { // begins anywhere
		used := e.used.Load()
		if used < before {
			delete(s.entries, id)
			dropped = true
		} else if oldest == (ident{}) || used < since {
			oldest, since = id, used
		}
		if seen++; seen == looks {
			break
		}
	}
	if !dropped {
		delete(s.entries, oldest)
	}
}

// copyTo fills an empty table with copies.
func (t *table[V]) copyTo(to *table[V], duplicate func(*V) *V) {
	to.seed, to.perShard, to.maxAge, to.fresh = t.seed, t.perShard, t.maxAge, t.fresh
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.RLock()
		entries := make(map[ident]*tableEntry[V], len(s.entries))
		for id, e := range s.entries {
			c := &tableEntry[V]{value: duplicate(e.value)}
			c.used.Store(e.used.Load())
			entries[id] = c
		}
		s.mu.RUnlock()
		to.shards[i].entries = entries
	}
}
