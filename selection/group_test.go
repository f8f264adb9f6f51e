package selection_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

type busy int

func (b busy) InFlight() int { return int(b) }

// Who knows the group of the candidates chooses as who looks at each of them.
func TestGroupsChooseAlike(t *testing.T) {
	for name, policy := range map[string]selection.Policy{
		"priority": new(selection.Priority), "weighted": new(selection.Weighted), "latency": new(selection.Latency), "affinity": new(selection.Affinity),
	} {
		for seed := range uint64(40) {
			d := rand.New(rand.NewPCG(seed, 3))
			each, grouped := selection.NewState(), selection.NewState()
			now := time.Unix(1e9, 0)
			for range 8 {
				var plain, kept []selection.Candidate
				for i := range 1 + d.IntN(8) {
					c := selection.Candidate{
						Name: fmt.Sprint("c", i), Priority: 10 * d.IntN(2), Weight: 1 + d.IntN(3), UsableKeys: 1 + d.IntN(2), InFlight: d.IntN(4), Model: "m",
						Standby: d.IntN(12) == 0,
					}
					plain = append(plain, c)
					c.InFlight, c.Busy = 0, busy(c.InFlight)
					kept = append(kept, c)
				}
				group := selection.NewGroup(kept)
				keys := func(i int, buf []selection.Key) []selection.Key {
					for k := range plain[i].UsableKeys {
						buf = append(buf, selection.Key{ID: fmt.Sprint(plain[i].Name, k), Usable: true, InFlight: plain[i].InFlight})
					}
					return buf
				}
				for call := range 40 {
					now = now.Add(time.Second)
					c := &ai.Call{Model: "m", Operation: ai.Generate, Conversation: uint64(d.IntN(4)), BodySize: 10_000}
					a := &selection.Input{Call: c, Candidates: plain, Now: now, Seed: d.Uint64(), State: each, Keys: keys}
					b := *a
					b.Candidates, b.Group, b.State = kept, group, grouped
					want, got := policy.Choose(a), policy.Choose(&b)
					if want != got || a.Why != b.Why || a.Key != b.Key {
						t.Fatalf("%s, seed %d, call %d of %+v: %d %q %q, want %d %q %q", name, seed, call, plain, got, b.Why, b.Key, want, a.Why, a.Key)
					}
					for _, st := range []*selection.State{each, grouped} {
						st.Observe(selection.Observation{
							Channel: plain[want].Name, Key: a.Key, Model: "m", Call: c, OK: true, FirstContent: time.Second,
							Usage: ai.Usage{Input: 5000, CachedInput: 4000}, Now: now,
						})
					}
				}
			}
		}
	}
}
