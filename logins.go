package ccload

import (
	"context"
	"fmt"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/store"
)

// This file is what becomes of credentials: logins are noted, and the guessing
// of client tokens is slowed down.

// NoteLogin implements admin.Operator.
func (a *App) NoteLogin(ctx context.Context, n admin.LoginNote) error {
	e := store.AuditEntry{Time: time.Now(), Actor: n.Name, Address: n.Address, Action: "login", Kind: n.Kind, Name: "ok", Fields: []string{}}
	if !n.OK {
		e.Name = "failed"
	}
	if n.Missed > 0 {
		e.Fields = append(e.Fields, fmt.Sprintf("%d failures before are not listed", n.Missed))
	}
	return a.state.store.Note(ctx, e)
}
