package selection

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// A deck gives the same turns as a look at each, over rounds, changes of who is
// present and turns that are dealt in the other way meanwhile.
func TestDecksDealAlike(t *testing.T) {
	for seed := range uint64(200) {
		d := rand.New(rand.NewPCG(seed, 1))
		var each, by rotor
		for range 20 {
			candidates := make([]Candidate, 0, 12)
			for i := range 1 + d.IntN(12) {
				if d.IntN(4) > 0 || len(candidates) == 0 {
					candidates = append(candidates, Candidate{Name: fmt.Sprint(i), Weight: 1 + d.IntN(3)*d.IntN(2), UsableKeys: 1 + d.IntN(2)})
				}
			}
			g := NewGroup(candidates)
			entry := func(i int) (string, int64) { return candidates[i].Name, candidates[i].share() }
			for round := range d.IntN(40) {
				want := each.turn(len(candidates), g.all.total, entry, -1, seed)
				if d.IntN(10) == 0 {
					if got := by.turn(len(candidates), g.all.total, entry, -1, seed); got != want {
						t.Fatalf("seed %d, round %d of %v, by the other way: %d, want %d", seed, round, candidates, got, want)
					}
					continue
				}
				if got := by.turnOf(&g.all, len(candidates), entry, seed); got != want {
					t.Fatalf("seed %d, round %d of %v: %d, want %d", seed, round, candidates, got, want)
				}
			}
		}
	}
}
