package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// CookieName is the cookie that holds a session's value.
const CookieName = "ccload_session"

// SessionLife is how long one stays logged in.
const SessionLife = 24 * time.Hour

const (
	// sessionBytes is how many random bytes a session's value has.
	sessionBytes = 32
	// sessionTrust is how long a session is not read from the store again. A
	// session that another node has ended lives on for as long, at most 5 s.
	sessionTrust = 4 * time.Second
	// sessionPatience is how long the store may take to look one up, or to save it.
	sessionPatience = 3 * time.Second
	// sessionsCached bounds the memory.
	sessionsCached = 1000
	// sessionLogins is how many logins a name has within sessionWindow.
	sessionLogins = 20
	sessionWindow = time.Hour
	// sessionText bounds what the client says of itself, in bytes.
	sessionText = 256
)

var (
	// ErrNoSession says that a session is not known, has ended or expired.
	ErrNoSession = errors.New("there is no such session, or it has ended: log in again")
	// ErrTooManySessions says that a name has logged in too often.
	ErrTooManySessions = fmt.Errorf("there were %d logins of this name within an hour: keep the session of one of them, or try again later", sessionLogins)
)

// StoredSession is a session as the database keeps it.
type StoredSession struct {
	Hash             []byte // the SHA-256 of the value, which only the client has
	Role, Name       string // who it is: the operator, or the holder of the token of that name
	Password         string // what it was made with: the Password.ID, or the Holder.Secret of the token
	Created, Expires time.Time
	Address          string // of the client
	UserAgent        string
}

// SessionStore is what of the database sessions need.
type SessionStore interface {
	// SaveSession stores a new session.
	SaveSession(ctx context.Context, s StoredSession) error
	// LoadSession returns a session; the error is ErrNoSession if there is none.
	LoadSession(ctx context.Context, hash []byte) (StoredSession, error)
	// DeleteSession ends a session. It is no error if there is none.
	DeleteSession(ctx context.Context, hash []byte) error
	// DeleteSessions ends all sessions of a role and name.
	DeleteSessions(ctx context.Context, role, name string) error
}

type sessionHash [sha256.Size]byte

type trustedSession struct {
	session StoredSession
	until   time.Time
}

// Sessions makes, finds and ends sessions. There should be one per process, so
// that what ends a session counts at once. It may be used by several
// goroutines.
type Sessions struct {
	store SessionStore

	mu      sync.Mutex
	trusted map[sessionHash]trustedSession
	ended   uint64                 // how often sessions were ended
	logins  map[string][]time.Time // the last ones by role and name, oldest first
}

// NewSessions returns the sessions of a store.
func NewSessions(store SessionStore) *Sessions {
	return &Sessions{store: store, trusted: make(map[sessionHash]trustedSession), logins: make(map[string][]time.Time)}
}

// Login makes a session for who is described by made, of which Hash, Created
// and Expires are set here. The value is for the client alone: 256 random bits,
// of which only the SHA-256 is stored. The error is ErrTooManySessions if the
// name, unless it is empty, has logged in 20 times within the last hour.
func (s *Sessions) Login(ctx context.Context, made StoredSession) (value string, saved StoredSession, err error) {
	now := time.Now().UTC()
	who := made.Role + "\x00" + made.Name
	if made.Name != "" && !s.count(who, now) {
		return "", StoredSession{}, ErrTooManySessions
	}
	secret := make([]byte, sessionBytes)
	rand.Read(secret) // it never fails: it ends the process instead
	hash := sha256.Sum256(secret)
	made.Hash, made.Created, made.Expires = hash[:], now, now.Add(SessionLife)
	made.Address, made.UserAgent = sessionShortened(made.Address), sessionShortened(made.UserAgent)
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	if err := s.store.SaveSession(ctx, made); err != nil {
		s.uncount(who, now)
		return "", StoredSession{}, fmt.Errorf("the session could not be stored, so nobody was logged in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret), made, nil
}

// count notes a login, unless there were too many.
func (s *Sessions) count(who string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.logins) >= sessionsCached {
		for other, times := range s.logins {
			if now.Sub(times[len(times)-1]) >= sessionWindow {
				delete(s.logins, other)
			}
		}
	}
	times := slices.DeleteFunc(s.logins[who], func(t time.Time) bool { return now.Sub(t) >= sessionWindow })
	ok := len(times) < sessionLogins
	if ok {
		times = append(times, now)
	}
	s.logins[who] = times
	return ok
}

// uncount takes back a login that came to nothing.
func (s *Sessions) uncount(who string, when time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := s.logins[who]
	if i := slices.Index(times, when); i >= 0 {
		times = slices.Delete(times, i, i+1)
		s.logins[who] = times
	}
	if len(times) == 0 {
		delete(s.logins, who)
	}
}

// Find returns the session of a value. The error is ErrNoSession if there is
// none or it has expired; a value that cannot be one is not looked up. A
// session that was found is not looked up again for some seconds, unless this
// process ends one; while the database is away it is believed until it expires.
func (s *Sessions) Find(ctx context.Context, value string) (StoredSession, error) {
	hash, ok := sessionHashOf(value)
	if !ok {
		return StoredSession{}, ErrNoSession
	}
	now := time.Now()
	s.mu.Lock()
	known, ok := s.trusted[hash]
	ended := s.ended
	s.mu.Unlock()
	if !ok || !now.Before(known.until) {
		ask, cancel := context.WithTimeout(ctx, sessionPatience)
		session, err := s.store.LoadSession(ask, hash[:])
		cancel()
		switch {
		case errors.Is(err, ErrNoSession):
			s.forget(hash)
			return StoredSession{}, ErrNoSession
		case err != nil && ok && ctx.Err() == nil && (databaseFailed(err) || errors.Is(err, context.DeadlineExceeded)):
			session = known.session // who is logged in must be able to see that the database is away
		case err != nil:
			return StoredSession{}, fmt.Errorf("the session could not be looked up, try again: %w", err)
		}
		known = trustedSession{session, time.Now().Add(sessionTrust)}
		s.trust(hash, known, ended)
	}
	if !time.Now().Before(known.session.Expires) {
		s.forget(hash)
		return StoredSession{}, ErrNoSession
	}
	found := known.session
	found.Hash = hash[:]
	return found, nil
}

// trust keeps a session that was loaded, unless one was ended meanwhile: it may
// have been this one.
func (s *Sessions) trust(hash sessionHash, known trustedSession, ended uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != ended {
		return
	}
	if _, again := s.trusted[hash]; !again && len(s.trusted) >= sessionsCached {
		clear(s.trusted) // they are only some seconds old
	}
	s.trusted[hash] = known
}

func (s *Sessions) forget(hash sessionHash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trusted, hash)
}

// Revoke ends the session of a value. On this node it counts at once, on others
// within 5 s. It is no error if there is none.
func (s *Sessions) Revoke(ctx context.Context, value string) error {
	hash, ok := sessionHashOf(value)
	if !ok {
		return nil
	}
	err := s.store.DeleteSession(ctx, hash[:])
	s.forgetAll()
	if err != nil && !errors.Is(err, ErrNoSession) {
		return fmt.Errorf("the session could not be ended, try again: %w", err)
	}
	return nil
}

// RevokeAll ends all sessions of a role and name, as Revoke does one.
func (s *Sessions) RevokeAll(ctx context.Context, role, name string) error {
	err := s.store.DeleteSessions(ctx, role, name)
	s.forgetAll()
	if err != nil && !errors.Is(err, ErrNoSession) {
		return fmt.Errorf("the sessions of %s %q could not be ended, try again: %w", role, name, err)
	}
	return nil
}

// forgetAll makes the next requests read from the store, which costs little and
// is right whichever sessions were ended. Those that are being read now are not
// trusted either.
func (s *Sessions) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	clear(s.trusted)
}

// sessionHashOf returns the hash of a value, and whether it can be one.
func sessionHashOf(value string) (sessionHash, bool) {
	if len(value) != base64.RawURLEncoding.EncodedLen(sessionBytes) {
		return sessionHash{}, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(secret) != sessionBytes {
		return sessionHash{}, false
	}
	return sha256.Sum256(secret), true
}

// sessionShortened bounds a text that the client has chosen.
func sessionShortened(text string) string {
	return strings.ToValidUTF8(ai.CutBytes(text, sessionText), "")
}

// SetCookie sends a session's value to the client, an empty one to delete it.
// The base is the path below which the dashboard lives for a browser, "" for
// the root. Only a cookie of a browser that speaks https is limited to that,
// since one may try things out on loopback without.
func SetCookie(w http.ResponseWriter, r *http.Request, base, value string, expires time.Time) {
	c := &http.Cookie{ //nolint:gosec // without TLS the browser would not send it back
		Name: CookieName, Value: value, Path: strings.TrimSuffix(base, "/") + "/", Expires: expires,
		HttpOnly: true, Secure: byTLS(r), SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge, c.Expires = -1, time.Unix(1, 0)
	}
	http.SetCookie(w, c)
}
