package gateway

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// Options are what a gateway is made of. All are required.
type Options struct {
	State     *State
	Routing   *routing.State
	Observer  Observer
	Owners    Owners
	Shares    Shares
	Responses ResponseStore

	// Ready reports whether what is stored has been read, and what other nodes
	// have taken of the limits. Until then nobody can say that a token or a
	// model is unknown.
	Ready func() bool
	// Keyring seals responses; nil while it is not known.
	Keyring func() *secrets.Keyring
	// Pseudonym returns what stands for a user of a client before upstreams,
	// empty if nothing may.
	Pseudonym func(user string) string

	Log *zap.Logger
}

// Owners knows who made stored responses, also those of earlier processes.
type Owners interface {
	// ResponseOwner returns the target that made a response, and the name of
	// the token it was made for. The error is store.ErrNotFound where nobody is
	// known to have made it.
	ResponseOwner(ctx context.Context, id string) (ai.Target, string, error)
}

// Shares gives the limits of tokens that several nodes share.
type Shares interface {
	// Wait returns when the shares have been divided anew, or ctx has ended.
	Wait(ctx context.Context)
}

// Gateway is the data plane of one config: the routing table in use, and the
// calls under way. Its Sites serve them.
type Gateway struct {
	Options
	table atomic.Pointer[routing.Table]
	calls atomic.Int64 // under way

	mu    sync.Mutex
	sites []*Site

	checks  sync.Mutex // of checker and checked
	checker *health.Checker
	checked map[string]time.Duration
}

// New returns a gateway without a table: Use gives it one.
func New(o Options) *Gateway { return &Gateway{Options: o} }

// Table is the routing table in use.
func (g *Gateway) Table() *routing.Table { return g.table.Load() }

// Use puts a table to use for the calls that come from now on.
func (g *Gateway) Use(t *routing.Table) { g.table.Store(t) }

// Connectable fails if connections to a channel cannot be made.
func (g *Gateway) Connectable(ch *routing.Channel) error {
	_, err := transports(ch, g.State.Pool, config.DefaultConnectTimeout)
	return err
}

// Enter counts a call in; whoever does so calls Leave at its end.
func (g *Gateway) Enter() {
	g.calls.Add(1)
	g.State.UnderWay.Add(1)
}

// Leave counts a call out.
func (g *Gateway) Leave() {
	g.State.UnderWay.Add(-1)
	g.calls.Add(-1)
}

// Calls is how many calls are under way.
func (g *Gateway) Calls() int64 { return g.calls.Load() }

// EndCalls ends the calls under way, honestly towards their clients, because the
// process exits.
func (g *Gateway) EndCalls() {
	g.State.Running.endAll(g)
}

// SiteOptions are the settings of one handler.
type SiteOptions struct {
	Policy       routing.Policy
	PolicyName   string
	PolicyConfig string // of the policy, to know whether two sites decide alike
	Limits       config.Limits
	AllowOrigins []string // of pages that may call, see config.Handler
	Log          *zap.Logger
}

// Site serves calls with the settings of one handler.
type Site struct {
	SiteOptions
	gateway *Gateway
	names   atomic.Pointer[[]string] // hosts; nil until they are known
	latest  atomic.Pointer[snapshot]
}

// NewSite returns a site of the gateway. It fails if the channels of the table
// in use cannot be connected to in the way that the site asks for.
func (g *Gateway) NewSite(o SiteOptions) (*Site, error) {
	s := &Site{SiteOptions: o, gateway: g}
	g.mu.Lock()
	g.sites = append(g.sites, s)
	g.mu.Unlock()
	_, err := s.resolve(g.Table())
	return s, err
}

// anySite is a site for questions that do not depend on one, nil if there is
// none.
func (g *Gateway) anySite() *Site {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sites) == 0 {
		return nil
	}
	return g.sites[len(g.sites)-1]
}

// snapshot is what a call works with from its beginning to its end: the
// channels, tokens and aliases of one moment, and the site's connections to
// them. Changes that are made meanwhile are for the calls that come after.
type snapshot struct {
	table      *routing.Table
	transports transportSet
}

// snapshot returns that of this moment. It is made when the first call after a
// change asks for it.
func (s *Site) snapshot() *snapshot {
	table, latest := s.gateway.Table(), s.latest.Load()
	if latest != nil && latest.table == table {
		return latest
	}
	// A table is not put to use before its connections could be made, see
	// Connectable; should one fail all the same, its channel has none.
	latest, err := s.resolve(table)
	if err != nil {
		s.Log.Error("preparing connections: " + err.Error())
	}
	return latest
}

// resolve makes the snapshot of a table.
func (s *Site) resolve(t *routing.Table) (*snapshot, error) {
	set, err := newTransportSet(t, s.gateway.State.Pool, s.Limits.ConnectTimeout)
	shot := &snapshot{table: t, transports: set}
	if err == nil {
		s.latest.Store(shot)
	}
	return shot, err
}

// transportSet is the connection pool of every address of every channel, as one
// site uses them.
type transportSet map[*routing.Channel][]http.RoundTripper

func newTransportSet(t *routing.Table, pool *relay.Pool, connect time.Duration) (transportSet, error) {
	set := make(transportSet, len(t.Channels))
	for _, ch := range t.Channels {
		list, err := transports(ch, pool, connect)
		if err != nil {
			return nil, err
		}
		set[ch] = list
	}
	return set, nil
}

// transports are the connection pools of a channel's addresses, or the transport
// that the config gives it.
func transports(ch *routing.Channel, pool *relay.Pool, connect time.Duration) ([]http.RoundTripper, error) {
	list := make([]http.RoundTripper, 0, len(ch.URLs))
	own := ch.Conf.Transport()
	if own == nil && len(ch.Conf.TransportRaw) > 0 {
		return nil, fmt.Errorf("channel %q: transport: only the config may have one", ch.Name)
	}
	for i := range ch.URLs {
		u := &ch.URLs[i]
		if own != nil {
			list = append(list, own)
			continue
		}
		n := relay.Network{
			Proxy: ch.Conf.Proxy, AllowPrivate: ch.Conf.AllowPrivateAddresses,
			InsecureSkipVerify: ch.Conf.TLSInsecureSkipVerify, ConnectTimeout: connect,
		}
		if u.Literal {
			n.LiteralHost = u.Host
		}
		tr, err := pool.Get(u.Host, n)
		if err != nil {
			return nil, fmt.Errorf("channel %q: %w", ch.Name, err)
		}
		list = append(list, tr)
	}
	return list, nil
}
