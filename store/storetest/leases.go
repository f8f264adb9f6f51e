package storetest

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// nodesAreSeen: a node sees the others while they say that they are there.
func (t suite) nodesAreSeen() {
	s := t.opened()
	see := func(self string, now time.Time, want string) {
		t.Helper()
		others, hungry, err := s.Nodes(t.Context(), self, now)
		if got := fmt.Sprint(others, hungry); err != nil || got != want {
			t.Errorf("%s sees %s, %v; want %s", self, got, err, want)
		}
	}
	see("a", noon, "[] []")
	for _, n := range []store.Node{{ID: "a"}, {ID: "b", Shares: true, Name: "host", Version: "v1", Since: noon.Add(-time.Hour), Seen: noon}} {
		if err := s.Heartbeat(t.Context(), n, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	see("a", noon, "[{b true}] []")
	see("b", noon, "[{a false}] []")
	see("b", noon.Add(2*time.Minute), "[] []")
	if err := s.Leave(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	see("b", noon, "[] []")
}

// sharesAreDivided: what nodes get never adds up to more than the limit, and
// comes back when its time is over.
func (t suite) sharesAreDivided() {
	s, later := t.opened(), noon.Add(time.Minute)
	lease := func(node string, at time.Time, used, needed, wanted, share int64, sole bool) {
		t.Helper()
		grants, err := s.Lease(t.Context(), node, []store.Claim{{Name: "rpm/token/x", Limit: 60, Used: used, Needed: needed, Wanted: wanted}}, at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if grants[0].Share != share || grants[0].Exclusive != sole {
			t.Errorf("%s gets %+v, want %d, %v", node, grants[0], share, sole)
		}
	}
	lease("a", noon, 0, 0, 60, 60, true)
	lease("b", noon, 0, 5, 20, 0, false)
	if _, hungry, err := s.Nodes(t.Context(), "a", noon); err != nil || len(hungry) != 1 || hungry[0] != "rpm/token/x" {
		t.Errorf("a is told of %v, %v", hungry, err)
	}
	lease("a", noon, 30, 30, 30, 30, false) // gives back what it does not use
	lease("b", noon, 0, 5, 20, 20, false)
	lease("c", noon, 0, 0, 60, 10, false)
	lease("a", noon, 45, 45, 45, 45, false) // what is used is had in any case
	lease("c", later, 0, 0, 60, 60, true)   // the others have not renewed theirs
}

// moneyIsDivided: what is spent and written is taken off the budget before it
// is divided.
func (t suite) moneyIsDivided() {
	s := t.opened()
	r := call(1)
	r.Token, r.Day, r.Cost = "x", 20260301, ai.Cost{Amount: 3 * ai.Dollar}
	old := call(2)
	old.Token, old.Day, old.Cost = "x", 20260115, ai.Cost{Amount: ai.Dollar}
	if err := s.WriteCalls(t.Context(), []*ai.Record{r, old}); err != nil {
		t.Fatal(err)
	}
	claim := store.Claim{Name: "money/token/x", Limit: 1, Wanted: int64(100 * ai.Dollar), Account: "token/x", Budget: access.Budget{Day: 5 * ai.Dollar, Total: 10 * ai.Dollar}, Day: 20260301}
	grants, err := s.Lease(t.Context(), "a", []store.Claim{claim}, noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := store.Grant{Share: int64(2 * ai.Dollar), Exclusive: true, Spent: access.State{Day: 3 * ai.Dollar, Month: 3 * ai.Dollar, Total: 4 * ai.Dollar}}
	if grants[0] != want {
		t.Errorf("%+v, want %+v", grants[0], want)
	}
}

// leasesAtOnce: nodes that divide at the same moment do not give out more than
// there is.
func (t suite) leasesAtOnce() {
	const nodes, rounds, limit = 4, 10, 100
	t.opened()
	var mu sync.Mutex
	last := make(map[string]int64)
	var all sync.WaitGroup
	for i := range nodes {
		s, node := t.opened(), fmt.Sprint("node", i)
		all.Go(func() {
			for round := range rounds {
				grants, err := s.Lease(t.Context(), node, []store.Claim{{Name: "x", Limit: limit, Wanted: int64(20 + 10*round)}}, noon, noon.Add(time.Minute))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				last[node] = grants[0].Share
				mu.Unlock()
			}
		})
	}
	all.Wait()
	sum := int64(0)
	for _, share := range last {
		sum += share
	}
	if sum != limit {
		t.Errorf("%v add up to %d, want %d", last, sum, limit)
	}
}

// onePlaceHasOneNode: of nodes that ask for the last place of a limit at the same
// moment exactly one gets it, each time, and all are answered.
func (t suite) onePlaceHasOneNode() {
	const nodes, rounds = 3, 20
	t.opened()
	stores := make([]store.Store, nodes)
	for i := range stores {
		stores[i] = t.opened()
	}
	for round := range rounds {
		claim := store.Claim{Name: fmt.Sprint("concurrency/token/", round), Limit: 1, Needed: 1, Wanted: 1}
		var got [nodes]store.Grant
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i, s := range stores {
			all.Go(func() {
				<-begin
				grants, err := s.Lease(t.Context(), fmt.Sprint("node", i), []store.Claim{claim}, noon, noon.Add(time.Minute))
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = grants[0]
			})
		}
		close(begin)
		all.Wait()
		places, sole := int64(0), 0
		for _, g := range got {
			places += g.Share
			if g.Exclusive {
				sole++
			}
		}
		if places != 1 || sole != 1 {
			t.Errorf("round %d: of one place they got %+v", round, got)
		}
	}
}

// capturesAreKept: bodies come back as they were, and the oldest are forgotten
// first.
func (t suite) capturesAreKept() {
	s := t.opened()
	if _, err := s.LoadCapture(t.Context(), "req_0"); err != store.ErrNotFound { //nolint:errorlint // the very value
		t.Errorf("%v, want %v", err, store.ErrNotFound)
	}
	list := make([]store.Capture, 0, 30)
	for i := range 30 {
		list = append(list, store.Capture{
			ID: fmt.Sprint("req_", i), Time: noon.Add(time.Duration(i) * time.Second), Sealed: append([]byte{0, 255, '\'', byte(i)}, make([]byte, 996)...),
		})
	}
	if err := s.SaveCaptures(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadCapture(t.Context(), "req_7")
	if err != nil || string(got.Sealed) != string(list[7].Sealed) || !got.Time.Equal(list[7].Time) {
		t.Errorf("%+v, %v", got, err)
	}
	seen := 0
	if err := s.ResealCaptures(t.Context(), func(c *store.Capture) error {
		seen++
		c.Sealed = append(c.Sealed, '!')
		return nil
	}); err != nil || seen != len(list) {
		t.Errorf("%d were sealed anew, %v", seen, err)
	}
	if got, err = s.LoadCapture(t.Context(), "req_7"); err != nil || string(got.Sealed) != string(list[7].Sealed)+"!" || !got.Time.Equal(list[7].Time) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.ResealCaptures(t.Context(), func(*store.Capture) error { return io.EOF }); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want what seal said", err)
	}
	left := func(want int) {
		t.Helper()
		n := 0
		for i := range list {
			if _, err := s.LoadCapture(t.Context(), list[i].ID); err == nil {
				n++
				if i < len(list)-want {
					t.Errorf("%s is kept, and newer ones are not", list[i].ID)
				}
			}
		}
		if n != want {
			t.Errorf("%d are kept, want %d", n, want)
		}
	}
	if err := s.ForgetCaptures(t.Context(), noon.Add(5*time.Second), 1<<20); err != nil {
		t.Fatal(err)
	}
	left(25)
	if err := s.ForgetCaptures(t.Context(), time.Time{}, 0); err != nil {
		t.Fatal(err)
	}
	left(0)
}
