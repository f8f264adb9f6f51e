package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
)

// request is one that is being answered.
type request struct {
	w        http.ResponseWriter
	r        *http.Request
	op       Operator
	base     string // where the dashboard lives for a browser
	route    *route
	log      *zap.Logger
	session  StoredSession // of whoever asks; its Role is "" before a login
	answered bool          // by the route itself
	credential
}

// actor is who asks, for the audit trail.
func (q *request) actor() Actor { return Actor{Name: q.session.Role, Address: clientAddress(q.r)} }

// token is the name of the client token whose numbers may be seen, "" for all.
func (q *request) token() string {
	if q.session.Role == RoleHolder {
		return q.session.Name
	}
	return ""
}

// credential is what a request came with: the value of a login, or the secret of
// a client token.
type credential struct {
	value  string
	bearer bool // not in a cookie
}

// whoHas finds out whose credential it is: that of a login, or, if it was sent
// as a bearer credential, a client token. ErrNoSession: nobody's.
func whoHas(ctx context.Context, op Operator, c credential) (StoredSession, error) {
	s, err := op.Shared().Sessions.Find(ctx, c.value)
	if err == nil && s.Role == RoleOperator && (op.Password() == nil || s.Password != op.Password().ID()) {
		err = ErrNoSession // the password was changed since
	}
	if err == nil && s.Role == RoleHolder {
		if holder, ok := op.HolderOf(s.Name); !ok || holder.Secret != s.Password {
			err = ErrNoSession // the token is gone, or has another secret
		}
	}
	if err != nil && c.bearer { // it need not be a login, and the database may be away
		if holder, ok := op.TokenOf(c.value); ok {
			return StoredSession{Role: RoleHolder, Name: holder.Name}, nil
		}
	}
	return s, err
}

// identify finds out who asks. A cookie that is worth nothing is the same as
// none; a bearer credential that is worth nothing is refused, and counts
// against its sender.
func (q *request) identify() error {
	bearer, given := strings.CutPrefix(q.r.Header.Get("Authorization"), "Bearer ")
	if given {
		address := clientAddress(q.r)
		if wait := q.op.Shared().Throttle.Wait(address, time.Now()); wait > 0 {
			return tooMany(q.w, wait)
		}
		q.credential = credential{strings.TrimSpace(bearer), true}
	} else if c, err := q.r.Cookie(CookieName); err == nil {
		q.credential = credential{c.Value, false}
	} else {
		return nil
	}
	s, err := whoHas(q.r.Context(), q.op, q.credential)
	switch {
	case err == nil:
		if given {
			q.op.Shared().Throttle.Succeeded(clientAddress(q.r))
		}
		q.session = s
		return nil
	case !errors.Is(err, ErrNoSession):
		q.log.Warn("a login cannot be looked up", zap.Error(err))
		return errDatabase
	case given:
		q.failed(byBearer)
		if err := q.op.Shared().Peers.Wait(q.r.Context(), peerAddress(q.r), ""); err != nil {
			return tooMany(q.w, time.Second)
		}
		if q.route.who == anyone {
			break
		}
		return Problemf(http.StatusUnauthorized, CodePassword, "", "the credential is neither a login nor a client token")
	}
	q.credential = credential{}
	return nil
}

// authorise is the one place where it is decided who may do what.
func (q *request) authorise() error {
	switch role := q.session.Role; {
	case q.route.who == anyone:
		return nil
	case q.route.who == operators && role == RoleOperator:
		return nil
	case q.route.who == holders && (role == RoleOperator || role == RoleHolder):
		return nil
	case q.route.who != operators && q.route.who != holders:
		return Problemf(http.StatusForbidden, CodeForbidden, "", "nobody may do this")
	case role == "":
		return Problemf(http.StatusUnauthorized, CodeLogin, "", "log in first, by POST %s/api/login", q.base)
	}
	return Problemf(http.StatusForbidden, CodeForbidden, "", "a client token may see its own numbers only; log in with the admin password")
}
