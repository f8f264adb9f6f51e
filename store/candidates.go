package store

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/ccload/ccload/ai"
)

// candidateSet is a list of channel names that calls share.
type candidateSet struct {
	id    []byte // first half of the SHA-256 of json
	names []string
	json  string
}

// setCache finds the set of a list of candidates without hashing its names
// cryptographically each time. Not safe for concurrent use.
type setCache struct {
	seed maphash.Seed
	sets map[uint64]*candidateSet
}

// maxSets bounds the cache. A gateway has about as many sets as it has models.
const maxSets = 1024

func newSetCache() *setCache {
	return &setCache{seed: maphash.MakeSeed(), sets: make(map[uint64]*candidateSet)}
}

// find returns the set of the candidates' names, nil if there are none.
func (c *setCache) find(candidates []ai.Candidate) *candidateSet {
	if len(candidates) == 0 {
		return nil
	}
	var h maphash.Hash
	h.SetSeed(c.seed)
	for i := range candidates { // writing to a hash never fails
		_, _ = h.WriteString(candidates[i].Channel)
		_ = h.WriteByte(0)
	}
	sum := h.Sum64()
	if set := c.sets[sum]; set != nil && slices.EqualFunc(candidates, set.names, func(a ai.Candidate, name string) bool {
		return a.Channel == name
	}) {
		return set
	}
	set := newCandidateSet(candidates)
	if len(c.sets) >= maxSets {
		clear(c.sets)
	}
	c.sets[sum] = set
	return set
}

func newCandidateSet(candidates []ai.Candidate) *candidateSet {
	set := &candidateSet{names: make([]string, len(candidates))}
	for i := range candidates {
		set.names[i] = candidates[i].Channel
	}
	text, _ := json.Marshal(set.names) // texts cannot fail
	sum := sha256.Sum256(text)
	set.id, set.json = sum[:len(sum)/2], string(text)
	return set
}

// leftOut is why some of the candidates are not plainly eligible. Those with
// the same reason stand together, because there may be hundreds of channels.
type leftOut struct {
	At     []int     `json:"at"` // positions in the set
	Reason ai.Reason `json:"reason"`
	Detail string    `json:"detail,omitempty"`
	Until  int64     `json:"until,omitempty"`
}

// lookBack is how many groups are searched for one that a candidate belongs
// to: reasons repeat at once or not at all.
const lookBack = 8

// groupLeftOut lists who is not plainly eligible.
func groupLeftOut(candidates []ai.Candidate) []leftOut {
	var groups []leftOut
	for i := range candidates {
		c := &candidates[i]
		if c.Reason == ai.Eligible && c.Detail == "" && c.Until.IsZero() {
			continue
		}
		reason, detail, until := ai.Reason(clean(string(c.Reason))), clean(c.Detail), nanos(c.Until)
		recent := groups[max(0, len(groups)-lookBack):]
		g := slices.IndexFunc(recent, func(g leftOut) bool {
			return g.Reason == reason && g.Detail == detail && g.Until == until
		})
		if g >= 0 {
			recent[g].At = append(recent[g].At, i)
			continue
		}
		groups = append(groups, leftOut{At: []int{i}, Reason: reason, Detail: detail, Until: until})
	}
	return groups
}

// decodeCandidates puts a list of candidates together again.
func decodeCandidates(names []string, groups []leftOut) ([]ai.Candidate, error) {
	candidates := make([]ai.Candidate, len(names))
	for i, name := range names {
		candidates[i] = ai.Candidate{Channel: name, Reason: ai.Eligible}
	}
	for _, g := range groups {
		for _, i := range g.At {
			if i < 0 || i >= len(candidates) {
				return nil, fmt.Errorf("no candidate %d of %d", i, len(candidates))
			}
			candidates[i].Reason, candidates[i].Detail, candidates[i].Until = g.Reason, g.Detail, fromNanos(g.Until)
		}
	}
	return candidates, nil
}
