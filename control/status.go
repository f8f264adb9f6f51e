package control

import (
	"context"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// Status sums up the gateway.
func (s *Service) Status(ctx context.Context) admin.Status {
	stats, r := s.state.Gateway.Ledger.Stats(), s.gateway.Table()
	shown := admin.Status{
		InFlight: s.state.Gateway.UnderWay.Load(), Channels: len(r.Channels), Tokens: len(r.Tokens.Names()),
		Cooling: len(s.state.Cooling()), Sites: s.gateway.SiteNames(),
	}
	shown.Journal.Depth, shown.Journal.Spooled = int64(stats.Depth), int64(stats.Spooled)
	shown.Journal.Written, shown.Journal.Lost = int64(stats.Written), int64(stats.Lost) //nolint:gosec // counts
	shown.Store = s.state.storeStatus()
	ctx, cancel := context.WithTimeout(ctx, nodesPatience)
	defer cancel()
	for _, n := range s.state.Cluster.Known(ctx, time.Now()) {
		shown.Nodes = append(shown.Nodes, admin.Node{ID: n.ID, Name: n.Name, Version: n.Version, Since: n.Since, Seen: n.Seen, Self: n.Self, Away: n.Away})
	}
	if stats.Journal != nil {
		shown.Journal.Problem = "the journal of calls cannot be written: " + stats.Journal.Error() +
			"; calls go on and their records are kept in memory until the store has them, but are lost with the process. " +
			"Make room on the disk of Caddy's data folder, or make it writable; it is tried again by itself"
	}
	return shown
}

// nodesPatience bounds how long a database that hangs holds up the status.
const nodesPatience = time.Second

// Cooling lists what cools down right now.
func (st *State) Cooling() []health.Entry {
	now := time.Now()
	var list []health.Entry
	for _, e := range st.Routing.Tracker.Entries() {
		if e.Until.After(now) {
			list = append(list, e)
		}
	}
	return list
}

// Channels returns every channel with its state.
func (s *Service) Channels(now time.Time) []admin.Channel {
	entries := s.state.Routing.Tracker.Entries()
	channels := s.gateway.Table().Channels
	list := make([]admin.Channel, 0, len(channels))
	for _, ch := range channels {
		shown := inspect(ch, entries, now)
		shown.Substituted = s.state.Gateway.Substituted.Of(ch.Name)
		list = append(list, shown)
	}
	return list
}

// inspect is a channel and its state.
func inspect(ch *routing.Channel, entries []health.Entry, now time.Time) admin.Channel {
	c := admin.Channel{
		Name: ch.Name, Provider: ch.Conf.Provider, Models: ch.Patterns(), Priority: ch.Conf.Priority,
		Weight: ch.Conf.Share(), Group: ch.Conf.Group, Origin: ch.Origin, InFlight: ch.Limiter.InFlight(),
		State: ai.Eligible, Protocols: []ai.Protocol{}, Keys: []admin.Key{}, Cooling: []health.Entry{},
	}
	for _, p := range ai.Protocols {
		if ch.Speaks(p) {
			c.Protocols = append(c.Protocols, p)
		}
	}
	for i := range ch.URLs {
		ready := ch.Health.ReadyURL(i, ch.URLs[i].Speaks[0], "", now)
		c.URLs = append(c.URLs, admin.URL{
			URL: ch.URLs[i].Address, Protocols: ch.URLs[i].Speaks, Usable: ready.OK, Until: ready.Until,
		})
	}
	for i := range ch.Keys {
		if ch.Keys[i].ID == "" {
			continue // it has none
		}
		ready := ch.Health.ReadyKey(i, "", now)
		c.Keys = append(c.Keys, admin.Key{
			Fingerprint: ch.Keys[i].ID, LastFour: secrets.LastFour(ch.Keys[i].Secret), Usable: ready.OK, Low: ready.Low,
			Until: ready.Until, InFlight: ch.Keys[i].InFlight.Load(),
		})
	}
	for _, e := range entries {
		if e.Channel == ch.Name || (e.Scope == ai.ScopeGroup && e.Group == ch.Conf.Group && e.Group != "") {
			c.Cooling = append(c.Cooling, e)
		}
	}
	ready, over := ch.Health.Ready(c.Protocols[0], "", now), ch.Limiter.Full(now)
	switch {
	case ch.Conf.Disabled:
		c.State = ai.Disabled
	case ch.Keyless:
		c.State = ai.NoKey
	case !ch.Open(now):
		c.State = ai.OutsideHours
	case over != "":
		c.State, c.Until = routing.OverReason(over), ch.Limiter.Reopens(over, now)
	case !ready.OK:
		c.State, c.Until = ai.Cooling, ready.Until
	}
	return c
}
