package store_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/goleak"

	"github.com/ccload/ccload/internal/testdb"
	"github.com/ccload/ccload/store"
	"github.com/ccload/ccload/store/storetest"
)

// newMySQL returns a provisioned store that is not open.
func newMySQL(tb testing.TB, dsn string) *store.MySQL {
	tb.Helper()
	s := &store.MySQL{DSN: dsn}
	if err := s.Provision(caddy.Context{}); err != nil {
		tb.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// openMySQL returns an open store that is closed with the test.
func openMySQL(tb testing.TB, dsn string) *store.MySQL {
	tb.Helper()
	s := newMySQL(tb, dsn)
	if err := s.Open(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestMySQLKeepsThePromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		t.Helper()
		dsn := testdb.MySQL(t)
		return func() store.Store { return newMySQL(t, dsn) }
	})
}

// TestMySQLPrunesToSize: what is left is about as large as was asked for, also
// by the server's own account, and two gateways who prune at once do not delete
// twice as much.
func TestMySQLPrunesToSize(t *testing.T) {
	dsn := testdb.MySQL(t)
	stores := []*store.MySQL{openMySQL(t, dsn), openMySQL(t, dsn)}
	calls := newTraffic(20)
	const all, bound = 4000, 16 << 20
	for calls.n < all {
		batch := calls.batch(500)
		for _, r := range batch {
			r.Message = strings.Repeat("x", 6<<10)
		}
		if err := stores[0].WriteCalls(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	for _, s := range stores {
		both.Go(func() {
			for n := 1; n > 0; {
				var err error
				if n, err = s.Prune(t.Context(), time.Time{}, bound, 150); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	testdb.Exec(t, dsn, "OPTIMIZE TABLE calls", "ANALYZE TABLE calls") // so that the server knows
	size, err := strconv.Atoi(testdb.Column(t, dsn, "SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'calls'")[0])
	if err != nil {
		t.Fatal(err)
	}
	left := testdb.Column(t, dsn, "SELECT count(*) FROM calls")[0]
	t.Logf("%s of %d calls are left, in %d bytes by the server's account", left, all, size)
	if size < bound/2 || size > bound*3/2 {
		t.Errorf("%s calls are left, in %d bytes, want about %d", left, size, bound)
	}
}

// Candidate sets are shared by calls, and gone with the last of them.
func TestMySQLSharesCandidates(t *testing.T) {
	dsn := testdb.MySQL(t)
	s := openMySQL(t, dsn)
	few, many := newTraffic(3), newTraffic(200)
	many.n = 1000
	for range 3 {
		if err := s.WriteCalls(t.Context(), append(few.batch(10), many.batch(10)...)); err != nil {
			t.Fatal(err)
		}
	}
	sets := func(want string) {
		t.Helper()
		if n := testdb.Column(t, dsn, "SELECT count(*) FROM candidate_sets")[0]; n != want {
			t.Errorf("%s sets, want %s", n, want)
		}
	}
	sets("2")
	cut := epoch.Add(1000 * 50 * time.Microsecond)
	for n := 1; n > 0; {
		var err error
		if n, err = s.Prune(t.Context(), cut, 0, 500); err != nil {
			t.Fatal(err)
		}
	}
	sets("1")
	if list, err := s.Calls(t.Context(), store.CallFilter{}); err != nil || len(list) != 30 || list[0].Candidates[199].Channel != "channel-199" {
		t.Errorf("%d calls: %v", len(list), err)
	}
	if err := s.WriteCalls(t.Context(), few.batch(1)); err != nil { // forgotten, and here again
		t.Fatal(err)
	}
	sets("2")
}

// Sets are pruned while calls that need them are written: no call ever points
// to a set that is gone.
func TestMySQLKeepsCandidatesInUse(t *testing.T) {
	dsn := testdb.MySQL(t)
	writer, pruner := openMySQL(t, dsn), openMySQL(t, dsn)
	var both sync.WaitGroup
	done := make(chan struct{})
	both.Go(func() {
		defer close(done)
		calls := newTraffic(3)
		for range 150 {
			if err := writer.WriteCalls(t.Context(), calls.batch(2)); err != nil {
				t.Error(err)
			}
		}
	})
	both.Go(func() {
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			if _, err := pruner.Prune(t.Context(), epoch.AddDate(1, 0, 0), 0, 1000); err != nil {
				t.Error(err)
			}
			lost := testdb.Column(t, dsn, "SELECT count(*) FROM calls c LEFT JOIN candidate_sets s ON s.id = c.candidate_set WHERE s.id IS NULL")
			if lost[0] != "0" {
				t.Errorf("%s calls have lost their candidates", lost[0])
			}
		}
	})
	both.Wait()
}

func TestMySQLLeavesNothingBehind(t *testing.T) {
	dsn := testdb.MySQL(t)
	before := goleak.IgnoreCurrent()
	s := newMySQL(t, dsn)
	if err := errors.Join(s.Open(t.Context()), s.WriteCalls(t.Context(), newTraffic(1).batch(1))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Calls(t.Context(), store.CallFilter{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}
