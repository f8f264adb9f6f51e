package selection

import (
	"math"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// Group is candidates that many calls choose among, with what policies need to
// know of all of them, so that a choice need not look at each. It does not change.
type Group struct {
	Candidates []Candidate // InFlight is not up to date: see Candidate.Busy
	standby    bool        // one of them serves only where no other can
	all, top   tier        // top: those of the highest priority
}

// tier is some candidates of a group.
type tier struct {
	among    []int32 // indexes, nil for all
	priority int     // of the first
	total    int64   // sum of all shares

	listing sync.Once // of what only conversations need
	places  map[string]int32
	hashes  []uint64
}

// named is the index of the candidate of a name, -1 if there is none.
func (t *tier) named(g *Group, channel string) int {
	t.list(g)
	if i, ok := t.places[channel]; ok {
		return int(i)
	}
	return -1
}

// list notes the names of the candidates, and hashes of them.
func (t *tier) list(g *Group) {
	t.listing.Do(func() {
		n := len(g.Candidates)
		if t.among != nil {
			n = len(t.among)
		}
		t.places, t.hashes = make(map[string]int32, n), make([]uint64, n)
		for i := range n {
			at := i
			if t.among != nil {
				at = int(t.among[i])
			}
			name := g.Candidates[at].Name
			t.places[name], t.hashes[i] = int32(at), xxhash.Sum64String(name) //nolint:gosec // an index
		}
	})
}

// NewGroup returns the group of candidates that nobody changes any more.
func NewGroup(candidates []Candidate) *Group {
	g := &Group{Candidates: candidates}
	g.top.priority = math.MinInt
	for i := range candidates {
		c := &candidates[i]
		g.standby = g.standby || c.Standby
		g.all.total += c.share()
		switch {
		case c.Priority > g.top.priority:
			g.top.among, g.top.priority, g.top.total = g.top.among[:0], c.Priority, 0
			fallthrough
		case c.Priority == g.top.priority:
			g.top.among = append(g.top.among, int32(i)) //nolint:gosec // an index
			g.top.total += c.share()
		}
	}
	if len(g.top.among) == len(candidates) {
		g.top.among = nil
	}
	return g
}
