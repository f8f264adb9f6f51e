package ccload

import (
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/secrets"
)

// Status sums up the gateway.
func (s *service) Status() admin.Status {
	stats, r := s.state.Ledger.Stats(), s.table()
	shown := admin.Status{
		InFlight: s.state.Traffic().InFlight, Channels: len(r.channels), Tokens: len(r.tokens.Names()),
		Cooling: len(s.state.resting()),
	}
	shown.Journal.Depth, shown.Journal.Spooled = int64(stats.Depth), int64(stats.Spooled)
	shown.Journal.Written, shown.Journal.Lost = int64(stats.Written), int64(stats.Lost) //nolint:gosec // counts
	return shown
}

// resting lists what rests right now.
func (st *controlState) resting() []health.Entry {
	now := time.Now()
	var list []health.Entry
	for _, e := range st.Routing.Board.Entries() {
		if e.Until.After(now) {
			list = append(list, e)
		}
	}
	return list
}

// Channels returns every channel with its state.
func (s *service) Channels(now time.Time) []admin.Channel {
	entries := s.state.Routing.Board.Entries()
	channels := s.table().channels
	list := make([]admin.Channel, 0, len(channels))
	for _, ch := range channels {
		list = append(list, inspect(ch, entries, now))
	}
	return list
}

// inspect is a channel and its state.
func inspect(ch *channel, entries []health.Entry, now time.Time) admin.Channel {
	c := admin.Channel{
		Name: ch.name, Provider: ch.conf.Provider, Models: ch.patterns(), Priority: ch.conf.Priority,
		Weight: max(1, ch.conf.Weight), Group: ch.conf.Group, Origin: ch.origin, InFlight: ch.allowance.InFlight(),
		State: ai.Eligible, Protocols: []ai.Protocol{}, Keys: []admin.Key{}, Cooling: []health.Entry{},
	}
	for _, p := range ai.Protocols {
		if ch.speaks(p) {
			c.Protocols = append(c.Protocols, p)
		}
	}
	for i := range ch.urls {
		ready := ch.health.ReadyURL(i, ch.urls[i].speaks[0], "", now)
		c.URLs = append(c.URLs, admin.URL{
			URL: ch.urls[i].address, Protocols: ch.urls[i].speaks, Usable: ready.OK, Until: ready.Until,
		})
	}
	for i := range ch.keys {
		if ch.keys[i].id == "" {
			continue // it has none
		}
		ready := ch.health.ReadyKey(i, "", now)
		c.Keys = append(c.Keys, admin.Key{
			Fingerprint: ch.keys[i].id, LastFour: secrets.LastFour(ch.keys[i].secret), Usable: ready.OK, Low: ready.Low,
			Until: ready.Until, InFlight: ch.keys[i].load.Load(),
		})
	}
	for _, e := range entries {
		if e.Channel == ch.name || (e.Scope == ai.ScopeGroup && e.Group == ch.conf.Group && e.Group != "") {
			c.Cooling = append(c.Cooling, e)
		}
	}
	ready, over := ch.health.Ready(c.Protocols[0], "", now), ch.allowance.Full(now)
	switch {
	case ch.conf.Disabled:
		c.State = ai.Disabled
	case ch.keyless:
		c.State = ai.NoKey
	case !ch.open(now):
		c.State = ai.OutsideHours
	case over != "":
		c.State, c.Until = overReason(over), ch.allowance.Reopens(over, now)
	case !ready.OK:
		c.State, c.Until = ai.Cooling, ready.Until
	}
	return c
}
