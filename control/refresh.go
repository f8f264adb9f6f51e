package control

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
)

// refreshEvery is how often a node looks whether another one has changed
// something that they share.
const refreshEvery = time.Second

// refreshTimeout bounds one look for what other nodes have changed. A store that
// takes longer is away.
const refreshTimeout = 5 * time.Second

// Complete reports whether what is stored has been read, and what other nodes
// have taken of the limits.
func (st *State) Complete() bool {
	return st.stored.Load() != nil && st.Cluster.Ready()
}

// Refresh reads what is stored, if there is anything new, and puts it to use.
func (st *State) Refresh(ctx context.Context, always bool) error {
	st.reading.Lock()
	defer st.reading.Unlock()
	revisions, err := st.Store.Revisions(ctx)
	if err != nil {
		return err
	}
	if err := st.Cluster.Refresh(ctx, revisions.Cooling); err != nil {
		return err
	}
	known := st.stored.Load()
	if !always && known != nil && known.revision == revisions.Config {
		return nil
	}
	documents, revision, err := st.Store.Documents(ctx)
	if err != nil {
		return err
	}
	next := readStored(documents, revision, st.keyring.Load())
	for _, problem := range next.problems {
		st.Log().Warn(problem)
	}
	st.stored.Store(next)
	st.Apply()
	st.PublishChange(admin.LiveChange{Revision: next.revision})
	return nil
}

// RefreshLoop looks for what other nodes have changed, until ctx ends. A service
// that could not be opened when it was started is opened here. The store must
// have been opened.
func (st *State) RefreshLoop(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := st.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = st.writable()
		}
		st.JudgeStore(err)
	}
}

// look refreshes once.
func (st *State) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if s := st.Current(); s != nil && !s.open.Load() {
		return s.Open(ctx)
	}
	if st.keyring.Load() == nil {
		return nil // not started yet
	}
	return st.Refresh(ctx, false)
}

// JudgeStore notes what a look at the store says of it, and tells when that
// changes.
func (st *State) JudgeStore(err error) {
	state := admin.StoreOpen
	switch {
	case err == nil:
	case StoreFailed(err) || errors.Is(err, context.DeadlineExceeded):
		state = admin.StoreAway
	default:
		state = admin.StoreRefused
	}
	before := st.NoteStore(state, err)
	if before == state {
		return
	}
	switch state {
	case admin.StoreOpen:
		st.Log().Info("the store answers again")
	case admin.StoreAway:
		st.Log().Warn("the store is away; routing goes on with what is known", zap.Error(err))
	default:
		st.Log().Error("what is stored cannot be used; routing goes on with what is known", zap.Error(err))
	}
}
