package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/store"
)

// sessionStore keeps the sessions of the dashboard in the store.
type sessionStore struct{ store store.Sessions }

// SaveSession implements admin.SessionStore.
func (s sessionStore) SaveSession(ctx context.Context, one admin.StoredSession) error {
	return s.store.SaveSession(ctx, store.Session(one))
}

// LoadSession implements admin.SessionStore.
func (s sessionStore) LoadSession(ctx context.Context, hash []byte) (admin.StoredSession, error) {
	one, err := s.store.LoadSession(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		err = admin.ErrNoSession
	}
	return admin.StoredSession(one), err
}

// DeleteSession implements admin.SessionStore.
func (s sessionStore) DeleteSession(ctx context.Context, hash []byte) error {
	return s.store.DeleteSession(ctx, hash)
}

// DeleteSessions implements admin.SessionStore.
func (s sessionStore) DeleteSessions(ctx context.Context, role, name string) error {
	return s.store.DeleteSessions(ctx, role, name)
}

// NoteLogin implements admin.Operator.
func (s *Service) NoteLogin(ctx context.Context, n admin.LoginNote) error {
	e := store.AuditEntry{Time: time.Now(), Actor: n.Name, Address: n.Address, Action: "login", Kind: n.Kind, Name: "ok", Fields: []string{}}
	if !n.OK {
		e.Name = "failed"
	}
	if n.Missed > 0 {
		e.Fields = append(e.Fields, fmt.Sprintf("%d failures before are not listed", n.Missed))
	}
	return s.state.Store.Note(ctx, e)
}

// TokenOf implements admin.Operator.
func (s *Service) TokenOf(secret string) (admin.Holder, bool) {
	if secret == "" {
		return admin.Holder{}, false
	}
	t, err := s.gateway.Table().Tokens.Lookup(secret, time.Now())
	if err != nil || t.Name() == config.Anonymous {
		return admin.Holder{}, false
	}
	return admin.Holder{Name: t.Name(), Secret: t.SecretID()}, true
}

// HolderOf implements admin.Operator.
func (s *Service) HolderOf(name string) (admin.Holder, bool) {
	t := s.gateway.Table().Tokens.ByName(name)
	if t == nil || t.Disabled() || t.Expired(time.Now()) || t.SecretID() == "" {
		return admin.Holder{}, false
	}
	return admin.Holder{Name: name, Secret: t.SecretID()}, true
}
