package ccload

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

// This file is what the dashboard needs of the gateway's state: logins, and
// events as they happen.

// newDesk makes what of the dashboard outlives configs.
func newDesk(st *state) *admin.Desk {
	return admin.NewDesk(loginStore{st}, admin.NewHub(admin.HubOptions{
		Snapshot: func(token string) any { return st.live(token, true) },
		Metrics:  func(token string) any { return st.live(token, false) },
	}))
}

// loginStore keeps logins in the store.
type loginStore struct{ st *state }

func (l loginStore) SaveSession(ctx context.Context, s admin.StoredSession) error {
	return l.st.store.SaveSession(ctx, store.Session(s))
}

func (l loginStore) LoadSession(ctx context.Context, hash []byte) (admin.StoredSession, error) {
	s, err := l.st.store.LoadSession(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		err = admin.ErrNoSession
	}
	return admin.StoredSession(s), err
}

func (l loginStore) DeleteSession(ctx context.Context, hash []byte) error {
	return l.st.store.DeleteSession(ctx, hash)
}

func (l loginStore) DeleteSessions(ctx context.Context, role, name string) error {
	return l.st.store.DeleteSessions(ctx, role, name)
}

// Desk implements admin.Operator.
func (a *App) Desk() *admin.Desk { return a.state.control.Desk }

// Password implements admin.Operator.
func (a *App) Password() *admin.Password { return a.password }

// readPassword reads the option admin_password; nil if there is none.
func (a *App) readPassword() (*admin.Password, error) {
	text := caddy.NewReplacer().ReplaceAll(a.AdminPassword, "")
	if text == "" {
		if a.AdminPassword != "" {
			a.logger.Warn("admin_password is empty here, so nobody can log in: set the variable or file it comes from")
		}
		return nil, nil
	}
	return admin.ParsePassword(text)
}

// totals are what calls have come to since the process began.
type totals struct {
	calls, failed, input, output, cost atomic.Int64
}

func (t *totals) add(r *ai.Record) {
	t.calls.Add(1)
	if r.Outcome != ai.OK && r.Outcome != ai.ClientGone {
		t.failed.Add(1)
	}
	t.input.Add(r.Usage.Input)
	t.output.Add(r.Usage.Output)
	t.cost.Add(int64(r.Cost.Amount))
}

// liveMetrics are told each second.
type liveMetrics struct {
	Time     time.Time    `json:"time"`
	InFlight int64        `json:"in_flight"`
	Calls    int64        `json:"calls"` // these five since the process began
	Failed   int64        `json:"failed"`
	Input    int64        `json:"input_tokens"`
	Output   int64        `json:"output_tokens"`
	Cost     ai.Money     `json:"cost_usd"`
	Cooling  int          `json:"cooling"`
	Journal  journalState `json:"journal"`
}

type journalState struct {
	Depth   int    `json:"depth"`
	Spooled int    `json:"spooled"`
	Written uint64 `json:"written"`
	Lost    uint64 `json:"lost"`
}

// liveSnapshot is what a stream of events begins with.
type liveSnapshot struct {
	liveMetrics
	Revision int64           `json:"revision"` // of the stored configuration
	Channels []admin.Channel `json:"channels"`
}

// ownMetrics are what the holder of a token sees.
type ownMetrics struct {
	Time   time.Time     `json:"time"`
	Budget *admin.Budget `json:"budget"`
}

// live is what is told of this moment: to the operator, or to the holder of a
// token.
func (st *state) live(token string, whole bool) any {
	now := time.Now()
	app := st.current()
	if token != "" {
		own := ownMetrics{Time: now.UTC()}
		if app != nil {
			if t := app.registry.Load().tokens.ByName(token); t != nil {
				b := budgetState("token", token, t.Allowance(), now)
				own.Budget = &b
			}
		}
		return own
	}
	stats := st.gateway.Ledger.Stats()
	m := liveMetrics{
		Time: now.UTC(), InFlight: st.gateway.UnderWay.Load(), Calls: st.gateway.Totals.calls.Load(), Failed: st.gateway.Totals.failed.Load(),
		Input: st.gateway.Totals.input.Load(), Output: st.gateway.Totals.output.Load(), Cost: ai.Money(st.gateway.Totals.cost.Load()),
		Cooling: len(st.resting()),
		Journal: journalState{stats.Depth, stats.Spooled, stats.Written, stats.Lost},
	}
	if !whole {
		return m
	}
	s := liveSnapshot{liveMetrics: m, Channels: []admin.Channel{}}
	if app != nil {
		s.Channels = app.Channels(now)
	}
	if known := st.control.Stored.Load(); known != nil {
		s.Revision = known.revision
	}
	return s
}

// liveChange is told when something begins or ceases to rest, or what is
// stored was changed.
type liveChange struct {
	Cooling  *health.Change `json:"cooling,omitempty"`
	Resting  bool           `json:"resting,omitempty"`  // another node has changed what rests: ask anew
	Revision int64          `json:"revision,omitempty"` // of the stored configuration
}

// publishCall tells those who watch of a call that has ended.
func (st *state) publishCall(r *ai.Record) {
	st.gateway.Totals.add(r)
	st.control.Desk.Pulse.Add(r)
	if st.control.Desk.Hub.Watched() {
		st.control.Desk.Hub.PublishCall(r.Token, r, admin.OwnRecord(r))
	}
}

func (st *state) publishChange(c liveChange) {
	if st.control.Desk.Hub.Watched() {
		st.control.Desk.Hub.PublishChannel(c)
	}
}
