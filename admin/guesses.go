package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
)

// What happens around the check of a credential: guesses are slowed down, told
// to the log, and noted in the audit trail.

// Kinds of credentials, as the log and the audit trail name them.
const (
	byPassword = "password"
	byToken    = "token"
	byBearer   = "bearer"
	byLink     = "code"
)

// peerFree is how many logins by one peer may fail before others by it are
// delayed: ten times what an address may. The peer counts beside the client's
// address because behind a proxy the address may be the client's own word.
const peerFree = 10 * throttleFree

// LoginNote is a login that succeeded or failed.
type LoginNote struct {
	Actor
	OK     bool
	Kind   string // password, token, bearer or code
	Missed int    // failures before this one that were not noted, because there were too many
}

// guess checks a credential of a client: check says whether it is right. A
// wrong one is the problem wrong.
func (q *request) guess(kind string, wrong *Problem, check func() (bool, error)) error {
	shared, address, peer := q.op.Shared(), clientAddress(q.r), peerAddress(q.r)
	if wait := shared.Throttle.Wait(address, time.Now()); wait > 0 {
		return tooMany(q.w, wait)
	}
	if err := shared.Peers.Wait(q.r.Context(), peer, ""); err != nil {
		if errors.Is(err, access.ErrGuessing) {
			return tooMany(q.w, time.Second)
		}
		return err
	}
	ok, err := check()
	switch {
	case err != nil:
		return err
	case !ok:
		q.failed(kind)
		return wrong
	}
	shared.Throttle.Succeeded(address)
	return nil
}

// failed counts and tells of a wrong credential.
func (q *request) failed(kind string) {
	shared, address, peer, now := q.op.Shared(), clientAddress(q.r), peerAddress(q.r), time.Now()
	shared.Throttle.Failed(address, now)
	shared.Peers.Failed(peer)
	// The words and the order of the fields are for programs that bar addresses.
	q.log.Warn("login failed", zap.String("client_ip", address), zap.String("peer", peer), zap.String("credential", kind))
	if missed, note := shared.failures.take(now); note {
		q.note(LoginNote{Actor: Actor{Name: "unknown", Address: address}, Kind: kind, Missed: missed})
	}
}

// succeeded tells of a login.
func (q *request) succeeded(kind string) {
	q.log.Info("login", zap.String("client_ip", clientAddress(q.r)), zap.String("peer", peerAddress(q.r)),
		zap.String("credential", kind), zap.String("role", q.session.Role), zap.String("token", q.session.Name))
	q.note(LoginNote{Actor: q.actor(), OK: true, Kind: kind})
}

// note writes into the audit trail. A login is not undone because it cannot be
// noted: the log has it.
func (q *request) note(n LoginNote) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.r.Context()), noteTimeout)
	defer cancel()
	if err := q.op.NoteLogin(ctx, n); err != nil {
		q.log.Error("a login could not be written into the audit trail", zap.Error(err))
	}
}

// noteTimeout bounds how long a database that hangs holds up a login.
const noteTimeout = 2 * time.Second

// confirm is who asks, confirmed if the admin password was given and is right.
func (q *request) confirm(password string) (Actor, error) {
	who := q.actor()
	if password == "" {
		return who, nil
	}
	wrong := Problemf(http.StatusForbidden, CodePassword, "password", "password: this is not the admin password")
	err := q.guess(byPassword, wrong, func() (bool, error) { return q.op.Password().Check(q.r.Context(), password) })
	who.Confirmed = err == nil
	return who, err
}

// tooMany refuses a guess that came too early.
func tooMany(w http.ResponseWriter, wait time.Duration) error {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return Problemf(http.StatusTooManyRequests, CodeThrottled, "", "too many failed attempts; try again in %d seconds", seconds)
}

// failuresNoted is how many failed logins a minute the audit trail holds: who
// guesses shall not fill the database. The rest is counted.
const failuresNoted = 10

// failureLimit decides which failed logins are noted. The zero value is ready.
type failureLimit struct {
	mu     sync.Mutex
	minute time.Time
	noted  int
	missed int
}

// take reports whether a failure is noted, and how many were not since the last
// one that was.
func (l *failureLimit) take(now time.Time) (missed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.minute) >= time.Minute {
		l.minute, l.noted = now, 0
	}
	if l.noted >= failuresNoted {
		l.missed++
		return 0, false
	}
	l.noted++
	missed, l.missed = l.missed, 0
	return missed, true
}
