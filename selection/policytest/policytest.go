// Package policytest is what every selection policy that knows situations must
// pass. A test of a policy calls Run; there is nothing here for programs.
package policytest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

// Run checks that a provisioned policy keeps what selection.Policy promises.
func Run(t *testing.T, policy selection.Policy) {
	t.Helper()
	t.Run("nobody to choose from", func(t *testing.T) {
		if i := selection.Choose(policy, Input(0, 0)); i != -1 {
			t.Errorf("chose %d of nobody", i)
		}
	})
	t.Run("always one of the candidates, and says why", func(t *testing.T) {
		state := selection.NewState()
		for n := 1; n <= 40; n++ {
			s := Input(n, uint64(n))
			s.State = state
			if i := selection.Choose(policy, s); i < 0 || i >= n {
				t.Fatalf("chose %d of %d", i, n)
			}
			if s.Why == "" {
				t.Errorf("did not say why, of %d", n)
			}
		}
	})
	t.Run("with nothing but names", func(t *testing.T) {
		s := &selection.Input{Candidates: []selection.Candidate{
			{Name: "a", Upstream: new(reverseproxy.Upstream)}, {Name: "b", Upstream: new(reverseproxy.Upstream)},
		}}
		if i := selection.Choose(policy, s); i < 0 || i > 1 {
			t.Errorf("chose %d of 2", i)
		}
	})
	t.Run("leaves the candidates as they are", func(t *testing.T) {
		s := Input(20, 3)
		before := slices.Clone(s.Candidates)
		selection.Choose(policy, s)
		if !slices.Equal(before, s.Candidates) {
			t.Error("the candidates have changed")
		}
	})
	t.Run("equal situations, equal choices", func(t *testing.T) { repeats(t, policy) })
	t.Run("one decision of many goroutines", func(t *testing.T) { concurrent(t, policy) })
	t.Run("in a stock reverse_proxy", func(t *testing.T) { stock(t, policy) })
}

// Input makes a situation of n candidates with three keys each, in two
// tiers.
func Input(n int, seed uint64) *selection.Input {
	s := &selection.Input{
		Call: &ai.Call{
			Model: "m", Stream: true, BodySize: 20000, Operation: ai.Generate, Conversation: seed % 7,
		},
		Now: time.Unix(1_800_000_000, 0), Seed: seed, State: selection.NewState(),
	}
	for i := range n {
		s.Candidates = append(s.Candidates, selection.Candidate{
			Name: fmt.Sprintf("channel-%d", i), Priority: i % 2, Weight: 1 + i%3, UsableKeys: 3, Model: "up",
			Upstream: &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: fmt.Sprintf("channel-%d", i)},
		})
	}
	s.Keys = func(i int, buf []selection.Key) []selection.Key {
		for k := range 3 {
			buf = append(buf, selection.Key{ID: fmt.Sprintf("%d-%d", i, k), Usable: true})
		}
		return buf
	}
	return s
}

func repeats(t *testing.T, policy selection.Policy) {
	t.Helper()
	state := selection.NewState()
	for seed := range uint64(200) {
		thought, real := Input(5, seed), Input(5, seed)
		thought.State, thought.Explain, real.State = state.Clone(), true, state
		want, got := selection.Choose(policy, thought), selection.Choose(policy, real)
		if want != got || thought.Key != real.Key || thought.Why != real.Why {
			t.Fatalf("call %d: explained as %d %q (%s), was %d %q (%s)",
				seed, want, thought.Key, thought.Why, got, real.Key, real.Why)
		}
		state.Observe(selection.Observation{
			Channel: real.Candidates[got].Name, Key: real.Key, Model: "up", Call: real.Call, OK: seed%5 != 0,
			FirstContent: time.Duration(got+1) * time.Second, Size: 20000, Now: real.Now,
			Usage: ai.Usage{CachedInput: int64(seed) * 100},
		})
	}
}

func concurrent(t *testing.T, policy selection.Policy) {
	t.Helper()
	state := selection.NewState()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for k := range 200 {
				s := Input(1+(g+k)%6, uint64(g*1000+k)) //nolint:gosec // an index
				s.State = state
				if i := selection.Choose(policy, s); i < 0 || i >= len(s.Candidates) {
					t.Errorf("chose %d of %d", i, len(s.Candidates))
					return
				}
				state.Observe(selection.Observation{
					Channel: "channel-0", Model: "up", Call: s.Call, OK: true, FirstContent: time.Second, Now: s.Now,
				})
				if k%20 == 0 {
					state.Clone()
				}
			}
		})
	}
	wg.Wait()
}

func stock(t *testing.T, policy selection.Policy) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://ai.example.com/v1/messages", http.NoBody) //nolint:noctx // no request is made
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	up := func(most int) *reverseproxy.Upstream {
		return &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "10.0.0.1:80", MaxRequests: most}
	}
	if policy.Select(nil, r, nil) != nil {
		t.Error("selected from an empty pool")
	}
	pool := reverseproxy.UpstreamPool{up(0), up(0), up(0)}
	for range 20 {
		if u := policy.Select(pool, r, nil); !slices.Contains(pool, u) {
			t.Fatalf("selected %v, which is not in the pool", u)
		}
	}
}
