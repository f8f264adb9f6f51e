package selection

import (
	"maps"
	"slices"
	"sync"
)

// served is where a conversation was served last.
type served struct {
	channel, key string
	cached       int64 // tokens its prompt cache holds there, as far as reported
	at           int64 // when, unix nanoseconds
	warm         int64 // until when the cache lives
}

// conversationLRU remembers the place of conversations, at most
// maxConversations and none for longer than conversationAge. The zero value is
// ready.
type conversationLRU struct {
	shards [conversationShards]conversationShard
}

const conversationShards = 64

// conversationShard is a list in a slice, from the latest to the oldest; links
// are positions, 0 is the end.
type conversationShard struct {
	mu    sync.Mutex
	find  map[uint64]int32
	nodes []conversation // nodes[0] is the anchor of the ring
}

type conversation struct {
	served
	key          uint64
	newer, older int32
}

func (l *conversationLRU) shard(key uint64) *conversationShard {
	return &l.shards[key%conversationShards]
}

// look returns where a conversation was served, if it is remembered.
func (l *conversationLRU) look(key uint64, now int64) (served, bool) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.find[key]
	if !ok || now-s.nodes[at].at > int64(conversationAge) {
		return served{}, false
	}
	return s.nodes[at].served, true
}

// served remembers where a conversation was served.
//
// One that went elsewhere for a moment, because its key was busy or cooled down,
// still has its cache where it was; it belongs there until the new place holds
// at least half as much, or the old cache has died.
func (l *conversationLRU) served(key uint64, to served) {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.find[key]
	if !known {
		at = s.place(key, to.at)
	} else {
		old := &s.nodes[at].served
		same := old.channel == to.channel && old.key == to.key
		if !same && to.at < old.warm && 2*to.cached < old.cached {
			s.moveToFront(at)
			return
		}
		if same {
			to.warm = max(to.warm, old.warm)
		}
	}
	s.nodes[at].served = to
	s.moveToFront(at)
}

// place finds a node for a new conversation: the oldest if it is too old or the
// shard is full.
func (s *conversationShard) place(key uint64, now int64) int32 {
	if s.find == nil {
		s.find = make(map[uint64]int32)
		s.nodes = make([]conversation, 1, 16)
	}
	at := s.nodes[0].newer // the anchor's newer neighbour is the oldest
	if at != 0 && (now-s.nodes[at].at > int64(conversationAge) || len(s.nodes) > maxConversations/conversationShards) {
		delete(s.find, s.nodes[at].key)
	} else {
		at = int32(len(s.nodes)) //nolint:gosec // bounded by maxConversations
		s.nodes = append(s.nodes, conversation{newer: at, older: at})
	}
	s.nodes[at].key = key
	s.find[key] = at
	return at
}

func (s *conversationShard) moveToFront(at int32) {
	n := &s.nodes[at]
	s.nodes[n.newer].older, s.nodes[n.older].newer = n.older, n.newer
	front := s.nodes[0].older
	n.newer, n.older = 0, front
	s.nodes[front].newer = at
	s.nodes[0].older = at
}

func (l *conversationLRU) copyTo(to *conversationLRU) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		to.shards[i].find, to.shards[i].nodes = maps.Clone(s.find), slices.Clone(s.nodes)
		s.mu.Unlock()
	}
}
