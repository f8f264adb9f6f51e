// Package ccload turns Caddy into a gateway for AI services: one address in
// front of many upstream accounts. It chooses an account for each request,
// rewrites the request for it, notices when an answer is no answer, tries
// another, streams the good one back untouched, and remembers who is unwell.
//
// The app (this file) owns the state; the handler (handler.go) tells the life
// of a call from top to bottom.
package ccload

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	_ "github.com/ccload/ccload/command" // caddy ccload
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/control"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

func init() {
	caddy.RegisterModule(new(App))
}

// App is the gateway: its channels, client tokens and aliases, the store that
// remembers, and everything that is known of the health of upstreams. It is
// configured once and shared by all ccload handlers of a config.
//
// What it knows lives longer than a config: a reload forgets no cooldown, cuts
// no stream and resets no counter.
type App struct {
	config.App

	ctx      caddy.Context
	logger   *zap.Logger
	observer *observer
	state    *state
	stateKey string
	gateway  *gateway.Gateway
	keep     atomic.Pointer[control.Retention]
	control  *control.Service
	files    *secrets.FileSet // those that the config names
	prices   []pricing.Row    // of the files that the config names
	replacer *caddy.Replacer  // of placeholders that stand for secrets, by way of files
	sites    addresses        // at which it is found

	background sync.WaitGroup     // what runs by itself until Stop
	stop       context.CancelFunc // ends it

	closeTransports context.CancelFunc // of channels that have their own
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "ccload",
		New: func() caddy.Module { return new(App) },
	}
}

// Provision resolves the config and reads the files that it names, so that
// "caddy validate" finds those that are missing or wrong. It makes nothing and
// opens neither store nor network: that is done in Start.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger = ctx, ctx.Logger()
	if err := a.Validate(); err != nil {
		return err
	}
	// Calls may outlive the config, and so do their connections, see leaveState.
	var transports caddy.Context
	transports, a.closeTransports = caddy.NewContext(ctx)
	for _, c := range a.Channels {
		if err := c.ProvisionTransport(transports); err != nil {
			return err
		}
	}
	if err := collectors.Register(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	events, err := ctx.App("events")
	if err != nil {
		return err
	}
	if err := events.(*caddyevents.App).On("started", announcer{a}); err != nil {
		return err
	}
	if err := a.joinState(); err != nil {
		return err
	}
	a.observer = &observer{ctx: ctx, log: a.logger, events: events.(*caddyevents.App), warned: &a.state.warned, ended: a.state.control.PublishCall}
	a.files = a.state.files.NewSet()
	a.replacer = config.NewReplacer(a.files.Get, func(path string, err error) {
		a.observer.Problem(fmt.Sprintf("the placeholder {file.%s} is empty: %v", path, err))
	})
	a.gateway = gateway.New(gateway.Options{
		State: a.state.gateway, Routing: a.state.routing, Observer: a.observer, Owners: a.state.store, Shares: a.state.cluster, Responses: a.state.store,
		Ready: a.state.control.Complete, Keyring: a.state.control.Keyring, Pseudonym: a.state.control.Pseudonym, Log: a.logger,
	})
	a.control, err = control.New(control.Options{
		State: a.state.control, Declared: &a.App, Gateway: a.gateway, Replacer: caddy.NewReplacer(), Watched: a.replacer, SecretFile: a.files.Get,
		KeyFile: filepath.Join(caddy.AppDataDir(), "ccload", "encryption.key"), Modules: modulesIn, Log: a.logger,
	})
	if err != nil {
		return err
	}
	if a.prices, err = a.control.ReadPrices(); err != nil {
		return err
	}
	return a.rebuild()
}

// joinState finds the state that belongs to the app's store, or makes it.
func (a *App) joinState() error {
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"store":"sqlite"}`)
	}
	mod, err := a.ctx.LoadModule(&a.App, "StoreRaw")
	if err != nil {
		return fmt.Errorf("loading the store: %w", err)
	}
	s := mod.(store.Store)
	a.stateKey = s.Identity()
	v, _, err := states.LoadOrNew(a.stateKey, func() (caddy.Destructor, error) {
		return newState(s, a.logger), nil
	})
	if err != nil {
		return err
	}
	a.state = v.(*state)
	return nil
}

// rebuild makes the registry of what is declared and stored now.
func (a *App) rebuild() error {
	replace := func(s string) string { return a.replacer.ReplaceAll(s, "") }
	whole, shadowed := a.control.Whole()
	for _, problem := range shadowed {
		a.observer.Problem(problem)
	}
	r, err := routing.NewTable(whole, routing.Options{
		Declared: len(a.Channels), Replace: replace, State: a.state.routing, Usable: a.gateway.Connectable,
		Warn: a.observer.Problem,
	})
	if err != nil {
		return err
	}
	age, bytes := whole.Retention.Resolve()
	a.keep.Store(&control.Retention{Age: age, Bytes: bytes})
	a.state.cluster.Restrict(r.Limited())
	a.gateway.Use(r)
	return nil
}

// Start opens the store, if no earlier config has, and begins to work. A store
// that is away keeps no config from starting.
func (a *App) Start() (err error) {
	if err := a.state.storage.Open(); err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	a.control.MakeSecretFiles()
	var run context.Context
	run, a.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil { // Caddy stops only what has started
			a.stop()
			a.background.Wait()
		}
	}()
	if err := a.state.storage.Meet(run, a.control.Open); err != nil {
		return err
	}
	if err := a.rebuild(); err != nil {
		return err
	}
	a.state.attach(a)
	if a.state.storage.Opened() {
		_ = a.state.storage.Meet(run, func(ctx context.Context) error { a.state.cluster.Divide(ctx); return nil })
	}
	if sync := a.control.UsePrices(a.prices); sync != nil {
		a.background.Go(func() { sync(run) })
	}
	a.gateway.StartChecks()
	a.warnOfServers()
	a.nameSites()
	a.findSites()
	a.warnOfSites()
	if len(a.gateway.Table().Tokens.Names()) == 0 {
		a.observer.NoTokens()
	}
	return nil
}

// Stop ends what the app runs by itself. Calls under way go on: their state is
// released in Cleanup when the last of them is done.
func (a *App) Stop() error {
	a.state.detach(a)
	if a.stop != nil {
		a.stop()
		a.background.Wait()
	}
	a.gateway.StopChecks()
	return nil
}

// exitPatience is how long a process that exits waits for calls that outlived
// Caddy's own grace period, so that what they cost is still written.
const exitPatience = 2 * time.Second

// idlePoll is how often a config that ends looks whether its calls are done.
const idlePoll = 50 * time.Millisecond

// Cleanup lets go of the state. After a reload that happens when the last call
// of the old config has ended; at exit it is waited for.
func (a *App) Cleanup() error {
	if a.state == nil {
		if a.closeTransports != nil {
			a.closeTransports()
		}
		return nil
	}
	if caddy.Exiting() {
		if !a.idleWithin(exitPatience) {
			a.logger.Warn("ending calls that are under way, because the process exits", zap.Int64("calls", a.gateway.Calls()))
			a.endCalls()
		}
		a.leaveState()
		return nil
	}
	if a.gateway.Calls() == 0 {
		a.leaveState()
		return nil
	}
	go func() {
		a.idleWithin(math.MaxInt64)
		a.leaveState()
	}()
	return nil
}

// endCalls ends the calls under way, honestly towards their clients, so that
// what they cost is written.
func (a *App) endCalls() {
	a.gateway.EndCalls()
	a.idleWithin(exitPatience)
}

// idleWithin waits until no call of this config is under way. It polls: a
// request may still slip in while an old config ends, which a wait group does
// not allow.
func (a *App) idleWithin(patience time.Duration) bool {
	for a.gateway.Calls() > 0 {
		if patience -= idlePoll; patience < 0 {
			return false
		}
		time.Sleep(idlePoll)
	}
	return true
}

func (a *App) leaveState() {
	a.closeTransports()
	if a.files != nil {
		a.files.Close()
	}
	if _, err := states.Delete(a.stateKey); err != nil {
		a.logger.Error("closing the gateway's state", zap.Error(err))
	}
}

// Operator implements admin.App.
func (a *App) Operator() admin.Operator { return a.control }

// modulesIn lists the modules in a namespace of Caddy's.
func modulesIn(namespace string) []control.Module {
	found := caddy.GetModules(namespace)
	list := make([]control.Module, 0, len(found))
	for _, info := range found {
		t := reflect.TypeOf(info.New())
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		list = append(list, control.Module{Name: info.ID.Name(), Type: t})
	}
	return list
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
