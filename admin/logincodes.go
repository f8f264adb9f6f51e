package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// LoginCodeLife is how long a login link may be used.
	LoginCodeLife = 10 * time.Minute
	// loginCodeBytes is how many random bytes a code has.
	loginCodeBytes = 24
	// loginCodesKept bounds how many links wait to be used at a time; the oldest
	// gives way.
	loginCodesKept = 32
)

// LoginCodes are codes that log an operator in once. They are for whoever has
// the machine in hand and no password at hand: Caddy's admin endpoint and the
// demo make them. They live in the memory of the process that made them. The
// zero value is ready, and may be used by several goroutines.
type LoginCodes struct {
	mu    sync.Mutex
	codes []loginCode // oldest first
}

type loginCode struct {
	hash    [sha256.Size]byte
	expires time.Time
}

// Make makes a code that may be used once within LoginCodeLife from now.
func (l *LoginCodes) Make(now time.Time) (code string, expires time.Time) {
	secret := make([]byte, loginCodeBytes)
	rand.Read(secret) // it never fails: it ends the process instead
	code = base64.RawURLEncoding.EncodeToString(secret)
	expires = now.Add(LoginCodeLife)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.codes) >= loginCodesKept {
		l.codes = append(l.codes[:0], l.codes[1:]...)
	}
	l.codes = append(l.codes, loginCode{sha256.Sum256([]byte(code)), expires})
	return code, expires
}

// Take reports whether a code may be used now, and uses it up.
func (l *LoginCodes) Take(code string, now time.Time) bool {
	hash := sha256.Sum256([]byte(code)) // what is looked up tells nothing by its timing
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.codes {
		if l.codes[i].hash == hash {
			good := now.Before(l.codes[i].expires)
			l.codes = append(l.codes[:i], l.codes[i+1:]...)
			return good
		}
	}
	return false
}

// LoginLink logs an operator in once.
type LoginLink struct {
	Links   []string  `json:"links"`   // addresses of the dashboard with the code; empty where no site serves one
	Code    string    `json:"code"`    // what POST login takes as code
	Expires time.Time `json:"expires"` // the code may be used until then
}

// MakeLoginLink makes a link for every address at which the dashboard is found.
func (s *Shared) MakeLoginLink(now time.Time) LoginLink {
	link := LoginLink{Links: []string{}}
	link.Code, link.Expires = s.Codes.Make(now)
	if list := s.dashboards.Load(); list != nil {
		for _, address := range *list {
			link.Links = append(link.Links, address+"#/login/"+link.Code)
		}
	}
	return link
}

// SetDashboards tells at which addresses the dashboard is found.
func (s *Shared) SetDashboards(list []string) { s.dashboards.Store(&list) }

// PasswordSource says where the admin password comes from.
type PasswordSource struct {
	Set  bool   `json:"set"`            // there is one
	File string `json:"file,omitempty"` // where it is kept; empty where the config holds it
}
