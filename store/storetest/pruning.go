package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/store"
)

func (t suite) agePrunes() {
	s := t.opened()
	t.write(s, calls(0, 700)...)
	prune := func(olderThan time.Time, step, want int) {
		t.Helper()
		if got, err := s.Prune(t.Context(), olderThan, 0, step); err != nil || got != want {
			t.Fatalf("pruned %d, want %d: %v", got, want, err)
		}
	}
	prune(time.Time{}, 100, 0)
	prune(noon, 100, 0) // at noon is not before noon
	at600 := noon.Add(600 * time.Second)
	prune(at600, 250, 250)
	if oldest := t.ids(s, store.CallFilter{Limit: 500, Until: noon.Add(251 * time.Second)}); !slices.Equal(oldest, []string{call(250).ID}) {
		t.Errorf("not the oldest went first: %v are left", oldest)
	}
	prune(at600, 250, 250)
	prune(at600, 250, 100)
	prune(at600, 250, 0)
	left, err := s.Calls(t.Context(), store.CallFilter{Limit: 500})
	if err != nil || len(left) != 100 {
		t.Fatalf("%d left: %v", len(left), err)
	}
	for i, r := range left {
		if diff := cmp.Diff(call(699-i), r); diff != "" {
			t.Fatalf("what is left changed (-want +got):\n%s", diff)
		}
	}
	if _, err := s.Call(t.Context(), call(599).ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a pruned call: %v", err)
	}
	prune(noon.Add(time.Hour), 500, 100)
	prune(noon.Add(time.Hour), 500, 0)
	t.write(s, call(1000)) // its candidates were forgotten meanwhile
	if r, err := s.Call(t.Context(), call(1000).ID); err != nil || len(r.Candidates) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

func (t suite) sizePrunes() {
	s := t.opened()
	const all = 1500
	for n := range all / 500 {
		t.write(s, calls(n*500, n*500+500)...)
	}
	const roomy, tight = int64(1) << 30, int64(1) << 19
	if n, err := s.Prune(t.Context(), time.Time{}, roomy, 100); n != 0 || err != nil {
		t.Fatalf("pruned %d below the bound: %v", n, err)
	}
	total := 0
	for {
		n, err := s.Prune(t.Context(), time.Time{}, tight, 100)
		if err != nil {
			t.Fatal(err)
		}
		if n > 100 {
			t.Fatalf("pruned %d in a step of 100", n)
		}
		if total += n; n == 0 {
			break
		}
	}
	if total == 0 || total == all {
		t.Fatalf("pruned %d of %d", total, all)
	}
	newest := t.ids(s, store.CallFilter{Limit: 1})
	if !slices.Equal(newest, []string{call(all - 1).ID}) {
		t.Errorf("the newest is %v", newest)
	}
	if _, err := s.Call(t.Context(), call(total-1).ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an older one than the last pruned is left: %v", err)
	}
	if _, err := s.Call(t.Context(), call(total).ID); err != nil {
		t.Errorf("a newer one than the last pruned is gone: %v", err)
	}
}
