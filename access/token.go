package access

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"sync"
	"time"
)

// Token is a credential of a client and what its holder may do. It is
// immutable but for its rate window, and safe for concurrent use.
type Token struct {
	name        string
	hash        [sha256.Size]byte
	models      Patterns
	channels    []string // nil: all
	except      []string
	expires     time.Time
	disabled    bool
	exposeRoute bool
	counts      bool
	limiter     *Limiter
}

// Unlimited may do everything. It is what operators ask with when they want
// to know how routing would decide; no credential leads to it.
var Unlimited = &Token{models: All, exposeRoute: true, limiter: NewLimiter(Rates{}, Budget{}, NewCalendar(time.UTC), new(RateWindow), new(Spend))}

func newToken(s Spec, c *Counts) *Token {
	t := &Token{
		name: s.Name, models: All, channels: slices.Clone(s.Channels), except: slices.Clone(s.ExceptChannels),
		disabled: s.Disabled, expires: s.Expires, exposeRoute: s.ExposeRoute, counts: s.UpstreamCounts, limiter: c.Limiter("token/"+s.Name, s.Rates, s.Budget),
	}
	if len(s.Models) > 0 {
		t.models = CompilePatterns(s.Models)
	}
	t.hash = s.Hash
	if s.Secret != "" {
		t.hash = hashSecret(s.Secret)
	}
	return t
}

// Name is the configured name.
func (t *Token) Name() string { return t.name }

// SecretID identifies the token's secret without telling it or its hash, so
// that a login can be bound to it. Empty for the anonymous token.
func (t *Token) SecretID() string {
	if t.hash == [sha256.Size]byte{} {
		return ""
	}
	sum := sha256.Sum256(append([]byte("ccload token secret\x00"), t.hash[:]...))
	return hex.EncodeToString(sum[:])
}

// Models are the written-out names among the models the holder may ask for.
func (t *Token) Models() iter.Seq[string] { return t.models.Names() }

// Expired reports whether the token is of no use any more.
func (t *Token) Expired(now time.Time) bool { return !t.expires.IsZero() && !now.Before(t.expires) }

// Disabled reports whether the token was switched off.
func (t *Token) Disabled() bool { return t.disabled }

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

// Selects reports whether some channels may not serve the holder's calls.
func (t *Token) Selects() bool { return len(t.channels) > 0 || len(t.except) > 0 }

// ExposeRoute reports whether the holder may see which channel served.
func (t *Token) ExposeRoute() bool { return t.exposeRoute }

// MayCountUpstream reports whether the holder may have tokens counted by the
// upstream.
func (t *Token) MayCountUpstream() bool { return t.counts }

// Limiter is what the token may use, and has used.
func (t *Token) Limiter() *Limiter { return t.limiter }

// Admission is a call that a token was admitted with. It is safe for concurrent
// use.
type Admission struct {
	limiter *Limiter
	at      time.Time

	mu       sync.Mutex
	expected Use
	bound    bool // expected is a bound, see AdmitBound
	settled  bool
}

// Admit counts a call that begins now, and is expected to use so much, against
// the token's limits. The error is a *LimitError.
func (t *Token) Admit(now time.Time, expected Use) (*Admission, error) {
	if ok, over := t.limiter.Acquire(now, expected); !ok {
		return nil, t.limiter.limitError(over, now, expected)
	}
	return &Admission{limiter: t.limiter, at: now, expected: expected}, nil
}

// Settle ends the call and counts what it used instead of what was expected.
// Only the first call of it counts, from whichever goroutine.
func (a *Admission) Settle(used Use) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settled {
		return
	}
	a.settled = true
	a.exact()
	a.limiter.Settle(a.at, a.expected, used)
}
