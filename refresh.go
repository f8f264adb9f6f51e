package ccload

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// refreshEvery is how often a node looks whether another one has changed
// something that they share.
const refreshEvery = time.Second

// complete reports whether what is stored has been read, and what other nodes
// have taken of the limits.
func (st *state) complete() bool {
	return st.control.Stored.Load() != nil && st.cluster.Ready()
}

// rebuild makes the registry of what is declared and stored now.
func (a *App) rebuild() error {
	replacer := caddy.NewReplacer()
	replace := func(s string) string { return replacer.ReplaceAll(s, "") }
	s := a.state.control.Stored.Load()
	whole, shadowed := merged(a.withSecrets(), s)
	for _, problem := range shadowed {
		a.observer.Problem(problem)
	}
	r, err := routing.NewTable(whole, routing.Options{
		Declared: len(a.App.Channels), Replace: replace, State: a.state.routing, Usable: a.gateway.Connectable,
		Warn: a.observer.Problem,
	})
	if err != nil {
		return err
	}
	age, bytes := whole.Retention.Resolve()
	a.keep.Store(&retention{age: age, bytes: bytes})
	a.state.cluster.Restrict(r.Limited())
	a.gateway.Use(r)
	return nil
}

// keyFile is where the encryption key is kept if none is configured.
func keyFile() string { return filepath.Join(caddy.AppDataDir(), "ccload", "encryption.key") }

var errNoKey = errors.New("is empty here: set the variable or file it comes from")

// encryptionKeys are those of the config, nil if it has none.
func (a *App) encryptionKeys() ([][]byte, error) {
	replacer := caddy.NewReplacer()
	var keys [][]byte
	for i, text := range a.EncryptionKeys {
		text = replacer.ReplaceAll(text, "")
		if text == "" {
			return nil, fmt.Errorf("encryption_key #%d %w", i+1, errNoKey)
		}
		key, err := secrets.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("encryption_key #%d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// checkMemory is where something sealed is kept, to know at once whether a key
// is the right one.
const (
	checkMemory  = "encryption check"
	checkBinding = "check"
)

// useStored makes the keyring, and routing of what is stored.
func (a *App) useStored() error {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	keys, err := a.encryptionKeys()
	if err != nil {
		return err
	}
	from := "the option encryption_key"
	if keys == nil {
		from = keyFile()
		var made bool
		if keys, made, err = secrets.ReadOrMake(from); err != nil {
			return a.withoutKey(ctx, err)
		}
		if made {
			a.logger.Info("made the key that stored secrets are encrypted with: back it up, apart from the database", zap.String("file", from))
		}
	}
	v, err := secrets.NewKeyring(keys...)
	if err != nil {
		return err
	}
	if err := a.state.checkKeyring(ctx, v); err != nil {
		return fmt.Errorf("%w (the key in use is that of %s: give back the one it was encrypted with, also beside a new one)", err, from)
	}
	a.state.control.Keyring.Store(v)
	a.state.control.NoKey.Store(false)
	if err := a.state.refresh(ctx, true); err != nil {
		return fmt.Errorf("reading what is stored: %w", err)
	}
	return a.rebuild()
}

// withoutKey goes on without an encryption key where nothing was ever sealed: a
// gateway whose channels are all declared needs none.
func (a *App) withoutKey(ctx context.Context, err error) error {
	err = fmt.Errorf("the encryption key: %w (let the user that Caddy runs as write in Caddy's data directory, or set the option encryption_key)", err)
	if _, sealed := a.state.store.LoadMemory(ctx, checkMemory); !errors.Is(sealed, store.ErrNotFound) {
		return errors.Join(err, sealed)
	}
	a.logger.Warn("there is no encryption key, so no channels can be stored", zap.Error(err))
	v, err := secrets.NewKeyring(secrets.NewKey())
	if err != nil {
		return err
	}
	a.state.control.Keyring.Store(v)
	a.state.control.NoKey.Store(true)
	if err := a.state.refresh(ctx, true); err != nil {
		return fmt.Errorf("reading what is stored: %w", err)
	}
	return a.rebuild()
}

// checkKeyring fails if the database was encrypted with another key.
func (st *state) checkKeyring(ctx context.Context, v *secrets.Keyring) error {
	sealed, err := st.store.LoadMemory(ctx, checkMemory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return st.store.SaveMemory(ctx, checkMemory, []byte(v.Seal([]byte("ccload"), checkBinding)))
	case err != nil:
		return err
	}
	if _, err := v.Open(string(sealed), checkBinding); err != nil {
		return fmt.Errorf("the secrets in the database cannot be read: %w", err)
	}
	return nil
}

// refresh reads what is stored, if there is anything new, and puts it to use.
func (st *state) refresh(ctx context.Context, always bool) error {
	st.control.Reading.Lock()
	defer st.control.Reading.Unlock()
	revisions, err := st.store.Revisions(ctx)
	if err != nil {
		return err
	}
	if err := st.cluster.Refresh(ctx, revisions.Cooling); err != nil {
		return err
	}
	known := st.control.Stored.Load()
	if !always && known != nil && known.revision == revisions.Config {
		return nil
	}
	documents, revision, err := st.store.Documents(ctx)
	if err != nil {
		return err
	}
	next := readStored(documents, revision, st.control.Keyring.Load())
	for _, problem := range next.problems {
		st.log.Load().Warn(problem)
	}
	st.control.Stored.Store(next)
	st.mu.Lock()
	apps := append([]*App{}, st.apps...)
	st.mu.Unlock()
	for _, app := range apps {
		if err := app.rebuild(); err != nil {
			app.logger.Error("what is stored cannot be put to use; routing stays as it was", zap.Error(err))
			continue
		}
		app.gateway.RenewChecks() //nolint:contextcheck // checks outlive who asked for the change
	}
	if n := len(apps); n > 0 {
		st.retention.Store(apps[n-1].keep.Load())
	}
	st.publishChange(liveChange{Revision: next.revision})
	return nil
}

// refreshLoop looks for what other nodes have changed.
func (st *state) refreshLoop(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if st.control.Keyring.Load() == nil {
			continue // not started yet
		}
		ask, cancel := context.WithTimeout(ctx, closeTimeout)
		err := st.refresh(ask, false)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			st.log.Load().Warn("looking for changes by other nodes; routing goes on with what is known", zap.Error(err))
		}
		failing = err != nil
	}
}
