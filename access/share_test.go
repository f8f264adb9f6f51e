package access

import (
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// shared is an allowance that keeps to a share.
func shared(r Rates, b Budget) (*Allowance, *Purses) {
	purses := NewPurses()
	return NewAllowance(r, b, NewCalendar(time.UTC), NewMeters().Meter("x"), purses.Purse("x")), purses
}

func take(t *testing.T, a *Allowance, now time.Time, use Use, want Limit) bool {
	t.Helper()
	ok, over := a.Take(now, use)
	if over != want {
		t.Errorf("over %q, want %q", over, want)
	}
	return ok
}

func TestSharesAreKept(t *testing.T) {
	now := time.Now()
	woken := 0
	share := Share{RPM: 2, TPM: 100, Concurrency: 3, Until: now.Add(time.Minute), Nodes: 3, Wake: func() { woken++ }}
	a, _ := shared(Rates{RPM: 30, TPM: 1000, Concurrency: 9}, Budget{})
	a.SetShare(&share)
	take(t, a, now, Use{Tokens: 40}, "")
	take(t, a, now, Use{Tokens: 100}, LimitTPM)
	take(t, a, now, Use{Tokens: 40}, "")
	take(t, a, now, Use{}, LimitRPM)
	n := a.Need(now)
	if n.Calls != 2 || n.Tokens != 80 || n.Slots != 2 || n.LackCalls != 1 || n.LackTokens != 100 || !n.Lacks() || woken != 2 {
		t.Errorf("%+v, woken %d times", n, woken)
	}
	if n = a.Need(now); n.Lacks() {
		t.Errorf("what was asked for is told twice: %+v", n)
	}
	if over := a.Full(now); over != LimitRPM || a.Need(now).LackCalls == 0 {
		t.Errorf("full of %q", over)
	}
	// Nobody renews it: each takes its part.
	later := now.Add(2 * time.Minute)
	admitted := 0
	for range 20 {
		if ok, _ := a.Take(later, Use{}); ok {
			admitted++
			a.Return(later, Use{}, Use{})
		}
	}
	if admitted != 10 {
		t.Errorf("%d of 30 calls for three nodes", admitted)
	}
	a.SetShare(nil)
	take(t, a, later, Use{}, "")
}

func TestACallLargerThanAShareNeedsAllThereIs(t *testing.T) {
	now := time.Now()
	a, _ := shared(Rates{TPM: 100}, Budget{})
	share := Share{TPM: 100, Until: now.Add(time.Minute), Nodes: 2}
	a.SetShare(&share)
	take(t, a, now, Use{Tokens: 500}, LimitTPM)
	share.SoleTPM = true
	a.SetShare(&share)
	take(t, a, now, Use{Tokens: 500}, "")
	take(t, a, now, Use{Tokens: 1}, LimitTPM)
}

// TestMoneyIsNotUsedTwice: what is written is spent for everybody, and taken
// off the share that it was covered by.
func TestMoneyIsNotUsedTwice(t *testing.T) {
	now := time.Now()
	a, purses := shared(Rates{}, Budget{Day: 100})
	day := a.Calendar().Day(now)
	spend := func(amount ai.Money, want Limit) {
		t.Helper()
		if take(t, a, now, Use{Money: amount}, want) {
			a.Return(now, Use{Money: amount}, Use{Money: amount})
		}
	}
	a.BeginAdopting()
	a.SetShare(&Share{Money: 30, Until: now.Add(time.Minute), Nodes: 2})
	spend(20, "")
	spend(20, LimitDay) // 40 of 30
	if n := a.Need(now); n.Money != 20 || n.LackMoney != 20 || n.Allowed != 30 {
		t.Errorf("%+v", n)
	}
	purses.Written("x", 20)
	if n := a.Need(now); n.Money != 0 || n.Allowed != 10 {
		t.Errorf("after it was written: %+v", n)
	}
	spend(20, LimitDay)
	// A share is asked for; while the store is read something more is written.
	a.BeginAdopting()
	a.LowerShare(&Share{Money: 50, Until: now.Add(time.Minute), Nodes: 2})
	if n := a.Need(now); n.Allowed != 10 {
		t.Errorf("asking made it larger: %+v", n)
	}
	spend(10, "")
	purses.Written("x", 10)
	a.Adopt(day, State{Day: 50, Month: 50, Total: 50})
	a.SetShare(&Share{Money: 40, Until: now.Add(time.Minute), Nodes: 2})
	if n, spent := a.Need(now), a.Spent(now); n.Allowed != 30 || spent.Day != 60 || spent.Total != 60 {
		t.Errorf("%+v, %+v", n, spent)
	}
	spend(30, "")
	spend(1, LimitDay)
	// All of it, and nobody else has a share: the last call may be larger.
	a.BeginAdopting()
	a.SetShare(&Share{Money: 40, SoleMoney: true, Until: now.Add(time.Minute), Nodes: 2})
	spend(500, "")
	spend(1, LimitDay)
}

func TestLimitErrorsTellOfShares(t *testing.T) {
	now := time.Now()
	a, _ := shared(Rates{RPM: 10}, Budget{})
	a.SetShare(&Share{RPM: 0, Until: now.Add(time.Minute), Nodes: 2})
	e := a.limitError(LimitRPM, now, Use{})
	if !e.Shared || e.RetryAfter != time.Second {
		t.Errorf("%+v", e)
	}
	if until := a.Reopens(LimitRPM, now); until.Sub(now) != sharePatience {
		t.Errorf("reopens in %v", until.Sub(now))
	}
	a.SetShare(&Share{RPM: 10, Until: now.Add(time.Minute), Nodes: 2})
	for range 10 {
		take(t, a, now, Use{}, "")
	}
	if e := a.limitError(LimitRPM, now, Use{}); e.Shared || e.RetryAfter < 50*time.Second {
		t.Errorf("%+v", e)
	}
}
