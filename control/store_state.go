package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ccload/ccload/admin"
)

// storeState is how the gateway stands with its store, as of a moment.
type storeState struct {
	state admin.StoreState
	since time.Time
	err   error
}

// NoteStore notes how the gateway stands with its store. It returns the state
// before.
func (st *State) NoteStore(state admin.StoreState, err error) (before admin.StoreState) {
	next := &storeState{state: state, since: time.Now().UTC(), err: err}
	if was := st.storeState.Load(); was != nil {
		before = was.state
		if before == state {
			next.since = was.since
		}
	}
	st.storeState.Store(next)
	return before
}

// NoteWrite notes what came of writing a batch of calls. A database that answers
// questions may take nothing all the same: its file is locked by another process,
// its disk is full, its server is read-only.
func (st *State) NoteWrite(err error) {
	switch {
	case err == nil:
		if st.writeFault.Load() != nil {
			st.writeFault.Store(nil)
		}
	case errors.Is(err, context.Canceled): // the gateway ends
	default:
		st.writeFault.Store(&err)
	}
}

// writable fails if the last batch of calls could not be written.
func (st *State) writable() error {
	if fault := st.writeFault.Load(); fault != nil {
		return *fault
	}
	return nil
}

// StoreAnswers reports whether the store did what it was last asked for.
func (st *State) StoreAnswers() bool {
	now := st.storeState.Load()
	return now != nil && now.state == admin.StoreOpen
}

// storeStatus is the state of the store for people.
func (st *State) storeStatus() admin.StoreStatus {
	shown := admin.StoreStatus{State: admin.StoreOpening, StoredKnown: st.stored.Load() != nil, SpendingKnown: st.SpendingKnown()}
	if now := st.storeState.Load(); now != nil {
		shown.State, shown.Since = now.state, now.since
		if now.err != nil {
			shown.Error = now.err.Error()
		}
	}
	return shown
}

// StoreFailed reports whether an error is the database's, so that the request
// or the config that met it is not at fault.
func StoreFailed(err error) bool {
	failed := (interface{ StoreFailed() bool })(nil)
	return errors.As(err, &failed) && failed.StoreFailed()
}

// How long a reload waits for the store; a first start waits openPatience.
const (
	reloadPatience = 2 * time.Second        // for one that answered before
	awayPatience   = 200 * time.Millisecond // for one that is known to be away
)

// Meet does what a config that starts asks of the store, and does not wait
// for it longer than a reload may take. Of errors of the store, RefreshLoop tells;
// it also does again what could not be done now. The store may be slow to give
// up, so what was begun goes on behind, until run ends.
func (s *Storage) Meet(run context.Context, do func(context.Context) error) error {
	patience := reloadPatience
	switch {
	case !s.Control.Complete(): // a first start
		patience = openPatience
	case !s.Control.StoreAnswers():
		patience = awayPatience
	}
	ended := make(chan error, 1)
	s.done.Go(func() { // not the config's: nobody waits for it to stop
		ctx, cancel := context.WithTimeout(run, patience)
		defer cancel()
		ended <- do(ctx)
	})
	select {
	case err := <-ended:
		if !StoreFailed(err) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	case <-time.After(patience):
		if s.opened.Load() {
			s.Control.JudgeStore(fmt.Errorf("it did not answer within %v of a reload: %w", patience, context.DeadlineExceeded))
		}
	}
	return nil
}
