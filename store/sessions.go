package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Session is a login to the dashboard. What its cookie holds is not known here,
// only the hash of it.
type Session struct {
	Hash             []byte // SHA-256
	Role             string
	Name             string // of the token, for its holder's sessions
	Password         string // which password it was made with
	Created, Expires time.Time
	Address          string
	UserAgent        string
}

// SaveSession implements Store. It forgets sessions that have ended.
func (d *database) SaveSession(ctx context.Context, s Session) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "saving a login", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE expires < ?", nanos(s.Created)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "REPLACE INTO sessions (hash, role, name, password, created, expires, address, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			s.Hash, s.Role, clean(s.Name), s.Password, nanos(s.Created), nanos(s.Expires), clean(s.Address), clean(s.UserAgent))
		return err
	})
}

// LoadSession implements Store.
func (d *database) LoadSession(ctx context.Context, hash []byte) (s Session, err error) {
	c, err := d.connections()
	if err != nil {
		return s, err
	}
	err = c.view(ctx, "looking up a login", func(tx *sql.Tx) error {
		s = Session{Hash: hash}
		return tx.QueryRowContext(ctx, "SELECT role, name, password, created, expires, address, user_agent FROM sessions WHERE hash = ?", hash).
			Scan(&s.Role, &s.Name, &s.Password, moment{&s.Created}, moment{&s.Expires}, &s.Address, &s.UserAgent)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return s, err
}

// DeleteSession implements Store.
func (d *database) DeleteSession(ctx context.Context, hash []byte) error {
	return d.deleteSessions(ctx, "hash = ?", hash)
}

// DeleteSessions implements Store.
func (d *database) DeleteSessions(ctx context.Context, role, name string) error {
	return d.deleteSessions(ctx, "role = ? AND name = ?", role, name)
}

func (d *database) deleteSessions(ctx context.Context, where string, args ...any) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "ending a login", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE "+where, args...) //nolint:gosec // written above
		return err
	})
}
