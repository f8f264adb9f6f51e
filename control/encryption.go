package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// encryptionKeys are those of the config, nil if it has none.
func (s *Service) encryptionKeys() ([][]byte, error) {
	var keys [][]byte
	for i, text := range s.declared.EncryptionKeys {
		text = strings.TrimSpace(s.replaceAll(text))
		if text == "" {
			return nil, fmt.Errorf("encryption_key #%d is empty here: set the variable or file it comes from, %s",
				i+1, config.EmptyPlaceholders(s.declared.EncryptionKeys[i], s.replaceAll))
		}
		key, err := secrets.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("encryption_key #%d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// replaceAll replaces all placeholders of a text.
func (s *Service) replaceAll(text string) string { return s.replacer.ReplaceAll(text, "") }

// checkMemory is where something sealed is kept, to know at once whether a key
// is the right one.
const (
	checkMemory  = "encryption check"
	checkBinding = "check"
)

// Open finds the encryption key, or makes it, and reads what is stored. It
// fails if the database was encrypted with another key. Where it fails because
// the database is away, see StoreFailed, the gateway goes on with what is known,
// and RefreshLoop opens the service later.
func (s *Service) Open(ctx context.Context) error {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.open.Load() {
		return nil
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	s.readPrices(ctx)
	s.open.Store(true)
	return nil
}

// read finds the key, holds it against the database and reads what is stored.
func (s *Service) read(ctx context.Context) error {
	keys, err := s.encryptionKeys()
	if err != nil {
		return err
	}
	from := "the option encryption_key"
	if keys == nil {
		from = s.keyFile
		var made bool
		if keys, made, err = secrets.ReadOrMake(from); err != nil {
			return s.withoutKey(ctx, err)
		}
		if made {
			s.log.Info("made the key that stored secrets are encrypted with: back it up, apart from the database", zap.String("file", from))
		}
	}
	v, err := secrets.NewKeyring(keys...)
	if err != nil {
		return err
	}
	// Until the database has been asked, the key counts only if no other does.
	s.state.keyring.CompareAndSwap(nil, v)
	if err := s.state.checkKeyring(ctx, v); StoreFailed(err) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w (the key in use is that of %s: give back the one it was encrypted with, also beside a new one)", err, from)
	}
	s.state.keyring.Store(v)
	s.state.noKey.Store(false)
	if err := s.state.Refresh(ctx, true); err != nil {
		return fmt.Errorf("reading what is stored: %w", err)
	}
	return nil
}

// withoutKey goes on without an encryption key where nothing was ever sealed: a
// gateway whose channels are all declared needs none.
func (s *Service) withoutKey(ctx context.Context, err error) error {
	err = fmt.Errorf("the encryption key: %w (let the user that Caddy runs as write in Caddy's data directory, or set the option encryption_key)", err)
	if _, sealed := s.state.Store.LoadMemory(ctx, checkMemory); !errors.Is(sealed, store.ErrNotFound) {
		return errors.Join(err, sealed)
	}
	s.log.Warn("there is no encryption key, so no channels can be stored", zap.Error(err))
	v, err := secrets.NewKeyring(secrets.NewKey())
	if err != nil {
		return err
	}
	s.state.keyring.Store(v)
	s.state.noKey.Store(true)
	if err := s.state.Refresh(ctx, true); err != nil {
		return fmt.Errorf("reading what is stored: %w", err)
	}
	return nil
}

// checkKeyring fails if the database was encrypted with another key.
func (st *State) checkKeyring(ctx context.Context, v *secrets.Keyring) error {
	sealed, err := st.Store.LoadMemory(ctx, checkMemory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return st.Store.SaveMemory(ctx, checkMemory, []byte(v.Seal([]byte("ccload"), checkBinding)))
	case err != nil:
		return err
	}
	if _, err := v.Open(string(sealed), checkBinding); err != nil {
		return fmt.Errorf("the secrets in the database cannot be read: %w", err)
	}
	return nil
}

// Keyring is what seals; nil before the key is known.
func (st *State) Keyring() *secrets.Keyring { return st.keyring.Load() }

// Pseudonym returns what stands for the name of a client's user towards
// upstreams: the same for the same encryption key, and not to be undone without
// it. It is empty before the key is known.
func (st *State) Pseudonym(user string) string {
	if v := st.keyring.Load(); v != nil {
		return v.Pseudonym(user)
	}
	return ""
}
