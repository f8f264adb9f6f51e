package access

import (
	"crypto/sha256"
	"slices"
	"sync/atomic"
	"time"
)

// Token is a credential of a client and what its holder may do. It is
// immutable but for its meter, and safe for concurrent use.
type Token struct {
	name        string
	hash        [sha256.Size]byte
	models      Patterns
	channels    []string // nil: all
	except      []string
	rpm, slots  int
	expires     time.Time
	exposeRoute bool
	meter       *Meter
}

// Unlimited may do everything. It is what operators ask with when they want
// to know how routing would decide; no credential leads to it.
var Unlimited = &Token{models: All, exposeRoute: true, meter: new(Meter)}

func newToken(s Spec, m *Meters) *Token {
	t := &Token{
		name: s.Name, models: All, channels: slices.Clone(s.Channels), except: slices.Clone(s.ExceptChannels),
		rpm: s.RPM, slots: s.MaxConcurrency, expires: s.Expires, exposeRoute: s.ExposeRoute,
		meter: m.Meter("token/" + s.Name),
	}
	if len(s.Models) > 0 {
		t.models = CompilePatterns(s.Models)
	}
	if s.Secret != "" {
		t.hash = hashSecret(s.Secret)
	}
	return t
}

// Name is the configured name.
func (t *Token) Name() string { return t.name }

// MayUseModel reports whether the holder may ask for a model. The name is the
// client's: a model as it wrote it, or an alias; what the upstream calls it
// does not matter.
func (t *Token) MayUseModel(model string) bool { return t.models.Match(model) }

// MayUseChannel reports whether the holder's calls may be served by a channel.
func (t *Token) MayUseChannel(name string) bool {
	if len(t.channels) > 0 {
		return slices.Contains(t.channels, name)
	}
	return !slices.Contains(t.except, name)
}

// ExposeRoute reports whether the holder may see which channel served.
func (t *Token) ExposeRoute() bool { return t.exposeRoute }

// InFlight is the number of calls of this token that are under way.
func (t *Token) InFlight() int { return t.meter.InFlight() }

// Admit counts a call against the token's limits. release must be called when
// the call has ended; only its first call counts, from whichever goroutine.
// The error is a *LimitError, and release is then nil.
func (t *Token) Admit(now time.Time) (release func(), err error) {
	ok, over := t.meter.TryAcquire(now, t.rpm, t.slots)
	if !ok {
		return nil, t.overLimit(over, now)
	}
	released := new(atomic.Bool)
	return func() {
		if released.CompareAndSwap(false, true) {
			t.meter.Release()
		}
	}, nil
}

func (t *Token) overLimit(over Limit, now time.Time) *LimitError {
	if over == LimitRPM {
		// Another call may have found room since; then it is worth trying at once.
		return &LimitError{Limit: over, Max: t.rpm, RetryAfter: t.meter.RetryAfter(now, t.rpm)}
	}
	// Nobody knows when a slot gets free. A second keeps clients from spinning.
	return &LimitError{Limit: over, Max: t.slots, RetryAfter: time.Second}
}
