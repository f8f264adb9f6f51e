package control

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file keeps bodies of calls. The database, its copies and its log hold
// them sealed, each bound to its call, with the key that seals upstream keys.

// SaveCaptures implements ledger.CaptureStore.
func (st *State) SaveCaptures(ctx context.Context, list []ledger.Capture) error {
	v := st.keyring.Load()
	if v == nil {
		return errors.New("the encryption key that seals them is not known yet")
	}
	sealed := make([]store.Capture, 0, len(list))
	for i := range list {
		var plain bytes.Buffer
		if err := gob.NewEncoder(&plain).Encode(&list[i]); err != nil {
			return err
		}
		sealed = append(sealed, store.Capture{
			ID: list[i].ID, Time: list[i].Time, Sealed: []byte(v.Seal(plain.Bytes(), captureBinding(list[i].ID))),
		})
	}
	return st.Store.SaveCaptures(ctx, sealed)
}

// ForgetCaptures implements ledger.CaptureStore.
func (st *State) ForgetCaptures(ctx context.Context, before time.Time, bytes int64) error {
	return st.Store.ForgetCaptures(ctx, before, bytes)
}

// captureBinding is what a call's bodies are sealed with.
func captureBinding(id string) string { return "capture\x00" + id }

// openCapture reads what SaveCaptures has sealed.
func openCapture(v *secrets.Keyring, sealed *store.Capture) (*ledger.Capture, error) {
	if v == nil {
		return nil, errors.New("the encryption key is not known yet")
	}
	plain, err := v.Open(string(sealed.Sealed), captureBinding(sealed.ID))
	if err != nil {
		return nil, err
	}
	one := new(ledger.Capture)
	if err := gob.NewDecoder(bytes.NewReader(plain)).Decode(one); err != nil {
		return nil, fmt.Errorf("what is sealed cannot be read: %w", err)
	}
	return one, nil
}

// resealCaptures seals what was captured with the first key of a keyring. What
// none of its keys opens stays as it is: it is forgotten in time.
func (st *State) resealCaptures(ctx context.Context, v *secrets.Keyring) error {
	return st.Store.ResealCaptures(ctx, func(c *store.Capture) error {
		binding := captureBinding(c.ID)
		if plain, err := v.Open(string(c.Sealed), binding); err == nil && !v.SealedByFirst(string(c.Sealed)) {
			c.Sealed = []byte(v.Seal(plain, binding))
		}
		return nil
	})
}

// Captured implements admin.Operator.
func (s *Service) Captured(ctx context.Context, id string) (*admin.Capture, error) {
	sealed, err := s.state.Store.LoadCapture(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "nothing was captured of this call: captures are switched on in the settings, and kept for a short time")
	}
	if err != nil {
		return nil, storeProblem(err)
	}
	one, err := openCapture(s.state.keyring.Load(), &sealed)
	if err != nil {
		return nil, admin.Problemf(http.StatusConflict, admin.CodeInvalid, "encryption_key", "what was captured of this call cannot be read: %s", err)
	}
	return &admin.Capture{ID: one.ID, Time: one.Time, Request: string(one.Request), Answer: string(one.Answer), Upstream: string(one.Upstream), Cut: one.Cut}, nil
}
