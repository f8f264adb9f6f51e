// Package control is the control plane: what the operator of the gateway sees
// and changes. A Service answers the admin API for one config; State is what
// outlives configs. What is changed is stored as documents, which stand beside
// what the config declares, are sealed where they hold secrets, and are shared
// by all nodes of a database.
//
// It knows no Caddy: modules, placeholders and the data folder are handed in.
package control

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/cluster"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// Store is what the control plane needs of the store.
type Store interface {
	store.Calls
	store.Statistics
	store.Documents
	store.Sessions
	store.Captures
	store.Memory
}

// Parts are what outlives a config and belongs to others, as far as the
// control plane shows and changes it. All are required.
type Parts struct {
	Store   Store
	Cluster *cluster.Cluster
	Routing *routing.State
	Gateway *gateway.State

	// Current returns the service of the config that was started last, nil
	// between configs.
	Current func() *Service
	// Apply makes every config that runs use what is stored now.
	Apply func()
	// SpendingKnown reports whether it is known what was spent of budgets.
	SpendingKnown func() bool
	// Log returns the logger of the moment.
	Log func() *zap.Logger
}

// State is what the control plane remembers for longer than any config: what is
// stored beside the config, the keys that seal it, and who is logged in.
type State struct {
	Parts

	// Shared is what the dashboard remembers.
	Shared *admin.Shared

	keyring    atomic.Pointer[secrets.Keyring]
	noKey      atomic.Bool                  // the keyring's key is kept nowhere
	stored     atomic.Pointer[storedConfig] // nil until it is read for the first time
	storeState atomic.Pointer[storeState]
	writeFault atomic.Pointer[error] // why the last batch of calls could not be written; nil: it could
	reading    sync.Mutex            // one at a time reads what is stored
	editing    sync.Mutex            // one at a time changes what is stored
	rotating   sync.Mutex            // one at a time changes the encryption key
	totals     totals
}

// NewState returns a state that remembers nothing.
func NewState(p Parts) *State {
	st := &State{Parts: p}
	st.Shared = admin.NewShared(sessionStore{p.Store}, admin.NewHub(admin.HubOptions{
		Snapshot: func(token string) any { return st.live(token, true) },
		Metrics:  func(token string) any { return st.live(token, false) },
		Running:  p.Gateway.Running.List,
	}))
	st.Shared.Version = cluster.Version()
	return st
}

// Gateway is what the control plane asks of the data plane of its config.
type Gateway interface {
	// Table returns the routing table in use.
	Table() *routing.Table
	// Explain tells where a call would go now, without sending anything.
	Explain(q admin.Question) (*admin.Explanation, error)
	// ExpectedShares tells which part of calls would go to each channel now.
	ExpectedShares(asked []admin.Asked) map[string]float64
	// TestChannel asks a channel for short answers, as a client would.
	TestChannel(ctx context.Context, q admin.TestQuestion) ([]admin.TestAnswer, error)
	// SiteNames lists the hosts of each site.
	SiteNames() []string
	// Play serves a call of the playground.
	Play(w http.ResponseWriter, r *http.Request, clientAddress string, p *admin.Play) (abort bool, err error)
	// FetchModels asks the upstream of a channel in use which models it has.
	FetchModels(ctx context.Context, channel string) ([]string, error)
	// FetchModelsOf does the same for a channel that is not in use.
	FetchModelsOf(ctx context.Context, c *config.Channel) ([]string, error)
	// CheckChannel fails if a channel could not serve calls as it is written.
	CheckChannel(c *config.Channel) error
}

// Replacer replaces placeholders in what the config declares.
type Replacer interface {
	// ReplaceAll puts empty in place of unknown placeholders.
	ReplaceAll(input, empty string) string
	// ReplaceKnown leaves unknown placeholders as they are.
	ReplaceKnown(input, empty string) string
}

// Module is a module of this build.
type Module struct {
	Name string       // in its namespace
	Type reflect.Type // of its settings, no pointer
}

// Options are what a config's control plane is made of. All are required.
type Options struct {
	State *State
	// Declared is what the config declares, validated.
	Declared *config.App
	Gateway  Gateway
	// KeyFile is where the encryption key is kept if none is configured.
	KeyFile  string
	Replacer Replacer
	// Watched replaces placeholders as Replacer does, but for those of files:
	// their contents are watched, and RenewSecrets is called after a change.
	Watched Replacer
	// SecretFile reads a file that is watched in the same way.
	SecretFile func(path string) (string, error)
	// Modules lists the modules in a namespace.
	Modules func(namespace string) []Module
	Log     *zap.Logger
}

// Service is the control plane of one config: what its operator sees and
// changes.
type Service struct {
	underWay
	state    *State
	declared *config.App
	gateway  Gateway
	keyFile  string
	replacer Replacer
	watched  Replacer
	secret   func(path string) (string, error)
	modules  func(namespace string) []Module
	log      *zap.Logger
	password atomic.Pointer[admin.Password] // of the dashboard, nil if there is none
	opening  sync.Mutex                     // one at a time opens it
	open     atomic.Bool                    // its encryption key is that of the database, and what is stored has been read
}

var _ admin.Operator = (*Service)(nil)

// New makes the control plane of a config. It opens nothing. It fails if an
// encryption key or the admin password of the config cannot be used.
func New(o Options) (*Service, error) {
	s := &Service{
		underWay: underWay{o.State, o.Gateway},
		state:    o.State, declared: o.Declared, gateway: o.Gateway, keyFile: o.KeyFile,
		replacer: o.Replacer, watched: o.Watched, secret: o.SecretFile, modules: o.Modules, log: o.Log,
	}
	if _, err := s.encryptionKeys(); err != nil {
		return nil, err
	}
	password, err := s.readPassword()
	s.password.Store(password)
	return s, err
}

// RenewSecrets reads the admin password anew, because a file has changed that it
// may come from. One that cannot be used leaves the old one.
func (s *Service) RenewSecrets() {
	password, err := s.readPassword()
	if err != nil {
		s.log.Error("the new admin password cannot be used, so the old one stays", zap.Error(err))
		return
	}
	s.password.Store(password)
}

// Shared implements admin.Operator.
func (s *Service) Shared() *admin.Shared { return s.state.Shared }

// Password implements admin.Operator.
func (s *Service) Password() *admin.Password { return s.password.Load() }
