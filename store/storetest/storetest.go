// Package storetest holds the tests that every store must pass, whatever
// database it stands on.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

// Database makes stores of one database, each as a process of its own would
// have it: provisioned, not open.
type Database func() store.Store

// Run proves that stores keep the promises of store.Store. create makes a new,
// empty database that is gone with the test.
func Run(t *testing.T, create func(t *testing.T) Database) {
	t.Helper()
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) { promise.check(suite{T: t, db: create(t)}) })
	}
}

// suite is one test on one database.
type suite struct {
	*testing.T
	db Database
}

var promises = []struct {
	name  string
	check func(t suite)
}{
	{"what is closed says so", suite.closedSaysSo},
	{"opening and closing may be repeated", suite.openingRepeats},
	{"many may open at once", suite.manyOpenAtOnce},
	{"a call comes back as it was", suite.callComesBack},
	{"texts no database takes are mended", suite.textsAreMended},
	{"a call that is not there is not found", suite.missingIsNotFound},
	{"a batch may be written again", suite.batchesRepeat},
	{"one bad record does not keep the others out", suite.badRecordsAreIsolated},
	{"a cancelled batch leaves nothing", suite.cancelledLeavesNothing},
	{"calls are listed as the filter says", suite.filters},
	{"pages meet without gap or overlap", suite.pagesMeet},
	{"pages have a limit", suite.pagesAreLimited},
	{"stored responses lead to their maker", suite.ownersAreFound},
	{"what rests is remembered", suite.coolingIsRemembered},
	{"what calls cost is spent once", suite.spentOnce},
	{"calls are priced anew", suite.repriced},
	{"statistics are what calls add up to", suite.statsAddUp},
	{"statistics, rows and budgets add up to the same", suite.booksAgree},
	{"statistics are as exact in time as they are kept", suite.statsOfAllAges},
	{"statistics are filtered and told apart", suite.statsFilters},
	{"statistics know quantiles", suite.statsQuantiles},
	{"statistics have a limit", suite.statsAreLimited},
	{"what was learned is remembered", suite.memories},
	{"nodes see each other", suite.nodesAreSeen},
	{"limits are divided", suite.sharesAreDivided},
	{"budgets are divided", suite.moneyIsDivided},
	{"limits are divided by many at once", suite.leasesAtOnce},
	{"captures are kept for a while", suite.capturesAreKept},
	{"responses are kept for their token, for a while", suite.responsesAreKept},
	{"old calls are pruned in steps", suite.agePrunes},
	{"calls that take too much space are pruned", suite.sizePrunes},
	{"readers and writers do not disturb each other", suite.readersAndWriters},
	{"long ids stay apart", suite.longIDsStayApart},
	{"documents are edited in whole or not at all", suite.documentsAreEdited},
	{"of edits at the same moment one wins", suite.oneEditWins},
	{"the audit trail has pages", suite.auditHasPages},
	{"logins are remembered until they end", suite.sessionsAreRemembered},
	{"revisions grow", suite.revisionsGrow},
	{"what rests may be saved by many", suite.restsAreSavedAtOnce},
	{"of many who fold at once one does", suite.statsAreFoldedAtOnce},
	{"of many writers nothing is lost or counted twice", suite.manyWriters},
}

// opened returns a store of the database that is open until the test ends.
func (t suite) opened() store.Store {
	t.Helper()
	s := t.db()
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// noon is when the calls of the tests arrive.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// call is a record to be told from others by its number.
func call(n int) *ai.Record {
	return &ai.Record{
		ID: fmt.Sprintf("req_%06d", n), Time: noon.Add(time.Duration(n) * time.Second), Protocol: ai.Anthropic,
		Operation: ai.Generate, Model: "claude-sonnet-4-6", Token: "laptop", Channel: "main", Status: 200,
		Duration: time.Second, Usage: ai.Usage{Input: int64(n), Output: 1, Reported: true},
		Attempts: []ai.Attempt{{
			Target:  ai.Target{Channel: "main", URL: "https://a.example", Key: "k1", Model: "claude-sonnet-4-6"},
			Outcome: ai.Outcome{Status: 200}, Why: "the only one", Usage: ai.Usage{Input: int64(n), Output: 1, Reported: true},
		}},
		Candidates: []ai.Candidate{{Channel: "main", Reason: ai.Eligible}, {Channel: "spare", Reason: ai.Disabled}},
	}
}

func calls(from, to int) []*ai.Record {
	list := make([]*ai.Record, 0, to-from)
	for n := from; n < to; n++ {
		list = append(list, call(n))
	}
	return list
}

func (t suite) write(s store.Store, records ...*ai.Record) {
	t.Helper()
	if err := s.WriteCalls(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// ids lists what a filter finds.
func (t suite) ids(s store.Store, f store.CallFilter) []string {
	t.Helper()
	list, err := s.Calls(t.Context(), f)
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.ID
	}
	return names
}

func (t suite) wantIDs(s store.Store, f store.CallFilter, want ...int) {
	t.Helper()
	names := make([]string, len(want))
	for i, n := range want {
		names[i] = call(n).ID
	}
	if diff := cmp.Diff(names, t.ids(s, f)); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", f, diff)
	}
}

func (t suite) closedSaysSo() {
	s := t.db()
	if s.Identity() == "" {
		t.Error("no identity before Open")
	}
	for name, f := range map[string]func() error{
		"WriteCalls":    func() error { return s.WriteCalls(t.Context(), calls(0, 1)) },
		"Call":          func() error { _, err := s.Call(t.Context(), "x"); return err },
		"Calls":         func() error { _, err := s.Calls(t.Context(), store.CallFilter{}); return err },
		"ResponseOwner": func() error { _, _, err := s.ResponseOwner(t.Context(), "x"); return err },
		"SaveCooling":   func() error { return s.SaveCooling(t.Context(), []health.Entry{{}}, nil) },
		"LoadCooling":   func() error { _, err := s.LoadCooling(t.Context()); return err },
		"LoadSpent":     func() error { _, err := s.LoadSpent(t.Context()); return err },
		"Stats":         func() error { _, err := s.Stats(t.Context(), store.StatsFilter{}); return err },
		"Reprice":       func() error { _, _, err := s.Reprice(t.Context(), noon, func(*ai.Record) {}); return err },
		"SaveMemory":    func() error { return s.SaveMemory(t.Context(), "x", []byte("y")) },
		"LoadMemory":    func() error { _, err := s.LoadMemory(t.Context(), "x"); return err },
		"Revisions":     func() error { _, err := s.Revisions(t.Context()); return err },
		"Documents":     func() error { _, _, err := s.Documents(t.Context()); return err },
		"EditDocuments": func() error { return s.EditDocuments(t.Context(), 1, store.Edit{}) },
		"Note":          func() error { return s.Note(t.Context(), store.AuditEntry{}) },
		"Audit":         func() error { _, err := s.Audit(t.Context(), store.AuditFilter{Limit: 1}); return err },
		"SaveSession":   func() error { return s.SaveSession(t.Context(), store.Session{}) },
		"LoadSession":   func() error { _, err := s.LoadSession(t.Context(), []byte("x")); return err },
		"DeleteSession": func() error { return s.DeleteSession(t.Context(), []byte("x")) },
		"Prune":         func() error { _, err := s.Prune(t.Context(), noon, 1, 1); return err },
	} {
		if err := f(); !errors.Is(err, store.ErrNotOpen) {
			t.Errorf("%s: %v, want ErrNotOpen", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing what is closed: %v", err)
	}
}

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

func (t suite) coolingIsRemembered() {
	key := health.Entry{
		Ref:   health.Ref{Scope: ai.ScopeKeyModel, Channel: "main", Key: "k1", Model: "claude-opus-4-5"},
		Until: noon.Add(time.Hour), Failures: 3, Kind: ai.QuotaExhausted, Rule: "insufficient_quota",
		Message: "You exceeded your quota — 余额不足", Since: noon.Add(-time.Minute), Attention: true,
		StatedUntil: noon.Add(400 * time.Hour),
	}
	address := health.Entry{
		Ref:   health.Ref{Scope: ai.ScopeURLProtocol, Channel: "main", URL: "https://a.example", Protocol: ai.Responses},
		Until: noon, Kind: ai.NoSuchEndpoint, Since: noon,
	}
	group := health.Entry{Ref: health.Ref{Scope: ai.ScopeGroup, Group: "acme"}, Kind: ai.RateLimited, Since: noon}
	s := t.opened()
	load := func(want ...health.Entry) {
		t.Helper()
		for _, s := range []store.Store{s, t.opened()} { // this process and the next
			got, err := s.LoadCooling(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			less := func(a, b health.Entry) bool { return a.Scope < b.Scope }
			if diff := cmp.Diff(want, got, cmpopts.SortSlices(less), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
	save := func(upsert []health.Entry, remove ...health.Ref) {
		t.Helper()
		if err := s.SaveCooling(t.Context(), upsert, remove); err != nil {
			t.Fatal(err)
		}
	}
	load()
	save(nil)
	save([]health.Entry{key, address, group})
	load(key, address, group)
	key.Failures, key.Until = 4, noon.Add(2*time.Hour)
	save([]health.Entry{key}, address.Ref, health.Ref{Scope: ai.ScopeChannel, Channel: "unknown"})
	load(key, group)
	save([]health.Entry{key}, key.Ref, group.Ref) // removed first, then written
	load(key)
	save(nil, key.Ref)
	load()
}

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
