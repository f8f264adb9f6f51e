package access

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Limits that several processes share are divided among them: each keeps to its
// share, and asks for more when it needs more. Shares never add up to more than
// the limit, so the limit holds whatever the others do; the price is that a
// process may have to ask before it admits a call that the others have left
// room for.

// Share is what a process may use of the limits of one thing.
type Share struct {
	RPM, TPM, Concurrency int // of limits that are set; of others it does not matter

	// Money that may be reserved, or spent and not yet written.
	Money ai.Money

	// SoleTPM and SoleMoney say that no other process has a share, and this one
	// everything that is left. A call may then be larger than what is left, as
	// where nobody shares.
	SoleTPM, SoleMoney bool

	// Until is when the share ends if it is not renewed. After that the limits
	// themselves count, divided by Nodes.
	Until time.Time
	Nodes int

	// Wake is called when a call is refused for want of a share. It must not
	// wait.
	Wake func()
}

// caps are the limits in force for this process; -1 is none.
type caps struct {
	rpm, tpm, slots int
	sole            bool // a call larger than tpm may be admitted alone
}

// caps are what a share makes of the limits.
func (s *Share) caps(now time.Time, r Rates) caps {
	cap := func(limit, share int) int {
		switch {
		case limit <= 0:
			return -1
		case now.After(s.Until):
			return max(1, limit/max(1, s.Nodes))
		}
		return min(limit, share)
	}
	return caps{rpm: cap(r.RPM, s.RPM), tpm: cap(r.TPM, s.TPM), slots: cap(r.Concurrency, s.Concurrency), sole: s.SoleTPM || now.After(s.Until)}
}

// lack is what calls were refused that the limits have room for.
type lack struct {
	calls, tokens, slots atomic.Int64
}

// tryShared is TryAcquire where the limits are shared.
func (m *Meter) tryShared(s *Share, at time.Time, r Rates, tokens int) (ok bool, over Limit) {
	c, now := s.caps(at, r), sinceEpoch(at)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.forget(now)
	m.tokens.forget(now)
	switch {
	case c.rpm >= 0 && m.calls.total >= c.rpm:
		if m.calls.total < r.RPM {
			m.lack.calls.Add(1)
			s.wake()
		}
		return false, LimitRPM
	case c.tpm >= 0 && (m.tokens.total > 0 || !c.sole) && m.tokens.total+tokens > c.tpm:
		if m.tokens.total == 0 || m.tokens.total+tokens <= r.TPM {
			m.lack.tokens.Add(int64(tokens))
			s.wake()
		}
		return false, LimitTPM
	case !m.takeShared(c.slots):
		if m.InFlight() < r.Concurrency {
			m.lack.slots.Add(1)
			s.wake()
		}
		return false, LimitConcurrency
	}
	if r.RPM > 0 {
		m.calls.add(now, 1, r.RPM > exactEntries)
	}
	if r.TPM > 0 {
		m.tokens.add(now, tokens, true)
	}
	return true, ""
}

func (m *Meter) takeShared(most int) bool {
	if most == 0 {
		return false
	}
	return m.takeSlot(most) // below 0 is none, as 0 is there
}

func (s *Share) wake() {
	if s.Wake != nil {
		s.Wake()
	}
}

// fullShared is Full where the limits are shared.
func (m *Meter) fullShared(s *Share, at time.Time, r Rates) Limit {
	c, now := s.caps(at, r), sinceEpoch(at)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.forget(now)
	m.tokens.forget(now)
	wants := func(l *atomic.Int64, used, limit int) {
		if used < limit {
			l.CompareAndSwap(0, 1)
			s.wake()
		}
	}
	switch {
	case c.slots >= 0 && m.InFlight() >= c.slots:
		wants(&m.lack.slots, m.InFlight(), r.Concurrency)
		return LimitConcurrency
	case c.rpm >= 0 && m.calls.total >= c.rpm:
		wants(&m.lack.calls, m.calls.total, r.RPM)
		return LimitRPM
	case c.tpm >= 0 && m.tokens.total >= c.tpm:
		wants(&m.lack.tokens, m.tokens.total, r.TPM)
		return LimitTPM
	}
	return ""
}

// Need is what a process uses of the limits of one thing, and what it was short
// of since it was last asked.
type Need struct {
	Calls, Tokens, Slots             int64 // used
	LackCalls, LackTokens, LackSlots int64
	Money, LackMoney                 ai.Money // reserved, or spent and not yet written
	Allowed                          ai.Money // what is left of the share of money, Money included
}

// Lacks reports whether anything was short.
func (n *Need) Lacks() bool {
	return n.LackCalls > 0 || n.LackTokens > 0 || n.LackSlots > 0 || n.LackMoney > 0
}

// Need tells what the allowance uses now.
func (a *Allowance) Need(now time.Time) Need {
	m, n := a.meter, a.used(now)
	n.LackCalls, n.LackTokens, n.LackSlots = m.lack.calls.Swap(0), m.lack.tokens.Swap(0), m.lack.slots.Swap(0)
	n.Money, n.LackMoney, n.Allowed = a.purse.need()
	return n
}

// used is what the meter counts now.
func (a *Allowance) used(now time.Time) Need {
	m := a.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.forget(sinceEpoch(now))
	m.tokens.forget(sinceEpoch(now))
	return Need{Calls: int64(m.calls.total), Tokens: int64(m.tokens.total), Slots: int64(m.InFlight())}
}

// SetShare makes the allowance keep to a share from now on; nil ends sharing.
func (a *Allowance) SetShare(s *Share) {
	a.meter.share.Store(s)
	a.purse.setShare(s, false)
}

// LowerShare is SetShare for a share of which nothing is larger than before.
func (a *Allowance) LowerShare(s *Share) {
	a.meter.share.Store(s)
	a.purse.setShare(s, true)
}

// Shared is the share that the allowance keeps to, nil if it shares nothing.
func (a *Allowance) Shared() *Share { return a.meter.share.Load() }

// Adopt takes over what all processes have spent, as the store has it.
func (a *Allowance) Adopt(day ai.Day, spent State) { a.purse.adopt(day, spent) }

// BeginAdopting says that what was spent is going to be read from the store:
// what is written from now on may be missing there.
func (a *Allowance) BeginAdopting() { a.purse.beginAdopting() }

// WaitedInVain notes that others left no room although somebody has waited for
// it: for a moment nobody else needs to.
func (a *Allowance) WaitedInVain(now time.Time) { a.meter.inVain.Store(sinceEpoch(now).Nanoseconds()) }

// mayWait reports whether it is worth waiting for others to leave room.
func (m *Meter) mayWait(now time.Time) bool {
	last := m.inVain.Load()
	return last == 0 || sinceEpoch(now).Nanoseconds()-last > int64(time.Second)
}

// Limited reports whether there is any limit to share.
func (a *Allowance) Limited() bool { return a.Rates != Rates{} || a.Budget.Limited() }

// setShare sets what of the budget may be used. What was written since the
// share was asked for is spent already, and the others may have been told so.
func (p *Purse) setShare(s *Share, lower bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	shared := p.share != nil
	if p.share = s; s == nil {
		return
	}
	switch {
	case !lower:
		p.allow = s.Money - p.written
	case shared:
		p.allow = min(p.allow, s.Money)
	default:
		p.allow = s.Money
	}
}

// outstanding is what the store does not know of.
func (p *Purse) outstanding() ai.Money { return p.reserved + p.pending }

func (p *Purse) need() (outstanding, lacking, allowed ai.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lacking, p.lack = p.lack, 0
	return p.outstanding(), lacking, p.allow
}

// beyondShare reports whether an amount is more than the process has left of
// its share.
func (p *Purse) beyondShare(day ai.Day, b Budget, amount ai.Money) bool {
	s := p.share
	switch {
	case s == nil:
		return false
	case time.Now().After(s.Until):
		left := ai.Money(b.Left(State{Day: p.days[day], Month: p.months[day.Month()], Total: p.total}))
		return p.reserved+amount > left/ai.Money(max(1, s.Nodes))
	case s.SoleMoney:
		return p.outstanding() >= p.allow
	}
	return p.outstanding()+amount > p.allow
}

// limitThatEnds is the limit that a lacking share is told as: the shortest.
func (b Budget) limitThatEnds() Limit {
	switch {
	case b.Day > 0:
		return LimitDay
	case b.Month > 0:
		return LimitMonth
	}
	return LimitTotal
}

func (p *Purse) beginAdopting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = 0
}

// adopt takes over what the store has. What was written since it was asked may
// be in it already or not: it counts, so that nothing is given out twice.
func (p *Purse) adopt(day ai.Day, spent State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.days == nil {
		p.days, p.months = make(map[ai.Day]ai.Money), make(map[ai.Day]ai.Money)
	}
	own := p.pending + p.written
	p.days[day], p.months[day.Month()], p.total = spent.Day+own, spent.Month+own, spent.Total+own
}

// Written says that what calls cost is in the store now.
func (p *Purses) Written(name string, cost ai.Money) {
	purse := p.Purse(name)
	purse.mu.Lock()
	defer purse.mu.Unlock()
	purse.pending = max(0, purse.pending-cost)
	purse.written += cost
	if purse.share != nil {
		purse.allow -= cost
	}
}
