// Package storetest holds the tests that every store must pass, whatever
// database it stands on.
package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	{"the last place has one node", suite.onePlaceHasOneNode},
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
