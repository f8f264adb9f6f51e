package health

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestSteady(t *testing.T) {
	const second = time.Second
	type attempt struct {
		ago time.Duration
		ok  bool
	}
	row := func(n int, ago time.Duration, ok bool) (list []attempt) {
		for range n {
			list = append(list, attempt{ago, ok})
		}
		return list
	}
	and := func(lists ...[]attempt) (all []attempt) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for _, test := range []struct {
		name     string
		attempts []attempt
		want     bool
	}{
		{"nothing", nil, false},
		{"one success", row(1, second, true), false},
		{"two successes", row(2, second, true), true},
		{"two of ten", and(row(2, second, true), row(8, second, false)), true},
		{"two, and nine failures", and(row(2, second, true), row(9, second, false)), false},
		{"two, thirty seconds old", row(2, 30*second, true), true},
		{"two, older", row(2, 31*second, true), false},
		{"failures only", row(10, second, false), false},
	} {
		var h History
		for _, a := range test.attempts {
			h.Add(a.ok, noon.Add(-a.ago))
		}
		if got := h.Steady(noon, noon); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
	var h History
	notes := []Note{h.Add(true, noon), h.Add(true, noon)}
	h.Revoke(notes[0])
	if h.Steady(noon, noon) {
		t.Error("a success that was taken back counts")
	}
}

// Whatever the pattern of calls and wishes, repetitions stay within 40 % of the
// calls of the last ten seconds, but for one a second.
func TestRetryBudget(t *testing.T) {
	for seed := range uint64(20) {
		var b RetryBudget
		random := rand.New(rand.NewPCG(seed, 1))
		calls, retries := make(map[int64]int), make(map[int64]int)
		now := noon
		for range 5000 {
			now = now.Add(time.Duration(random.Int64N(int64(40 * time.Millisecond << random.IntN(6)))))
			second := now.Unix()
			if random.Float64() < 0.6 {
				b.Call(now)
				calls[second]++
				continue
			}
			c, r := 0, 0
			for s := second - 9; s <= second; s++ {
				c, r = c+calls[s], r+retries[s]
			}
			want := retries[second] == 0 || float64(r) < 0.4*float64(c)
			if got := b.Take(now); got != want {
				t.Fatalf("seed %d: %t with %d calls and %d repetitions, %d of them this second", seed, got, c, r, retries[second])
			}
			if want {
				retries[second]++
			}
		}
	}
}

func TestSlowStart(t *testing.T) {
	var s SlowStart
	now := noon
	room := func(forced bool) (n int) {
		for s.Admit(forced, 0, now) {
			n++
		}
		for range n {
			s.Leave()
		}
		return n
	}
	if s.On() || room(true) != 1 {
		t.Error("it does not start at one")
	}
	for i, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 64} { // half seconds
		s.Failed(now)
		if !s.On() || room(true) != 0 || room(false) != 1 {
			t.Errorf("failure %d leaves room", i)
		}
		now = now.Add(pause*time.Second/2 - 1)
		if room(true) != 0 {
			t.Errorf("failure %d: admitted too soon", i)
		}
		if now = now.Add(1); room(true) != 1 {
			t.Errorf("failure %d: not admitted", i)
		}
	}
	for want := 2; want < wideWindow; want *= 2 {
		s.Succeeded()
		if got := room(false); got != want {
			t.Errorf("room for %d, want %d", got, want)
		}
	}
	s.Failed(now)
	if got := room(true); got != wideWindow/4 {
		t.Errorf("room for %d after a failure", got)
	}
	s.Succeeded()
	s.Succeeded()
	if s.On() {
		t.Error("it does not end")
	}
	s.Enter()
	s.Leave()
}

func TestHistoriesAreBounded(t *testing.T) {
	var hs Histories
	first := hs.Of("a", "u", "m")
	if hs.Of("a", "u", "m") != first || hs.Of("a", "u", "n") == first || hs.Of("b", "u", "m") == first || hs.Of("a", "v", "m") == first {
		t.Error("histories are confused")
	}
	for i := range 2 * maxHistories {
		hs.Of("a", "u", fmt.Sprint(i))
	}
	if len(hs.list) > maxHistories {
		t.Errorf("%d histories", len(hs.list))
	}
}

// A stated cooldown of more than an hour is probed.
func TestStatedCooldownsAreProbed(t *testing.T) {
	const hour = time.Hour
	for _, kind := range []ai.Kind{ai.QuotaExhausted, ai.RateLimited} {
		b := newBench(t)
		c := oneByOne(b)
		began := b.now
		word := began.Add(20 * 24 * hour)
		for i, after := range []time.Duration{1 * hour, 6 * hour, 24 * hour, 48 * hour, 72 * hour} {
			permit := b.begin(c, 0, 0)
			if probe := i > 0; c.Ready(ai.OpenAI, "m", b.now).Gamble && !probe {
				t.Error("the first attempt is called a gamble")
			}
			if until := permit.Report(stated(kind, ai.ScopeKey, word), nil, b.now); until.Sub(began) != after {
				t.Errorf("%v: failure %d rests until %v after the first", kind, i, until.Sub(began))
			}
			if e := b.Entries()[0]; !e.StatedUntil.Equal(word) || e.Until.Sub(began) != after || e.Attention {
				t.Errorf("%+v", e)
			}
			again := newBench(t)
			again.now = b.now
			again.Restore(b.Entries())
			if got, want := again.Entries(), b.Entries(); len(got) != 1 || got[0] != want[0] {
				t.Errorf("restored: %+v, was %+v", got, want)
			}
			b.pass(began.Add(after).Sub(b.now) + time.Second)
			if r := c.Ready(ai.OpenAI, "m", b.now); !r.OK || !r.Gamble {
				t.Errorf("due: %+v", r)
			}
		}
		b.begin(c, 0, 0).Report(good, nil, b.now)
		if len(b.Entries()) != 0 || c.Ready(ai.OpenAI, "m", b.now).Gamble {
			t.Error("a success leaves something")
		}
	}

	for _, test := range []struct {
		name    string
		outcome ai.Outcome
		want    time.Duration
		stated  bool
	}{
		{"an hour", stated(ai.QuotaExhausted, ai.ScopeKey, noon.Add(time.Hour)), time.Hour, false},
		{"a little more", stated(ai.QuotaExhausted, ai.ScopeKey, noon.Add(time.Hour+time.Minute)), time.Hour, true},
		{"a rule of the operator's", ai.Outcome{Kind: ai.QuotaExhausted, Scope: ai.ScopeKey, Until: noon.Add(9 * time.Hour), Configured: true}, 9 * time.Hour, false},
	} {
		b := newBench(t)
		c := oneByOne(b)
		if d := b.rest(b.begin(c, 0, 0).Report(test.outcome, nil, b.now)); d != test.want {
			t.Errorf("%s: rests %v", test.name, d)
		}
		if got := !b.Entries()[0].StatedUntil.IsZero(); got != test.stated {
			t.Errorf("%s: stated %t", test.name, got)
		}
	}

	// What was stored before it was probed.
	b := newBench(t)
	b.Restore([]Entry{{
		Ref: Ref{Scope: ai.ScopeKey, Channel: "a", Key: "k"}, Until: noon.Add(400 * hour), Failures: 1, Kind: ai.QuotaExhausted, Since: noon.Add(-2 * hour),
	}})
	if e := b.Entries()[0]; e.Until.Sub(noon) != 4*hour || e.StatedUntil.Sub(noon) != 400*hour {
		t.Errorf("%+v", e)
	}
}

// A probe that probably fails is not asked of a channel that has better keys.
func TestGambles(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	b.begin(c, 0, 0).Report(stated(ai.QuotaExhausted, ai.ScopeKey, b.now.Add(100*time.Hour)), nil, b.now)
	b.pass(2 * time.Hour)
	if c.Ready(ai.OpenAI, "m", b.now).Gamble || !c.ReadyKey(0, "m", b.now).Gamble || c.ReadyKey(1, "m", b.now).Gamble {
		t.Error("one key of two is a gamble, not the channel")
	}
	b.begin(c, 0, 1).Report(stated(ai.QuotaExhausted, ai.ScopeKey, b.now.Add(100*time.Hour)), nil, b.now)
	b.pass(2 * time.Hour)
	if !c.Ready(ai.OpenAI, "m", b.now).Gamble {
		t.Error("all keys are")
	}
}

// TestPass goes through what may be over, and through nothing else.
func TestPass(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.fail(c, ai.ServerError, ai.ScopeURLModel)
	for range 3 {
		permit, ok := c.Pass(0, 0, ai.OpenAI, "m", b.now)
		if !ok || !permit.Doubtful() {
			t.Fatal("no pass")
		}
		b.pass(time.Second)
		permit.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now)
		if e := b.Entries(); e[0].Failures != 1 {
			t.Errorf("%d failures", e[0].Failures)
		}
	}
	permit, _ := c.Pass(0, 0, ai.OpenAI, "m", b.now)
	permit.Report(good, nil, b.now)
	b.wantReady(c, "ok")
	b.fail(c, ai.RateLimited, ai.ScopeKey)
	if _, ok := c.Pass(0, 0, ai.OpenAI, "m", b.now); ok {
		t.Error("a limit was passed")
	}
}
