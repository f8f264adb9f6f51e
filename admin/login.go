package admin

import (
	"errors"
	"net/http"
	"time"
)

// Roles of a session.
const (
	RoleOperator = "operator" // knows the admin password
	RoleHolder   = "holder"   // of a client token
)

func login(q *request) (any, error) {
	var in Login
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var kind string
	for _, given := range []struct{ kind, value string }{{byPassword, in.Password}, {byToken, in.Token}, {byLink, in.Code}} {
		if given.value == "" {
			continue
		}
		if kind != "" {
			return nil, invalid(given.kind, "give one of password, token and code")
		}
		kind = given.kind
	}
	if kind == "" {
		return nil, invalid("password", "give a password, a token or a code")
	}
	password := q.op.Password()
	if password == nil && kind != byToken {
		return nil, Problemf(http.StatusForbidden, CodeNoPassword, "", "no admin password is configured, so nobody can log in: write admin_password or admin_password_file into the ccload options")
	}
	made := StoredSession{Role: RoleHolder, Address: clientAddress(q.r), UserAgent: q.r.UserAgent()}
	if kind != byToken {
		made.Role, made.Password = RoleOperator, password.ID()
	}
	wrong := Problemf(http.StatusUnauthorized, CodePassword, "", "this is not right")
	err := q.guess(kind, wrong, func() (bool, error) {
		switch kind {
		case byPassword:
			return password.Check(q.r.Context(), in.Password)
		case byLink:
			return q.op.Shared().Codes.Take(in.Code, time.Now()), nil
		}
		holder, ok := q.op.TokenOf(in.Token)
		if !ok && !q.op.Status(q.r.Context()).Store.StoredKnown {
			return false, errDatabase // it may be a stored one
		}
		made.Name, made.Password = holder.Name, holder.Secret
		return ok, nil
	})
	if err != nil {
		return nil, err
	}
	value, s, err := q.op.Shared().Sessions.Login(q.r.Context(), made)
	if errors.Is(err, ErrTooManySessions) {
		return nil, Problemf(http.StatusTooManyRequests, CodeThrottled, "", "this token has logged in too often; use a login it has, or wait")
	}
	if err != nil {
		return nil, err
	}
	SetCookie(q.w, q.r, q.base, value, s.Expires)
	q.session = s
	q.succeeded(kind)
	return session(q)
}

func session(q *request) (any, error) {
	s := Session{Role: q.session.Role, Token: q.session.Name, Password: q.op.Password() != nil}
	if s.Role != "" {
		s.Version = q.op.Shared().Version
	}
	if !q.session.Expires.IsZero() {
		s.Expires = q.session.Expires.UTC().Format(time.RFC3339)
	}
	return s, nil
}

func logout(q *request) (any, error) {
	if q.value != "" {
		if err := q.op.Shared().Sessions.Revoke(q.r.Context(), q.value); err != nil {
			return nil, err
		}
	}
	SetCookie(q.w, q.r, q.base, "", time.Time{})
	q.session = StoredSession{}
	return session(q)
}

func logoutAll(q *request) (any, error) {
	if err := q.op.Shared().Sessions.RevokeAll(q.r.Context(), RoleOperator, ""); err != nil {
		return nil, err
	}
	SetCookie(q.w, q.r, q.base, "", time.Time{})
	q.session = StoredSession{}
	return session(q)
}
