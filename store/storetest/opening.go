package storetest

import (
	"context"
	"errors"

	"github.com/ccload/ccload/store"
)

func (t suite) openingRepeats() {
	s := t.db()
	for range 3 {
		for range 2 {
			if err := s.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		t.write(s, call(1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Call(t.Context(), call(1).ID); !errors.Is(err, store.ErrNotOpen) {
			t.Fatalf("after Close: %v", err)
		}
	}
	t.wantIDs(t.opened(), store.CallFilter{}, 1)
}

func (t suite) manyOpenAtOnce() {
	const many = 6
	failed := make(chan error, many)
	stores := make([]store.Store, many)
	for i := range stores {
		stores[i] = t.db()
		go func() {
			if err := stores[i].Open(context.Background()); err != nil {
				failed <- err
				return
			}
			failed <- stores[i].WriteCalls(context.Background(), calls(i*10, i*10+10))
		}()
	}
	for range stores {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	for _, s := range stores {
		if got := t.ids(s, store.CallFilter{Limit: 500}); len(got) != many*10 {
			t.Errorf("%d calls of %d", len(got), many*10)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (t suite) missingIsNotFound() {
	s := t.opened()
	t.write(s, call(1))
	for _, id := range []string{"", "req_000002", "%", "' OR 1=1 --", "req_00000_", "\x00"} {
		if r, err := s.Call(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v, %v", id, r, err)
		}
	}
}
