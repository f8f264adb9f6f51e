package ccload

import (
	"context"
	"errors"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file is what the operator sees: the app as the admin API's source.

// Status sums up the gateway.
func (a *App) Status() admin.Status {
	stats, r := a.state.gateway.Ledger.Stats(), a.gateway.Table()
	s := admin.Status{
		InFlight: a.state.gateway.UnderWay.Load(), Channels: len(r.Channels), Tokens: len(r.Tokens.Names()),
		Cooling: len(a.state.resting()),
	}
	s.Journal.Depth, s.Journal.Spooled = int64(stats.Depth), int64(stats.Spooled)
	s.Journal.Written, s.Journal.Lost = int64(stats.Written), int64(stats.Lost) //nolint:gosec // counts
	return s
}

// resting lists what rests right now.
func (st *state) resting() []health.Entry {
	now := time.Now()
	var list []health.Entry
	for _, e := range st.routing.Board.Entries() {
		if e.Until.After(now) {
			list = append(list, e)
		}
	}
	return list
}

// Channels returns every channel with its state.
func (a *App) Channels(now time.Time) []admin.Channel {
	entries := a.state.routing.Board.Entries()
	channels := a.gateway.Table().Channels
	list := make([]admin.Channel, 0, len(channels))
	for _, ch := range channels {
		shown := inspectChannel(ch, entries, now)
		shown.Substituted = a.state.gateway.Substituted.Of(ch.Name)
		list = append(list, shown)
	}
	return list
}

func inspectChannel(ch *routing.Channel, entries []health.Entry, now time.Time) admin.Channel {
	c := admin.Channel{
		Name: ch.Name, Provider: ch.Conf.Provider, Models: ch.Patterns(), Priority: ch.Conf.Priority,
		Weight: ch.Conf.Share(), Group: ch.Conf.Group, Origin: ch.Origin, InFlight: ch.Allowance.InFlight(),
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
	ready, over := ch.Health.Ready(c.Protocols[0], "", now), ch.Allowance.Full(now)
	switch {
	case ch.Conf.Disabled:
		c.State = ai.Disabled
	case ch.Keyless:
		c.State = ai.NoKey
	case !ch.Open(now):
		c.State = ai.OutsideHours
	case over != "":
		c.State, c.Until = routing.OverReason(over), ch.Allowance.Reopens(over, now)
	case !ready.OK:
		c.State, c.Until = ai.Cooling, ready.Until
	}
	return c
}

// Calls returns the newest calls that fit, what waits to be written included.
func (a *App) Calls(ctx context.Context, f admin.CallFilter) ([]*ai.Record, error) {
	if err := a.state.gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	return a.state.store.Calls(ctx, store.CallFilter{
		Token: f.Token, Channel: f.Channel, Model: f.Model, Outcome: f.Outcome, Status: f.Status,
		Since: f.Since, Until: f.Until, Before: f.Before, Limit: f.Limit,
	})
}

// Call returns one call. What waits to be written is written first, so that a
// call can be looked at the moment it has ended.
func (a *App) Call(ctx context.Context, id string) (*ai.Record, error) {
	rec, err := a.state.store.Call(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return rec, err
	}
	if err := a.state.gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	rec, err = a.state.store.Call(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admin.ErrNotFound
	}
	return rec, err
}

// ClearCooling ends rests early.
func (a *App) ClearCooling(which health.Ref) int {
	return a.state.routing.Board.Clear(func(r health.Ref) bool {
		return (which.Scope == ai.ScopeNone || which.Scope == r.Scope) &&
			(which.Channel == "" || which.Channel == r.Channel) && (which.URL == "" || which.URL == r.URL) &&
			(which.Key == "" || which.Key == r.Key) && (which.Model == "" || which.Model == r.Model) &&
			(which.Group == "" || which.Group == r.Group) && (which.Protocol == "" || which.Protocol == r.Protocol)
	})
}
