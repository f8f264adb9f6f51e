package health

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestOneProbeAndTheRestFollow(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	d := b.fail(c, ai.ServerError, ai.ScopeURLModel)
	if _, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, false); ok {
		t.Fatal("acquired during the cooldown")
	}
	b.pass(d)
	b.wantReady(c, "ok")
	probe := b.begin(c, 0, 0)
	if !probe.Probe() {
		t.Error("not a probe")
	}
	b.wantReady(c, "probing")
	for _, force := range []bool{false, true} {
		if _, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, force); ok {
			t.Errorf("a second probe, force %v", force)
		}
	}
	if other, ok := c.Acquire(0, 0, ai.OpenAI, "n", b.now, false); !ok || other.Probe() {
		t.Error("another model waits, too")
	}
	probe.Release()
	b.wantReady(c, "ok")
	probe = b.begin(c, 0, 0)
	if d := b.rest(probe.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now)); d != 10*time.Second {
		t.Errorf("a failed probe cools down %v", d)
	}
	b.wantReady(c, "server url_model 10s")
	b.pass(10 * time.Second)
	b.begin(c, 0, 0).Report(good, nil, b.now)
	b.wantReady(c, "ok")
	if !c.calm() {
		t.Error("something is left after a success")
	}
	if d := b.fail(c, ai.ServerError, ai.ScopeURLModel); d != 5*time.Second {
		t.Errorf("a success did not clear the count: %v", d)
	}
}

// A failure of another scope says nothing about what was probed.
func TestAProbeThatMeetsOtherTroubleProvesNothing(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.pass(b.fail(c, ai.RateLimited, ai.ScopeKey))
	b.begin(c, 0, 0).Report(failure(ai.NetworkError, ai.ScopeURL), nil, b.now)
	b.wantReady(c, "network url 5s")
	b.pass(5 * time.Second)
	probe := b.begin(c, 0, 0)
	b.wantReady(c, "probing")
	probe.Report(good, nil, b.now)
	if !c.calm() {
		t.Error("a success clears all that the target touches")
	}
}

func TestAProbeNobodyHearsOfIsGivenUp(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.pass(b.fail(c, ai.ServerError, ai.ScopeURLModel))
	lost := b.begin(c, 0, 0)
	b.pass(29 * time.Second)
	b.wantReady(c, "probing")
	b.pass(time.Second)
	b.wantReady(c, "ok")
	probe := b.begin(c, 0, 0)
	lost.Release()
	b.wantReady(c, "probing") // the lost one has nothing to release any more
	lost.Report(good, nil, b.now)
	b.wantReady(c, "ok") // but a success is a success
	if d := b.rest(probe.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now)); d != 5*time.Second {
		t.Errorf("cools down %v", d)
	}
}

// Requests that began together fail together; that is one failure.
func TestOldNewsCountOnce(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	var claims []Permit
	for range 20 {
		claims = append(claims, b.begin(c, 0, 0))
	}
	for i, cl := range claims[:10] {
		b.pass(100 * time.Millisecond)
		d := b.rest(cl.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now))
		if want := 5*time.Second - time.Duration(i)*100*time.Millisecond; d != want {
			t.Errorf("failure %d cools down %v, want %v", i, d, want)
		}
	}
	if n := len(b.changes); n != 1 {
		t.Errorf("%d changes", n)
	}
	// Success and later failure of what began before say nothing either.
	claims[10].Report(good, nil, b.now)
	b.wantReady(c, "server url_model 4.1s")
	b.pass(time.Minute - time.Second)
	if d := b.rest(claims[11].Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now)); d != 0 {
		t.Errorf("old news cools down %v", d)
	}
	// What upstream states counts whenever it comes.
	until := b.now.Add(time.Minute)
	if got := claims[12].Report(stated(ai.Overloaded, ai.ScopeURLModel, until), nil, b.now); !got.Equal(until) {
		t.Errorf("stated %v, cools down until %v", until, got)
	}
	if e := b.Entries(); len(e) != 1 || e[0].Failures != 1 {
		t.Errorf("%+v", e)
	}
}

func TestForcedAttempts(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	for range 3 {
		b.pass(b.fail(c, ai.ServerError, ai.ScopeURLModel))
	}
	b.fail(c, ai.ServerError, ai.ScopeURLModel)
	b.wantReady(c, "server url_model 40s")

	forced, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	if !ok || !forced.Probe() {
		t.Fatal("force does not help")
	}
	if _, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true); ok {
		t.Error("two at a time")
	}
	b.pass(30 * time.Second)
	if d := b.rest(forced.Report(failure(ai.Timeout, ai.ScopeURLModel), nil, b.now)); d != 10*time.Second {
		t.Errorf("the cooldown has become %v", d)
	}
	if e := b.Entries(); e[0].Failures != 4 {
		t.Errorf("%d failures", e[0].Failures)
	}

	// One that outlasts the cooldown begins it anew, as long as before.
	forced, _ = c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	b.pass(time.Minute)
	if d := b.rest(forced.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, b.now)); d != 40*time.Second {
		t.Errorf("the new cooldown is %v", d)
	}

	forced, _ = c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	forced.Report(good, nil, b.now)
	b.wantReady(c, "ok")

	// What it finds out elsewhere counts as usual.
	b.fail(c, ai.ServerError, ai.ScopeURLModel)
	forced, _ = c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	if d := b.rest(forced.Report(failure(ai.AuthFailed, ai.ScopeKey), nil, b.now)); d != 5*time.Minute {
		t.Errorf("a refused key cools down %v", d)
	}
}

func TestOtherTroubleCountsApart(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.pass(b.fail(c, ai.RateLimited, ai.ScopeKey))
	b.pass(b.fail(c, ai.RateLimited, ai.ScopeKey))
	if d := b.fail(c, ai.AuthFailed, ai.ScopeKey); d != 5*time.Minute {
		t.Errorf("refused after limits cools down %v", d)
	}
	// It does not end the longer rest, nor take its name.
	forced, _ := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	if d := b.rest(forced.Report(stated(ai.RateLimited, ai.ScopeKey, b.now.Add(time.Second)), nil, b.now)); d != 5*time.Minute {
		t.Errorf("cools down %v", d)
	}
	b.wantReady(c, "auth key 5m0s")
	b.pass(5 * time.Minute)
	// A server that fails now one way and now another goes on failing.
	b.begin(c, 0, 0).Report(good, nil, b.now)
	b.pass(b.fail(c, ai.ServerError, ai.ScopeURLModel))
	b.pass(b.fail(c, ai.Overloaded, ai.ScopeURLModel))
	if d := b.fail(c, ai.Timeout, ai.ScopeURLModel); d != 40*time.Second {
		t.Errorf("the third trouble in a row cools down %v", d)
	}
}

func TestUpstreamMayShortenARest(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	for range 5 {
		b.pass(b.fail(c, ai.RateLimited, ai.ScopeKey))
	}
	b.fail(c, ai.RateLimited, ai.ScopeKey)
	forced, _ := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	if d := b.rest(forced.Report(stated(ai.RateLimited, ai.ScopeKey, b.now.Add(3*time.Second)), nil, b.now)); d != 3*time.Second {
		t.Errorf("cools down %v", d)
	}
}

func TestCountsDecay(t *testing.T) {
	for _, c := range []struct {
		idle time.Duration
		want time.Duration // the next cooldown
	}{
		{0, time.Minute},                    // the 9th
		{59 * time.Second, time.Minute},     // the same
		{time.Minute, time.Minute},          // 8 count as 4: the 5th
		{2 * time.Minute, 20 * time.Second}, // as 2: the 3rd
		{3 * time.Minute, 10 * time.Second}, // as 1: the 2nd
		{4 * time.Minute, 5 * time.Second},  // forgotten: the 1st
	} {
		b := newBench(t)
		ch := oneByOne(b)
		for range 8 {
			b.pass(b.fail(ch, ai.ServerError, ai.ScopeURLModel))
		}
		b.pass(c.idle)
		if d := b.fail(ch, ai.ServerError, ai.ScopeURLModel); d != c.want {
			t.Errorf("after %v: %v, want %v", c.idle, d, c.want)
		}
	}
	b := newBench(t)
	ch := oneByOne(b)
	for range 8 {
		b.pass(b.fail(ch, ai.ServerError, ai.ScopeURLModel))
	}
	b.take()
	b.pass(time.Minute)
	if e := b.Entries(); len(e) != 1 || e[0].Failures != 4 {
		t.Errorf("after a minute: %+v", e)
	}
	b.pass(3 * time.Minute)
	b.wantReady(ch, "ok")
	if got := b.take(); got != "url_model recovered" || !ch.calm() {
		t.Errorf("forgotten: %q", got)
	}
}

// An answer that begins well and breaks off every time must not look well
// because it begins well.
func TestBrokenAnswersAddUp(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	var cooling []string
	for range 4 {
		cl := b.begin(c, 0, 0)
		cl.Report(good, nil, b.now)
		b.wantReady(c, "ok")
		b.pass(2 * time.Second)
		d := b.rest(cl.Report(ai.Outcome{Kind: ai.Truncated, Scope: ai.ScopeURLModel}, nil, b.now))
		cooling = append(cooling, d.String())
		b.pass(d)
	}
	if got := strings.Join(cooling, " "); got != "5s 10s 20s 40s" {
		t.Error(got)
	}
	cl := b.begin(c, 0, 0)
	cl.Report(good, nil, b.now)
	if again, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, false); !ok || again.Probe() {
		t.Error("a good beginning must end the cooldown for everybody")
	}
	b.pass(5 * time.Minute)
	b.wantReady(c, "ok")
	if !c.calm() {
		t.Error("not forgotten")
	}
}

// An outage of a minute is over for everybody at most half a minute after its
// end, however the cooldowns are jittered.
func TestAnOutageIsOverSoonAfterItsEnd(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		tr := NewTracker(Options{Jitter: random.Float64})
		c := tr.Channel(Spec{Name: "c"})
		asked := 0
		for passed := time.Duration(0); ; passed += 100 * time.Millisecond {
			now := noon.Add(passed)
			cl, ok := c.Acquire(0, 0, ai.OpenAI, "m", now, false)
			if !ok {
				continue
			}
			asked++
			if passed < time.Minute {
				cl.Report(failure(ai.ServerError, ai.ScopeURLModel), nil, now)
				continue
			}
			if cl.Report(good, nil, now); passed > 91*time.Second || asked > 7 {
				t.Errorf("seed %d: asked %d times, back after %v", seed, asked, passed)
			}
			break
		}
	}
}
