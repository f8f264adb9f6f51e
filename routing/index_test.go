package routing

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/selection"
)

// world is a table whose channels have everything that may keep one from serving.
type world struct {
	*rand.Rand
	now   time.Time
	state *State
	table *Table
	held  []*Target
	known int // decisions that the index was of use for
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), now: time.Date(2026, 1, 2, 8, 59, 30, 0, time.UTC), state: NewState(nil)}
	w.state.Tracker = health.NewTracker(health.Options{Now: func() time.Time { return w.now }, Jitter: func() float64 { return 0.5 }})
	channel := func(name string, priority int, protocols string, change func(*config.Channel)) *config.Channel {
		c := &config.Channel{Name: name, Priority: priority, Models: []string{"m", "n"}, Keys: []string{"sk-" + name + "-0123456789abcdef"}}
		c.URLs = []config.URL{{URL: "https://" + name + ".test", Protocols: []string{protocols}}}
		if change != nil {
			change(c)
		}
		return c
	}
	keys := func(c *config.Channel) { c.Keys = append(c.Keys, "sk-more-"+c.Name+"-0123456789") }
	conf := &config.App{Channels: []*config.Channel{
		channel("plain", 10, "anthropic", nil),
		channel("keys", 10, "anthropic", keys),
		channel("urls", 10, "anthropic", func(c *config.Channel) {
			c.URLs = append(c.URLs, config.URL{URL: "https://mirror.test", Protocols: []string{"anthropic", "openai"}})
		}),
		channel("off", 10, "anthropic", func(c *config.Channel) { c.Disabled = true }),
		channel("rated", 10, "anthropic", func(c *config.Channel) { c.RPM = 3 }),
		channel("narrow", 20, "anthropic", func(c *config.Channel) { c.MaxConcurrency = 1 }),
		channel("tokens", 10, "anthropic", func(c *config.Channel) { c.TPM = 1000 }),
		channel("money", 10, "anthropic", func(c *config.Channel) { c.Budget.Day = 5 }),
		channel("a", 5, "anthropic", func(c *config.Channel) { c.Group = "both"; keys(c) }),
		channel("b", 5, "anthropic", func(c *config.Channel) { c.Group = "both" }),
		channel("foreign", 10, "openai", nil),
	}}
	if seed%3 == 0 { // what depends on the call is looked at by the call
		conf.Channels = append(conf.Channels, channel("last", 1, "openai", nil))
	}
	if seed%2 == 0 {
		conf.Channels = append(conf.Channels, channel("open", 10, "anthropic", func(c *config.Channel) { c.Hours = &config.Hours{From: "9:00", To: "9:05"} }))
	}
	var err error
	if w.table, err = NewTable(conf, Options{Declared: len(conf.Channels), State: w.state, Replace: func(s string) string { return s }, Warn: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) chooser() *Chooser {
	model := "m"
	if w.IntN(3) == 0 {
		model = "n"
	}
	return &Chooser{
		Route: w.table.Route(model, false), Call: &ai.Call{Protocol: ai.Anthropic, Operation: ai.Generate, Model: model}, Token: access.Unlimited,
		State: w.state.Selection, Policy: selection.Bind(new(selection.Priority)), Now: w.now, Seed: w.Uint64(), Effort: Effort{Left: 1 + w.IntN(3)},
	}
}

var worldOutcomes = []ai.Outcome{
	{Kind: ai.OK},
	{Kind: ai.OK},
	{Kind: ai.OK},
	{Kind: ai.ServerError, Scope: ai.ScopeURLModel, Retry: true},
	{Kind: ai.RateLimited, Scope: ai.ScopeKey, Retry: true},
	{Kind: ai.AuthFailed, Scope: ai.ScopeKey, Retry: true},
	{Kind: ai.QuotaExhausted, Scope: ai.ScopeGroup, Retry: true},
	{Kind: ai.NetworkError, Scope: ai.ScopeURL, Retry: true},
	{Kind: ai.NoSuchEndpoint, Scope: ai.ScopeURLProtocol, Retry: true},
	{Kind: ai.Overloaded, Scope: ai.ScopeModel, Retry: true},
	{Kind: ai.ContentFilter, Scope: ai.ScopeNone},
}

// event is something that happens.
func (w *world) event() {
	switch w.IntN(12) {
	case 0:
		w.now = w.now.Add(time.Duration(w.Int64N(int64(3 * time.Second))))
	case 1:
		w.now = w.now.Add(time.Duration(w.Int64N(int64(10 * time.Minute))))
	case 2:
		w.now = w.now.Add(time.Duration(w.Int64N(int64(30 * time.Hour))))
	case 3:
		ch := w.table.Channels[w.IntN(len(w.table.Channels))]
		w.state.Tracker.Clear(func(r health.Ref) bool { return r.Channel == ch.Name })
	case 4:
		ch := w.table.Channels[w.IntN(len(w.table.Channels))]
		_ = w.state.Tracker.StartCooldown(health.Entry{
			Ref: health.Ref{Scope: ai.ScopeChannel, Channel: ch.Name}, Until: w.now.Add(time.Duration(w.Int64N(int64(time.Minute)))), Kind: ai.ServerError, Since: w.now,
		})
	case 5:
		l := w.table.Channels[w.IntN(len(w.table.Channels))].Limiter
		if l.Shared() == nil && l.Limited() {
			l.SetShare(&access.Share{Until: w.now.Add(time.Duration(w.Int64N(int64(time.Minute)))), Nodes: 2})
		} else {
			l.SetShare(nil)
		}
	case 6, 7:
		if len(w.held) > 0 {
			w.end(w.held[0])
			w.held = w.held[1:]
		}
	default:
		if t := w.chooser().Next(); t != nil {
			w.held = append(w.held, t)
		}
	}
}

// end ends an attempt in some way.
func (w *world) end(t *Target) {
	o := worldOutcomes[w.IntN(len(worldOutcomes))]
	if o.Kind != ai.OK && w.IntN(4) == 0 {
		o.Until = w.now.Add(time.Duration(w.Int64N(int64(48 * time.Hour))))
	}
	if w.IntN(8) == 0 {
		t.Permit.Release()
	} else {
		t.Permit.Report(o, nil, w.now)
	}
	t.Used = access.Use{Tokens: w.IntN(1200), Money: ai.Money(w.Int64N(int64(2 * ai.Dollar)))}
	t.Release()
}

// found is what a look at the candidates comes to.
type found struct {
	Usable []string
	Left   []string
	Full   []FullChannel
}

func foundBy(c *Chooser, s *Step, filter func(*Step)) (f found) {
	c.Full, c.heldBack, c.restrained = nil, false, true
	filter(s)
	for i := range c.usable {
		u := &c.usable[i]
		busy := u.InFlight
		if u.Busy != nil {
			busy = u.Busy.InFlight()
		}
		f.Usable = append(f.Usable, fmt.Sprint(u.Name, u.Priority, u.Weight, u.Standby, u.UsableKeys, busy, u.Model, c.indexes[i]))
	}
	for _, e := range c.excluded() {
		e.Ready.Low = false // decides nothing
		f.Left = append(f.Left, fmt.Sprintf("%+v", e))
	}
	f.Full = c.Full
	return f
}

// Whatever happens, what is remembered of the candidates is what a look at each
// of them finds.
func TestIndexFindsWhatALookDoes(t *testing.T) {
	known := 0
	for seed := range uint64(40) {
		w := newWorld(t, seed)
		for k := range 300 {
			w.event()
			c := w.chooser()
			s := &c.Route.Steps[0]
			got := foundBy(c, s, c.filter)
			if c.census != nil {
				known++
			}
			heldBack := c.heldBack
			told := c.Explanation()
			want := foundBy(c, s, c.filterEach)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, event %d at %v (- a look, + the index):\n%s", seed, k, w.now, d)
			}
			if heldBack != c.heldBack {
				t.Fatalf("seed %d, event %d: held back: %t, want %t", seed, k, heldBack, c.heldBack)
			}
			if d := cmp.Diff(c.Explanation(), told); d != "" {
				t.Fatalf("seed %d, event %d: the explanation (- a look, + the index):\n%s", seed, k, d)
			}
		}
	}
	if known < 3_000 {
		t.Errorf("the index was of use only %d times", known)
	}
}
