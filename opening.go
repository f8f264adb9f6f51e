package ccload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/control"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/store"
)

// This file opens the store. A gateway serves with what is declared, and with
// what its process knows already, whether or not the store can be used: what is
// stored comes when it can.

// Times of opening.
const (
	openPatience   = 30 * time.Second       // a first start waits so long for a store that answers
	reloadPatience = 2 * time.Second        // a reload waits so long for a store that answered before
	awayPatience   = 200 * time.Millisecond // and for one that is known to be away
	attemptMost    = 10 * time.Minute       // one attempt to open, for a schema that takes long to change
	retryFirst     = 500 * time.Millisecond
	retryMost      = 5 * time.Second
	forgetTries    = 4  // doublings of retryFirst
	mostDrains     = 20 // then what was spent is reckoned without records that nobody can read
)

// open begins to open the store and starts what runs in the background. It does
// so once; later calls return the first result. It fails only where the very
// first attempt says that waiting will not help: a wrong password, a database
// of a newer version. A store that is away is tried until it is there.
func (st *state) open() error {
	st.openOnce.Do(func() {
		var run context.Context
		run, st.stop = context.WithCancel(context.Background())
		st.openJournal()
		st.cluster.Start()
		st.gateway.Ledger.Attach(st.writer)
		st.begun.Store(true)
		st.control.NoteStore(admin.StoreOpening, nil)
		first := make(chan error, 1)
		st.done.Go(func() { st.connect(run, first) })
		st.done.Go(fastjson.Pretouch)
		st.done.Go(func() { st.gateway.Recounts.Run(run) })
		st.done.Go(func() { st.files.Watch(run, st.control.FilesChanged) })
		patience := time.NewTimer(openPatience)
		defer patience.Stop()
		select {
		case err := <-first:
			if err != nil && !errors.Is(err, store.ErrAway) {
				st.openErr = err
				return
			}
		case <-patience.C:
			st.log.Load().Warn("opening the store takes long; the gateway serves what is declared until it is open")
		}
	})
	return st.openErr
}

// connect opens the store, trying until it can be used, and then starts what
// needs it. The result of the first attempt goes to first; if it says that
// trying is of no use, it was the last.
func (st *state) connect(ctx context.Context, first chan<- error) {
	var toldOf admin.StoreState
	for try := 0; ; try++ {
		err := st.attempt(ctx)
		if err == nil {
			st.startLoops(ctx)
			if try > 0 {
				st.log.Load().Info("the store is open now: what is stored counts")
			}
		}
		if try == 0 {
			first <- err
			if err != nil && !errors.Is(err, store.ErrAway) {
				return
			}
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		told, message := admin.StoreRefused, "the store cannot be opened; the gateway serves what is declared, and tries again"
		if errors.Is(err, store.ErrAway) {
			told, message = admin.StoreAway, "the store is away; the gateway serves what is declared, and tries again"
		}
		st.control.NoteStore(told, err)
		if told != toldOf {
			toldOf = told
			st.log.Load().Error(message, zap.Error(err))
		}
		pause := min(retryFirst<<min(try, forgetTries), retryMost)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // nodes spread out
		}
	}
}

// attempt opens the store and learns what was spent. It may be made again after
// it failed.
func (st *state) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptMost)
	defer cancel()
	if err := st.store.Open(ctx); err != nil {
		return err
	}
	st.writer.Accept()
	// What earlier processes have left on disk is spent, too.
	if err := st.gateway.Ledger.Flush(ctx); err != nil {
		return err
	}
	if n := st.gateway.Ledger.Stats().Spooled; n > 0 && st.drains < mostDrains {
		st.drains++
		return fmt.Errorf("%d records of calls of before could not be written yet: %w", n, store.ErrAway)
	}
	if err := st.writer.LearnSpent(ctx); err != nil {
		return err
	}
	if saved, err := st.store.LoadMemory(ctx, tokensMemory); err == nil {
		if err := st.gateway.Counter.Load(saved); err != nil {
			st.log.Load().Warn("what was learned of counting tokens cannot be read and is learned anew", zap.Error(err))
		}
	}
	if saved, err := st.store.LoadMemory(ctx, usageMemory); err == nil {
		if err := st.gateway.UsageSupport.Load(saved); err != nil {
			st.log.Load().Warn("which addresses refuse to be asked for usage is learned anew", zap.Error(err))
		}
	}
	st.opened.Store(true)
	st.control.NoteStore(admin.StoreOpen, nil)
	return nil
}

// meetStore does what a config that starts asks of the store, and does not wait
// for it longer than a reload may take. Of errors of the store, RefreshLoop tells;
// it also does again what could not be done now. The store may be slow to give
// up, so what was begun goes on behind, until run ends.
func (a *App) meetStore(run context.Context, do func(context.Context) error) error {
	patience := reloadPatience
	switch {
	case !a.state.control.Complete(): // a first start
		patience = openPatience
	case !a.state.control.StoreAnswers():
		patience = awayPatience
	}
	ended := make(chan error, 1)
	a.state.done.Go(func() { // not the app's: nobody waits for it to stop
		ctx, cancel := context.WithTimeout(run, patience)
		defer cancel()
		ended <- do(ctx)
	})
	select {
	case err := <-ended:
		if !control.StoreFailed(err) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	case <-time.After(patience):
		if a.state.opened.Load() {
			a.state.control.JudgeStore(fmt.Errorf("it did not answer within %v of a reload: %w", patience, context.DeadlineExceeded))
		}
	}
	return nil
}

// startLoops starts what works with an open store.
func (st *state) startLoops(ctx context.Context) {
	captures := &ledger.CaptureWriter{From: st.gateway.Captures, Store: st.control, Conf: st.captureConf, Log: st.logger}
	kept := &gateway.ResponseWriter{
		From: st.gateway.Responses, Store: st.store, Conf: st.responsesConf, Keyring: st.control.Keyring, Log: st.logger,
	}
	st.done.Go(func() { st.pruneLoop(ctx) })
	st.done.Go(func() { kept.Run(ctx) })
	st.done.Go(func() { st.control.RefreshLoop(ctx) })
	st.done.Go(func() { captures.Run(ctx) })
	st.done.Go(func() { st.cluster.Run(ctx) })
}
