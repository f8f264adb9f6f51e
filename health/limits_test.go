package health

import (
	"net/http"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestReadLimits(t *testing.T) {
	for _, c := range []struct {
		name                string
		headers             []string
		rest, low, lowWhole string
	}{
		{"plenty", []string{"x-ratelimit-limit-requests", "100", "x-ratelimit-remaining-requests", "99", "x-ratelimit-reset-requests", "6s"}, "", "", ""},
		{"used up", []string{"x-ratelimit-limit-requests", "100", "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "6s"}, "2026-11-23T12:00:06Z", "", ""},
		{"used up, limit unknown", []string{"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s"}, "2026-11-23T12:06:00Z", "", ""},
		{"full again at once", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "12ms"}, "", "", ""},
		{"no reset", []string{"x-ratelimit-remaining-requests", "0"}, "", "", ""},
		{"relay that sends zeros", []string{"x-ratelimit-limit-requests", "0", "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "6s"}, "", "", ""},
		{"placeholder", []string{"x-ratelimit-remaining-requests", "XXX", "x-ratelimit-reset-requests", "6s"}, "", "", ""},
		{"low", []string{"anthropic-ratelimit-tokens-limit", "1000", "anthropic-ratelimit-tokens-remaining", "49", "anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:30Z"}, "", "2026-11-23T12:00:30Z", ""},
		{"five per cent is enough", []string{"anthropic-ratelimit-tokens-limit", "1000", "anthropic-ratelimit-tokens-remaining", "50", "anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:30Z"}, "", "", ""},
		{"two used up", []string{
			"anthropic-ratelimit-input-tokens-remaining", "0", "anthropic-ratelimit-input-tokens-reset", "2026-11-23T12:00:30Z",
			"anthropic-ratelimit-output-tokens-remaining", "0", "anthropic-ratelimit-output-tokens-reset", "2026-11-23T12:00:50Z",
		}, "2026-11-23T12:00:50Z", "", ""},
		{"bounded", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "9000000"}, "2026-11-24T12:00:00Z", "", ""},
		{"subscription", []string{"anthropic-ratelimit-unified-5h-utilization", "0.97", "anthropic-ratelimit-unified-5h-reset", "1795453200", "anthropic-ratelimit-unified-7d-utilization", "0.3"}, "", "", "2026-11-23T17:00:00Z"},
	} {
		l := readLimits(header(c.headers...), noon)
		if !l.cooldownUntil.Equal(at(c.rest)) || !l.lowUntil.Equal(at(c.low)) || !l.keyLowUntil.Equal(at(c.lowWhole)) {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
}

func TestHeadersSteerAwayBeforeTheRefusal(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	used := func(d string) http.Header {
		return header("x-ratelimit-limit-requests", "60", "x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", d)
	}
	b.begin(c, 0, 0).Report(good, used("40s"), b.now)
	if got := b.take(); got != "key_model cools down 40s" {
		t.Error(got)
	}
	if r := c.ReadyKey(0, "m", b.now); r.OK || r.Kind != ai.RateLimited || r.Scope != ai.ScopeKeyModel {
		t.Errorf("%+v", r)
	}
	if r := c.ReadyKey(0, "n", b.now); !r.OK {
		t.Errorf("another model: %+v", r)
	}
	if e := b.Entries(); len(e) != 1 || e[0].Rule != "headers" || e[0].Failures != 0 || e[0].Attention {
		t.Errorf("%+v", e)
	}
	// Nothing failed, so a forced attempt may well succeed, and says the same.
	forced, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
	if !ok {
		t.Fatal("not forced")
	}
	b.pass(100 * time.Millisecond)
	forced.Report(good, used("40s"), b.now)
	if got := b.take(); got != "" {
		t.Error(got)
	}
	// When it is over nobody needs a probe.
	b.pass(40 * time.Second)
	if cl, ok := c.Acquire(0, 0, ai.OpenAI, "m", b.now, false); !ok || cl.Probe() {
		t.Error("a precaution needs no probe")
	}
	if got := b.take(); got != "key_model recovered" || !c.calm() {
		t.Error(got)
	}
}

func TestLittleLeftIsNoRest(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	low := header("x-ratelimit-limit-tokens", "1000", "x-ratelimit-remaining-tokens", "20", "x-ratelimit-reset-tokens", "30s")
	b.begin(c, 0, 0).Report(good, low, b.now)
	if r := c.ReadyKey(0, "m", b.now); !r.OK || !r.Low {
		t.Errorf("%+v", r)
	}
	b.wantReady(c, "ok") // the other key has plenty
	b.begin(c, 0, 1).Report(good, low, b.now)
	b.wantReady(c, "low")
	if e := b.Entries(); len(e) != 0 || len(b.changes) != 0 {
		t.Errorf("%+v %+v", e, b.changes)
	}
	// A failure and its recovery do not make it forget.
	b.pass(b.fail(c, ai.RateLimited, ai.ScopeKeyModel))
	b.begin(c, 0, 0).Report(good, nil, b.now)
	b.wantReady(c, "low")
	b.pass(30 * time.Second)
	b.wantReady(c, "ok")
	if !c.calm() {
		t.Error("not forgotten")
	}
	whole := header("anthropic-ratelimit-unified-5h-utilization", "0.99", "anthropic-ratelimit-unified-5h-reset", "1795453200")
	b.begin(c, 0, 0).Report(good, whole, b.now)
	if r := c.ReadyKey(0, "n", b.now); !r.Low {
		t.Error("a subscription is low for every model")
	}
}
