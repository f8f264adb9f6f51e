package tokens

import (
	"hash/maphash"
	"sync"
)

const (
	cacheShards = 16
	// generation is how many segments one generation of a shard holds. Two
	// generations of all shards are 65,536 segments, about 3 MB.
	generation = 2048
	// cachedFrom is the least size of a segment worth remembering, in bytes:
	// counting a smaller one costs no more than finding it.
	cachedFrom = 64
)

// cache remembers what segments count for, so that a growing conversation
// costs only its new turn. It forgets by generations: when the young one is
// full it becomes the old one, and what is not used before it is full again is
// gone. Safe for concurrent use.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
}

type shard struct {
	mu         sync.Mutex
	young, old map[segment]int32
	_          [40]byte // keeps neighbours off one cache line
}

// segment names a text by a hash under a seed of this process, its length and
// how it is counted; the text itself is not kept.
type segment struct {
	hash uint64
	size uint32
	kind uint32
}

func newCache() *cache { return &cache{seed: maphash.MakeSeed()} }

// of is the name of text counted as kind.
func (c *cache) of(text []byte, kind uint32) segment {
	return segment{hash: maphash.Bytes(c.seed, text), size: uint32(len(text)), kind: kind} //nolint:gosec // a body is smaller than 4 GB
}

func (c *cache) get(s segment) (tokens int, ok bool) {
	sh := &c.shards[s.hash%cacheShards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	n, ok := sh.young[s]
	if !ok {
		if n, ok = sh.old[s]; ok {
			sh.put(s, n)
		}
	}
	return int(n), ok
}

func (c *cache) put(s segment, tokens int) {
	sh := &c.shards[s.hash%cacheShards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.put(s, int32(tokens)) //nolint:gosec // fewer than the bytes of a body
}

func (sh *shard) put(s segment, n int32) {
	if len(sh.young) >= generation {
		sh.young, sh.old = sh.old, sh.young
		clear(sh.young)
	}
	if sh.young == nil {
		sh.young = make(map[segment]int32)
	}
	sh.young[s] = n
}

// size is how many segments are remembered.
func (c *cache) size() int {
	n := 0
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.Lock()
		n += len(sh.young) + len(sh.old)
		sh.mu.Unlock()
	}
	return n
}
