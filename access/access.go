// Package access says who may use the gateway and how much: the tokens it
// issues to clients, what each may ask for, and the rate windows that count it.
//
// A token is known by the SHA-256 of its secret and by nothing else; the
// secret is forgotten once it is hashed. What a client presents is hashed and
// looked up by the whole hash, so the hash itself, should it leak from a store
// or a backup, opens nothing: presented as a credential it is hashed again.
// The secrets are long and random, which is why a fast hash is enough.
//
// Tokens are immutable and belong to one config. What they have used up lives
// in RateWindows and Spending, by name, and outlives any config.
package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Anonymous is the name of the token that needs no secret: if a Spec of this
// name without a secret is configured, requests without any credential are
// admitted as this token.
const Anonymous = "anonymous"

// Bounds of a secret in bytes. A shorter one could be guessed; what is longer
// is refused before it is hashed.
const (
	MinSecret = 16
	MaxSecret = 4096
)

// Spec is a token as configured, placeholders replaced.
type Spec struct {
	Name           string            // unique; required
	Secret         string            // what the client sends; empty only for Anonymous, or with a Hash
	Hash           [sha256.Size]byte // of the secret, instead of it
	Models         []string          // names or patterns of models it may use; empty: all
	Channels       []string          // channels it may use, by name; empty: all
	ExceptChannels []string          // channels it may not use, by name
	Rates          Rates             // requests and tokens in any 60 seconds, requests under way
	Budget         Budget            // what it may spend
	Disabled       bool              // it is refused
	Expires        time.Time         // the moment from which it is refused; zero: never
	ExposeRoute    bool              // its holder may see which channel served
	UpstreamCounts bool              // its holder may have tokens counted upstream
}

// Tokens is the immutable set of tokens of one config. It is safe for
// concurrent use.
type Tokens struct {
	byHash    map[[sha256.Size]byte]*Token
	byName    map[string]*Token
	anonymous *Token
}

// Counts is where what is used is counted: rates and places in rate windows, money in
// spend accounts, days by a calendar.
type Counts struct {
	Windows  *RateWindows
	Spending *Spending
	Calendar *Calendar
	// Unmetered lets budgets serve while it is not known what was spent: they
	// then count what was spent since the process began.
	Unmetered bool
}

// Limiter is the limiter of a name.
func (c *Counts) Limiter(name string, r Rates, b Budget) *Limiter {
	l := NewLimiter(r, b, c.Calendar, c.Windows.Of(name), c.Spending.Of(name))
	if !c.Unmetered {
		l.unknown = &c.Spending.unknown
	}
	return l
}

// New builds a set of tokens whose use is counted in c. The error names the token
// at fault and says what to do; it never holds a secret.
func New(specs []Spec, c *Counts) (*Tokens, error) {
	t := &Tokens{
		byHash: make(map[[sha256.Size]byte]*Token, len(specs)),
		byName: make(map[string]*Token, len(specs)),
	}
	for _, s := range specs {
		if err := s.check(); err != nil {
			return nil, err
		}
		if t.byName[s.Name] != nil {
			return nil, fmt.Errorf("token %q: there are two of this name; rename one", s.Name)
		}
		token := newToken(s, c)
		t.byName[s.Name] = token
		if !s.secured() {
			t.anonymous = token
			continue
		}
		if other := t.byHash[token.hash]; other != nil {
			return nil, fmt.Errorf("tokens %q and %q have the same secret; give each its own", other.name, s.Name)
		}
		t.byHash[token.hash] = token
	}
	return t, nil
}

// check reports what is wrong with a spec by itself.
func (s *Spec) check() error {
	switch {
	case s.Name == "":
		return errors.New("a token has no name")
	case !s.secured() && s.Name != Anonymous:
		return fmt.Errorf("token %q: it has no secret; only the token %q may be without", s.Name, Anonymous)
	case s.Secret != "" && len(s.Secret) < MinSecret:
		return fmt.Errorf("token %q: its secret is shorter than %d characters and could be guessed", s.Name, MinSecret)
	case len(s.Secret) > MaxSecret:
		return fmt.Errorf("token %q: its secret is longer than %d bytes", s.Name, MaxSecret)
	case strings.ContainsFunc(s.Secret, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return fmt.Errorf("token %q: its secret holds a space, control or non-ASCII character, which clients cannot send", s.Name)
	case len(s.Channels) > 0 && len(s.ExceptChannels) > 0:
		return fmt.Errorf("token %q: it has both channels and except_channels; keep one", s.Name)
	case s.Rates.RPM < 0 || s.Rates.TPM < 0 || s.Rates.Concurrency < 0 || s.Budget.Day < 0 || s.Budget.Month < 0 || s.Budget.Total < 0:
		return fmt.Errorf("token %q: a limit is negative; leave it out for no limit", s.Name)
	}
	return nil
}

// secured reports whether a secret is needed.
func (s *Spec) secured() bool { return s.Secret != "" || s.Hash != [sha256.Size]byte{} }

// Lookup finds the token a credential belongs to; the empty credential belongs
// to the anonymous token, if there is one. A wrong credential never falls back
// to it, or a mistyped secret would silently lose its holder's rights. The
// error is ErrNoTokens, ErrUnknown, ErrDisabled or ErrExpired.
func (t *Tokens) Lookup(secret string, now time.Time) (*Token, error) {
	if len(t.byName) == 0 {
		return nil, ErrNoTokens
	}
	token := t.anonymous
	if secret != "" {
		if len(secret) > MaxSecret {
			return nil, ErrUnknown
		}
		hash := hashSecret(secret)
		// The map has compared the hashes already, in a time that depends on
		// them. That tells a client nothing it can use, but constant time is
		// what is promised.
		if token = t.byHash[hash]; token != nil && subtle.ConstantTimeCompare(hash[:], token.hash[:]) != 1 {
			token = nil
		}
	}
	switch {
	case token == nil:
		return nil, ErrUnknown
	case token.disabled:
		return nil, ErrDisabled
	case token.Expired(now):
		return nil, ErrExpired
	}
	return token, nil
}

// ByName is the token of a name, nil if there is none. It does not ask for a
// secret: it is for operators, never for requests.
func (t *Tokens) ByName(name string) *Token { return t.byName[name] }

// Names lists the tokens in alphabetical order.
func (t *Tokens) Names() []string {
	names := make([]string, 0, len(t.byName))
	for name := range t.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// hashSecret is what a token is known by. Secrets of usual length are hashed
// without an allocation.
func hashSecret(secret string) [sha256.Size]byte {
	var buf [256]byte
	return sha256.Sum256(append(buf[:0], secret...))
}
