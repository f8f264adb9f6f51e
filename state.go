package ccload

import (
	"context"
	"errors"
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
	"github.com/ccload/ccload/cluster"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/control"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// states holds the live state of every gateway in the process, keyed by the
// identity of its store, so that a new config finds what the old one knew.
var states = caddy.NewUsagePool()

// Times the state allows itself.
const (
	closeTimeout = 10 * time.Second // to write what is left at the end
	pruneEvery   = 10 * time.Minute
	pruneStep    = 500 // calls deleted at a time, so that writers never wait long
)

// tokensMemory is the name under which the store keeps what was learned of
// counting tokens.
const tokensMemory = "tokens"

// usageMemory is the name under which the store keeps which addresses refuse to
// be asked for usage.
const usageMemory = "usage"

// state is everything that outlives a config: what each part of the gateway
// remembers, and the database that they share. It opens and closes them.
type state struct {
	routing *routing.State
	gateway *gateway.State
	control *control.State
	cluster *cluster.Cluster

	store  store.Store
	files  *secrets.Files
	warned sync.Map // what the log was told -> time.Time: when, or until when it holds

	openOnce sync.Once
	openErr  error
	begun    atomic.Bool // what runs in the background does
	opened   atomic.Bool // the store is open, and what was spent is known
	writer   *control.CallWriter
	drains   int // of connect: attempts that ended because older records are not written
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu        sync.Mutex
	apps      []*App // those that are started, oldest first
	log       atomic.Pointer[zap.Logger]
	retention atomic.Pointer[retention]
}

// retention is how much of the request log is kept; zero values keep all.
type retention struct {
	age   time.Duration
	bytes int64
}

// newState makes an empty state around a store that is not open yet.
func newState(s store.Store, log *zap.Logger) *state {
	st := &state{store: s, files: secrets.NewFiles()}
	st.log.Store(log)
	st.routing = routing.NewState(st.coolingChanged)
	st.routing.Spending.SetKnown(false)
	st.writer = control.NewCallWriter(s, st.routing.Spending)
	st.gateway = gateway.NewState(st.logger)
	st.cluster = cluster.New(cluster.Options{
		Store: s, Tracker: st.routing.Tracker, Limited: st.limited, Log: st.logger,
		Changed: func() { st.control.PublishChange(admin.LiveChange{Resting: true}) },
	})
	st.control = control.NewState(control.Parts{
		Store: s, Cluster: st.cluster, Routing: st.routing, Gateway: st.gateway,
		Current: st.service, Apply: st.apply, SpendingKnown: st.opened.Load, Log: st.logger,
	})
	return st
}

// logger is that of the config that was started last.
func (st *state) logger() *zap.Logger { return st.log.Load() }

// openJournal gives the ledger its journal, before anything is asked of the
// store: calls may come already. Without one records are in memory only until
// they are stored.
func (st *state) openJournal() {
	h := fnv.New64a()
	_, _ = h.Write([]byte(st.store.Identity()))
	dir := filepath.Join(caddy.AppDataDir(), "ccload", "journal", strconv.FormatUint(h.Sum64(), 16))
	if err := st.gateway.Ledger.OpenJournal(dir, 0); err != nil {
		st.log.Load().Error("the journal of calls cannot be kept: a process that is killed loses calls that were answered; it is tried again", zap.String("folder", dir), zap.Error(err))
	}
	if n := st.gateway.Ledger.Recovered(); n > 0 {
		st.log.Load().Info("records of calls that an earlier process did not get into the store are written first", zap.Int("records", n))
	}
}

// Destruct writes what is left and closes the store. The usage pool calls it
// when the last config that used the state has let go of it.
func (st *state) Destruct() error {
	st.gateway.Pool.Close()
	st.control.Shared.Hub.CloseAll()
	if !st.begun.Load() {
		return within(closeTimeout, st.gateway.Ledger.Close)
	}
	st.stop()
	st.done.Wait()
	if !st.opened.Load() { // there is nobody to give anything to: the ledger's goes to disk
		return errors.Join(within(0, st.cluster.Close), within(closeTimeout, st.gateway.Ledger.Close), st.store.Close())
	}
	// What cools down is a few rows, the ledger may have many: that one goes last,
	// and each has its own time.
	return errors.Join(within(closeTimeout, st.cluster.Close), within(closeTimeout, st.keepLearned), within(closeTimeout, st.gateway.Ledger.Close), st.store.Close())
}

// keepLearned saves what replies taught about counting tokens, and about asking
// for usage.
func (st *state) keepLearned(ctx context.Context) error {
	return errors.Join(st.keepTokens(ctx), st.keepUsageSupport(ctx))
}

func (st *state) keepTokens(ctx context.Context) error {
	if len(st.gateway.Counter.Inspect()) == 0 {
		return nil
	}
	saved, err := st.gateway.Counter.Save()
	if err != nil {
		return err
	}
	return st.store.SaveMemory(ctx, tokensMemory, saved)
}

func (st *state) keepUsageSupport(ctx context.Context) error {
	saved, failed, err := st.gateway.UsageSupport.Save(time.Now())
	if err != nil || saved == nil {
		return err
	}
	if err := st.store.SaveMemory(ctx, usageMemory, saved); err != nil {
		failed()
		return err
	}
	return nil
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
			st.log.Load().Warn("keeping what was learned of counting tokens and of usage", zap.Error(err))
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

// service is the control plane of the config that was started last, nil between
// configs.
func (st *state) service() *control.Service {
	if app := st.current(); app != nil {
		return app.control
	}
	return nil
}

// apply makes every config that is started use what is stored now.
func (st *state) apply() {
	st.mu.Lock()
	apps := append([]*App{}, st.apps...)
	st.mu.Unlock()
	for _, app := range apps {
		if err := app.rebuild(); err != nil {
			app.logger.Error("what is stored or in files cannot be put to use; routing stays as it was", zap.Error(err))
			continue
		}
		app.gateway.RenewChecks()
	}
	if n := len(apps); n > 0 {
		st.retention.Store(apps[n-1].keep.Load())
	}
}

// captureConf is what is captured now.
func (st *state) captureConf() config.Capture {
	if app := st.current(); app != nil {
		return app.gateway.Table().Capture
	}
	return new(config.Capture).Resolved()
}

// responsesConf is how responses are kept now.
func (st *state) responsesConf() config.ResponsesStore {
	if app := st.current(); app != nil {
		return app.gateway.Table().ResponsesStore
	}
	return new(config.ResponsesStore).Resolved()
}

// limited are the allowances with limits of the config in use, nil between
// configs.
func (st *state) limited() map[string]*access.Limiter {
	if app := st.current(); app != nil {
		return app.gateway.Table().Limited()
	}
	return nil
}

// coolingChanged is told by the board whenever something starts or ends to
// rest. It persists the change and tells people.
func (st *state) coolingChanged(c health.Change) {
	if st.begun.Load() {
		st.cluster.Save(c)
	}
	st.control.PublishChange(admin.LiveChange{Cooling: &c})
	if app := st.current(); app != nil {
		app.observer.coolingChanged(c)
	}
}
