package access

import (
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// shared is a limiter that keeps to a share.
func shared(r Rates, b Budget) (*Limiter, *Spending) {
	spending := NewSpending()
	return NewLimiter(r, b, NewCalendar(time.UTC), NewRateWindows().Of("x"), spending.Of("x")), spending
}

func take(t *testing.T, l *Limiter, now time.Time, use Use, want Limit) bool {
	t.Helper()
	ok, over := l.Acquire(now, use)
	if over != want {
		t.Errorf("over %q, want %q", over, want)
	}
	return ok
}

func TestSharesAreKept(t *testing.T) {
	now := time.Now()
	woken := 0
	share := Share{RPM: 2, TPM: 100, Concurrency: 3, Until: now.Add(time.Minute), Nodes: 3, Wake: func() { woken++ }}
	l, _ := shared(Rates{RPM: 30, TPM: 1000, Concurrency: 9}, Budget{})
	l.SetShare(&share)
	take(t, l, now, Use{Tokens: 40}, "")
	take(t, l, now, Use{Tokens: 100}, LimitTPM)
	take(t, l, now, Use{Tokens: 40}, "")
	take(t, l, now, Use{}, LimitRPM)
	n := l.Need(now)
	if n.Calls != 2 || n.Tokens != 80 || n.Slots != 2 || n.ShortCalls != 1 || n.ShortTokens != 100 || !n.Short() || woken != 2 {
		t.Errorf("%+v, woken %d times", n, woken)
	}
	if n = l.Need(now); n.Short() {
		t.Errorf("what was asked for is told twice: %+v", n)
	}
	if over := l.Full(now); over != LimitRPM || l.Need(now).ShortCalls == 0 {
		t.Errorf("full of %q", over)
	}
	// Nobody renews it: each takes its part.
	later := now.Add(2 * time.Minute)
	admitted := 0
	for range 20 {
		if ok, _ := l.Acquire(later, Use{}); ok {
			admitted++
			l.Settle(later, Use{}, Use{})
		}
	}
	if admitted != 10 {
		t.Errorf("%d of 30 calls for three nodes", admitted)
	}
	l.SetShare(nil)
	take(t, l, later, Use{}, "")
}

func TestACallLargerThanAShareNeedsAllThereIs(t *testing.T) {
	now := time.Now()
	l, _ := shared(Rates{TPM: 100}, Budget{})
	share := Share{TPM: 100, Until: now.Add(time.Minute), Nodes: 2}
	l.SetShare(&share)
	take(t, l, now, Use{Tokens: 500}, LimitTPM)
	share.ExclusiveTPM = true
	l.SetShare(&share)
	take(t, l, now, Use{Tokens: 500}, "")
	take(t, l, now, Use{Tokens: 1}, LimitTPM)
}

// TestMoneyIsNotUsedTwice: what is written is spent for everybody, and taken
// off the share that it was covered by.
func TestMoneyIsNotUsedTwice(t *testing.T) {
	now := time.Now()
	l, spending := shared(Rates{}, Budget{Day: 100})
	day := l.Calendar().Day(now)
	spend := func(amount ai.Money, want Limit) {
		t.Helper()
		if take(t, l, now, Use{Money: amount}, want) {
			l.Settle(now, Use{Money: amount}, Use{Money: amount})
		}
	}
	l.BeginAdopting()
	l.SetShare(&Share{Money: 30, Until: now.Add(time.Minute), Nodes: 2})
	spend(20, "")
	spend(20, LimitDay) // 40 of 30
	if n := l.Need(now); n.Money != 20 || n.ShortMoney != 20 || n.Allowed != 30 {
		t.Errorf("%+v", n)
	}
	spending.Written("x", 20)
	if n := l.Need(now); n.Money != 0 || n.Allowed != 10 {
		t.Errorf("after it was written: %+v", n)
	}
	spend(20, LimitDay)
	// A share is asked for; while the store is read something more is written.
	l.BeginAdopting()
	l.LowerShare(&Share{Money: 50, Until: now.Add(time.Minute), Nodes: 2})
	if n := l.Need(now); n.Allowed != 10 {
		t.Errorf("asking made it larger: %+v", n)
	}
	spend(10, "")
	spending.Written("x", 10)
	l.Adopt(day, State{Day: 50, Month: 50, Total: 50})
	l.SetShare(&Share{Money: 40, Until: now.Add(time.Minute), Nodes: 2})
	if n, spent := l.Need(now), l.Spent(now); n.Allowed != 30 || spent.Day != 60 || spent.Total != 60 {
		t.Errorf("%+v, %+v", n, spent)
	}
	spend(30, "")
	spend(1, LimitDay)
	// All of it, and nobody else has a share: the last call may be larger.
	l.BeginAdopting()
	l.SetShare(&Share{Money: 40, ExclusiveMoney: true, Until: now.Add(time.Minute), Nodes: 2})
	spend(500, "")
	spend(1, LimitDay)
}

func TestLimitErrorsTellOfShares(t *testing.T) {
	now := time.Now()
	l, _ := shared(Rates{RPM: 10}, Budget{})
	l.SetShare(&Share{RPM: 0, Until: now.Add(time.Minute), Nodes: 2})
	e := l.limitError(LimitRPM, now, Use{})
	if !e.Shared || e.RetryAfter != time.Second {
		t.Errorf("%+v", e)
	}
	if until := l.Reopens(LimitRPM, now); until.Sub(now) != sharePatience {
		t.Errorf("reopens in %v", until.Sub(now))
	}
	l.SetShare(&Share{RPM: 10, Until: now.Add(time.Minute), Nodes: 2})
	for range 10 {
		take(t, l, now, Use{}, "")
	}
	if e := l.limitError(LimitRPM, now, Use{}); e.Shared || e.RetryAfter < 50*time.Second {
		t.Errorf("%+v", e)
	}
}
