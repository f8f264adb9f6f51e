package selection_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

var hot = []struct{ name, config string }{
	{"weighted", `{"policy":"ccload_weighted"}`},
	{"latency", `{"policy":"ccload_latency"}`},
	{"affinity", `{"policy":"ccload_affinity"}`},
	{"priority", `{"policy":"ccload_priority"}`},
}

// busyWorld is n channels with five keys each, all measured.
func busyWorld(tb testing.TB, config string, n int) *world {
	candidates := make([]selection.Candidate, n)
	for i := range candidates {
		candidates[i] = selection.Candidate{
			Name: fmt.Sprintf("channel-number-%d", i), Weight: 1 + i%3, Priority: i % 2, UsableKeys: 5, InFlight: i % 4,
			Upstream: &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: fmt.Sprint(i)},
		}
	}
	w := newWorld(tb, config, candidates...)
	for i := range candidates {
		w.observe(plain(), candidates[i].Name, time.Duration(1+i%7)*300*time.Millisecond)
	}
	w.last = selection.Input{
		Candidates: candidates, Now: w.now, State: w.state,
		Keys: func(i int, buf []selection.Key) []selection.Key { return append(buf, w.keys[candidates[i].Name]...) },
	}
	return w
}

// decide is what the handler does for a call: channel, then key.
func (w *world) decide(call *ai.Call) int {
	w.seed++
	w.last.Call, w.last.Seed = call, w.seed*0x9e3779b97f4a7c15
	i := selection.Choose(w.policy, &w.last)
	return selection.ChooseKey(w.state, w.candidates[i].Name, w.keys[w.candidates[i].Name], w.last.Key)
}

// calls are the kinds of call that take different ways.
func calls(w *world) map[string]func(i int) *ai.Call {
	known := conversation(5)
	w.state.Observe(selection.Observation{
		Channel: w.candidates[0].Name, Key: w.keys[w.candidates[0].Name][2].ID, Call: known, Usage: cached, OK: true,
		FirstContent: time.Second, Now: w.now,
	})
	fresh := conversation(1)
	alone := plain()
	return map[string]func(i int) *ai.Call{
		"known": func(int) *ai.Call { return known },
		"new": func(i int) *ai.Call {
			fresh.Conversation = uint64(i+1) * 0x9e3779b97f4a7c15
			return fresh
		},
		"no_conversation": func(int) *ai.Call { return alone },
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{1, 200} {
		for _, p := range hot {
			w := busyWorld(b, p.config, n)
			for kind, call := range calls(w) {
				if kind != "no_conversation" && (p.name == "weighted" || p.name == "latency") {
					continue // all the same to them
				}
				b.Run(fmt.Sprintf("%s/%s/channels=%d", p.name, kind, n), func(b *testing.B) {
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						w.decide(call(i))
					}
				})
			}
		}
	}
}

func BenchmarkChooseParallel(b *testing.B) {
	template := busyWorld(b, `{"policy":"ccload_priority"}`, 20)
	b.RunParallel(func(pb *testing.PB) {
		w := *template
		call := plain()
		for pb.Next() {
			w.decide(call)
		}
	})
}

func BenchmarkChooseURL(b *testing.B) {
	w := busyWorld(b, latency, 1)
	list := urls(true, true, true)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		selection.ChooseURL(w.state, "c", list, "m", 1000, epoch, i)
	}
}

func BenchmarkObserve(b *testing.B) {
	w := busyWorld(b, latency, 20)
	call := conversation(1)
	b.ReportAllocs()
	for b.Loop() {
		w.observe(call, "channel-number-3", time.Second)
	}
}

func BenchmarkClone(b *testing.B) {
	w := busyWorld(b, latency, 200)
	for i := range 10000 {
		w.observe(conversation(uint64(i)*0x9e3779b97f4a7c15), "channel-number-3", time.Second)
	}
	for b.Loop() {
		w.state.Clone()
	}
}

// raceDetector says that the tests run with it.
var raceDetector bool

// A choice must not allocate, however many candidates there are.
func TestChoosingDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("with the race detector sync.Pool forgets on purpose")
	}
	for _, n := range []int{1, 200} {
		for _, p := range hot {
			w := busyWorld(t, p.config, n)
			for kind, call := range calls(w) {
				for i := range 2000 {
					w.decide(call(i))
				}
				i := 0
				if got := testing.AllocsPerRun(2000, func() { i++; w.decide(call(i)) }); got != 0 {
					t.Errorf("%s, %s, %d channels: %v allocations", p.name, kind, n, got)
				}
			}
		}
	}
	st, list := selection.NewState(), urls(true, true, true)
	seed := uint64(0)
	if got := testing.AllocsPerRun(2000, func() { seed++; selection.ChooseURL(st, "c", list, "m", 1, epoch, seed) }); got != 0 {
		t.Errorf("ChooseURL: %v allocations", got)
	}
}
