package control

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// refreshEvery is how often a node looks whether another one has changed
// something that they share.
const refreshEvery = time.Second

// refreshTimeout bounds one look for what other nodes have changed.
const refreshTimeout = 10 * time.Second

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
	st.PublishChange(Change{Revision: next.revision})
	return nil
}

// RefreshLoop looks for what other nodes have changed, until ctx ends.
func (st *State) RefreshLoop(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if st.keyring.Load() == nil {
			continue // not started yet
		}
		ask, cancel := context.WithTimeout(ctx, refreshTimeout)
		err := st.Refresh(ask, false)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			st.Log().Warn("looking for changes by other nodes; routing goes on with what is known", zap.Error(err))
		}
		failing = err != nil
	}
}
