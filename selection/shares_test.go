package selection

import (
	"math"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
)

// TestSharesAreWhatIsChosen compares what is foretold with what many calls get,
// of every way of nesting that can be foretold.
func TestSharesAreWhatIsChosen(t *testing.T) {
	weighted := new(Weighted)
	policies := map[string]reverseproxy.Selector{
		"none": nil, "weighted": weighted, "priority": &Priority{then: weighted}, "priority of affinity": new(Priority),
		"affinity": &Affinity{then: weighted}, "affinity of priority": &Affinity{then: &Priority{then: weighted}},
	}
	of := func(name string, priority, weight, keys int) Candidate {
		return Candidate{Name: name, Priority: priority, Weight: weight, UsableKeys: keys, Standby: weight == 0}
	}
	for what, candidates := range map[string][]Candidate{
		"one":               {of("a", 0, 1, 1)},
		"weights and keys":  {of("a", 0, 3, 1), of("b", 0, 1, 2), of("c", 0, 1, 1)},
		"priorities":        {of("a", 10, 1, 1), of("b", 10, 4, 1), of("c", 0, 9, 1)},
		"on standby":        {of("a", 5, 0, 1), of("b", 5, 1, 1), of("c", 0, 1, 1)},
		"all on standby":    {of("a", 5, 0, 1), of("b", 5, 0, 1)},
		"standby above all": {of("a", 9, 0, 1), of("b", 5, 2, 1), of("c", 5, 3, 1)},
	} {
		for name, policy := range policies {
			shares, ok := Shares(policy, candidates)
			if !ok {
				t.Errorf("%s, %s: is not foretold", what, name)
				continue
			}
			const calls = 6000
			got, state := make([]float64, len(candidates)), NewState()
			for i := range calls {
				s := Input{Call: &ai.Call{Model: "m"}, Candidates: candidates, Now: time.Unix(int64(i), 0), Seed: uint64(i), State: state}
				got[Choose(policy, &s)]++
			}
			for i := range candidates {
				if math.Abs(got[i]/calls-shares[i]) > 0.01 {
					t.Errorf("%s, %s: %s gets %.3f of the calls, foretold is %.3f", what, name, candidates[i].Name, got[i]/calls, shares[i])
				}
			}
		}
	}
}

func TestSharesOfSpeedAreNotForetold(t *testing.T) {
	candidates := []Candidate{{Name: "a"}, {Name: "b"}}
	for _, policy := range []reverseproxy.Selector{new(Latency), &Priority{then: new(Latency)}, new(reverseproxy.RandomSelection)} {
		if _, ok := Shares(policy, candidates); ok {
			t.Errorf("%T: is foretold", policy)
		}
	}
	if shares, ok := Shares(new(Latency), candidates[:1]); !ok || shares[0] != 1 {
		t.Error("the only candidate does not get all")
	}
}
