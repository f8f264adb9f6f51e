package routing

import (
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
)

// Target is one concrete thing to try, with what was claimed for it.
type Target struct {
	Candidate
	Protocol ai.Protocol // it is asked in
	URL, Key int         // indexes of the channel's addresses and keys
	Permit   health.Permit
	Why      string     // why it was picked, for people
	Used     access.Use // what the attempt used; set by who makes it, before Release

	Gamble  bool // a probe before the end of a cooldown that upstream states
	Repeats int  // how often it was tried before in place, within the call

	History  *health.History // of the model at the address
	flight   health.Flight
	starting bool      // it is inside the slow start
	admitted time.Time // from the channel's limiter
	expected access.Use
}

// ID is the target as it is remembered.
func (t *Target) ID() ai.Target {
	return ai.Target{Channel: t.Name, URL: t.Address(), Key: t.Keys[t.Key].ID, Model: t.Model}
}

// Address is the target's address, as configured.
func (t *Target) Address() string { return t.URLs[t.URL].Address }

// Base is where the endpoints of the protocol that it is asked in live.
func (t *Target) Base() config.Base { return t.URLs[t.URL].Bases[t.Protocol] }

// Secret is the credential that the target is asked with; empty if it needs
// none.
func (t *Target) Secret() string { return t.Keys[t.Key].Secret }

// Begin notes that the target is being asked.
func (t *Target) Begin(now time.Time) { t.flight = t.History.Begin(now) }

// Steady reports whether the target has served lately, or does so, see
// health.History.Steady.
func (t *Target) Steady(now time.Time) bool {
	since := t.flight.Began()
	if since.IsZero() {
		since = now
	}
	return t.History.Steady(since, now)
}

// Proved tells how the attempt went as soon as that is known: its answer has
// proved itself, or it failed in a way that may be over any moment. An answer of
// the wrong form is no sign that the target is dead: it may be for this endpoint
// only.
func (t *Target) Proved(k ai.Kind, now time.Time) health.Note {
	s, ok := &t.History.Start, k == ai.OK
	if ok {
		t.flight.End()
	} else {
		t.flight.Failed(now)
	}
	switch {
	case !ok && t.starting && k != ai.BadAnswer:
		s.Failed(now)
	case ok && s.On():
		s.Succeeded()
	}
	t.leaveStart()
	if !ok && t.History.ServedSince(t.flight.Began()) {
		return health.Note{}
	}
	return t.History.Add(ok, now)
}

func (t *Target) leaveStart() {
	if t.starting {
		t.starting = false
		t.History.Start.Leave()
	}
}

// Release gives back the places that were taken for the target.
func (t *Target) Release() {
	t.flight.End()
	t.leaveStart()
	t.Limiter.Settle(t.admitted, t.expected, t.Used)
	t.Keys[t.Key].InFlight.Add(-1)
}

// acquire chooses URL and key of a candidate and takes their places; if it
// cannot, it says what is in the way.
func (c *Chooser) acquire(cand *Candidate) (*Target, ai.Reason) {
	p := c.pathTo(cand)
	if p.reason != ai.Eligible {
		return nil, p.reason
	}
	url, key := c.chooseURL(cand, p.protocol), c.chooseKey(cand)
	if url < 0 || key < 0 {
		return nil, ai.Cooling
	}
	start := &cand.history(url).Start
	starting := start.On()
	if starting && !c.enter(cand.history(url)) {
		c.queued = true
		return nil, ai.Probing
	}
	t, over := c.Acquire(cand, p.protocol, url, key, ordinary)
	if t == nil && starting {
		start.Leave()
	}
	switch {
	case over != "":
		return nil, OverReason(over)
	case t == nil:
		return nil, ai.Probing
	}
	t.Why, t.starting, t.Gamble = c.Input.Why, starting, c.gambles(cand, p.protocol, url, key)
	return t, ai.Eligible
}

// enter lets the call into a slow start.
func (c *Chooser) enter(h *health.History) bool {
	if c.impatient {
		h.Start.Enter()
		return true
	}
	return h.Start.Admit(false, h.Outlived(c.Now), c.Now)
}

// gambles reports whether a target is tried before upstream says that it is well.
func (c *Chooser) gambles(cand *Candidate, p ai.Protocol, url, key int) bool {
	return cand.Health.Ready(p, cand.Model, c.Now).Gamble || cand.Health.ReadyURL(url, p, cand.Model, c.Now).Gamble ||
		cand.Health.ReadyKey(key, cand.Model, c.Now).Gamble
}

// Mode is how a target is taken.
type Mode uint8

// Modes of taking a target.
const (
	ordinary Mode = iota
	Forced        // also if it cools down, one call at a time, see health.Channel.Acquire
	passing       // in spite of cooldowns for transient causes, see health.Channel.Pass
)

// Acquire takes the place of one target under the limits of its channel. It
// returns nil and the limit that is reached, or nil and no limit if another
// attempt is trying it already or it cools down.
func (c *Chooser) Acquire(cand *Candidate, p ai.Protocol, url, key int, mode Mode) (*Target, access.Limit) {
	var expected access.Use
	if c.Estimator != nil {
		expected = c.Estimator.ExpectedUse(cand)
	}
	if ok, over := cand.Limiter.Acquire(c.Now, expected); !ok {
		return nil, over
	}
	var permit health.Permit
	var ok bool
	if mode == passing {
		permit, ok = cand.Health.Pass(url, key, p, cand.Model, c.Now)
	} else {
		permit, ok = cand.Health.Acquire(url, key, p, cand.Model, c.Now, mode == Forced)
	}
	if !ok {
		cand.Limiter.Cancel(c.Now, expected)
		return nil, ""
	}
	cand.Keys[key].InFlight.Add(1)
	return &Target{Candidate: *cand, Protocol: p, URL: url, Key: key, History: cand.history(url), Permit: permit, admitted: c.Now, expected: expected}, ""
}

// takeStarting takes a target that rests, if its slow start has room. It goes
// beside another that is there if that has outlived failures.
func (c *Chooser) takeStarting(cand *Candidate, p ai.Protocol, url, key int) *Target {
	h := cand.history(url)
	proved, mode := h.Outlived(c.Now), Forced
	if !h.Start.Admit(true, proved, c.Now) {
		return nil
	}
	if proved > 0 {
		mode = passing
	}
	t, _ := c.Acquire(cand, p, url, key, mode)
	if t == nil {
		h.Start.Leave()
		return nil
	}
	t.starting = true
	return t
}

// OverReason is the reason that a channel's limit is recorded with.
func OverReason(l access.Limit) ai.Reason {
	switch l {
	case access.LimitConcurrency:
		return ai.OverConcurrent
	case access.LimitRPM:
		return ai.OverRate
	case access.LimitTPM:
		return ai.OverTokens
	case access.LimitUnknown:
		return ai.SpendingUnknown
	}
	return ai.OverBudget
}
