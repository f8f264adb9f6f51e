package ccload

import (
	"hash/maphash"
	"sync"

	"github.com/ccload/ccload/ai"
)

// Bounds of the memory of stored responses; older ones are looked up in the
// store.
const (
	pinShards   = 16
	pinsInShard = 4096
)

// pins remembers which key made a stored response, because only that key can
// continue, read or delete it. Safe for concurrent use.
type pins struct {
	seed   maphash.Seed
	shards [pinShards]pinShard
}

// pinShard is a ring of the newest ids with an index.
type pinShard struct {
	mu    sync.Mutex
	owner map[string]owner
	ring  []string
	next  int
}

// owner is who made a stored response: the target, and the token it was made
// for.
type owner struct {
	ai.Target
	token string
}

func newPins() *pins { return &pins{seed: maphash.MakeSeed()} }

func (p *pins) shard(id string) *pinShard {
	return &p.shards[maphash.String(p.seed, id)%pinShards]
}

// remember notes who made a response.
func (p *pins) remember(id string, t owner) {
	s := p.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == nil {
		s.owner = make(map[string]owner)
	}
	if _, known := s.owner[id]; !known {
		if len(s.ring) < pinsInShard {
			s.ring = append(s.ring, id)
		} else {
			delete(s.owner, s.ring[s.next])
			s.ring[s.next] = id
			s.next = (s.next + 1) % pinsInShard
		}
	}
	s.owner[id] = t
}

// ownerOf returns who made a response.
func (p *pins) ownerOf(id string) (owner, bool) {
	s := p.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.owner[id]
	return t, ok
}
