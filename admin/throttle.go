package admin

import (
	"container/list"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
)

const (
	// throttleFree is how many logins may fail before the first wait.
	throttleFree = 5
	// throttleLongest bounds the wait, which doubles with every failure.
	throttleLongest = 15 * time.Minute
	// throttleForget is how long an address must not fail to be forgotten.
	throttleForget = time.Hour
	// throttleParallel is how many logins of an address may be under way at
	// once before it has to wait; of one that has waited already, only one.
	throttleParallel = 20
	// throttleAbandon is how long a login counts as under way that neither
	// fails nor succeeds.
	throttleAbandon = 10 * time.Second
	// throttleFlood is how many failures a minute, of all addresses, slow down
	// every address that has failed, to one login in throttleSlow.
	throttleFlood = 60
	throttleSlow  = time.Second
	// throttleAddresses bounds the memory; the oldest are forgotten first.
	throttleAddresses = 10_000
)

// Throttle slows down the guessing of passwords: by client address, an IPv6
// client being its whole /64, and by all addresses together. Who has never
// failed does not wait because of others, so nobody can lock out the operator
// from elsewhere. It may be used by several goroutines.
type Throttle struct {
	mu        sync.Mutex
	addresses map[string]*list.Element // of *throttled
	order     *list.List               // the one that tried last comes last

	// The failures of all in this minute and the one before.
	minute          time.Time
	failed, earlier int
}

// throttled is what is known of an address.
type throttled struct {
	address  string
	failures int
	last     time.Time // of the last failure
	until    time.Time // no login before
	underWay int
	granted  time.Time // of the last login that was allowed
	forgiven time.Time // of the last success after failures
}

// NewThrottle returns a throttle that knows nobody.
func NewThrottle() *Throttle {
	return &Throttle{addresses: make(map[string]*list.Element), order: list.New()}
}

// Wait returns how long an address must wait, 0 if it may try now. Then the
// login is under way until Failed or Succeeded is called, or ten seconds have
// passed: otherwise many could be begun at once, before the first has failed.
// The address is that of the client, with or without a port.
func (t *Throttle) Wait(address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entry(access.AddressKey(address), now)
	wait := e.until.Sub(now)
	if e.failures > 0 && t.rate(now) >= throttleFlood {
		wait = max(wait, e.last.Add(throttleSlow).Sub(now))
	}
	parallel := throttleParallel
	if e.failures >= throttleFree {
		parallel = 1
	}
	if e.underWay >= parallel {
		wait = max(wait, throttleSlow)
	}
	if wait > 0 {
		return wait
	}
	e.underWay++
	e.granted = now
	return 0
}

// Failed counts a login that failed. The fifth in a row makes its address wait
// a second, and each further one twice as long as before, up to 15 minutes.
func (t *Throttle) Failed(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rate(now)
	t.failed++
	e := t.entry(access.AddressKey(address), now)
	e.underWay = max(0, e.underWay-1)
	e.failures = min(e.failures+1, 1000)
	e.last = now
	if n := e.failures - throttleFree; n >= 0 {
		wait := throttleLongest
		if n < 10 { // 2^10 s is longer than the longest
			wait = time.Second << n
		}
		e.until = now.Add(wait)
	}
}

// Succeeded forgives an address its failures, but only once an hour: else the
// holder of a token could log in with it between guesses at a password.
func (t *Throttle) Succeeded(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := access.AddressKey(address)
	el, known := t.addresses[key]
	if !known {
		return
	}
	e := el.Value.(*throttled)
	e.underWay = max(0, e.underWay-1)
	switch seen := throttleLater(e.granted, e.last); {
	case e.failures == 0:
		if e.underWay == 0 && e.forgiven.IsZero() {
			t.order.Remove(el)
			delete(t.addresses, key)
		}
	case e.forgiven.IsZero() || seen.Sub(e.forgiven) >= throttleForget:
		e.failures, e.until, e.forgiven = 0, time.Time{}, seen
	}
}

// entry returns what is known of an address, anew if that is too old, and makes
// it the youngest.
func (t *Throttle) entry(key string, now time.Time) *throttled {
	el, known := t.addresses[key]
	if !known {
		if len(t.addresses) >= throttleAddresses {
			oldest := t.order.Front()
			delete(t.addresses, t.order.Remove(oldest).(*throttled).address)
		}
		el = t.order.PushBack(&throttled{address: key})
		t.addresses[key] = el
	}
	t.order.MoveToBack(el)
	e := el.Value.(*throttled)
	if now.Sub(e.granted) >= throttleAbandon {
		e.underWay = 0
	}
	if now.Sub(throttleLater(e.last, e.forgiven)) >= throttleForget {
		e.failures, e.until, e.forgiven = 0, time.Time{}, time.Time{}
	}
	return e
}

// rate returns the failures of about the last minute: those of the minute that
// began last, and of the one before as many as still count.
func (t *Throttle) rate(now time.Time) int {
	passed := now.Sub(t.minute)
	switch {
	case passed >= 2*time.Minute:
		t.minute, t.earlier, t.failed, passed = now, 0, 0, 0
	case passed >= time.Minute:
		t.minute, t.earlier, t.failed = t.minute.Add(time.Minute), t.failed, 0
		passed -= time.Minute
	}
	return t.failed + int(float64(t.earlier)*(1-passed.Minutes()))
}

func throttleLater(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
