package callrow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/ai"
)

// Set is a list of channel names that calls share. It is not changed.
type Set struct {
	ID    []byte   // first half of the SHA-256 of JSON
	Names []string // in their order
	JSON  string   // the names as a list of texts

	hex string
}

// NewSet returns the set of some names.
func NewSet(names []string) *Set {
	text, _ := json.Marshal(names) // texts cannot fail
	sum := sha256.Sum256(text)
	id := sum[:len(sum)/2]
	return &Set{ID: id, Names: names, JSON: string(text), hex: hex.EncodeToString(id)}
}

// is reports whether the candidates have the names of the set.
func (s *Set) is(candidates []ai.Candidate) bool {
	return slices.EqualFunc(candidates, s.Names, func(a ai.Candidate, name string) bool { return a.Channel == name })
}

// explained is a list of candidates as it is kept.
type explained struct {
	list    []ai.Candidate
	set     *Set
	leftOut []byte // JSON of the groups, nil for none
}

// sets finds the set of a list of candidates without hashing its names
// cryptographically each time.
type sets struct {
	last atomic.Pointer[explained] // most calls have the very list of the one before
	seed maphash.Seed

	mu    sync.Mutex
	known map[uint64]*Set
}

// maxSets bounds the cache. A gateway has about as many sets as it has models.
const maxSets = 1024

func newSets() *sets { return &sets{seed: maphash.MakeSeed(), known: make(map[uint64]*Set)} }

// explain returns how a list of candidates is kept.
func (c *sets) explain(list []ai.Candidate) (*Set, []byte) {
	if len(list) == 0 {
		return nil, nil
	}
	last := c.last.Load()
	if last != nil && len(last.list) == len(list) && &last.list[0] == &list[0] {
		return last.set, last.leftOut
	}
	e := explained{list: list, leftOut: appendLeftOut(nil, groupLeftOut(list))}
	if last != nil && last.set.is(list) {
		e.set = last.set
	} else {
		e.set = c.find(list)
	}
	if e.leftOut == nil { // another list is not worth remembering: it is of one call
		c.last.Store(&e)
	}
	return e.set, e.leftOut
}

// find returns the set of the candidates' names.
func (c *sets) find(list []ai.Candidate) *Set {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for i := range list { // writing to a hash never fails
		_, _ = h.WriteString(list[i].Channel)
		_ = h.WriteByte(0)
	}
	sum := h.Sum64()
	c.mu.Lock()
	defer c.mu.Unlock()
	if set := c.known[sum]; set != nil && set.is(list) {
		return set
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Channel
	}
	set := NewSet(names)
	if len(c.known) >= maxSets {
		clear(c.known)
	}
	c.known[sum] = set
	return set
}

// LeftOut is why some of the candidates are not plainly eligible. Those with
// the same reason stand together, because there may be hundreds of channels.
type LeftOut struct {
	At     []int     `json:"at"` // positions in the set
	Reason ai.Reason `json:"reason"`
	Detail string    `json:"detail,omitempty"`
	Until  int64     `json:"until,omitempty"`
}

// lookBack is how many groups are searched for one that a candidate belongs
// to: reasons repeat at once or not at all.
const lookBack = 8

// groupLeftOut lists who is not plainly eligible.
func groupLeftOut(candidates []ai.Candidate) []LeftOut {
	var groups []LeftOut
	for i := range candidates {
		c := &candidates[i]
		if c.Reason == ai.Eligible && c.Detail == "" && c.Until.IsZero() {
			continue
		}
		reason, detail, until := ai.Reason(Clean(string(c.Reason))), Clean(c.Detail), Nanos(c.Until)
		recent := groups[max(0, len(groups)-lookBack):]
		g := slices.IndexFunc(recent, func(g LeftOut) bool {
			return g.Reason == reason && g.Detail == detail && g.Until == until
		})
		if g >= 0 {
			recent[g].At = append(recent[g].At, i)
			continue
		}
		groups = append(groups, LeftOut{At: []int{i}, Reason: reason, Detail: detail, Until: until})
	}
	return groups
}

// appendLeftOut appends the groups as JSON, nothing if there are none.
func appendLeftOut(b []byte, groups []LeftOut) []byte {
	if len(groups) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"at":[`...)
		for j, at := range groups[i].At {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(at), 10)
		}
		b = append(b, `],"reason":`...)
		b = appendText(b, string(groups[i].Reason))
		b = appendString(b, "detail", groups[i].Detail)
		b = appendInt(b, "until", groups[i].Until)
		b = append(b, '}')
	}
	return append(b, ']')
}

// decodeCandidates puts a list of candidates together again.
func decodeCandidates(names []string, groups []LeftOut) ([]ai.Candidate, error) {
	candidates := make([]ai.Candidate, len(names))
	for i, name := range names {
		candidates[i] = ai.Candidate{Channel: name, Reason: ai.Eligible}
	}
	for _, g := range groups {
		for _, i := range g.At {
			if i < 0 || i >= len(candidates) {
				return nil, fmt.Errorf("no candidate %d of %d", i, len(candidates))
			}
			candidates[i].Reason, candidates[i].Detail, candidates[i].Until = g.Reason, g.Detail, FromNanos(g.Until)
		}
	}
	return candidates, nil
}
