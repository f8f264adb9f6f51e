package gateway

import (
	"hash/maphash"
	"sync"

	"github.com/ccload/ccload/ai"
)

// Bounds of the memory of stored responses; older ones are looked up in the
// store.
const (
	ownerShards   = 16
	ownersInShard = 4096
)

// responseOwners remember which key made a stored response, because only that key can
// continue, read or delete it. Safe for concurrent use.
type responseOwners struct {
	seed   maphash.Seed
	shards [ownerShards]ownerShard
}

// ownerShard is a ring of the newest ids with an index.
type ownerShard struct {
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

func newResponseOwners() *responseOwners { return &responseOwners{seed: maphash.MakeSeed()} }

func (p *responseOwners) shard(id string) *ownerShard {
	return &p.shards[maphash.String(p.seed, id)%ownerShards]
}

// remember notes who made a response.
func (p *responseOwners) remember(id string, t owner) {
	s := p.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == nil {
		s.owner = make(map[string]owner)
	}
	if _, known := s.owner[id]; !known {
		if len(s.ring) < ownersInShard {
			s.ring = append(s.ring, id)
		} else {
			delete(s.owner, s.ring[s.next])
			s.ring[s.next] = id
			s.next = (s.next + 1) % ownersInShard
		}
	}
	s.owner[id] = t
}

// ownerOf returns who made a response.
func (p *responseOwners) ownerOf(id string) (owner, bool) {
	s := p.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.owner[id]
	return t, ok
}
