// Package cluster is what nodes that use the same database have in common: the
// limits of tokens and channels, which they divide among each other, and the
// cooldowns after failures. A node that is alone has all of every limit and pays
// nothing for it but a look at the database each second.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/store"
)

// Times of sharing.
const (
	heartbeatEvery = 10 * time.Second
	heartbeatLife  = 30 * time.Second // a node that is silent for so long is gone
	shareEvery     = 500 * time.Millisecond
	sharePause     = 100 * time.Millisecond // between two rounds, however urgent
	shareRenew     = 15 * time.Second       // of a share that nothing has changed of
	shareLife      = time.Minute + 10*time.Second
	shareSilent    = 5 * time.Second // for the store, in one round
	silence        = 3 * time.Second // in which a node has to notice a newcomer
)

// Store is what a cluster needs of the store that its nodes have in common.
type Store interface {
	Heartbeat(ctx context.Context, n store.Node, until time.Time) error
	Nodes(ctx context.Context, self string, now time.Time) (others []store.Node, starved []string, err error)
	Leave(ctx context.Context, node string) error
	KnownNodes(ctx context.Context) ([]store.Node, error)
	Lease(ctx context.Context, node string, claims []store.Claim, now, until time.Time) ([]store.Grant, error)
	LoadCooling(ctx context.Context) ([]health.Entry, error)
	SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error
}

// Options are what a cluster works with. All are needed.
type Options struct {
	Store   Store
	Tracker *health.Tracker // of what cools down at this node

	// Limited returns the allowances that have limits, by a name that all nodes
	// know them by; nil while no config is in use.
	Limited func() map[string]*access.Limiter

	// Changed is called when other nodes have changed what cools down.
	Changed func()

	Log func() *zap.Logger // of the moment
}

// Cluster is this node's place among those that use the same store. It is safe
// for concurrent use.
type Cluster struct {
	o         Options
	leaser    *leaser
	cooldowns sharedCooldowns
	saver     *ledger.CooldownSaver // made by Start
}

// New returns a cluster that this node has not joined yet.
func New(o Options) *Cluster {
	return &Cluster{o: o, leaser: newLeaser(), cooldowns: sharedCooldowns{entries: make(map[health.Ref]health.Entry)}}
}

// Ready reports whether it is known what other nodes have taken of the limits.
func (c *Cluster) Ready() bool { return c.leaser.begun.Load() }

// leaser is what a node knows of the others, and has of the limits.
type leaser struct {
	node  string
	since time.Time     // when this node began
	ask   chan struct{} // somebody needs a larger share
	begun atomic.Bool   // the first round is over
	nodes atomic.Int64  // that are there, or were lately; 1 is this one alone

	mu    sync.Mutex
	round chan struct{} // closed at the end of the round

	rounds    sync.Mutex // one round at a time; of what follows
	leases    map[*access.Limiter]*lease
	heartbeat time.Time            // when the others were last told of this node
	told      bool                 // that it keeps to its shares
	met       time.Time            // when another node was last there
	silent    map[string]time.Time // nodes that do not share, since when they are known
	failing   bool
}

// lease is what the node has of the limits of one thing.
type lease struct {
	access.Share
	name    string // of the thing, as all nodes know it
	renew   time.Time
	starved bool // another node needs more than it got
	short   bool // this one did, in the last round
}

// ownNodes are those of this process that are alive.
var ownNodes sync.Map

func newLeaser() *leaser {
	raw := make([]byte, 8)
	rand.Read(raw)
	s := &leaser{
		node: fmt.Sprintf("%s:%d:%s", hex.EncodeToString(raw), os.Getpid(), machine()), since: time.Now(), ask: make(chan struct{}, 1), round: make(chan struct{}),
		leases: make(map[*access.Limiter]*lease), silent: make(map[string]time.Time),
	}
	s.nodes.Store(1)
	ownNodes.Store(s.node, true)
	return s
}

// wake asks for a round soon. It never waits.
func (s *leaser) wake() {
	select {
	case s.ask <- struct{}{}:
	default:
	}
}

// Wait asks for a larger share soon, and returns when shares have been divided
// anew or ctx has ended.
func (c *Cluster) Wait(ctx context.Context) {
	s := c.leaser
	s.mu.Lock()
	round := s.round
	s.mu.Unlock()
	s.wake()
	select {
	case <-round:
	case <-ctx.Done():
	}
}

// Run keeps the node's shares. It runs until ctx ends, and then gives back what
// the node does not use.
func (c *Cluster) Run(ctx context.Context) {
	tick := time.NewTicker(shareEvery)
	defer tick.Stop()
	rest := time.Now()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-c.leaser.ask:
			select {
			case <-time.After(time.Until(rest)):
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			break
		}
		c.Divide(ctx)
		rest = time.Now().Add(sharePause)
	}
	c.leave(context.WithoutCancel(ctx))
}

// Divide looks for other nodes, and divides the limits with them.
func (c *Cluster) Divide(ctx context.Context) {
	s := c.leaser
	s.rounds.Lock()
	defer s.rounds.Unlock()
	ctx, cancel := context.WithTimeout(ctx, shareSilent)
	defer cancel()
	err := c.divide(ctx, time.Now())
	s.begun.Store(true)
	s.mu.Lock()
	close(s.round)
	s.round = make(chan struct{})
	s.mu.Unlock()
	if err != nil && !s.failing && ctx.Err() == nil {
		c.o.Log().Warn("limits cannot be shared with other nodes; each keeps to its part until they can", zap.Error(err))
	}
	s.failing = err != nil
}

func (c *Cluster) divide(ctx context.Context, now time.Time) error {
	s := c.leaser
	newcomer := s.heartbeat.IsZero()
	if newcomer { // first said, then looked: of two that come at once, both see the other
		if err := c.o.Store.Heartbeat(ctx, s.self(now), now.Add(heartbeatLife)); err != nil {
			return err
		}
		s.heartbeat = now
	}
	all, starved, err := c.o.Store.Nodes(ctx, s.node, now)
	if err != nil {
		return err
	}
	others, ready := 0, true
	for _, n := range all {
		if s.expired(n, now) {
			if err := c.o.Store.Leave(ctx, n.ID); err != nil {
				return err
			}
			continue
		}
		others++
		ready = ready && n.Shares
	}
	if others > 0 {
		s.met = now
	}
	// What nodes that are gone had taken is given back when their shares end.
	shares := others > 0 || !s.met.IsZero() && now.Sub(s.met) < shareLife
	if now.Sub(s.heartbeat) >= heartbeatEvery || shares != s.told {
		self := s.self(now)
		self.Shares = shares
		if err := c.o.Store.Heartbeat(ctx, self, now.Add(heartbeatLife)); err != nil {
			return err
		}
		s.heartbeat, s.told = now, shares
	}
	if !shares {
		s.nodes.Store(1)
		for a := range s.leases {
			a.SetShare(nil)
		}
		clear(s.leases)
		return nil
	}
	alone := s.nodes.Load() == 1 && !newcomer // until now: it had all of everything
	s.nodes.Store(int64(others + 1))
	return c.divideLimits(ctx, now, round{nodes: others + 1, ready: ready, hungry: starved, hadAll: alone})
}

// round is what a node knows when it divides limits.
type round struct {
	nodes  int
	ready  bool     // all nodes keep to their shares
	hungry []string // limits of which another node needs more
	hadAll bool     // this node used limits as if they were its own until now

	leaving bool // it wants no more than it used
}

// Restrict keeps what is new from using limits that are shared until it has its
// share. limited are the allowances that have limits, of the config that comes
// into use.
func (c *Cluster) Restrict(limited map[string]*access.Limiter) {
	s := c.leaser
	nodes := int(s.nodes.Load())
	if nodes == 1 {
		return
	}
	for _, a := range limited {
		if a.Shared() == nil {
			a.SetShare(&access.Share{Until: time.Now().Add(shareLife), Nodes: nodes, Wake: s.wake})
		}
	}
	s.wake()
}

// claims of one limiter, and where their grants go.
type request struct {
	name   string
	a      *access.Limiter
	lease  *lease
	need   access.Need
	claims []store.Claim
	kinds  []limitKind
}

type limitKind uint8

const (
	claimRPM limitKind = iota
	claimTPM
	claimSlots
	claimMoney
)

var claimNames = [...]string{"rpm/", "tpm/", "concurrency/", "money/"}

// divideLimits claims shares and keeps to what is granted.
func (c *Cluster) divideLimits(ctx context.Context, now time.Time, r round) error {
	s, limited := c.leaser, c.o.Limited()
	if limited == nil && !r.leaving {
		return nil
	}
	if limited != nil {
		s.follow(limited, r.hadAll)
	}
	var asked []*request
	var claims []store.Claim
	for a, had := range s.leases {
		k := &request{name: had.name, a: a, lease: had, need: a.Need(now)}
		had.starved = slices.ContainsFunc(r.hungry, func(limit string) bool { return isOf(limit, had.name) })
		if !k.due(now) && !r.leaving && !r.hadAll {
			continue
		}
		k.ask(now, r.nodes)
		asked = append(asked, k)
		claims = append(claims, k.claims...)
	}
	if len(claims) == 0 {
		return nil
	}
	if !r.ready {
		// Another node does not know yet that it is not alone, and may be using
		// all there is: nothing may be taken until it does.
		for i := range claims {
			claims[i].Wanted = claims[i].Used
		}
	}
	grants, err := c.o.Store.Lease(ctx, s.node, claims, now, now.Add(shareLife))
	if err != nil {
		return err
	}
	for _, k := range asked {
		k.applyGrant(grants[:len(k.claims)], now, r.nodes, r.ready, s.wake)
		grants = grants[len(k.claims):]
	}
	return nil
}

// follow keeps the list of what is shared to what the config says.
func (s *leaser) follow(limited map[string]*access.Limiter, hadAll bool) {
	for a, had := range s.leases { // its meter may have a new config's share
		if limited[had.name] != a {
			delete(s.leases, a)
		}
	}
	for name, a := range limited {
		if s.leases[a] != nil {
			continue
		}
		had := &lease{name: name}
		switch shared := a.Shared(); {
		case shared != nil:
			had.Share = *shared
		case hadAll:
			had.Share = access.Share{RPM: a.Rates.RPM, TPM: a.Rates.TPM, Concurrency: a.Rates.Concurrency, Money: math.MaxInt64}
		}
		s.leases[a] = had
	}
}

// isOf reports whether a limit is one of a thing's.
func isOf(limit, name string) bool {
	for _, kind := range claimNames {
		if limit == kind+name {
			return true
		}
	}
	return false
}
