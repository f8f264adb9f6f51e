package routing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/selection"
)

// caller chooses for calls at a clock that the test turns.
type caller struct {
	t     *testing.T
	state *routing.State
	table *routing.Table
	now   time.Time
}

func newCaller(t *testing.T, channels ...*config.Channel) *caller {
	c := &caller{t: t, state: routing.NewState(nil), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	c.state.Tracker = health.NewTracker(health.Options{Now: func() time.Time { return c.now }, Jitter: func() float64 { return 0.5 }})
	c.table = newTable(t, &config.App{Channels: channels}, c.state)
	return c
}

func (c *caller) call(left int) *routing.Chooser {
	return &routing.Chooser{
		Route: c.table.Route("m", false), Token: access.Unlimited, Now: c.now, Effort: routing.Effort{Left: left}, State: c.state.Selection,
		Call: &ai.Call{Protocol: ai.OpenAI, Operation: ai.Generate, Model: "m"}, Policy: selection.Bind(new(selection.Priority)),
	}
}

// try makes one attempt that ends as outcome says, and returns its target.
func (c *caller) try(k *routing.Chooser, target *routing.Target, outcome ai.Outcome) string {
	c.t.Helper()
	if target == nil {
		return "nothing"
	}
	defer target.Release()
	target.Permit.Report(outcome, nil, c.now)
	if outcome.Kind == ai.OK || health.Transient(outcome.Kind) {
		target.Proved(outcome.Kind, c.now)
	}
	if outcome.Kind != ai.OK {
		k.Tried = append(k.Tried, routing.Tried{
			Channel: target.Channel, Protocol: target.Protocol, URL: target.URL, Key: target.Key, Model: target.Model,
			Kind: outcome.Kind, Scope: outcome.Scope, Gamble: target.Gamble, Again: true,
		})
		k.Left--
	}
	return target.Name
}

func channelOf(name string, priority, keys int) *config.Channel {
	ch := &config.Channel{
		Name: name, Priority: priority, Models: []string{"m"},
		URLs: []config.URL{{URL: "https://" + name + ".test", Protocols: []string{"openai"}}},
	}
	for i := range keys {
		ch.Keys = append(ch.Keys, fmt.Sprintf("key-of-%s-%04d", name, i))
	}
	return ch
}

// A probe of a cooldown that upstream states to last for days is made by a call
// that has another attempt, and once in a call; by any where nothing else can
// serve.
func TestProbesAreSpare(t *testing.T) {
	var good ai.Outcome
	for _, test := range []struct {
		name string
		left int
		keys int // of the channel whose quota is used up
		want string
	}{
		{"an attempt to spare", 6, 1, "first second"},
		{"two attempts", 2, 1, "first second"},
		{"none to spare", 1, 1, "second"},
		{"many keys that are due", 6, 9, "first second"},
	} {
		c := newCaller(t, channelOf("first", 20, test.keys), channelOf("second", 10, 1))
		quota := ai.Outcome{Kind: ai.QuotaExhausted, Scope: ai.ScopeKey, Until: c.now.Add(20 * 24 * time.Hour), Retry: true}
		k := c.call(100)
		for range test.keys {
			if got := c.try(k, k.Next(), quota); got != "first" {
				t.Fatalf("%s: %s", test.name, got)
			}
		}
		k = c.call(test.left)
		if got := c.try(k, k.Next(), good); got != "second" {
			t.Errorf("%s: %s is asked while the first cools down", test.name, got)
		}
		c.now = c.now.Add(61 * time.Minute)
		k = c.call(test.left)
		got := ""
		for range 3 {
			name := c.try(k, k.Next(), map[bool]ai.Outcome{true: quota, false: good}[got == "" && test.left > 1])
			got += name + " "
			if name == "second" {
				break
			}
		}
		if got != test.want+" " {
			t.Errorf("%s: tried %s", test.name, got)
		}
	}

	c := newCaller(t, channelOf("only", 0, 1))
	k := c.call(1)
	c.try(k, k.Next(), ai.Outcome{Kind: ai.QuotaExhausted, Scope: ai.ScopeKey, Until: c.now.Add(100 * time.Hour), Retry: true})
	c.now = c.now.Add(2 * time.Hour)
	k = c.call(1)
	if got := c.try(k, k.Next(), good); got != "only" {
		t.Errorf("the only channel is not probed: %s", got)
	}
}

// Where everything cools down one call at a time goes up; after a success twice as
// many do, also once nothing cools down.
func TestComingBack(t *testing.T) {
	c := newCaller(t, channelOf("only", 0, 1))
	failure := ai.Outcome{Kind: ai.ServerError, Scope: ai.ScopeURLModel, Retry: true}
	k := c.call(6)
	c.try(k, k.Next(), failure)
	first := c.call(6).LeastBad(false)
	if first == nil {
		t.Fatal("nobody goes up while everything cools down")
	}
	waiting := c.call(6)
	if waiting.Next() != nil || waiting.LeastBad(false) != nil {
		t.Error("a second call goes up")
	}
	if pause, ok := waiting.Due(3 * time.Second); !ok || pause > 100*time.Millisecond {
		t.Errorf("it does not wait for the first: %v %t", pause, ok)
	}
	c.try(c.call(6), first, failure)
	if waiting.LeastBad(false) != nil {
		t.Error("it goes up at once after another failure")
	}
	c.now = c.now.Add(time.Minute)
	k = c.call(6)
	c.try(k, k.Next(), ai.Outcome{})
	var inside []*routing.Target
	for _, room := range []int{2, 4, 8} {
		for range room {
			target := c.call(6).Next()
			if target == nil {
				t.Fatalf("no room for %d", room)
			}
			inside = append(inside, target)
		}
		late := c.call(6)
		if late.Next() != nil {
			t.Errorf("room for more than %d", room)
		}
		if pause, ok := late.Due(3 * time.Second); !ok || pause > 100*time.Millisecond {
			t.Errorf("it does not wait for room: %v %t", pause, ok)
		}
		target := late.NextAtLast()
		if target == nil {
			t.Fatal("a call that has waited is sent away though nothing cools down")
		}
		target.Release()
		c.try(c.call(6), inside[0], ai.Outcome{})
		for _, target := range inside[1:] {
			target.Release()
		}
		inside = inside[:0]
	}
}

// The only one that is left is asked beside others while it serves now and then.
func TestTheOnlyOneLeft(t *testing.T) {
	failure := ai.Outcome{Kind: ai.Overloaded, Scope: ai.ScopeURLModel, Retry: true}
	c := newCaller(t, channelOf("only", 0, 1))
	for range 2 {
		k := c.call(6)
		c.try(k, k.Next(), ai.Outcome{})
	}
	k := c.call(6)
	c.try(k, k.Next(), failure)
	for range 5 {
		if target := c.call(6).LeastBad(false); target == nil {
			t.Fatal("it cools down though it has served")
		}
	}
	c.now = c.now.Add(31 * time.Second)
	k = c.call(6)
	c.try(k, k.Next(), failure)
	if c.call(6).LeastBad(false) == nil || c.call(6).LeastBad(false) != nil {
		t.Error("what was longer ago counts")
	}

	// A limit is no such thing.
	c = newCaller(t, channelOf("only", 0, 1))
	for range 2 {
		k := c.call(6)
		c.try(k, k.Next(), ai.Outcome{})
	}
	k = c.call(6)
	c.try(k, k.Next(), ai.Outcome{Kind: ai.RateLimited, Scope: ai.ScopeKey, Retry: true})
	if c.call(6).LeastBad(false) != nil {
		t.Error("a limit is ignored")
	}
}
