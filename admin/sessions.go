package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"
)

// SessionLife is how long a login lasts.
const SessionLife = 24 * time.Hour

// CookieName is the cookie that a login is kept in.
const CookieName = "ccload_session"

const (
	sessionBytes     = 32              // of randomness
	sessionRemember  = 3 * time.Second // so long a revocation on another node may go unnoticed
	mostRemembered   = 1000
	loginsPerHour    = 20 // of one client token
	loginsRemembered = 10_000
)

var (
	// ErrNoSession says that a credential is no login, or none any more.
	ErrNoSession = errors.New("there is no such login")
	// ErrTooManySessions says that a token has logged in too often.
	ErrTooManySessions = errors.New("too many logins")
)

// StoredSession is a login as it is remembered: by the hash of its credential.
type StoredSession struct {
	Hash             []byte // SHA-256
	Role             string
	Name             string // of the token, for its holder's sessions
	Password         string // which password it was made with
	Created, Expires time.Time
	Address          string
	UserAgent        string
}

// SessionStore remembers logins. LoadSession fails with ErrNoSession where it
// does not know it.
type SessionStore interface {
	SaveSession(ctx context.Context, s StoredSession) error
	LoadSession(ctx context.Context, hash []byte) (StoredSession, error)
	DeleteSession(ctx context.Context, hash []byte) error
	DeleteSessions(ctx context.Context, role, name string) error
}

// Sessions are the logins. It is safe for concurrent use.
type Sessions struct {
	store SessionStore

	mu     sync.Mutex
	recent map[[sha256.Size]byte]remembered
	epoch  int                    // grows when something is revoked
	logins map[string][]time.Time // of client tokens, within an hour
}

// remembered is a login that was looked up lately.
type remembered struct {
	session StoredSession
	until   time.Time
}

// NewSessions returns the logins that a store remembers.
func NewSessions(store SessionStore) *Sessions {
	return &Sessions{store: store, recent: make(map[[sha256.Size]byte]remembered), logins: make(map[string][]time.Time)}
}

// Login makes a login of a role, name and so on, and returns its credential,
// which is kept nowhere.
func (s *Sessions) Login(ctx context.Context, made StoredSession) (value string, saved StoredSession, err error) {
	now := time.Now()
	if made.Role == RoleHolder && !s.mayLogIn(made.Name, now) {
		return "", made, ErrTooManySessions
	}
	raw := make([]byte, sessionBytes)
	rand.Read(raw)
	value = base64.RawURLEncoding.EncodeToString(raw)
	hash := sha256.Sum256([]byte(value))
	made.Hash, made.Created, made.Expires = hash[:], now, now.Add(SessionLife)
	made.UserAgent = shorten(made.UserAgent)
	return value, made, s.store.SaveSession(ctx, made)
}

// mayLogIn counts a login of a client token.
func (s *Sessions) mayLogIn(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.logins) >= loginsRemembered {
		clear(s.logins)
	}
	list := s.logins[name]
	for len(list) > 0 && now.Sub(list[0]) >= time.Hour {
		list = list[1:]
	}
	if len(list) >= loginsPerHour {
		return false
	}
	s.logins[name] = append(list, now)
	return true
}

// Find returns the login that a credential belongs to. The error is
// ErrNoSession, or the store's.
func (s *Sessions) Find(ctx context.Context, value string) (StoredSession, error) {
	if len(value) != base64.RawURLEncoding.EncodedLen(sessionBytes) {
		return StoredSession{}, ErrNoSession
	}
	now, hash := time.Now(), sha256.Sum256([]byte(value))
	s.mu.Lock()
	known, ok := s.recent[hash]
	epoch := s.epoch
	s.mu.Unlock()
	found := known.session
	if !ok || now.After(known.until) {
		var err error
		if found, err = s.store.LoadSession(ctx, hash[:]); err != nil {
			return StoredSession{}, err
		}
		s.remember(hash, found, now, epoch)
	}
	if !now.Before(found.Expires) {
		return StoredSession{}, ErrNoSession
	}
	return found, nil
}

// remember keeps a login for a moment, unless something was revoked while it
// was looked up.
func (s *Sessions) remember(hash [sha256.Size]byte, found StoredSession, now time.Time, epoch int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return
	}
	if len(s.recent) >= mostRemembered {
		clear(s.recent)
	}
	s.recent[hash] = remembered{found, now.Add(sessionRemember)}
}

func (s *Sessions) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	clear(s.recent)
}

// Revoke ends a login.
func (s *Sessions) Revoke(ctx context.Context, value string) error {
	hash := sha256.Sum256([]byte(value))
	defer s.forget()
	return s.store.DeleteSession(ctx, hash[:])
}

// RevokeAll ends all logins of a role and name.
func (s *Sessions) RevokeAll(ctx context.Context, role, name string) error {
	defer s.forget()
	return s.store.DeleteSessions(ctx, role, name)
}

// SetCookie gives a browser the credential of its login; without one it takes
// it away. No script can read it, and no other site can make a browser send it.
func SetCookie(w http.ResponseWriter, r *http.Request, prefix, value string, expires time.Time) {
	c := &http.Cookie{ //nolint:gosec // Secure where the request is: on loopback people go without TLS
		Name: CookieName, Value: value, Path: prefix + "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
	if value == "" {
		c.MaxAge, c.Expires = -1, time.Unix(1, 0)
	}
	http.SetCookie(w, c)
}
