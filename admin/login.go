package admin

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Roles of a session.
const (
	RoleOperator = "operator" // knows the admin password
	RoleHolder   = "holder"   // of a client token
)

func tooMany(w http.ResponseWriter, wait time.Duration) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return Problemf(http.StatusTooManyRequests, CodeThrottled, "", "too many failed attempts; try again in %d seconds", seconds)
}

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
	desk, address := q.op.Desk(), clientAddress(q.r)
	if wait := desk.Throttle.Wait(address, time.Now()); wait > 0 {
		return nil, tooMany(q.w, wait)
	}
	made := StoredSession{Role: RoleHolder, Address: address, UserAgent: q.r.UserAgent()}
	var ok bool
	if in.Token != "" {
		made.Name, ok = q.op.TokenOf(in.Token)
	} else {
		var err error
		if ok, err = password.Check(q.r.Context(), in.Password); err != nil {
			return nil, err
		}
		made.Role, made.Password = RoleOperator, password.ID()
	}
	if !ok {
		desk.Throttle.Failed(address, time.Now())
		return nil, Problemf(http.StatusUnauthorized, CodePassword, "", "this is not right")
	}
	desk.Throttle.Succeeded(address)
	value, s, err := desk.Sessions.Login(q.r.Context(), made)
	if errors.Is(err, ErrTooManySessions) {
		return nil, Problemf(http.StatusTooManyRequests, CodeThrottled, "", "this token has logged in too often; use a login it has, or wait")
	}
	if err != nil {
		return nil, err
	}
	SetCookie(q.w, q.r, q.prefix, value, s.Expires)
	q.session = s
	return session(q)
}

func session(q *request) (any, error) {
	s := Session{Role: q.session.Role, Token: q.session.Name, Password: q.op.Password() != nil}
	if !q.session.Expires.IsZero() {
		s.Expires = q.session.Expires.UTC().Format(time.RFC3339)
	}
	return s, nil
}

func logout(q *request) (any, error) {
	if q.value != "" {
		if err := q.op.Desk().Sessions.Revoke(q.r.Context(), q.value); err != nil {
			return nil, err
		}
	}
	SetCookie(q.w, q.r, q.prefix, "", time.Time{})
	q.session = StoredSession{}
	return session(q)
}

func logoutAll(q *request) (any, error) {
	if err := q.op.Desk().Sessions.RevokeAll(q.r.Context(), RoleOperator, ""); err != nil {
		return nil, err
	}
	SetCookie(q.w, q.r, q.prefix, "", time.Time{})
	q.session = StoredSession{}
	return session(q)
}
