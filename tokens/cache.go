package tokens

import (
	"hash/maphash"
	"sync"
)

const cacheShards = 16

// cache remembers what spans of requests count for, so that a growing
// conversation costs only its new turn. It forgets by generations: when the young
// one is full it becomes the old one, and what is not used before it is full
// again is gone. Safe for concurrent use.
type cache[V any] struct {
	seed       maphash.Seed
	generation int // spans that one generation of a shard holds
	shards     [cacheShards]shard[V]
}

type shard[V any] struct {
	mu         sync.Mutex
	young, old map[span]V
	_          [40]byte // keeps neighbours off one cache line
}

// span names a text by a hash under a seed of this process, which nobody outside
// can aim at, its length, and how it is counted; the text itself is not kept.
type span struct {
	hash uint64
	size uint32
	kind uint32
}

// newCache makes a cache of at most so many spans.
func newCache[V any](seed maphash.Seed, spans int) *cache[V] {
	return &cache[V]{seed: seed, generation: spans / cacheShards / 2}
}

// of is the name of text counted as kind, by the rules that salt stands for.
func (c *cache[V]) of(text []byte, salt uint64, kind uint32) span {
	return span{hash: maphash.Bytes(c.seed, text) ^ salt, size: uint32(len(text)), kind: kind} //nolint:gosec // a body is smaller than 4 GB
}

func (c *cache[V]) get(s span) (v V, ok bool) {
	sh := &c.shards[s.hash%cacheShards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	v, ok = sh.young[s]
	if !ok {
		if v, ok = sh.old[s]; ok {
			sh.put(s, v, c.generation)
		}
	}
	return v, ok
}

func (c *cache[V]) put(s span, v V) {
	sh := &c.shards[s.hash%cacheShards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.put(s, v, c.generation)
}

func (sh *shard[V]) put(s span, v V, most int) {
	if len(sh.young) >= most {
		sh.young, sh.old = sh.old, sh.young
		clear(sh.young)
	}
	if sh.young == nil {
		sh.young = make(map[span]V)
	}
	sh.young[s] = v
}
