package ccload

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/selection"
	"github.com/ccload/ccload/store"
	"github.com/ccload/ccload/tokens"
	"github.com/ccload/ccload/vault"
)

// states holds the live state of every gateway in the process, keyed by the
// identity of its store, so that a new config finds what the old one knew.
var states = caddy.NewUsagePool()

// Times the state allows itself.
const (
	openTimeout  = 30 * time.Second // to connect to the store and migrate it
	closeTimeout = 10 * time.Second // to write what is left at the end
	pruneEvery   = 10 * time.Minute
	pruneStep    = 500 // calls deleted at a time, so that writers never wait long
)

// state is everything that outlives a config: what rests and why, rotation and
// latency, counters of limits, connections, the ledger and the database. It is
// indexed by the names and fingerprints of things, never by pointers into a
// config.
type state struct {
	board      *health.Board
	memory     *selection.State
	meters     *access.Meters
	purses     *access.Purses
	prices     *priceBook
	counter    *tokens.Counter
	counting   lastUse // of the endpoints that count tokens
	usual      usualOutputs
	told       sync.Map // what the log was told -> time.Time: when, or until when it holds
	habits     usageHabits
	ledger     *ledger.Ledger
	cooling    *ledger.CoolingSaver
	store      store.Store
	pins       *pins
	transports *transports
	load       *loadBook
	lists      *modelLists
	inFlight   atomic.Int64

	openOnce sync.Once
	openErr  error
	opened   atomic.Bool
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu        sync.Mutex
	apps      []*App // those that are started, oldest first
	log       atomic.Pointer[zap.Logger]
	retention atomic.Pointer[retention]

	vault    atomic.Pointer[vault.Vault]
	noKey    atomic.Bool                  // the vault's key is kept nowhere
	stored   atomic.Pointer[storedConfig] // nil until it is read for the first time
	reading  sync.Mutex                   // one at a time reads what is stored
	rests    sharedRests
	editing  sync.Mutex // one at a time changes what is stored
	rotating sync.Mutex // one at a time changes the encryption key

	desk   *admin.Desk
	totals totals

	guesses  tokenGuesses // of client tokens
	captures *captures
	sharing  *sharing
}

// retention is how much of the request log is kept; zero values keep all.
type retention struct {
	age   time.Duration
	bytes int64
}

// newState makes an empty state around a store that is not open yet.
func newState(s store.Store, log *zap.Logger) *state {
	st := &state{
		memory:     selection.NewState(),
		meters:     access.NewMeters(),
		purses:     access.NewPurses(),
		prices:     new(priceBook),
		counter:    tokens.New(),
		store:      s,
		pins:       newPins(),
		transports: newTransports(),
		load:       newLoadBook(),
		lists:      newModelLists(),
		guesses:    newTokenGuesses(),
		captures:   newCaptures(),
		sharing:    newSharing(),
	}
	st.log.Store(log)
	st.desk = newDesk(st)
	st.rests.entries = make(map[health.Ref]health.Entry)
	st.board = health.NewBoard(health.Options{Changed: st.coolingChanged})
	st.ledger = ledger.New(ledger.Options{Alarm: func(msg string, err error) {
		st.log.Load().Error(msg, zap.Error(err))
	}})
	return st
}

// open connects the store and starts what runs in the background. It does so
// once; later calls return the first result.
func (st *state) open() error {
	st.openOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
		defer cancel()
		if err := st.store.Open(ctx); err != nil {
			st.openErr = err
			return
		}
		entries, err := st.store.LoadCooling(ctx)
		if err != nil {
			st.openErr = errors.Join(fmt.Errorf("reading what was cooling: %w", err), st.store.Close())
			return
		}
		st.board.Restore(entries)
		st.useSpool(ctx) // before what was spent is read: some of it may be there
		spent, err := st.store.LoadSpent(ctx)
		if err != nil {
			st.openErr = errors.Join(fmt.Errorf("reading what was spent: %w", err), st.store.Close())
			return
		}
		st.purses.Load(spent)
		if saved, err := st.store.LoadMemory(ctx, tokensMemory); err == nil {
			if err := st.counter.Load(saved); err != nil {
				st.log.Load().Warn("what was learned of counting tokens cannot be read and is learned anew", zap.Error(err))
			}
		}
		st.cooling = ledger.NewCoolingSaver(st, func(msg string, err error) {
			st.log.Load().Warn(msg, zap.Error(err))
		})
		st.ledger.Attach(ackWriter{st})
		var run context.Context
		run, st.stop = context.WithCancel(context.Background())
		st.done.Go(func() { st.pruneLoop(run) })
		st.done.Go(func() { st.refreshLoop(run) })
		st.done.Go(func() { st.captureLoop(run) })
		st.done.Go(func() { st.shareLoop(run) })
		st.opened.Store(true)
	})
	return st.openErr
}

// useSpool gives the ledger a place on disk for the time that the store is
// away. Without one it keeps records in memory only.
func (st *state) useSpool(ctx context.Context) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(st.store.Identity()))
	dir := filepath.Join(caddy.AppDataDir(), "ccload", "spool", strconv.FormatUint(h.Sum64(), 16))
	spool, err := ledger.OpenSpool(dir, 0)
	if err != nil {
		st.log.Load().Error("there is no spool for records of calls: they are kept in memory only while the store is away", zap.Error(err))
		return
	}
	if n := spool.Len(); n > 0 {
		st.log.Load().Info("records of calls that the store did not take before are written now", zap.Int("records", n))
		if err := spool.Drain(ctx, ackWriter{st}); err != nil {
			st.log.Load().Warn("writing records of calls that the store did not take before; it is tried again", zap.Error(err))
		}
	}
	st.ledger.UseSpool(spool)
}

// Destruct writes what is left and closes the store. The usage pool calls it
// when the last config that used the state has let go of it.
func (st *state) Destruct() error {
	st.transports.close()
	st.desk.Hub.CloseAll()
	if !st.opened.Load() {
		return nil
	}
	st.stop()
	st.done.Wait()
	// What rests is a few rows, the ledger may have many: that one goes last,
	// and each has its own time.
	return errors.Join(within(closeTimeout, st.cooling.Close), within(closeTimeout, st.keepLearned), within(closeTimeout, st.ledger.Close), st.store.Close())
}

// keepLearned saves what replies taught about counting tokens.
func (st *state) keepLearned(ctx context.Context) error {
	if len(st.counter.Inspect()) == 0 {
		return nil
	}
	saved, err := st.counter.Save()
	if err != nil {
		return err
	}
	return st.store.SaveMemory(ctx, tokensMemory, saved)
}

func within(timeout time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return do(ctx)
}

// pruneLoop keeps the request log within its bounds.
func (st *state) pruneLoop(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		st.prune(ctx)
		if err := st.keepLearned(ctx); err != nil && ctx.Err() == nil {
			st.log.Load().Warn("keeping what was learned of counting tokens", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (st *state) prune(ctx context.Context) {
	keep := st.retention.Load()
	if keep == nil {
		return
	}
	var before time.Time
	if keep.age > 0 {
		before = time.Now().Add(-keep.age)
	}
	for ctx.Err() == nil {
		n, err := st.store.Prune(ctx, before, keep.bytes, pruneStep)
		if err != nil && ctx.Err() == nil {
			st.log.Load().Warn("forgetting old calls", zap.Error(err))
		}
		if err != nil || n == 0 {
			return
		}
	}
}

// attach makes an app the one that events go to, detach takes it away again.
func (st *state) attach(app *App) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.apps = append(st.apps, app)
	st.log.Store(app.logger)
	st.retention.Store(app.keep.Load())
}

func (st *state) detach(app *App) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for i, a := range st.apps {
		if a == app {
			st.apps = append(st.apps[:i:i], st.apps[i+1:]...)
			break
		}
	}
	if n := len(st.apps); n > 0 {
		last := st.apps[n-1]
		st.log.Store(last.logger)
		st.retention.Store(last.keep.Load())
	}
}

// current is the app that was started last, nil between configs.
func (st *state) current() *App {
	st.mu.Lock()
	defer st.mu.Unlock()
	if n := len(st.apps); n > 0 {
		return st.apps[n-1]
	}
	return nil
}

// coolingChanged is told by the board whenever something starts or ends to
// rest. It persists the change and tells people.
func (st *state) coolingChanged(c health.Change) {
	if st.opened.Load() {
		st.cooling.Changed(c)
	}
	st.publishChange(liveChange{Cooling: &c})
	if app := st.current(); app != nil {
		app.announce(c)
	}
}
