package cluster

import (
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// due reports whether the node's share of a thing has to be looked after: it
// was short, it uses most of what it has, another node is short while this one
// has more than it uses, or the share would end.
func (k *request) due(now time.Time) bool {
	n, sh := &k.need, k.lease
	switch {
	case !now.Before(sh.renew), n.Short(), sh.short, sh.starved && sh.more(n):
		return true
	}
	mostly := func(used int64, share, limit int) bool {
		return limit > 0 && share < limit && used*2 >= int64(share)
	}
	r := k.a.Rates
	return mostly(n.Calls, sh.RPM, r.RPM) || mostly(n.Tokens, sh.TPM, r.TPM) || mostly(n.Slots, sh.Concurrency, r.Concurrency) ||
		k.a.Budget.Limited() && (!sh.ExclusiveMoney && n.Money*2 >= n.Allowed || n.Money > 0)
}

// more reports whether the node has more than it uses.
func (s *lease) more(n *access.Need) bool {
	return int64(s.RPM) > n.Calls || int64(s.TPM) > n.Tokens || int64(s.Concurrency) > n.Slots || n.Allowed > n.Money
}

// wanted is how much of a limit a node asks for: what it uses, what it was
// short of, and something in hand, unless another node is short.
func wanted(used, short, limit int64, nodes int, starved bool) int64 {
	spare := max(1, limit/int64(2*nodes))
	switch {
	case short > 0 && starved:
		spare = max(short, (limit-used)/int64(nodes), 1)
	case short > 0:
		spare = max(short, spare)
	case starved:
		spare = 0
	}
	return min(max(used, limit), used+spare)
}

// ask writes what is asked for, and keeps to no more from now on: what is
// given back must not be used any more when somebody else gets it.
func (k *request) ask(now time.Time, nodes int) {
	n, r, share := &k.need, k.a.Rates, k.lease.Share
	if k.a.Shared() != nil {
		share.Money = n.Allowed
	}
	add := func(kind limitKind, used, short, limit int64) int64 {
		w := wanted(used, short, limit, nodes, k.lease.starved)
		k.claims = append(k.claims, store.Claim{Name: claimNames[kind] + k.name, Limit: limit, Used: used, Needed: used + short, Wanted: max(w, used+short)})
		k.kinds = append(k.kinds, kind)
		return w
	}
	if r.RPM > 0 {
		share.RPM = min(share.RPM, int(add(claimRPM, n.Calls, n.ShortCalls, int64(r.RPM))))
	}
	if r.TPM > 0 {
		share.TPM = min(share.TPM, int(add(claimTPM, n.Tokens, n.ShortTokens, int64(r.TPM))))
	}
	if r.Concurrency > 0 {
		share.Concurrency = min(share.Concurrency, int(add(claimSlots, n.Slots, n.ShortSlots, int64(r.Concurrency))))
	}
	if b := k.a.Budget; b.Limited() {
		day := k.a.Calendar().Day(now)
		w := add(claimMoney, int64(n.Money), int64(n.ShortMoney), b.Left(k.a.Spent(now))+int64(n.Money))
		c := &k.claims[len(k.claims)-1]
		c.Account, c.Budget, c.Day = k.name, b, day
		share.Money = min(share.Money, ai.Money(w))
		k.a.BeginAdopting()
	}
	share.ExclusiveMoney, share.ExclusiveTPM = false, false
	k.a.LowerShare(&share)
	// What slipped in before the smaller share counted is used all the same.
	after := k.a.Need(now)
	used := [...]int64{claimRPM: after.Calls, claimTPM: after.Tokens, claimSlots: after.Slots, claimMoney: int64(after.Money)}
	for i, kind := range k.kinds {
		c := &k.claims[i]
		c.Used = max(c.Used, used[kind])
		c.Needed, c.Wanted = max(c.Needed, c.Used), max(c.Wanted, c.Used)
	}
}

// applyGrant keeps to what was granted.
func (k *request) applyGrant(grants []store.Grant, now time.Time, nodes int, ready bool, wake func()) {
	share := access.Share{Until: now.Add(shareLife - heartbeatEvery), Nodes: nodes, Wake: wake}
	for i, g := range grants {
		amount := int(g.Share)
		switch k.kinds[i] {
		case claimRPM:
			share.RPM = amount
		case claimTPM:
			share.TPM, share.ExclusiveTPM = amount, g.Exclusive && ready
		case claimSlots:
			share.Concurrency = amount
		case claimMoney:
			share.Money, share.ExclusiveMoney = ai.Money(g.Share), g.Exclusive && ready
			k.a.Adopt(k.claims[i].Day, g.Spent)
		}
	}
	k.lease.Share, k.lease.renew, k.lease.short = share, now.Add(shareRenew), k.need.Short()
	k.a.SetShare(&share)
}
