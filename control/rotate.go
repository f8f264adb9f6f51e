package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// Rotate implements admin.Operator: everything, captured bodies and kept responses included, is
// sealed with the first of the configured encryption keys or, where none is configured, with a new one that
// is put first into the key file. The older ones stay there: they open backups,
// and other databases that use the file. At no moment is there something in the
// database that the keys at hand cannot open.
func (s *Service) Rotate(ctx context.Context, who admin.Actor) (*admin.Rotation, error) {
	st := s.state
	if !st.Complete() {
		return nil, storeProblem(errors.New("the gateway has just started; try again in a moment"))
	}
	st.rotating.Lock()
	defer st.rotating.Unlock()
	keys, err := s.encryptionKeys()
	if err != nil {
		return nil, admin.Problemf(http.StatusConflict, admin.CodeInvalid, "encryption_key", "%s", err.Error())
	}
	fromFile := keys == nil
	if fromFile {
		old, err := secrets.ReadFile(s.keyFile)
		if err != nil {
			return nil, fmt.Errorf("the encryption key: %w", err)
		}
		keys = append([][]byte{secrets.NewKey()}, old...)
		if err := secrets.WriteFile(s.keyFile, keys); err != nil {
			return nil, fmt.Errorf("keeping the new encryption key: %w", err)
		}
	}
	v, err := secrets.NewKeyring(keys...)
	if err != nil {
		return nil, err
	}
	was := st.keyring.Swap(v)
	sealed := 0
	err = s.apply(ctx, who, func(cs *changeSet) error {
		if n := len(cs.base.problems); n > 0 {
			return admin.Problemf(http.StatusConflict, admin.CodeInUse, "", "%s: mend or remove it first, or its secrets would be lost with the old key", cs.base.problems[0])
		}
		sealed = 0
		for _, c := range cs.channels {
			doc, err := c.document(v)
			if err != nil {
				return err
			}
			cs.putDocument(doc, "")
			sealed++
		}
		cs.note("rotate", "secrets", v.ID(), nil)
		return nil
	})
	if err != nil {
		if !fromFile { // with a file both keys stay, and either keyring will do
			st.keyring.Store(was)
		}
		return nil, err
	}
	if err := st.Store.SaveMemory(ctx, checkMemory, []byte(v.Seal([]byte("ccload"), checkBinding))); err != nil {
		return nil, storeProblem(err)
	}
	if err := st.resealCaptures(ctx, v); err != nil {
		return nil, storeProblem(err)
	}
	if err := st.Store.ResealResponses(ctx, func(r *store.Response) error {
		gateway.ResealResponse(r, v)
		return nil
	}); err != nil {
		return nil, storeProblem(err)
	}
	return &admin.Rotation{Key: v.ID(), Channels: sealed}, nil
}
