package storetest

import (
	"bytes"
	"errors"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// paid is a call of two attempts that cost something.
func paid(n int, day ai.Day, first, second ai.Money) *ai.Record {
	r := call(n)
	r.Day = day
	r.Attempts = append([]ai.Attempt{{Target: ai.Target{Channel: "broken"}}}, r.Attempts...)
	r.Attempts[0].Cost.Amount, r.Attempts[1].Cost.Amount = first, second
	r.Cost.Amount = first + second
	return r
}

// wantSpent compares what was spent with what the calls add up to.
func (t suite) wantSpent(s store.Store, want ...access.Spent) {
	t.Helper()
	got, err := s.LoadSpent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("spent (-want +got):\n%s", diff)
	}
}

func (t suite) spentOnce() {
	s := t.opened()
	t.wantSpent(s)
	batch := []*ai.Record{paid(1, 20260301, 1, 10), paid(2, 20260301, 0, 20), paid(3, 20260302, 3, 30), call(4)}
	t.write(s, batch...)
	t.write(s, batch...)                                    // the answer to the first got lost
	t.write(s, batch[0], paid(5, 20260302, 0, 5), batch[2]) // a batch that overlaps
	want := []access.Spent{
		{Name: "channel/broken", Day: 20260301, Amount: 1},
		{Name: "channel/broken", Day: 20260302, Amount: 3},
		{Name: "channel/main", Day: 20260301, Amount: 30},
		{Name: "channel/main", Day: 20260302, Amount: 35},
		{Name: "token/laptop", Day: 20260301, Amount: 31},
		{Name: "token/laptop", Day: 20260302, Amount: 38},
	}
	t.wantSpent(s, want...)
	for {
		n, err := s.Prune(t.Context(), noon.AddDate(1, 0, 0), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	t.wantSpent(t.opened(), want...) // it is not forgotten with the calls
}

func (t suite) repriced() {
	s := t.opened()
	const many = 450 // more than one step
	batch := make([]*ai.Record, many)
	for i := range batch {
		batch[i] = paid(i, 20260301, 1, 2)
	}
	t.write(s, batch...)
	before, err := s.Call(t.Context(), batch[7].ID)
	if err != nil {
		t.Fatal(err)
	}
	dearer := func(r *ai.Record) {
		if r.Usage.Input%2 == 1 { // every second one
			r.Attempts[1].Cost = ai.Cost{Amount: 100, List: 90, Price: "new"}
			r.Cost = ai.Cost{Amount: 101, List: 91, Price: "new"}
		}
	}
	for _, want := range []int{many / 2, 0} { // what is right already is left alone
		n, moved, err := s.Reprice(t.Context(), noon, dearer)
		if err != nil || n != want {
			t.Fatalf("%d changed, want %d: %v", n, want, err)
		}
		sum := ai.Money(0)
		for _, m := range moved {
			sum += m.Amount
		}
		if sum != ai.Money(want)*(98+98) { // for the token and for the channel
			t.Errorf("%d moved: %+v", sum, moved)
		}
	}
	t.wantSpent(
		s,
		access.Spent{Name: "channel/broken", Day: 20260301, Amount: many},
		access.Spent{Name: "channel/main", Day: 20260301, Amount: many/2*2 + many/2*100},
		access.Spent{Name: "token/laptop", Day: 20260301, Amount: many/2*3 + many/2*101},
	)
	after, err := s.Call(t.Context(), batch[7].ID)
	if err != nil {
		t.Fatal(err)
	}
	dearer(before)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("more than the costs has changed (-want +got):\n%s", diff)
	}
	if n, _, err := s.Reprice(t.Context(), batch[many-1].Time, func(r *ai.Record) { r.Cost.Amount = 0 }); err != nil || n != 1 {
		t.Errorf("%d calls changed since the last one, want it alone: %v", n, err)
	}
}

func (t suite) memories() {
	s := t.opened()
	if _, err := s.LoadMemory(t.Context(), "tokens"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	for _, value := range [][]byte{[]byte("{}"), {0, 1, 255}, bytes.Repeat([]byte("x"), 1<<20)} {
		if err := s.SaveMemory(t.Context(), "tokens", value); err != nil {
			t.Fatal(err)
		}
		if got, err := t.opened().LoadMemory(t.Context(), "tokens"); err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes came back as %d: %v", len(value), len(got), err)
		}
	}
}
