package selection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
	"github.com/ccload/ccload/selection/policytest"
)

var epoch = time.Unix(1_800_000_000, 0)

// load provisions a policy from JSON as the ccload handler does.
func load(t testing.TB, config string) reverseproxy.Selector {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	handler := struct {
		LBPolicyRaw json.RawMessage `caddy:"namespace=http.reverse_proxy.selection_policies inline_key=policy"`
	}{json.RawMessage(config)}
	mod, err := ctx.LoadModule(&handler, "LBPolicyRaw")
	if err != nil {
		t.Fatal(err)
	}
	return mod.(reverseproxy.Selector)
}

var policies = map[string]string{
	"priority":                  `{"policy":"ccload_priority"}`,
	"weighted":                  `{"policy":"ccload_weighted"}`,
	"latency":                   `{"policy":"ccload_latency"}`,
	"affinity":                  `{"policy":"ccload_affinity"}`,
	"affinity over latency":     `{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}`,
	"priority over latency":     `{"policy":"ccload_priority","then":{"policy":"ccload_latency"}}`,
	"priority over priority":    `{"policy":"ccload_priority","then":{"policy":"ccload_priority","then":{"policy":"ccload_weighted"}}}`,
	"affinity over all of them": `{"policy":"ccload_affinity","then":{"policy":"ccload_priority","then":{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}}}`,
	"affinity over first":       `{"policy":"ccload_affinity","then":{"policy":"first"}}`,
}

func TestPoliciesKeepTheirPromises(t *testing.T) {
	for name, config := range policies {
		t.Run(name, func(t *testing.T) { policytest.Run(t, load(t, config).(selection.Policy)) })
	}
}

// world is a gateway without HTTP: candidates, and calls that are under way.
type world struct {
	policy     reverseproxy.Selector
	state      *selection.State
	candidates []selection.Candidate
	keys       map[string][]selection.Key // by channel
	now        time.Time
	seed       uint64
	last       selection.Input
}

func newWorld(t testing.TB, config string, candidates ...selection.Candidate) *world {
	w := &world{policy: load(t, config), state: selection.NewState(), candidates: candidates, now: epoch, keys: make(map[string][]selection.Key)}
	for i := range w.candidates {
		c := &w.candidates[i]
		c.UsableKeys = max(c.UsableKeys, 1)
		for k := range c.UsableKeys {
			w.keys[c.Name] = append(w.keys[c.Name], selection.Key{ID: fmt.Sprintf("%s/%d", c.Name, k), Usable: true})
		}
	}
	return w
}

// choose asks for a call about the candidates that are not out, and returns
// the channel's name.
func (w *world) choose(call *ai.Call, out ...string) string {
	if len(out) == 0 { // else it is the same call again
		w.last = selection.Input{}
	}
	return w.chooseAs(call, out...)
}

// chooseAs is choose with the situation of before.
func (w *world) chooseAs(call *ai.Call, out ...string) string {
	var left []selection.Candidate
	for _, c := range w.candidates {
		if !slices.Contains(out, c.Name) {
			left = append(left, c)
		}
	}
	w.seed++
	w.last.Call, w.last.Candidates, w.last.Now, w.last.State = call, left, w.now, w.state
	w.last.Seed = w.seed * 0x9e3779b97f4a7c15
	w.last.Keys = func(i int, buf []selection.Key) []selection.Key { return append(buf, w.keys[left[i].Name]...) }
	i := selection.Choose(w.policy, &w.last)
	if i < 0 {
		return ""
	}
	return left[i].Name
}

func plain() *ai.Call {
	return &ai.Call{Model: "m", Operation: ai.Generate, Stream: true, BodySize: 50000}
}

func conversation(id uint64) *ai.Call {
	c := plain()
	c.Conversation = id
	return c
}

func count(n int, choose func(i int) string) map[string]int {
	counts := make(map[string]int)
	for i := range n {
		counts[choose(i)]++
	}
	return counts
}

func TestHighestPriorityFirst(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_priority","then":{"policy":"ccload_weighted"}}`,
		selection.Candidate{Name: "low", Priority: -1, Weight: 100},
		selection.Candidate{Name: "a", Priority: 10, Weight: 2},
		selection.Candidate{Name: "mid", Priority: 5},
		selection.Candidate{Name: "b", Priority: 10, Weight: 1},
	)
	for range 10 { // failing over never disturbs the top tier's shares
		got := count(3, func(int) string {
			name := w.choose(plain())
			w.choose(plain(), "a", "b")
			return name
		})
		if got["a"] != 2 || got["b"] != 1 {
			t.Fatalf("of 3 calls: %v", got)
		}
	}
	if got := w.choose(plain(), "a", "b"); got != "mid" {
		t.Errorf("after the top tier: %q", got)
	}
	if got := w.choose(plain(), "a", "b", "mid"); got != "low" {
		t.Errorf("at last: %q", got)
	}
	if got := w.choose(plain(), "a", "b", "mid", "low"); got != "" {
		t.Errorf("with nobody left: %q", got)
	}
	w.choose(plain())
	if want := "highest priority 10; weighted round-robin 2/3"; w.last.Why != want && !strings.HasSuffix(w.last.Why, "1/3") {
		t.Errorf("why: %q, want %q", w.last.Why, want)
	}
}

// When channels of equal priority never rotated, one account took everything.
func TestEqualChannelsRotate(t *testing.T) {
	for _, config := range []string{`{"policy":"ccload_priority"}`, `{"policy":"ccload_weighted"}`, `{"policy":"ccload_affinity"}`} {
		for name, call := range map[string]*ai.Call{"no conversation": plain(), "the same short call": {Model: "m", BodySize: 900, Conversation: 77}} {
			w := newWorld(t, config, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"}, selection.Candidate{Name: "c"})
			got := count(300, func(int) string { return w.choose(call) })
			if got["a"] != 100 || got["b"] != 100 || got["c"] != 100 {
				t.Errorf("%s, %s: %v", config, name, got)
			}
		}
	}
}

// Over as many calls as there is weight everybody gets exactly its weight, from
// whatever moment on.
func TestWeightedSharesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "channels")
		state := selection.NewState()
		seed := rapid.Uint64().Draw(t, "seed")
		candidates, total := make([]selection.Candidate, n), 0
		for i := range candidates {
			candidates[i] = selection.Candidate{
				Name: fmt.Sprint(i), Weight: rapid.IntRange(1, 50).Draw(t, "weight"), UsableKeys: rapid.IntRange(1, 5).Draw(t, "keys"),
			}
			total += candidates[i].Weight * candidates[i].UsableKeys
		}
		pick := func() int {
			s := selection.Input{Call: plain(), Candidates: candidates, Now: epoch, Seed: seed, State: state}
			return selection.Choose(new(selection.Weighted), &s)
		}
		for range rapid.IntRange(0, 50).Draw(t, "calls before") {
			pick()
		}
		got := make([]int, n)
		for range total {
			got[pick()]++
		}
		for i, c := range candidates {
			if want := c.Weight * c.UsableKeys; got[i] != want {
				t.Fatalf("channel %d got %d of %d, want %d", i, got[i], total, want)
			}
		}
	})
}

// Candidates come and go all the time because they rest. Shares must hold in
// the long run among those present, and nobody may be starved or flooded.
func TestWeightedSharesSurviveComingsAndGoings(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_weighted"}`,
		selection.Candidate{Name: "a", Weight: 5}, selection.Candidate{Name: "b", Weight: 3},
		selection.Candidate{Name: "c", Weight: 2}, selection.Candidate{Name: "d", Weight: 1})
	want, got := make(map[string]float64), make(map[string]int)
	for i := range 20000 {
		out := ""
		switch {
		case i%37 < 11:
			out = "a"
		case i%53 < 7:
			out = "c"
		}
		total := 0
		for _, c := range w.candidates {
			if c.Name != out {
				total += c.Weight
			}
		}
		for _, c := range w.candidates {
			if c.Name != out {
				want[c.Name] += float64(c.Weight) / float64(total)
			}
		}
		got[w.choose(plain(), out)]++
		for name := range want {
			if math.Abs(want[name]-float64(got[name])) > 2 {
				t.Fatalf("after %d calls %s has %d, is due %.1f", i+1, name, got[name], want[name])
			}
		}
	}
}

// Two of four keys cooling down halves the share at once.
func TestCoolingKeysDoNotCount(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_weighted"}`,
		selection.Candidate{Name: "four", UsableKeys: 4}, selection.Candidate{Name: "one", UsableKeys: 1})
	if got := count(50, func(int) string { return w.choose(plain()) }); got["four"] != 40 {
		t.Errorf("with four keys: %v", got)
	}
	w.candidates[0].UsableKeys = 2
	if got := count(60, func(int) string { return w.choose(plain()) }); got["four"] < 39 || got["four"] > 41 {
		t.Errorf("with two of four keys: %v", got)
	}
}

// A weight that was large once must not bar its channel after it was lowered.
func TestLoweredWeightsForgetOldTurns(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_weighted"}`,
		selection.Candidate{Name: "a", Weight: 1000}, selection.Candidate{Name: "b", Weight: 999})
	w.choose(plain())
	w.candidates[0].Weight, w.candidates[1].Weight = 1, 1
	count(200, func(int) string { return w.choose(plain()) })
	if got := count(10, func(int) string { return w.choose(plain()) }); got["a"] != 5 {
		t.Errorf("of 10 calls: %v", got)
	}
}

// A reload makes new policies over the same state; rotation goes on.
func TestRotationSurvivesReloads(t *testing.T) {
	const config = `{"policy":"ccload_priority"}`
	w := newWorld(t, config, selection.Candidate{Name: "a", Weight: 2}, selection.Candidate{Name: "b"}, selection.Candidate{Name: "c"})
	got := count(400, func(int) string {
		w.policy = load(t, config)
		return w.choose(plain())
	})
	if got["a"] != 200 || got["b"] != 100 || got["c"] != 100 {
		t.Errorf("shares with a reload before each call: %v", got)
	}
}

// Each model rotates by itself, and where it starts is not always the same.
func TestModelsRotateByThemselves(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_weighted"}`, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"}, selection.Candidate{Name: "c"})
	first := count(900, func(i int) string {
		call := plain()
		call.Model = fmt.Sprint("model-", i)
		return w.choose(call)
	})
	for _, name := range []string{"a", "b", "c"} {
		if first[name] < 230 || first[name] > 370 {
			t.Errorf("first calls of 900 models: %v", first)
		}
	}
}

// If the first choice fails, the calls must not all fall on the same second
// channel.
func TestFailoverSpreads(t *testing.T) {
	for name, config := range policies {
		w := newWorld(t, config, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"},
			selection.Candidate{Name: "c"}, selection.Candidate{Name: "d"})
		if strings.HasSuffix(name, "first") {
			continue // chooses by position, and says so
		}
		second := make(map[string]int)
		total := make(map[string]int)
		for i := range 3000 {
			call := conversation(uint64(i) * 0x9e3779b97f4a7c15)
			to := w.choose(call)
			if to == "a" { // is down, but does not cool down yet
				to = w.choose(call, "a")
				second[to]++
			}
			total[to]++
		}
		hops := second["b"] + second["c"] + second["d"]
		if hops < 150 {
			t.Errorf("%s: only %d calls met the failing channel", name, hops)
		}
		for _, n := range []string{"b", "c", "d"} {
			if part := float64(second[n]) / float64(hops); part < 0.23 || part > 0.44 {
				t.Errorf("%s: second hops %v", name, second)
			}
			if part := float64(total[n]) / 3000; part < 0.28 || part > 0.39 {
				t.Errorf("%s: served %v", name, total)
			}
		}
	}
}

// With plain weights the second hops are even to the call.
func TestWeightedFailoverIsEven(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_weighted"}`, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"}, selection.Candidate{Name: "c"})
	total := make(map[string]int)
	for range 300 {
		to := w.choose(plain())
		if to == "a" {
			to = w.choose(plain(), "a")
		}
		total[to]++
	}
	if d := total["b"] - total["c"]; d < -2 || d > 2 {
		t.Errorf("served: %v", total)
	}
}

// The decision depends on state, situation and seed alone.
func TestChoiceIsAPureFunction(t *testing.T) {
	pure := make(map[string]reverseproxy.Selector)
	for _, name := range []string{"priority", "weighted", "latency", "affinity", "affinity over latency", "affinity over all of them"} {
		pure[name] = load(t, policies[name])
	}
	names := slices.Sorted(maps.Keys(pure))
	rapid.Check(t, func(t *rapid.T) {
		policy := pure[rapid.SampledFrom(names).Draw(t, "policy")]
		state := selection.NewState()
		now := epoch
		n := rapid.IntRange(1, 6).Draw(t, "candidates")
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			call := conversation(uint64(rapid.IntRange(0, 4).Draw(t, "conversation")))
			seed := rapid.Uint64().Draw(t, "seed")
			loads := rapid.SliceOfN(rapid.IntRange(0, 3), 18, 18).Draw(t, "loads")
			ask := func(st *selection.State) *selection.Input {
				s := policytest.Input(n, seed)
				s.Call, s.Now, s.State = call, now, st
				for i := range s.Candidates {
					s.Candidates[i].InFlight = loads[3*i] + loads[3*i+1] + loads[3*i+2]
				}
				s.Keys = func(i int, buf []selection.Key) []selection.Key {
					for k := range 3 {
						buf = append(buf, selection.Key{ID: fmt.Sprint(i, k), Usable: loads[3*i+k] != 3, Low: loads[3*i+k] == 2, InFlight: loads[3*i+k]})
					}
					return buf
				}
				return s
			}
			clone := state.Clone()
			first, again, real := ask(clone), ask(state.Clone()), ask(state)
			a, b, c := selection.Choose(policy, first), selection.Choose(policy, again), selection.Choose(policy, real)
			if a != b || b != c || first.Why != real.Why || again.Key != real.Key || first.Key != real.Key {
				t.Fatalf("%d %q %q, %d %q, %d %q %q", a, first.Key, first.Why, b, again.Key, c, real.Key, real.Why)
			}
			keys := real.Keys(c, nil)
			k1 := selection.ChooseKey(clone, fmt.Sprint(a), keys, first.Key)
			k2 := selection.ChooseKey(state, fmt.Sprint(a), keys, real.Key)
			if k1 != k2 {
				t.Fatalf("keys %d and %d", k1, k2)
			}
			state.Observe(selection.Observation{
				Channel: real.Candidates[c].Name, Key: real.Key, Model: "up", Call: call, Now: now, Size: call.BodySize,
				FirstContent: time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond,
				OK:           rapid.Bool().Draw(t, "ok"), Usage: ai.Usage{CachedInput: int64(rapid.IntRange(0, 100000).Draw(t, "cached"))},
			})
		}
	})
}
