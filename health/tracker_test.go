package health

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// bench is a tracker with a clock that the test turns by hand and no jitter.
type bench struct {
	t *testing.T
	*Tracker
	now     time.Time
	changes []Change
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: noon}
	b.Tracker = NewTracker(Options{
		Now:     func() time.Time { return b.now },
		Jitter:  func() float64 { return 0.5 },
		Changed: func(c Change) { b.changes = append(b.changes, c) },
	})
	return b
}

func (b *bench) pass(d time.Duration) { b.now = b.now.Add(d) }

// take returns what changed since the last take, in a few words.
func (b *bench) take() string {
	var list []string
	for _, c := range b.changes {
		s := fmt.Sprintf("%v cools down %v", c.Scope, c.Until.Sub(b.now))
		if c.Recovered {
			s = fmt.Sprintf("%v recovered", c.Scope)
		}
		list = append(list, s)
	}
	b.changes = nil
	return strings.Join(list, "; ")
}

// begin permits a target that must be free.
func (b *bench) begin(c *Channel, url, key int) Permit {
	b.t.Helper()
	cl, ok := c.Acquire(url, key, ai.OpenAI, "m", b.now, false)
	if !ok {
		b.t.Fatalf("nothing to claim at %v", b.now)
	}
	return cl
}

// fail begins and fails; it returns how long something cools down because of it.
func (b *bench) fail(c *Channel, kind ai.Kind, scope ai.Scope) time.Duration {
	b.t.Helper()
	return b.rest(b.begin(c, 0, 0).Report(failure(kind, scope), nil, b.now))
}

func (b *bench) rest(until time.Time) time.Duration {
	if until.IsZero() {
		return 0
	}
	return until.Sub(b.now)
}

// wantReady asks for the channel as a whole.
func (b *bench) wantReady(c *Channel, want string) {
	b.t.Helper()
	r := c.Ready(ai.OpenAI, "m", b.now)
	got := "ok"
	switch {
	case r.Probing:
		got = "probing"
	case !r.OK:
		got = fmt.Sprintf("%v %v %v", r.Kind, r.Scope, r.Until.Sub(b.now))
	case r.Low:
		got = "low"
	}
	if got != want {
		b.t.Errorf("ready: %s, want %s", got, want)
	}
}

func failure(kind ai.Kind, scope ai.Scope) ai.Outcome {
	return ai.Outcome{Kind: kind, Scope: scope, Rule: "test", Message: "no", Retry: true}
}

func stated(kind ai.Kind, scope ai.Scope, until time.Time) ai.Outcome {
	o := failure(kind, scope)
	o.Until = until
	return o
}

var good = ai.Outcome{Kind: ai.OK}

func twoByTwo(b *bench) *Channel {
	return b.Channel(Spec{Name: "c", Group: "g", URLs: []string{"u0", "u1"}, Keys: []string{"k0", "k1"}})
}

func oneByOne(b *bench) *Channel { return b.Channel(Spec{Name: "c", URLs: []string{"u0"}}) }

// The cooldowns of every kind, failure after failure.
func TestRestsDouble(t *testing.T) {
	for _, c := range []struct {
		kind  ai.Kind
		scope ai.Scope
		want  string
	}{
		{ai.RateLimited, ai.ScopeKey, "5s 10s 20s 40s 1m20s 2m40s 5m0s 5m0s"},
		{ai.QuotaExhausted, ai.ScopeKey, "10m0s 20m0s 40m0s 1h20m0s 2h40m0s 5h20m0s 6h0m0s 6h0m0s"},
		{ai.AuthFailed, ai.ScopeKey, "5m0s 10m0s 20m0s 40m0s 1h0m0s 1h0m0s 1h0m0s 1h0m0s"},
		{ai.Overloaded, ai.ScopeURLModel, "5s 10s 20s 40s 1m0s 1m0s 1m0s 1m0s"},
		{ai.ServerError, ai.ScopeChannel, "5s 10s 20s 40s 1m0s 1m0s 1m0s 1m0s"},
		{ai.Timeout, ai.ScopeURLModel, "10s 20s 40s 1m0s 1m0s 1m0s 1m0s 1m0s"},
		{ai.NetworkError, ai.ScopeURL, "5s 10s 20s 40s 1m0s 1m0s 1m0s 1m0s"},
		{ai.NoSuchModel, ai.ScopeModel, "10m0s 20m0s 40m0s 1h20m0s 2h40m0s 5h20m0s 6h0m0s 6h0m0s"},
		{ai.NoSuchEndpoint, ai.ScopeURLProtocol, "10m0s 20m0s 40m0s 1h20m0s 2h40m0s 5h20m0s 6h0m0s 6h0m0s"},
		{ai.RateLimited, ai.ScopeGroup, "5s 10s 20s 40s 1m20s 2m40s 5m0s 5m0s"},
		{ai.InvalidRequest, ai.ScopeNone, "0s 0s 0s 0s 0s 0s 0s 0s"},
	} {
		b := newBench(t)
		ch := twoByTwo(b)
		var cooling []string
		for range 8 {
			d := b.fail(ch, c.kind, c.scope)
			cooling = append(cooling, d.String())
			b.pass(d)
		}
		if got := strings.Join(cooling, " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.kind, got, c.want)
		}
	}
}

func TestRestsAreJittered(t *testing.T) {
	for spread, want := range map[float64]time.Duration{0: 4 * time.Second, 0.5: 5 * time.Second, 0.9999999: 6 * time.Second} {
		tr := NewTracker(Options{Jitter: func() float64 { return spread }})
		ch := tr.Channel(Spec{Name: "c"})
		cl, _ := ch.Acquire(0, 0, ai.OpenAI, "m", noon, false)
		if d := cl.Report(failure(ai.ServerError, ai.ScopeChannel), nil, noon).Sub(noon); (d - want).Abs() > time.Microsecond {
			t.Errorf("%v: %v, want %v", spread, d, want)
		}
		cl, _ = ch.Acquire(0, 0, ai.OpenAI, "m", noon.Add(time.Hour), false)
		stated := noon.Add(time.Hour + 7*time.Second)
		if until := cl.Report(ai.Outcome{Kind: ai.RateLimited, Scope: ai.ScopeKey, Until: stated}, nil, noon.Add(time.Hour)); !until.Equal(stated) {
			t.Errorf("what upstream states was changed to %v", until)
		}
	}
}

// Each scope cools down what it names and nothing else.
func TestScopesAreSeparate(t *testing.T) {
	type ask struct {
		name string
		ok   func(c, other, stranger *Channel, now time.Time) bool
	}
	asks := []ask{
		{"url", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyURL(0, ai.OpenAI, "m", now).OK }},
		{"other url", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyURL(1, ai.OpenAI, "m", now).OK }},
		{"other protocol", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyURL(0, ai.Gemini, "m", now).OK }},
		{"other model of the url", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyURL(0, ai.OpenAI, "n", now).OK }},
		{"key", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyKey(0, "m", now).OK }},
		{"other key", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyKey(1, "m", now).OK }},
		{"other model of the key", func(c, _, _ *Channel, now time.Time) bool { return c.ReadyKey(0, "n", now).OK }},
		{"channel", func(c, _, _ *Channel, now time.Time) bool { return c.Ready(ai.OpenAI, "m", now).OK }},
		{"other model of the channel", func(c, _, _ *Channel, now time.Time) bool { return c.Ready(ai.OpenAI, "n", now).OK }},
		{"other channel of the group", func(_, o, _ *Channel, now time.Time) bool { return o.Ready(ai.OpenAI, "m", now).OK }},
		{"other channel", func(_, _, s *Channel, now time.Time) bool { return s.Ready(ai.OpenAI, "m", now).OK }},
	}
	for scope, want := range map[ai.Scope]string{
		ai.ScopeNone:        "",
		ai.ScopeKeyModel:    "key",
		ai.ScopeKey:         "key, other model of the key",
		ai.ScopeURLModel:    "url, other protocol",
		ai.ScopeURLProtocol: "url, other model of the url",
		ai.ScopeURL:         "url, other protocol, other model of the url",
		ai.ScopeModel:       "channel",
		ai.ScopeChannel:     "channel, other model of the channel",
		ai.ScopeGroup:       "channel, other model of the channel, other channel of the group",
	} {
		b := newBench(t)
		c := twoByTwo(b)
		other, stranger := b.Channel(Spec{Name: "d", Group: "g"}), b.Channel(Spec{Name: "e"})
		b.fail(c, ai.ServerError, scope)
		var rest []string
		for _, a := range asks {
			if !a.ok(c, other, stranger, b.now) {
				rest = append(rest, a.name)
			}
		}
		if got := strings.Join(rest, ", "); got != want {
			t.Errorf("%v: %q cools down, want %q", scope, got, want)
		}
	}
}

func TestAGroupOfOneIsTheChannel(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.fail(c, ai.RateLimited, ai.ScopeGroup)
	b.wantReady(c, "rate_limited channel 5s")
}

// A channel whose keys all cool down, or whose URLs all do, cools down until the first
// of them is due.
func TestAChannelRestsUntilItsEarliestPart(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	b.begin(c, 0, 0).Report(stated(ai.RateLimited, ai.ScopeKey, b.now.Add(time.Minute)), nil, b.now)
	b.wantReady(c, "ok")
	if r := c.Ready(ai.OpenAI, "m", b.now); r.UsableKeys != 1 {
		t.Errorf("%d usable keys", r.UsableKeys)
	}
	b.begin(c, 0, 1).Report(stated(ai.QuotaExhausted, ai.ScopeKey, b.now.Add(time.Hour)), nil, b.now)
	b.wantReady(c, "rate_limited key 1m0s")
	b.pass(time.Minute)
	b.wantReady(c, "ok")

	b.begin(c, 0, 0).Report(good, nil, b.now)
	b.begin(c, 0, 0).Report(failure(ai.NetworkError, ai.ScopeURL), nil, b.now)
	b.wantReady(c, "ok")
	b.begin(c, 1, 0).Report(failure(ai.Timeout, ai.ScopeURLModel), nil, b.now)
	b.wantReady(c, "network url 5s")
}

func TestAURLThatDoesNotSpeakTheProtocolDoesNotCount(t *testing.T) {
	b := newBench(t)
	c := b.Channel(Spec{Name: "c", URLs: []string{"u0", "u1"}, Protocols: [][]ai.Protocol{{ai.OpenAI}, {ai.Gemini}}})
	b.fail(c, ai.NetworkError, ai.ScopeURL)
	b.wantReady(c, "network url 5s")
	if r := c.Ready(ai.Gemini, "m", b.now); !r.OK {
		t.Errorf("gemini: %+v", r)
	}
	if r := c.Ready(ai.Anthropic, "m", b.now); r.OK {
		t.Errorf("anthropic: %+v", r)
	}
	if url, _, _, _, _ := c.Least(ai.OpenAI, "m", b.now); url != 0 {
		t.Errorf("least: %d", url)
	}
	if url, key, _, _, transient := c.Least(ai.Anthropic, "m", b.now); url != -1 || key != -1 || transient {
		t.Errorf("least: %d %d", url, key)
	}
}

func TestLeast(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	at := func(d time.Duration) time.Time { return b.now.Add(d) }
	b.begin(c, 0, 0).Report(stated(ai.RateLimited, ai.ScopeKey, at(time.Second)), nil, b.now)
	b.begin(c, 0, 1).Report(failure(ai.RateLimited, ai.ScopeKeyModel), nil, b.now)
	if cl, ok := c.Acquire(0, 1, ai.OpenAI, "n", b.now, false); ok {
		cl.Report(failure(ai.NoSuchEndpoint, ai.ScopeURLProtocol), nil, b.now)
	}
	if cl, ok := c.Acquire(1, 1, ai.OpenAI, "n", b.now, false); ok {
		cl.Report(failure(ai.Timeout, ai.ScopeURL), nil, b.now)
	}
	// Of the keys the one whose cooldown is a guess, though the other is due sooner;
	// of the URLs the one that may be well again.
	url, key, until, kind, transient := c.Least(ai.OpenAI, "m", b.now)
	if url != 1 || key != 1 || !until.Equal(at(10*time.Second)) || kind != ai.Timeout || !transient {
		t.Errorf("%d %d %v %v %v", url, key, until.Sub(b.now), kind, transient)
	}
	// A refused key does not heal before its time.
	b.Clear(func(Ref) bool { return true })
	b.begin(c, 0, 0).Report(failure(ai.AuthFailed, ai.ScopeKey), nil, b.now)
	b.begin(c, 0, 1).Report(failure(ai.QuotaExhausted, ai.ScopeKey), nil, b.now)
	url, key, until, kind, transient = c.Least(ai.OpenAI, "m", b.now)
	if url != 0 || key != 0 || !until.Equal(at(5*time.Minute)) || kind != ai.AuthFailed || transient {
		t.Errorf("%d %d %v %v %v", url, key, until.Sub(b.now), kind, transient)
	}
}
