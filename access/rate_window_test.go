package access_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ccload/ccload/access"
)

func TestMeterSlidesOverTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := access.NewRateWindows().Of("channel/a")
		acquire := func() bool {
			ok, _ := w.TryAcquire(time.Now(), access.Rates{RPM: 3}, 0)
			return ok
		}
		for range 3 { // at 0s, 10s, 20s
			if !acquire() {
				t.Fatal("refused below the limit")
			}
			time.Sleep(10 * time.Second)
		}
		for range 29 { // from 30s to 59s: full, and asking does not make it fuller
			if acquire() {
				t.Fatalf("admitted above the limit")
			}
			time.Sleep(time.Second)
		}
		if d := w.RetryAfter(time.Now(), access.Rates{RPM: 3}, 0); d != time.Second {
			t.Fatalf("retry after %v at 59s, want 1s", d)
		}
		if d := w.RetryAfter(time.Now(), access.Rates{RPM: 1}, 0); d != 21*time.Second {
			t.Fatalf("a limit lowered to 1 has room in %v, want 21s", d)
		}
		if d := w.RetryAfter(time.Now(), access.Rates{RPM: 4}, 0); d != 0 {
			t.Fatalf("a limit raised to 4 has room in %v, want at once", d)
		}
		time.Sleep(time.Second - time.Nanosecond)
		if acquire() {
			t.Fatal("admitted before the first call is a minute old")
		}
		time.Sleep(time.Nanosecond)
		if !acquire() || acquire() {
			t.Fatal("at 60s there is room for one call")
		}
	})
}

// However calls are spread, no 60 seconds hold more than the limit, and below
// the limit nobody is refused.
func TestMeterNeverExceedsTheLimit(t *testing.T) {
	const second = time.Second
	for _, limit := range []int{1, 7, 100, 1024, 5000} {
		var m access.RateWindow
		rng := rand.New(rand.NewPCG(1, uint64(limit)))
		now := time.Now()
		var began []time.Time
		first := 0 // oldest in the window
		for range 4 * limit * 3 {
			now = now.Add(time.Duration(rng.Int64N(int64(60*second) / int64(limit) / 2)))
			for first < len(began) && now.Sub(began[first]) >= time.Minute {
				first++
			}
			ok, _ := m.TryAcquire(now, access.Rates{RPM: limit}, 0)
			if ok {
				began = append(began, now)
				if n := len(began) - first; n > limit {
					t.Fatalf("limit %d: %d calls within a minute", limit, n)
				}
			} else {
				// Above 1024 calls, those 59 ms apart leave together.
				held := 0
				for i := first - 1; limit > 1024 && i >= 0 && now.Sub(began[i]) < time.Minute+59*time.Millisecond; i-- {
					held++
				}
				if n := len(began) - first; n+held < limit {
					t.Fatalf("limit %d: refused with %d calls within a minute", limit, n)
				}
				if d := m.RetryAfter(now, access.Rates{RPM: limit}, 0); d <= 0 || d > time.Minute {
					t.Fatalf("limit %d: refused, and yet room in %v", limit, d)
				}
			}
		}
		if len(began) < 2*limit {
			t.Errorf("limit %d: only %d calls were admitted", limit, len(began))
		}
	}
}

func TestMeterTakesCallsOutOfOrder(t *testing.T) {
	var m access.RateWindow
	now := time.Now()
	for i, at := range []time.Duration{5, 3, 4, 1} {
		if ok, _ := m.TryAcquire(now.Add(at*time.Second), access.Rates{RPM: 4}, 0); !ok {
			t.Fatalf("call %d refused", i)
		}
	}
	if ok, _ := m.TryAcquire(now.Add(64*time.Second), access.Rates{RPM: 4}, 0); ok {
		t.Error("admitted although the window may still be full")
	}
	if ok, _ := m.TryAcquire(now.Add(65*time.Second), access.Rates{RPM: 4}, 0); !ok {
		t.Error("refused although all calls are a minute old")
	}
}

func TestMeterRefusalTakesNothing(t *testing.T) {
	var m access.RateWindow
	now := time.Now()
	for i, step := range []struct {
		rpm, max int
		ok       bool
		over     access.Limit
		inFlight int
	}{
		{2, 1, true, "", 1},
		{2, 1, false, access.LimitConcurrency, 1},
		{2, 2, true, "", 2}, // the refusal before has not used the rate
		{2, 9, false, access.LimitRPM, 2},
		{0, 9, true, "", 3},
		{0, 3, false, access.LimitConcurrency, 3},
		{0, 0, true, "", 4},
	} {
		ok, over := m.TryAcquire(now, access.Rates{RPM: step.rpm, Concurrency: step.max}, 0)
		if ok != step.ok || over != step.over || m.InFlight() != step.inFlight {
			t.Fatalf("step %d: %v %q, %d in flight", i, ok, over, m.InFlight())
		}
	}
}

func TestCancelGivesBothBack(t *testing.T) {
	for _, rpm := range []int{2, 2000} {
		var m access.RateWindow
		now := time.Now()
		for range rpm {
			if ok, _ := m.TryAcquire(now, access.Rates{RPM: rpm}, 0); !ok {
				t.Fatal("refused")
			}
		}
		m.Cancel(now, access.Rates{RPM: rpm}, 0)
		if n := m.InFlight(); n != rpm-1 {
			t.Errorf("%d in flight", n)
		}
		if ok, _ := m.TryAcquire(now, access.Rates{RPM: rpm}, 0); !ok {
			t.Error("the cancelled call still counts")
		}
		if ok, _ := m.TryAcquire(now, access.Rates{RPM: rpm}, 0); ok {
			t.Error("one cancel made room for two")
		}
	}
}

// Tokens are counted as expected when a call begins, and as used when it ends;
// both leave the minute with the call's beginning.
func TestMeterCountsTokens(t *testing.T) {
	var m access.RateWindow
	rates := access.Rates{TPM: 100}
	start := time.Now()
	take := func(at time.Duration, tokens int) bool {
		ok, over := m.TryAcquire(start.Add(at), rates, tokens)
		if !ok && over != access.LimitTPM {
			t.Fatalf("refused for %q", over)
		}
		return ok
	}
	if !take(0, 500) {
		t.Fatal("a call larger than a minute's tokens is never admitted")
	}
	if take(time.Second, 1) {
		t.Fatal("admitted above the limit")
	}
	m.Release(start, rates, -470) // it used 30
	if !take(2*time.Second, 70) || take(2*time.Second, 1) {
		t.Fatal("what was not used was not given back, or too much of it")
	}
	if d := m.RetryAfter(start.Add(2*time.Second), rates, 30); d != 58*time.Second {
		t.Fatalf("room for 30 in %v, want 58s", d)
	}
	m.Release(start.Add(2*time.Second), rates, 50) // it used 120
	if take(61*time.Second, 1) {
		t.Fatal("what was used beyond the expectation does not count")
	}
	if !take(62*time.Second, 1) {
		t.Fatal("refused although everything is a minute old")
	}
	m.Cancel(start.Add(62*time.Second), rates, 1)
	if !take(62*time.Second, 100) {
		t.Fatal("the cancelled call still counts")
	}
}

func TestMeterUnderRace(t *testing.T) {
	const workers, each, rpm, slots = 8, 500, 1000, 5
	var m access.RateWindow
	var admitted, peak atomic.Int64
	now := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				ok, _ := m.TryAcquire(now, access.Rates{RPM: rpm, Concurrency: slots}, 0)
				if !ok {
					continue
				}
				admitted.Add(1)
				if n := int64(m.InFlight()); n > peak.Load() {
					peak.Store(n)
				}
				m.Release(now, access.Rates{}, 0)
			}
		})
	}
	wg.Wait()
	if admitted.Load() > rpm || peak.Load() > slots || m.InFlight() != 0 {
		t.Errorf("%d admitted, %d at a time, %d left", admitted.Load(), peak.Load(), m.InFlight())
	}
}

func TestMetersKeepWhatANameUsed(t *testing.T) {
	windows := access.NewRateWindows()
	if windows.Of("a") != windows.Of("a") || windows.Of("a") == windows.Of("b") {
		t.Error("a name has not one meter")
	}
}

func TestMeterDoesNotAllocate(t *testing.T) {
	var m access.RateWindow
	now := time.Now()
	rates := access.Rates{RPM: 100, TPM: 1000, Concurrency: 1000}
	for range 200 { // let the ring grow
		m.TryAcquire(now, rates, 0)
	}
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Second)
		if ok, _ := m.TryAcquire(now, rates, 0); ok {
			m.Release(now, access.Rates{}, 0)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMeterUnlimited(b *testing.B) {
	var m access.RateWindow
	now := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.TryAcquire(now, access.Rates{}, 0)
			m.Release(now, access.Rates{}, 0)
		}
	})
}

func BenchmarkMeterLimited(b *testing.B) {
	var m access.RateWindow
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		if ok, _ := m.TryAcquire(now, access.Rates{RPM: 100000, Concurrency: 8}, 0); ok {
			m.Release(now, access.Rates{}, 0)
		}
	}
}
