package access_test

import (
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// A bound is taken only where it is a small part of what every limit has left.
func TestAdmitBound(t *testing.T) {
	now := time.Now()
	share := func(s access.Share) *access.Share {
		s.Until = now.Add(time.Hour)
		return &s
	}
	for _, row := range []struct {
		name   string
		rates  access.Rates
		budget access.Budget
		share  *access.Share
		spent  access.Use
		most   access.Use
		ok     bool
	}{
		{name: "no limit", most: access.Use{Tokens: 1e9, Money: ai.Dollar}, ok: true},
		{name: "a sixteenth", budget: access.Budget{Day: 16 * cent}, most: access.Use{Money: cent}, ok: true},
		{name: "more", budget: access.Budget{Day: 16 * cent}, most: access.Use{Money: cent + 1}},
		{name: "of the shortest", budget: access.Budget{Day: 16 * cent, Total: 15 * cent}, most: access.Use{Money: cent}},
		{name: "of what is left", budget: access.Budget{Day: 16 * cent}, spent: access.Use{Money: cent}, most: access.Use{Money: cent}},
		{name: "tokens", rates: access.Rates{TPM: 1600}, most: access.Use{Tokens: 100}, ok: true},
		{name: "more tokens", rates: access.Rates{TPM: 1600}, most: access.Use{Tokens: 101}},
		{name: "tokens left", rates: access.Rates{TPM: 1600}, spent: access.Use{Tokens: 1}, most: access.Use{Tokens: 100}},
		{name: "used up", budget: access.Budget{Day: 16 * cent}, spent: access.Use{Money: 17 * cent}, most: access.Use{}},
		{name: "a slot", rates: access.Rates{Concurrency: 1}, most: access.Use{}, ok: true},
		{name: "no slot", rates: access.Rates{Concurrency: 1}, spent: access.Use{Tokens: 1}, most: access.Use{}},
		{name: "a share", budget: access.Budget{Day: 32 * cent}, share: share(access.Share{Money: 16 * cent}), most: access.Use{Money: cent}, ok: true},
		{name: "of the share", budget: access.Budget{Day: 32 * cent}, share: share(access.Share{Money: 15 * cent}), most: access.Use{Money: cent}},
		{name: "of the share of tokens", rates: access.Rates{TPM: 1600}, share: share(access.Share{TPM: 800}), most: access.Use{Tokens: 100}},
		{name: "a share that has ended", budget: access.Budget{Day: 32 * cent}, share: &access.Share{Money: 16 * cent, Until: now.Add(-1), Nodes: 2}, most: access.Use{Money: cent}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tokens, err := access.New([]access.Spec{{Name: "a", Secret: laptopSecret, Rates: row.rates, Budget: row.budget}}, newCounts())
			if err != nil {
				t.Fatal(err)
			}
			token := tokens.ByName("a")
			if row.share != nil {
				token.Limiter().SetShare(row.share)
			}
			if row.spent != (access.Use{}) {
				if _, err := token.Admit(now, row.spent); err != nil {
					t.Fatal(err)
				}
			}
			a := token.AdmitBound(now, row.most)
			if (a != nil) != row.ok {
				t.Fatalf("admitted: %v", a != nil)
			}
			if n := token.Limiter().Bounds(); n == 1 != row.ok {
				t.Errorf("%d bounds", n)
			}
		})
	}
}

// What is adjusted is set aside from then on, until the call is settled; whoever
// is late changes nothing.
func TestAdjust(t *testing.T) {
	tokens, err := access.New([]access.Spec{{Name: "a", Secret: laptopSecret, Rates: access.Rates{TPM: 1600}, Budget: access.Budget{Total: ai.Dollar}}}, newCounts())
	if err != nil {
		t.Fatal(err)
	}
	token, now := tokens.ByName("a"), time.Now()
	check := func(what string, reserved, spent ai.Money, used, bounds int64) {
		t.Helper()
		l := token.Limiter()
		if s, n := l.Spent(now), l.Need(now); s.Reserved != reserved || s.Total != spent || n.Tokens != used || l.Bounds() != bounds {
			t.Errorf("%s: %+v, %d tokens, %d bounds", what, s, n.Tokens, l.Bounds())
		}
	}
	a := token.AdmitBound(now, access.Use{Tokens: 90, Money: 5 * cent})
	check("admitted", 5*cent, 0, 90, 1)
	a.Adjust(access.Use{Tokens: -60, Money: -3 * cent})
	check("adjusted", 2*cent, 0, 30, 0)
	a.Settle(access.Use{Tokens: 40, Money: 4 * cent})
	check("settled", 0, 4*cent, 40, 0)
	a.Adjust(access.Use{Tokens: -60, Money: -3 * cent})
	check("adjusted too late", 0, 4*cent, 40, 0)
	b := token.AdmitBound(now, access.Use{Tokens: 90, Money: 5 * cent})
	b.Settle(access.Use{Tokens: 1, Money: cent})
	b.Settle(access.Use{Tokens: 1, Money: cent})
	check("settled before it was adjusted", 0, 5*cent, 41, 0)
}
