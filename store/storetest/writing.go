package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

func (t suite) batchesRepeat() {
	s := t.opened()
	t.write(s)
	t.write(s, calls(0, 5)...)
	t.write(s, calls(0, 5)...)                          // the answer to the first got lost
	t.write(s, append(calls(3, 8), calls(6, 10)...)...) // and a batch that overlaps, also with itself
	t.wantIDs(s, store.CallFilter{}, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
	r, err := s.Call(t.Context(), call(4).ID)
	if err != nil || len(r.Attempts) != 1 {
		t.Errorf("attempts were written twice: %+v, %v", r, err)
	}
}

func (t suite) badRecordsAreIsolated() {
	s := t.opened()
	t.write(s, call(1))
	impostor := call(1)
	impostor.Time = noon.Add(time.Hour)
	err := s.WriteCalls(t.Context(), []*ai.Record{call(2), nil, call(3), {Time: noon}, impostor, call(4)})
	var refused *store.RefusedError
	if !errors.As(err, &refused) || refused.Refused() != 3 || refused.Error() == "" {
		t.Fatalf("got %v, want three refusals", err)
	}
	if got := refused.Refusals[2].ID; got != impostor.ID {
		t.Errorf("the third refusal is of %q", got)
	}
	t.wantIDs(s, store.CallFilter{}, 4, 3, 2, 1)
	if err := s.WriteCalls(t.Context(), []*ai.Record{nil}); !errors.As(err, &refused) || refused.Refused() != 1 {
		t.Errorf("a batch of nothing: %v", err)
	}
}

func (t suite) cancelledLeavesNothing() {
	s := t.opened()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteCalls(ctx, calls(0, 500)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for wait := range 20 { // in the middle, at moments that differ
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(wait)*500*time.Microsecond)
		err := s.WriteCalls(ctx, calls(0, 500))
		cancel()
		got := len(t.ids(s, store.CallFilter{Limit: 500}))
		if want := map[bool]int{true: 500, false: 0}[err == nil]; got != want {
			t.Fatalf("%d calls after %v", got, err)
		}
		if err == nil {
			return
		}
	}
	t.write(s, calls(0, 500)...)
}

func (t suite) ownersAreFound() {
	s := t.opened()
	first, failed, again := call(1), call(2), call(3)
	first.ResponseID, failed.ResponseID, again.ResponseID = "resp_1", "resp_2", "resp_1"
	owner := ai.Target{Channel: "main", URL: "https://b.example", Key: "k2", Model: "gpt-5"}
	first.Attempts = append(first.Attempts, ai.Attempt{Target: owner})
	again.Attempts[0].Target = owner
	failed.Channel = "" // nobody served
	t.write(s, first, failed, again, call(4))
	got, token, err := s.ResponseOwner(t.Context(), "resp_1")
	if err != nil || got != owner || token != "laptop" {
		t.Errorf("resp_1: %+v of %q, %v", got, token, err)
	}
	for _, id := range []string{"", "resp_2", "resp_3", "resp_%"} {
		if got, _, err := s.ResponseOwner(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %+v, %v", id, got, err)
		}
	}
}

// readersAndWriters lets others read, from this handle and from another, while
// calls are written and pruned. Whatever they see is whole.
func (t suite) readersAndWriters() {
	s, other := t.opened(), t.opened()
	done := make(chan struct{})
	failed := make(chan error, 2)
	for _, reader := range []store.Store{s, other} {
		go func() { failed <- readUntil(done, reader) }()
	}
	const batches, size = 20, 50
	for n := range batches {
		t.write(s, calls(n*size, n*size+size)...)
		if n%5 == 4 {
			if _, err := other.Prune(t.Context(), noon.Add(time.Duration(n-4)*size*time.Second), 0, 1000); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got := t.ids(s, store.CallFilter{Limit: 1}); !slices.Equal(got, []string{call(batches*size - 1).ID}) {
		t.Errorf("the newest is %v", got)
	}
}

// readUntil reads calls until done, and fails if it sees half of one.
func readUntil(done <-chan struct{}, s store.Store) error {
	for {
		select {
		case <-done:
			return nil
		default:
		}
		list, err := s.Calls(context.Background(), store.CallFilter{Limit: 20})
		if err != nil {
			return err
		}
		for _, r := range list {
			if len(r.Attempts) != 1 || len(r.Candidates) != 2 {
				return fmt.Errorf("half a call: %+v", r)
			}
		}
	}
}
