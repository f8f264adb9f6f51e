package control

import (
	"context"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/store"
)

// Audit implements admin.Operator.
func (s *Service) Audit(ctx context.Context, f admin.AuditFilter) ([]admin.AuditEntry, error) {
	list, err := s.state.Store.Audit(ctx, store.AuditFilter(f))
	shown := make([]admin.AuditEntry, len(list))
	for i, e := range list {
		shown[i] = admin.AuditEntry(e)
	}
	return shown, err
}

// note adds to the audit trail what changes nothing that is stored.
func (st *State) note(ctx context.Context, who admin.Actor, action, kind, name string) error {
	return st.Store.Note(ctx, store.AuditEntry{
		Time: time.Now(), Actor: who.Name, Address: who.Address, Action: action, Kind: kind, Name: name, Fields: []string{},
	})
}
