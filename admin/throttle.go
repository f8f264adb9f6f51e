package admin

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of guessing.
const (
	freeFailures  = 5                // from one address, before it has to wait
	longestWait   = 15 * time.Minute // doubled from a second up to this
	forgetAfter   = time.Hour        // without another failure
	mostAddresses = 10_000
	busyFailures  = 100         // from all addresses in a minute; then whoever has failed waits
	busyWait      = time.Second // so long
)

// Throttle slows down those who guess passwords, by the address they come from.
// An address that has never failed is never slowed down, so that nobody can
// keep the operator out. It is safe for concurrent use.
type Throttle struct {
	mu        sync.Mutex
	addresses map[netip.Prefix]*failures
	minute    int64 // since 1970
	inMinute  int   // failures from all addresses
}

type failures struct {
	count int
	last  time.Time
}

// NewThrottle returns one that knows nobody.
func NewThrottle() *Throttle { return &Throttle{addresses: make(map[netip.Prefix]*failures)} }

// place is what counts as one address: a whole /64 of IPv6, which is what one
// customer gets.
func place(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of a valid address and so many bits it cannot fail
	return p
}

// Wait is how long an address has to wait before it may try; 0 if it may now.
func (t *Throttle) Wait(address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.addresses[place(address)]
	if f == nil {
		return 0
	}
	since := now.Sub(f.last)
	if since >= forgetAfter {
		delete(t.addresses, place(address))
		return 0
	}
	wait := time.Duration(0)
	if over := f.count - freeFailures; over >= 0 {
		wait = longestWait
		if over < 10 {
			wait = time.Second << over
		}
	}
	if now.Unix()/60 == t.minute && t.inMinute >= busyFailures {
		wait = max(wait, busyWait)
	}
	return max(0, min(wait, longestWait)-since)
}

// Failed counts a wrong guess.
func (t *Throttle) Failed(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if minute := now.Unix() / 60; minute != t.minute {
		t.minute, t.inMinute = minute, 0
	}
	t.inMinute++
	p := place(address)
	f := t.addresses[p]
	if f == nil {
		if len(t.addresses) >= mostAddresses {
			t.forget(now)
		}
		f = new(failures)
		t.addresses[p] = f
	}
	if now.Sub(f.last) >= forgetAfter {
		f.count = 0
	}
	f.count, f.last = f.count+1, now
}

// forget makes room: what is over goes, or else what failed longest ago.
func (t *Throttle) forget(now time.Time) {
	var oldest netip.Prefix
	var last time.Time
	for p, f := range t.addresses {
		if now.Sub(f.last) >= forgetAfter {
			delete(t.addresses, p)
		} else if last.IsZero() || f.last.Before(last) {
			oldest, last = p, f.last
		}
	}
	if len(t.addresses) >= mostAddresses {
		delete(t.addresses, oldest)
	}
}

// Succeeded forgets what an address got wrong.
func (t *Throttle) Succeeded(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.addresses, place(address))
}
