package selection_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

func keys(n int) (list []selection.Key) {
	for i := range n {
		list = append(list, selection.Key{ID: fmt.Sprint("key", i), Usable: true})
	}
	return list
}

func TestKeysTakeTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := selection.NewState()
		list := keys(rapid.IntRange(1, 9).Draw(t, "keys"))
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			usable := 0
			for i := range list {
				list[i].Usable = rapid.Bool().Draw(t, "usable")
				if list[i].Usable {
					usable++
				}
			}
			if usable == 0 {
				if got := selection.ChooseKey(st, "c", list, ""); got != -1 {
					t.Fatalf("chose %d of none", got)
				}
				continue
			}
			got := make([]int, len(list))
			const rounds = 20
			for range rounds * usable {
				got[selection.ChooseKey(st, "c", list, "")]++
			}
			for i, n := range got {
				if !list[i].Usable && n != 0 {
					t.Fatalf("a cooling key was chosen: %v", got)
				}
				if list[i].Usable && (n < rounds-1 || n > rounds+1) { // 1 for what went before
					t.Fatalf("not even: %v of %+v", got, list)
				}
			}
		}
	})
}

func TestKeysTakeTurnsInOrder(t *testing.T) {
	st := selection.NewState()
	var got []int
	for range 9 {
		got = append(got, selection.ChooseKey(st, "c", keys(3), ""))
	}
	if want := []int{0, 1, 2, 0, 1, 2, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := selection.ChooseKey(st, "another channel", keys(3), ""); got != 0 {
		t.Errorf("another channel begins with %d", got)
	}
}

func TestPreferredKeyIsUsedIfUsable(t *testing.T) {
	st := selection.NewState()
	list := keys(4)
	for range 10 {
		if got := selection.ChooseKey(st, "c", list, "key2"); got != 2 {
			t.Fatalf("chose %d", got)
		}
	}
	list[2].Usable = false
	if got := selection.ChooseKey(st, "c", list, "key2"); got == 2 {
		t.Error("chose a key that cools down")
	}
	if got := selection.ChooseKey(st, "c", list, "a key of another config"); got < 0 || got == 2 {
		t.Errorf("chose %d", got)
	}
	list[2].Usable = true
	// The others make up for what was given by preference, but not for ever.
	var counts [4]int
	for range 400 {
		counts[selection.ChooseKey(st, "c", list, "")]++
	}
	if counts[2] < 90 || counts[2] > 100 {
		t.Errorf("got %v", counts)
	}
}

func TestLowKeysComeLast(t *testing.T) {
	st := selection.NewState()
	list := keys(3)
	list[0].Low = true
	for range 10 {
		if got := selection.ChooseKey(st, "c", list, ""); got == 0 {
			t.Fatal("chose the key that is nearly used up")
		}
	}
	if got := selection.ChooseKey(st, "c", list, "key0"); got != 0 {
		t.Errorf("preferred, but chose %d", got)
	}
	list[1].Usable, list[2].Low = false, true
	counts := make([]int, 3)
	for range 10 {
		counts[selection.ChooseKey(st, "c", list, "")]++
	}
	if counts[1] != 0 || counts[0]+counts[2] != 10 || counts[0] < 4 {
		t.Errorf("when all are low: %v", counts)
	}
}

func TestKeysOfManyGoroutinesAreEven(t *testing.T) {
	st := selection.NewState()
	list := keys(5)
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts := make([]int, 5)
	for range 8 {
		wg.Go(func() {
			for range 500 {
				i := selection.ChooseKey(st, "c", list, "")
				mu.Lock()
				counts[i]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, n := range counts {
		if n != 800 {
			t.Fatalf("got %v", counts)
		}
	}
}

// Clients choose model names, so nothing that is kept by model may grow without
// bound, and an attack must not make everybody else's turns begin anew each time.
func TestStateIsBounded(t *testing.T) {
	st := selection.NewState()
	candidates := []selection.Candidate{{Name: "a"}, {Name: "b"}}
	usual := 0
	for i := range 20_000 {
		now := epoch.Add(time.Duration(i) * time.Millisecond)
		s := selection.Input{
			Call: &ai.Call{Model: fmt.Sprint("invented-", i)}, Candidates: candidates, Now: now, Seed: uint64(i), State: st,
		}
		selection.Choose(new(selection.Weighted), &s)
		selection.ChooseKey(st, fmt.Sprint("channel-", i), keys(2), "")
		st.Observe(selection.Observation{Channel: "c", Model: fmt.Sprint("m", i), OK: true, FirstContent: time.Second, Now: now})
		if i%10 == 0 {
			s := selection.Input{Call: &ai.Call{Model: "usual"}, Candidates: candidates, Now: now, Seed: uint64(i), State: st}
			usual += selection.Choose(new(selection.Weighted), &s)
		}
	}
	if usual != 1000 {
		t.Errorf("in the midst of it a usual model was dealt %d of 2000", usual)
	}
	rotors, measures, fits := selection.Remembered(st)
	if rotors > 2048+8192 || measures > 16384 || fits > 2048 {
		t.Errorf("remembers %d rotors, %d measures, %d fits", rotors, measures, fits)
	}
}

// So must what is kept by channel within one model.
func TestChannelsThatWentAreForgotten(t *testing.T) {
	st := selection.NewState()
	for i := range 5000 {
		s := selection.Input{
			Candidates: []selection.Candidate{{Name: fmt.Sprint(i)}, {Name: fmt.Sprint(i + 1)}}, Now: epoch, State: st,
		}
		selection.Choose(new(selection.Weighted), &s)
	}
	if n := selection.Seats(st); n > 100 {
		t.Errorf("%d channels are remembered", n)
	}
}
