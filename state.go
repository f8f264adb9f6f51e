package ccload

import (
	"context"
	"errors"
	"path/filepath"
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
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// states holds the live state of every gateway in the process, keyed by the
// identity of its store, so that a new config finds what the old one knew.
var states = caddy.NewUsagePool()

// closeTimeout is how long each part may take to write what is left at the end.
const closeTimeout = 10 * time.Second

// state is everything that outlives a config: what each part of the gateway
// remembers, and the database that they share. It opens and closes them.
type state struct {
	routing *routing.State
	gateway *gateway.State
	control *control.State
	cluster *cluster.Cluster

	storage *control.Storage // opens the store
	store   store.Store
	files   *secrets.Files
	warned  sync.Map // what the log was told -> time.Time: when, or until when it holds

	mu   sync.Mutex
	apps []*App // those that are started, oldest first
	log  atomic.Pointer[zap.Logger]
}

// newState makes an empty state around a store that is not open yet.
func newState(s store.Store, log *zap.Logger) *state {
	st := &state{store: s, files: secrets.NewFiles()}
	st.log.Store(log)
	st.routing = routing.NewState(st.coolingChanged)
	st.routing.Spending.SetKnown(false)
	st.gateway = gateway.NewState(st.logger)
	st.cluster = cluster.New(cluster.Options{
		Store: s, Tracker: st.routing.Tracker, Limited: st.limited, Log: st.logger,
		Changed: func() { st.control.PublishChange(admin.LiveChange{Resting: true}) },
	})
	st.control = control.NewState(control.Parts{
		Store: s, Cluster: st.cluster, Routing: st.routing, Gateway: st.gateway,
		Current: st.service, Apply: st.apply, SpendingKnown: func() bool { return st.storage.Opened() }, Log: st.logger,
	})
	st.storage = control.NewStorage(control.StorageOptions{
		Store: s, Control: st.control, Gateway: st.gateway, Cluster: st.cluster, Files: st.files,
		Writer: control.NewCallWriter(s, st.routing.Spending, st.control.NoteWrite), Folder: filepath.Join(caddy.AppDataDir(), "ccload"),
		Retention: st.retention, Capture: st.captureConf, Responses: st.responsesConf, Log: st.logger,
	})
	return st
}

// logger is that of the config that was started last.
func (st *state) logger() *zap.Logger { return st.log.Load() }

// Destruct writes what is left and closes the store. The usage pool calls it
// when the last config that used the state has let go of it.
func (st *state) Destruct() error {
	st.gateway.Pool.Close()
	st.control.Shared.Hub.CloseAll()
	if !st.storage.Begun() {
		return within(closeTimeout, st.gateway.Ledger.Close)
	}
	st.storage.Stop()
	if !st.storage.Opened() { // there is nobody to give anything to: the ledger's goes to disk
		return errors.Join(within(0, st.cluster.Close), within(closeTimeout, st.gateway.Ledger.Close), st.store.Close())
	}
	// What cools down is a few rows, the ledger may have many: that one goes last,
	// and each has its own time.
	return errors.Join(within(closeTimeout, st.cluster.Close), within(closeTimeout, st.storage.KeepLearned), within(closeTimeout, st.gateway.Ledger.Close), st.store.Close())
}

func within(timeout time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return do(ctx)
}

// UnderWay implements metrics.Source.
func (st *state) UnderWay() int64 { return st.gateway.UnderWay.Load() }

// Records implements metrics.Source.
func (st *state) Records() ledger.Stats { return st.gateway.Ledger.Stats() }

// Cooling implements metrics.Source.
func (st *state) Cooling() []health.Entry { return st.control.Cooling() }

// attach makes an app the one that events go to, detach takes it away again.
func (st *state) attach(app *App) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.apps = append(st.apps, app)
	st.log.Store(app.logger)
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
		st.log.Store(st.apps[n-1].logger)
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
}

// retention is how much of the request log is kept now, nil between configs.
func (st *state) retention() *control.Retention {
	if app := st.current(); app != nil {
		return app.keep.Load()
	}
	return nil
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

// limited are the limiters of the config in use that have limits, nil between
// configs.
func (st *state) limited() map[string]*access.Limiter {
	if app := st.current(); app != nil {
		return app.gateway.Table().Limited()
	}
	return nil
}

// coolingChanged is told by the tracker whenever something begins or ceases to
// cool down. It persists the change and tells people.
func (st *state) coolingChanged(c health.Change) {
	if st.storage.Begun() {
		st.cluster.Save(c)
	}
	st.control.PublishChange(admin.LiveChange{Cooling: &c})
	if app := st.current(); app != nil {
		app.observer.coolingChanged(c)
	}
}
