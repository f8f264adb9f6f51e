package access

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// guessLongest bounds how long a credential waits.
	guessLongest = 2 * time.Second
	// guessStep is how much longer it waits for each failure more.
	guessStep = 100 * time.Millisecond
	// guessForget is how long it takes until one failure is forgotten.
	guessForget = 10 * time.Second
	// guessWaiting is how many credentials wait at once; more are refused, so
	// that waiting costs no memory.
	guessWaiting = 4096
	// guessAddresses bounds the memory, per shard; who failed longest ago is
	// forgotten first.
	guessAddresses = 1024
	// guessGood is how many good credentials are remembered of an address.
	guessGood   = 64
	guessShards = 16
)

// ErrGuessing says that too many credentials of addresses that have failed wait
// already.
var ErrGuessing = errors.New("too many wrong credentials came from this address; try again in some seconds")

// Guessing slows down, by address, whoever tries credentials: after some
// failures each credential of that address waits before it is looked at, longer
// with each failure more, two seconds at most. Nothing is refused for it, and a
// credential that was good at that address before does not wait, so whoever
// shares the address with the one who guesses goes on. It may be used by
// several goroutines; where nobody has failed it costs one atomic load.
type Guessing struct {
	free    float64 // failures before the first wait
	known   atomic.Int64
	waiting atomic.Int64
	seed    maphash.Seed
	shards  [guessShards]guessShard
}

type guessShard struct {
	mu        sync.Mutex
	addresses map[string]*list.Element // of *guesser
	order     *list.List               // who failed last comes last
}

// guesser is an address that has failed.
type guesser struct {
	address string
	level   float64 // failures, less those forgotten
	at      time.Time
	good    map[[sha256.Size]byte]struct{}
}

// NewGuessing returns one that lets an address fail free times before the first
// wait.
func NewGuessing(free int) *Guessing {
	g := &Guessing{free: float64(free), seed: maphash.MakeSeed()}
	for i := range g.shards {
		g.shards[i] = guessShard{addresses: make(map[string]*list.Element), order: list.New()}
	}
	return g
}

func (g *Guessing) shard(key string) *guessShard {
	return &g.shards[maphash.String(g.seed, key)%guessShards]
}

// Wait waits for as long as a credential of an address must. The secret may be
// empty: then none is known to be good. The error is ErrGuessing, or that ctx
// has ended.
func (g *Guessing) Wait(ctx context.Context, address, secret string) error {
	delay := g.delay(address, secret, time.Now())
	if delay == 0 {
		return nil
	}
	if g.waiting.Add(1) > guessWaiting {
		g.waiting.Add(-1)
		return ErrGuessing
	}
	defer g.waiting.Add(-1)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *Guessing) delay(address, secret string, now time.Time) time.Duration {
	if g.known.Load() == 0 {
		return 0
	}
	key := AddressKey(address)
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	el, known := s.addresses[key]
	if !known {
		return 0
	}
	e := el.Value.(*guesser)
	e.forget(now)
	if e.level == 0 {
		g.remove(s, el)
		return 0
	}
	over := e.level - g.free
	if over < 0 {
		return 0
	}
	if secret != "" {
		if _, good := e.good[hashSecret(secret)]; good {
			return 0
		}
	}
	return min(guessLongest, time.Duration((over+1)*float64(guessStep)))
}

// forget lets failures be forgotten as time goes.
func (e *guesser) forget(now time.Time) {
	if passed := now.Sub(e.at); passed > 0 {
		e.level = max(0, e.level-float64(passed)/float64(guessForget))
		e.at = now
	}
}

func (g *Guessing) remove(s *guessShard, el *list.Element) {
	delete(s.addresses, s.order.Remove(el).(*guesser).address)
	g.known.Add(-1)
}

// Failed counts a credential of an address that was wrong.
func (g *Guessing) Failed(address string) { g.failed(address, time.Now()) }

func (g *Guessing) failed(address string, now time.Time) {
	key := AddressKey(address)
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	el, known := s.addresses[key]
	if !known {
		if len(s.addresses) >= guessAddresses {
			g.remove(s, s.order.Front())
		}
		el = s.order.PushBack(&guesser{address: key, at: now})
		s.addresses[key] = el
		g.known.Add(1)
	}
	s.order.MoveToBack(el)
	e := el.Value.(*guesser)
	e.forget(now)
	// What is far over the longest wait takes no longer to be forgotten.
	e.level = min(e.level+1, g.free+float64(2*guessLongest/guessStep))
}

// Succeeded remembers that a credential is good at an address, if others were
// wrong there.
func (g *Guessing) Succeeded(address, secret string) {
	if g.known.Load() == 0 {
		return
	}
	key := AddressKey(address)
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	el, known := s.addresses[key]
	if !known {
		return
	}
	e := el.Value.(*guesser)
	if e.good == nil || len(e.good) >= guessGood {
		e.good = make(map[[sha256.Size]byte]struct{})
	}
	e.good[hashSecret(secret)] = struct{}{}
}
