package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// manyWriters lets several goroutines of two processes write, overlap, fold,
// price anew and read at once. No call is lost, and none counted twice.
func (t suite) manyWriters() {
	stores := []store.Store{t.opened(), t.opened()}
	const writers, rounds, size = 6, 12, 20
	record := func(n int) *ai.Record {
		r := paid(n, 20260301+ai.Day(n%3), ai.Money(n%7), ai.Money(n%11+1))
		r.Time, r.Token = time.Now().UTC().Truncate(24*time.Hour).Add(time.Duration(n)*time.Millisecond), fmt.Sprint("token-", n%5)
		return r
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			s := stores[w%2]
			for round := range rounds {
				batch := make([]*ai.Record, 0, size+5)
				for i := range size {
					batch = append(batch, record((w*rounds+round)*size+i))
				}
				for i := range 5 { // what the next writer writes at the same time
					batch = append(batch, record((((w+1)%writers)*rounds+round)*size+i))
				}
				if err := s.WriteCalls(t.Context(), batch); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	for _, s := range stores {
		all.Go(func() {
			seen := int64(0)
			for range 40 {
				rows, err := s.Stats(t.Context(), store.StatsFilter{})
				if err != nil {
					t.Error(err)
				}
				var calls int64
				if len(rows) > 0 {
					calls = rows[0].Calls
				}
				if calls < seen || calls > writers*rounds*size {
					t.Errorf("statistics tell of %d calls after %d", calls, seen)
				}
				seen = calls
			}
		})
		all.Go(func() {
			for range 6 {
				_, pruneErr := s.Prune(t.Context(), time.Time{}, 0, 1) // deletes none, so it folds
				_, _, priceErr := s.Reprice(t.Context(), noon, func(r *ai.Record) {
					more := 1000 - r.Cost.Amount%1000 // whoever comes later changes it once more
					r.Cost.Amount += more
					r.Attempts[len(r.Attempts)-1].Cost.Amount += more
				})
				if err := errors.Join(pruneErr, priceErr); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	t.wantSumsOfRows(stores, writers*rounds*size)
}

// wantSumsOfRows compares statistics and what was spent with the calls that are
// there, of which there have to be so many.
func (t suite) wantSumsOfRows(stores []store.Store, want int) {
	t.Helper()
	known := make(map[string]*ai.Record)
	tokens, channels := ai.Money(0), ai.Money(0)
	for before := ""; ; {
		page, err := stores[0].Calls(t.Context(), store.CallFilter{Before: before, Limit: store.MaxCalls})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			known[r.ID], before = r, r.ID
			tokens += r.Cost.Amount
			for i := range r.Attempts {
				channels += r.Attempts[i].Cost.Amount
			}
		}
		if len(page) < store.MaxCalls {
			break
		}
	}
	if len(known) != want {
		t.Errorf("%d calls are there, want %d", len(known), want)
	}
	by := []store.Dimension{store.ByToken}
	for _, s := range stores {
		got, err := s.Stats(t.Context(), store.StatsFilter{By: by})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(addUp(known, by, func(time.Time) time.Time { return time.Time{} }), got); diff != "" {
			t.Errorf("statistics (-calls +got):\n%s", diff)
		}
		spent, err := s.LoadSpent(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		spentTokens, spentChannels := ai.Money(0), ai.Money(0)
		for _, p := range spent {
			if strings.HasPrefix(p.Name, "token/") {
				spentTokens += p.Amount
			} else {
				spentChannels += p.Amount
			}
		}
		if spentTokens != tokens || spentChannels != channels {
			t.Errorf("tokens spent %d and channels %d, and the calls cost %d and %d", spentTokens, spentChannels, tokens, channels)
		}
	}
}

// longIDsStayApart: what has no room in an index is not mistaken for another.
func (t suite) longIDsStayApart() {
	s := t.opened()
	batch := calls(0, 3)
	for i, r := range batch {
		r.ID, r.ResponseID = strings.Repeat("漢", 3000)+strconv.Itoa(i), strings.Repeat("r", 5000)+strconv.Itoa(i)
		r.Token = fmt.Sprint("token-", i)
	}
	t.write(s, batch...)
	t.write(s, batch...)
	for i, r := range batch {
		if got, err := s.Call(t.Context(), r.ID); err != nil || got.Usage.Input != int64(i) {
			t.Errorf("call %d: %+v, %v", i, got, err)
		}
		if _, token, err := s.ResponseOwner(t.Context(), r.ResponseID); err != nil || token != r.Token {
			t.Errorf("response %d is of %q: %v", i, token, err)
		}
	}
	if list := t.ids(s, store.CallFilter{Before: batch[1].ID}); len(list) != 1 {
		t.Errorf("%d calls before the second", len(list))
	}
}

// statsAreFoldedAtOnce lets several processes add up what is pending at the same
// moment: it is added once.
func (t suite) statsAreFoldedAtOnce() {
	stores := []store.Store{t.opened(), t.opened(), t.opened()}
	const rounds, size = 8, 25
	for round := range rounds {
		for n := range 4 { // as many rows that are pending
			t.write(stores[n%3], calls((round*4+n)*size, (round*4+n+1)*size)...)
		}
		var all sync.WaitGroup
		for _, s := range stores {
			all.Go(func() {
				if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil { // deletes none, so it folds
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := int64((round + 1) * 4 * size)
		rows, err := stores[0].Stats(t.Context(), store.StatsFilter{})
		if err != nil || len(rows) != 1 || rows[0].Calls != want {
			t.Fatalf("%+v, %v, want %d calls", rows, err, want)
		}
	}
}
