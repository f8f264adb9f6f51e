package health

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
)

// cooled are the kinds that cool something down.
var cooled = func() (list []ai.Kind) {
	for _, k := range ai.Kinds() {
		if backoffOf(k).class != harmless {
			list = append(list, k)
		}
	}
	return list
}()

// Whatever happens in whatever order: what cools down is not ready, what is ready
// can be permitted, and what is not can not.
func TestReadinessIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		tr := NewTracker(Options{Now: func() time.Time { return now }})
		channels := []*Channel{
			tr.Channel(Spec{Name: "c", Group: "g", URLs: []string{"u0", "u1"}, Keys: []string{"k0", "k1"}}),
			tr.Channel(Spec{Name: "d", Group: "g"}),
			tr.Channel(Spec{Name: "e", URLs: []string{"u0"}, Keys: []string{"k0", "k1", "k2"}}),
		}
		models := []string{"", "m", "n"}
		protocols := []ai.Protocol{ai.OpenAI, ai.Gemini}
		var open []Permit
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				c := rapid.SampledFrom(channels).Draw(t, "channel")
				url, key := rapid.IntRange(0, len(c.urls)-1).Draw(t, "url"), rapid.IntRange(0, len(c.keys)-1).Draw(t, "key")
				p, m := rapid.SampledFrom(protocols).Draw(t, "protocol"), rapid.SampledFrom(models).Draw(t, "model")
				force := rapid.Bool().Draw(t, "force")
				cooling := coolingRefs(tr, now)
				cl, ok := c.Acquire(url, key, p, m, now, force)
				if !ok {
					return
				}
				open = append(open, cl)
				for _, ref := range cl.refs() {
					if cooling[ref] && !force {
						t.Fatalf("acquired %+v, which cools down", ref)
					}
				}
			},
			"report": func(t *rapid.T) {
				if len(open) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(open)-1).Draw(t, "claim")
				cl := open[i]
				open = append(open[:i], open[i+1:]...)
				switch rapid.IntRange(0, 3).Draw(t, "how") {
				case 0:
					cl.Report(good, nil, now)
				case 1:
					cl.Release()
				default:
					o := ai.Outcome{
						Kind:  rapid.SampledFrom(cooled).Draw(t, "kind"),
						Scope: rapid.SampledFrom(ai.Scopes()).Draw(t, "scope"),
						Retry: rapid.Bool().Draw(t, "retry"),
					}
					if rapid.Bool().Draw(t, "stated") {
						o.Until = now.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "seconds")) * time.Second)
					}
					until := cl.Report(o, nil, now)
					if !until.IsZero() && !until.After(now) {
						t.Fatalf("cools down until %v, which is over", until)
					}
					if o.Scope != ai.ScopeNone && until.IsZero() && o.Until.After(now) {
						t.Fatal("a stated cooldown was ignored")
					}
				}
			},
			"pass": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "tenths")) * 100 * time.Millisecond)
			},
			"clear": func(t *rapid.T) {
				scope := rapid.SampledFrom(ai.Scopes()).Draw(t, "scope")
				tr.Clear(func(r Ref) bool { return r.Scope == scope })
			},
			"restart": func(t *rapid.T) {
				entries := tr.Entries()
				tr.Clear(func(Ref) bool { return true })
				tr.Restore(entries)
			},
			"": func(t *rapid.T) {
				for _, c := range channels {
					for _, m := range models {
						for _, p := range protocols {
							checkReadiness(t, c, p, m, now)
						}
					}
				}
				checkCounts(t, tr)
			},
		})
	})
}

// refs are all that a permit's target touches.
func (cl *Permit) refs() []Ref {
	var refs []Ref
	for _, s := range ai.Scopes() {
		if s != ai.ScopeNone {
			refs = append(refs, cl.ref(s))
		}
	}
	return refs
}

func coolingRefs(tr *Tracker, now time.Time) map[Ref]bool {
	cooling := make(map[Ref]bool)
	for _, e := range tr.Entries() {
		if e.Until.After(now) {
			cooling[e.Ref] = true
		}
	}
	return cooling
}

func checkReadiness(t *rapid.T, c *Channel, p ai.Protocol, m string, now time.Time) {
	r := c.Ready(p, m, now)
	claimed := 0
	for u := range c.urls {
		for k := range c.keys {
			cl, ok := c.Acquire(u, k, p, m, now, false)
			if ok {
				claimed++
				cl.Release()
			}
		}
	}
	switch {
	case r.OK != (claimed > 0):
		t.Fatalf("%s %s %s: %+v, but %d targets can be claimed", c.name, p, m, r, claimed)
	case r.OK && (r.Probing || !r.Until.IsZero() || r.UsableKeys == 0):
		t.Fatalf("ready with a reservation: %+v", r)
	case !r.OK && !r.Probing && !r.Until.After(now):
		t.Fatalf("cools down without end: %+v", r)
	}
	url, key, until, _, _ := c.Least(p, m, now)
	if url < 0 || key < 0 || (!r.OK && !r.Probing && until.Before(r.Until)) {
		t.Fatalf("least: %d %d %v, ready %+v", url, key, until, r)
	}
}

// checkCounts makes sure that the fast path is told the truth.
func checkCounts(t *rapid.T, tr *Tracker) {
	for _, a := range tr.scopeSets() {
		n, models := 0, 0
		a.each(func(c *breaker) {
			n++
			if c.ref.modelLevel() {
				models++
			}
		})
		if int(a.count.Load()) != n || a.models != models {
			t.Fatalf("count %d of %d, models %d of %d", a.count.Load(), n, a.models, models)
		}
	}
}

// Of many that come at the moment something is due, exactly one is the probe.
func TestExactlyOneProbe(t *testing.T) {
	for _, scope := range []ai.Scope{ai.ScopeGroup, ai.ScopeChannel, ai.ScopeModel, ai.ScopeURL, ai.ScopeURLModel, ai.ScopeURLProtocol, ai.ScopeKey, ai.ScopeKeyModel} {
		tr := NewTracker(Options{})
		var channels []*Channel
		for i := range 4 {
			spec := Spec{Name: "c", Group: "g"}
			if scope == ai.ScopeGroup {
				spec.Name = fmt.Sprint("c", i)
			}
			channels = append(channels, tr.Channel(spec))
		}
		now := noon
		cl, _ := channels[0].Acquire(0, 0, ai.OpenAI, "m", now, false)
		now = cl.Report(failure(ai.ServerError, scope), nil, now)
		for round := range 20 {
			var probes, others atomic.Int32
			var won Permit
			var wg sync.WaitGroup
			for i := range 32 {
				wg.Go(func() {
					switch cl, ok := channels[i%4].Acquire(0, 0, ai.OpenAI, "m", now, i%3 == 0); {
					case ok && cl.Probe():
						probes.Add(1)
						won = cl
					case ok:
						others.Add(1)
					}
				})
			}
			wg.Wait()
			if probes.Load() != 1 || others.Load() != 0 {
				t.Fatalf("%v, round %d: %d probes and %d others", scope, round, probes.Load(), others.Load())
			}
			if round%2 == 0 {
				won.Release()
			} else {
				now = won.Report(failure(ai.ServerError, scope), nil, now)
			}
		}
	}
}

// What was told adds up to what is, however many report at the same moment.
func TestChangesAddUp(t *testing.T) {
	known := make(map[Ref]bool)
	var telling atomic.Int32
	tr := NewTracker(Options{Changed: func(c Change) {
		if telling.Add(1) != 1 {
			t.Error("told twice at a time")
		}
		known[c.Ref] = !c.Recovered
		telling.Add(-1)
	}})
	var clock atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 7))
			c := tr.Channel(Spec{Name: fmt.Sprint("c", g%3), Group: "g", URLs: []string{"u0", "u1"}, Keys: []string{"k0", "k1"}})
			for range 3000 {
				now := noon.Add(time.Duration(clock.Add(int64(20 * time.Millisecond))))
				model := fmt.Sprint("m", random.IntN(3))
				c.Ready(ai.OpenAI, model, now)
				cl, ok := c.Acquire(random.IntN(2), random.IntN(2), ai.OpenAI, model, now, random.IntN(4) == 0)
				if !ok {
					continue
				}
				switch random.IntN(4) {
				case 0:
					cl.Release()
				case 1:
					cl.Report(failure(cooled[random.IntN(len(cooled))], ai.Scopes()[random.IntN(9)]), nil, now)
				default:
					cl.Report(good, header("x-ratelimit-remaining-requests", fmt.Sprint(random.IntN(4)), "x-ratelimit-reset-requests", "3s"), now)
				}
				if random.IntN(500) == 0 {
					tr.Clear(func(r Ref) bool { return r.Scope != ai.ScopeGroup })
				}
			}
		})
	}
	wg.Wait()
	tr.deliver()
	announced := 0
	for _, a := range tr.scopeSets() {
		a.each(func(c *breaker) {
			if c.announced {
				announced++
			}
			if c.announced != known[c.ref] {
				t.Errorf("%+v: cools down %v, told %v", c.ref, c.announced, known[c.ref])
			}
		})
	}
	for _, cooling := range known {
		if cooling {
			announced--
		}
	}
	if announced != 0 {
		t.Errorf("%d more cool down than were told", announced)
	}
}
