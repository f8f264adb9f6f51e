package admin

import (
	"fmt"
	"testing"
	"time"
)

var throttleStart = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)

// fail makes an address fail as soon as it may, n times, and returns when the
// last one was.
func fail(t *testing.T, th *Throttle, address string, n int, now time.Time) time.Time {
	t.Helper()
	for range n {
		if wait := th.Wait(address, now); wait != 0 {
			now = now.Add(wait)
			if wait = th.Wait(address, now); wait != 0 {
				t.Fatalf("%s must wait %v more", address, wait)
			}
		}
		th.Failed(address, now)
	}
	return now
}

func TestThrottleDoublesTheWait(t *testing.T) {
	t.Parallel()
	th, now := NewThrottle(), throttleStart
	for i, want := range []time.Duration{0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
		got := th.Wait("192.0.2.1", now)
		if got != want*time.Second {
			t.Errorf("before failure %d a wait of %v, want %v", i+1, got, want*time.Second)
		}
		if now = now.Add(got); got > 0 {
			if more := th.Wait("192.0.2.1", now); more != 0 {
				t.Errorf("before failure %d a wait of %v more", i+1, more)
			}
		}
		th.Failed("192.0.2.1", now)
	}
	if got := th.Wait("192.0.2.2", now); got != 0 {
		t.Errorf("another address waits %v", got)
	}
	th.Wait("192.0.2.1", now.Add(59*time.Minute))
	th.Failed("192.0.2.1", now.Add(59*time.Minute))
	if got := th.Wait("192.0.2.1", now.Add(59*time.Minute)); got != 900*time.Second {
		t.Errorf("within the hour it was forgotten: %v", got)
	}
	now = fail(t, th, "192.0.2.1", 4, now.Add(59*time.Minute+time.Hour))
	if got := th.Wait("192.0.2.1", now); got != 0 {
		t.Errorf("after a quiet hour it was not forgotten: %v", got)
	}
}

func TestThrottleCountsByNetwork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "192.0.2.1:4321", true},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "[2001:db8::2]:80", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"@", "@", true},
		{"@", "other", false},
	} {
		th := NewThrottle()
		fail(t, th, tt.a, 5, throttleStart)
		if got := th.Wait(tt.b, throttleStart) > 0; got != tt.same {
			t.Errorf("%s for %s: waits %v", tt.b, tt.a, got)
		}
	}
}

func TestThrottleForgivesOnceAnHour(t *testing.T) {
	t.Parallel()
	th := NewThrottle()
	now := fail(t, th, "192.0.2.1", 7, throttleStart).Add(time.Minute)
	login := func() {
		if wait := th.Wait("192.0.2.1", now); wait != 0 {
			t.Fatalf("must wait %v", wait)
		}
		th.Succeeded("192.0.2.1")
	}
	login()
	now = fail(t, th, "192.0.2.1", 4, now)
	if wait := th.Wait("192.0.2.1", now); wait != 0 {
		t.Fatalf("was not forgiven: %v", wait)
	}
	th.Succeeded("192.0.2.1") // the holder of a token between guesses
	th.Wait("192.0.2.1", now)
	th.Failed("192.0.2.1", now)
	if wait := th.Wait("192.0.2.1", now); wait != time.Second {
		t.Errorf("was forgiven twice: %v", wait)
	}
	now = now.Add(59 * time.Minute)
	th.Wait("192.0.2.1", now)
	th.Failed("192.0.2.1", now)
	now = now.Add(2 * time.Minute)
	login() // an hour after the first time
	now = fail(t, th, "192.0.2.1", 4, now)
	if wait := th.Wait("192.0.2.1", now); wait != 0 {
		t.Errorf("was not forgiven after an hour: %v", wait)
	}
	th.Succeeded("198.51.100.1") // never seen
	if th.Wait("198.51.100.7", now); th.order.Len() != 2 {
		t.Fatalf("%d addresses", th.order.Len())
	}
	if th.Succeeded("198.51.100.7"); th.order.Len() != 1 || len(th.addresses) != 1 {
		t.Error("one that never failed is remembered")
	}
}

// TestThrottleBoundsWhatIsUnderWay: many logins begun at once are not all
// allowed before the first of them has failed.
func TestThrottleBoundsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	begun := func(th *Throttle, now time.Time) (n int) {
		for range 100 {
			if th.Wait("192.0.2.1", now) == 0 {
				n++
			}
		}
		return n
	}
	th := NewThrottle()
	if n := begun(th, throttleStart); n != throttleParallel {
		t.Errorf("%d at once", n)
	}
	if n := begun(th, throttleStart.Add(throttleAbandon)); n != throttleParallel {
		t.Errorf("%d after they were given up", n)
	}
	th = NewThrottle()
	now := fail(t, th, "192.0.2.1", 6, throttleStart).Add(time.Minute)
	if n := begun(th, now); n != 1 {
		t.Errorf("%d at once of one that has waited", n)
	}
}

func TestThrottleSlowsAFlood(t *testing.T) {
	t.Parallel()
	th, now := NewThrottle(), throttleStart
	for i := range throttleFlood {
		fail(t, th, fmt.Sprintf("192.0.2.%d", i), 1, now)
	}
	if wait := th.Wait("192.0.2.1", now); wait != throttleSlow {
		t.Errorf("one that failed waits %v", wait)
	}
	if wait := th.Wait("192.0.2.1", now.Add(throttleSlow)); wait != 0 {
		t.Errorf("it never may: %v", wait)
	}
	if wait := th.Wait("198.51.100.1", now); wait != 0 {
		t.Errorf("one that never failed waits %v", wait)
	}
	now = now.Add(2 * time.Minute)
	fail(t, th, "192.0.2.2", 1, now)
	if wait := th.Wait("192.0.2.2", now); wait != 0 {
		t.Errorf("after the flood it waits %v", wait)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	th := NewThrottle()
	fail(t, th, "192.0.2.1", 6, throttleStart)
	now := throttleStart.Add(time.Minute)
	for i := range throttleAddresses {
		th.Failed(fmt.Sprintf("10.0.%d.%d", i/256, i%256), now)
	}
	if len(th.addresses) != throttleAddresses || th.order.Len() != throttleAddresses {
		t.Errorf("%d and %d addresses", len(th.addresses), th.order.Len())
	}
	if _, known := th.addresses["192.0.2.1"]; known {
		t.Error("the oldest was not the one to go")
	}
	if _, known := th.addresses["10.0.0.0"]; !known {
		t.Error("one more than the oldest went")
	}
}
