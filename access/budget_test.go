package access_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

const cent = ai.Dollar / 100

func budgeted(t *testing.T, counts *access.Counts, b access.Budget) *access.Token {
	t.Helper()
	tokens, err := access.New([]access.Spec{{Name: "a", Secret: laptopSecret, Budget: b}}, counts)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.ByName("a")
}

// A thousand calls at once on a dollar: what was reserved passes the dollar by
// less than one reservation, and every cent comes back that was not used.
func TestBudgetUnderRace(t *testing.T) {
	counts := newCounts()
	token := budgeted(t, counts, access.Budget{Total: ai.Dollar})
	now := time.Now()
	var admitted atomic.Int64
	var wg sync.WaitGroup
	settle := make(chan *access.Admission, 1000)
	for range 1000 {
		wg.Go(func() {
			a, err := token.Admit(now, access.Use{Money: 3 * cent})
			if err == nil {
				admitted.Add(1)
				settle <- a
			}
		})
	}
	wg.Wait()
	close(settle)
	if n := admitted.Load(); n != 34 { // 33 x 3 cents are below a dollar
		t.Errorf("%d calls of 3 cents admitted", n)
	}
	for a := range settle {
		wg.Go(func() { a.Settle(access.Use{Money: 2 * cent}) })
		wg.Go(func() { a.Settle(access.Use{Money: 2 * cent}) })
	}
	wg.Wait()
	if s := token.Limiter().Spent(now); s.Total != 68*cent || s.Reserved != 0 {
		t.Errorf("%+v", s)
	}
}

func TestBudgetSaysWhichAndWhen(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// In Berlin it is the 24th already; the night of the 25th to the 26th in
	// October 2026 has an hour more.
	now := time.Date(2026, 10, 23, 22, 30, 0, 0, time.UTC)
	for _, row := range []struct {
		name   string
		budget access.Budget
		spent  ai.Money
		limit  access.Limit
		resets time.Time
		says   string
	}{
		{"day", access.Budget{Day: ai.Dollar, Month: 9 * ai.Dollar}, ai.Dollar, access.LimitDay, time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), "daily budget of $1 (spent: $1); it begins anew at 2026-10-25T00:00:00+02:00"},
		{"month", access.Budget{Day: ai.Dollar, Month: 2 * ai.Dollar}, 2*ai.Dollar + cent, access.LimitMonth, time.Date(2026, 11, 1, 0, 0, 0, 0, berlin), "monthly budget of $2 (spent: $2.01)"},
		{"total", access.Budget{Day: ai.Dollar, Total: 2 * ai.Dollar}, 2 * ai.Dollar, access.LimitTotal, time.Time{}, "budget of $2 (spent: $2)"},
	} {
		counts := newCounts()
		counts.Calendar = access.NewCalendar(berlin)
		token := budgeted(t, counts, row.budget)
		a, err := token.Admit(now, access.Use{})
		if err != nil {
			t.Fatal(err)
		}
		a.Settle(access.Use{Money: row.spent})
		_, err = token.Admit(now, access.Use{})
		var over *access.LimitError
		if !errors.As(err, &over) || over.Limit != row.limit || !over.Resets.Equal(row.resets) || !strings.Contains(over.Error(), row.says) ||
			over.Code() != "token_"+string(row.limit)+"_exceeded" || !row.resets.IsZero() && over.RetryAfter != row.resets.Sub(now) {
			t.Errorf("%s: %+v", row.name, over)
		}
		if !row.resets.IsZero() {
			if _, err = token.Admit(row.resets, access.Use{}); err != nil {
				t.Errorf("%s: refused when it begins anew: %v", row.name, err)
			}
			if _, err = token.Admit(row.resets.Add(-time.Second), access.Use{}); err == nil {
				t.Errorf("%s: admitted a second early", row.name)
			}
		}
	}
}

// A clock that jumps neither gives a day's budget twice nor loses one.
func TestBudgetAndJumpingClock(t *testing.T) {
	token := budgeted(t, newCounts(), access.Budget{Day: ai.Dollar})
	today := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	spend := func(at time.Time) bool {
		a, err := token.Admit(at, access.Use{Money: ai.Dollar})
		if err == nil {
			a.Settle(access.Use{Money: ai.Dollar})
		}
		return err == nil
	}
	year := 365 * 24 * time.Hour
	for i, step := range []struct {
		at time.Duration
		ok bool
	}{
		{0, true},
		{0, false},
		{24 * time.Hour, true}, // set forth by a day
		{0, false},             // and back
		{24 * time.Hour, false},
		{-24 * time.Hour, true}, // yesterday had spent nothing
		{year, true},
		{0, false},
		{48 * time.Hour, true},
	} {
		if ok := spend(today.Add(step.at)); ok != step.ok {
			t.Errorf("step %d: admitted %v", i, ok)
		}
	}
}

// What an earlier process spent counts, and a new config finds what the old one
// spent and reserved.
func TestBudgetOutlivesConfigAndProcess(t *testing.T) {
	counts := newCounts()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	counts.Spending.Load([]access.Spent{
		{Name: "token/a", Day: 20261123, Amount: 20 * cent},
		{Name: "token/a", Day: 20261101, Amount: 30 * cent},
		{Name: "token/a", Day: 20251123, Amount: 40 * cent},
	})
	budget := access.Budget{Month: ai.Dollar}
	old := budgeted(t, counts, budget)
	if s := old.Limiter().Spent(now); s.Day != 20*cent || s.Month != 50*cent || s.Total != 90*cent {
		t.Fatalf("%+v", s)
	}
	underWay, err := old.Admit(now, access.Use{Money: 50 * cent})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := budgeted(t, counts, budget).Admit(now, access.Use{}); err == nil {
		t.Error("a new config forgot what is reserved")
	}
	underWay.Settle(access.Use{Money: cent})
	if _, err := budgeted(t, counts, budget).Admit(now, access.Use{}); err != nil {
		t.Errorf("51 cents of a dollar: %v", err)
	}
	// Without a budget what is spent counts as well: one may come.
	free := budgeted(t, counts, access.Budget{})
	a, err := free.Admit(now, access.Use{})
	if err != nil {
		t.Fatal(err)
	}
	a.Settle(access.Use{Money: ai.Dollar})
	if _, err := budgeted(t, counts, budget).Admit(now, access.Use{}); err == nil {
		t.Error("what was spent without a budget does not count once there is one")
	}
}

func TestBudgetRefusalTakesNothing(t *testing.T) {
	counts := newCounts()
	tokens, err := access.New([]access.Spec{{
		Name: "a", Secret: laptopSecret, Rates: access.Rates{RPM: 2, TPM: 100, Concurrency: 2}, Budget: access.Budget{Day: cent},
	}}, counts)
	if err != nil {
		t.Fatal(err)
	}
	token := tokens.ByName("a")
	now := time.Now()
	first, err := token.Admit(now, access.Use{Tokens: 10, Money: cent})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		var over *access.LimitError
		if _, err := token.Admit(now, access.Use{Tokens: 10, Money: cent}); !errors.As(err, &over) || over.Limit != access.LimitDay {
			t.Fatal(err)
		}
	}
	first.Settle(access.Use{Tokens: 10})
	if _, err := token.Admit(now, access.Use{Tokens: 90, Money: cent}); err != nil {
		t.Errorf("refusals have used up a limit: %v", err)
	}
}
