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
	if (in.Password == "") == (in.Token == "") {
		return nil, invalid("password", "give either a password or a token")
	}
	password := q.op.Password()
	if password == nil && in.Token == "" {
		return nil, Problemf(http.StatusForbidden, CodeNoPassword, "", "no admin password is configured, so nobody can log in: write admin_password into the ccload options")
	}
	made := StoredSession{Role: RoleHolder, Address: clientAddress(q.r), UserAgent: q.r.UserAgent()}
	kind := byToken
	if in.Token == "" {
		kind, made.Role, made.Password = byPassword, RoleOperator, password.ID()
	}
	wrong := Problemf(http.StatusUnauthorized, CodePassword, "", "this is not right")
	err := q.guess(kind, wrong, func() (bool, error) {
		if kind == byPassword {
			return password.Check(q.r.Context(), in.Password)
		}
		holder, ok := q.op.TokenOf(in.Token)
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
