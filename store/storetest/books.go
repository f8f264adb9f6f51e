package storetest

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// account is what calls used and cost, counted in one way.
type account struct {
	calls, attempts, input, cached, written, output, reasoning int64
	cost, list                                                 ai.Money
}

// booksAgree writes random calls, prices them anew, folds and prunes: whatever
// the statistics are told apart by, they add up to the rows of the calls and to
// what was spent of the budgets of tokens, and channel by channel to that of
// channels.
func (t suite) booksAgree() {
	s := t.opened()
	now := time.Now().UTC().Truncate(time.Minute)
	number := 0
	var rows account
	rapid.Check(t.T, func(rt *rapid.T) {
		batch := make([]*ai.Record, rapid.IntRange(1, 6).Draw(rt, "calls"))
		for i := range batch {
			number++
			age := time.Duration(rapid.Int64Range(0, int64(60*time.Hour)).Draw(rt, "age"))
			batch[i] = counted(rt, number, now, age)
			batch[i].Day = ai.Day(20260301 + number%2)
		}
		if err := s.WriteCalls(t.Context(), batch); err != nil {
			rt.Fatal(err)
		}
		if rapid.IntRange(0, 9).Draw(rt, "then") == 0 {
			if _, _, err := s.Reprice(t.Context(), now.Add(-30*time.Hour), priceByOutput); err != nil {
				rt.Fatal(err)
			}
		}
		if rapid.IntRange(0, 9).Draw(rt, "fold") == 0 { // deletes nothing, so it folds
			if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
				rt.Fatal(err)
			}
		}
	})
	stored, err := s.Calls(t.Context(), store.CallFilter{Limit: number})
	if err != nil {
		t.Fatal(err)
	}
	for before := stored; len(before) > 0 && len(stored) < number; {
		if before, err = s.Calls(t.Context(), store.CallFilter{Limit: number, Before: before[len(before)-1].ID}); err != nil {
			t.Fatal(err)
		}
		stored = append(stored, before...)
	}
	for _, r := range stored {
		rows.add(account{
			1, int64(len(r.Attempts)), r.Usage.Input, r.Usage.CachedInput, r.Usage.CacheWrite, r.Usage.Output, r.Usage.Reasoning,
			r.Cost.Amount, r.Cost.List,
		})
	}
	if rows.calls != int64(number) || rows.cost == 0 || rows.attempts <= rows.calls {
		t.Fatalf("%d calls were written, and the rows say %+v", number, rows)
	}
	spent, err := s.LoadSpent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ofTokens, ofChannels, ofChannel := ai.Money(0), ai.Money(0), make(map[string]ai.Money)
	for _, p := range spent {
		if name, isChannel := strings.CutPrefix(p.Name, "channel/"); isChannel {
			ofChannel[name] += p.Amount
			ofChannels += p.Amount
		} else {
			ofTokens += p.Amount
		}
	}
	if ofTokens != rows.cost || ofChannels != rows.cost {
		t.Errorf("the rows cost %v, of the budgets of tokens %v was spent, of those of channels %v", rows.cost, ofTokens, ofChannels)
	}
	for range 2 { // as it is, then folded
		for set := range 1 << len(store.Dimensions) {
			var by []store.Dimension
			for i, d := range store.Dimensions {
				if set&(1<<i) != 0 {
					by = append(by, d)
				}
			}
			sums, err := s.Stats(t.Context(), store.StatsFilter{By: by})
			if err != nil {
				t.Fatal(err)
			}
			var total account
			byChannel := make(map[string]ai.Money)
			for i := range sums {
				r := &sums[i]
				total.add(account{r.Calls, r.Attempts, r.Input, r.CachedInput, r.CacheWrite, r.Output, r.Reasoning, r.Cost, r.ListCost})
				byChannel[r.Channel] += r.Cost
			}
			if total != rows {
				t.Errorf("by %v: %+v, want %+v", by, total, rows)
			}
			if set&1 != 0 {
				for name, want := range ofChannel {
					if byChannel[name] != want {
						t.Errorf("by %v: channel %s cost %v, of its budget %v was spent", by, name, byChannel[name], want)
					}
				}
			}
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *account) add(b account) {
	a.calls += b.calls
	a.attempts += b.attempts
	a.input += b.input
	a.cached += b.cached
	a.written += b.written
	a.output += b.output
	a.reasoning += b.reasoning
	a.cost += b.cost
	a.list += b.list
}

// priceByOutput prices a call at three for a token of output, whatever it cost.
func priceByOutput(r *ai.Record) {
	r.Cost = ai.Cost{}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		a.Cost.Amount, a.Cost.List = 3*ai.Money(a.Usage.Output), 4*ai.Money(a.Usage.Output)
		r.Cost.Amount += a.Cost.Amount
		r.Cost.List += a.Cost.List
		r.Cost.Unpriced = r.Cost.Unpriced || a.Cost.Unpriced
	}
}
