package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/cluster"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file opens the store. A gateway serves with what is declared, and with
// what its process knows already, whether or not the store can be used: what is
// stored comes when it can.

// Times of opening.
const (
	openPatience = 30 * time.Second // a first start waits so long for a store that answers
	attemptMost  = 10 * time.Minute // one attempt to open, for a schema that takes long to change
	retryFirst   = 500 * time.Millisecond
	retryMost    = 5 * time.Second
	forgetTries  = 4  // doublings of retryFirst
	maxDrains    = 20 // then what was spent is reckoned without records that nobody can read
)

// StorageOptions are what a storage works for. All are required.
type StorageOptions struct {
	Store   store.Store
	Control *State
	Gateway *gateway.State
	Cluster *cluster.Cluster
	Files   *secrets.Files // that are watched
	Writer  *CallWriter    // of the records of calls
	Folder  string         // of this gateway's data, for journals

	// Settings of the moment.
	Retention func() *Retention // nil: nothing is forgotten
	Capture   func() config.Capture
	Responses func() config.ResponsesStore
	Log       func() *zap.Logger
}

// Storage opens the store of a gateway, and runs what works with it.
type Storage struct {
	StorageOptions
	once   sync.Once
	err    error
	begun  atomic.Bool // what runs in the background does
	opened atomic.Bool // the store is open, and what was spent is known
	drains int         // of connect: attempts that ended because older records are not written
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// NewStorage returns a storage that has not begun.
func NewStorage(o StorageOptions) *Storage { return &Storage{StorageOptions: o} }

// Begun reports whether Open has been called.
func (s *Storage) Begun() bool { return s.begun.Load() }

// Opened reports whether the store is open, and what was spent is known.
func (s *Storage) Opened() bool { return s.opened.Load() }

// Stop ends what runs, and waits for it. The store stays open.
func (s *Storage) Stop() {
	s.stop()
	s.done.Wait()
}

// Open begins to open the store and starts what runs in the background. It does
// so once; later calls return the first result. It fails only where the very
// first attempt says that waiting will not help: a wrong password, a database
// of a newer version. A store that is away is tried until it is there.
func (s *Storage) Open() error {
	s.once.Do(func() {
		var run context.Context
		run, s.stop = context.WithCancel(context.Background())
		s.openJournal()
		s.Cluster.Start()
		s.Gateway.Ledger.Attach(s.Writer)
		s.begun.Store(true)
		s.Control.NoteStore(admin.StoreOpening, nil)
		first := make(chan error, 1)
		s.done.Go(func() { s.connect(run, first) })
		s.done.Go(fastjson.Pretouch)
		s.done.Go(func() { s.Gateway.Recounts.Run(run) })
		s.done.Go(func() { s.Files.Watch(run, s.Control.FilesChanged) })
		patience := time.NewTimer(openPatience)
		defer patience.Stop()
		select {
		case err := <-first:
			if err != nil && !errors.Is(err, store.ErrAway) {
				s.err = err
				return
			}
		case <-patience.C:
			s.Log().Warn("opening the store takes long; the gateway serves what is declared until it is open")
		}
	})
	return s.err
}

// connect opens the store, trying until it can be used, and then starts what
// needs it. The result of the first attempt goes to first; if it says that
// trying is of no use, it was the last.
func (s *Storage) connect(ctx context.Context, first chan<- error) {
	var toldOf admin.StoreState
	for try := 0; ; try++ {
		err := s.attempt(ctx)
		if err == nil {
			s.startLoops(ctx)
			if try > 0 {
				s.Log().Info("the store is open now: what is stored counts")
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
		s.Control.NoteStore(told, err)
		if told != toldOf {
			toldOf = told
			s.Log().Error(message, zap.Error(err))
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
func (s *Storage) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptMost)
	defer cancel()
	if err := s.Store.Open(ctx); err != nil {
		return err
	}
	s.Writer.Accept()
	// What earlier processes have left on disk is spent, too.
	if err := s.Gateway.Ledger.Flush(ctx); err != nil {
		return err
	}
	if n := s.Gateway.Ledger.Stats().Spooled; n > 0 && s.drains < maxDrains {
		s.drains++
		return fmt.Errorf("%d records of calls of before could not be written yet: %w", n, store.ErrAway)
	}
	if err := s.Writer.LearnSpent(ctx); err != nil {
		return err
	}
	s.loadLearned(ctx)
	s.opened.Store(true)
	s.Control.NoteStore(admin.StoreOpen, nil)
	return nil
}

// startLoops starts what works with an open store.
func (s *Storage) startLoops(ctx context.Context) {
	captures := &ledger.CaptureWriter{From: s.Gateway.Captures, Store: s.Control, Conf: s.Capture, Log: s.Log}
	kept := &gateway.ResponseWriter{
		From: s.Gateway.Responses, Store: s.Store, Conf: s.Responses, Keyring: s.Control.Keyring, Log: s.Log,
	}
	s.done.Go(func() { s.pruneLoop(ctx) })
	s.done.Go(func() { kept.Run(ctx) })
	s.done.Go(func() { s.Control.RefreshLoop(ctx) })
	s.done.Go(func() { captures.Run(ctx) })
	s.done.Go(func() { s.Cluster.Run(ctx) })
}
