package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/testdb"
	"github.com/ccload/ccload/store"
)

// TestMySQLKilledConnections ends all connections again and again while batches
// are written. The caller writes a batch again if it failed, as the gateway
// does; then every call is there once, and counted once.
func TestMySQLKilledConnections(t *testing.T) {
	dsn := testdb.MySQL(t)
	stores := []*store.MySQL{openMySQL(t, dsn), openMySQL(t, dsn)}
	var writers sync.WaitGroup
	const batches, size = 40, 60
	var mu sync.Mutex
	failures := 0
	for w, s := range stores {
		writers.Go(func() {
			calls := newTraffic(5)
			calls.n = w * batches * size
			for range batches {
				batch := calls.batch(size)
				for i, r := range batch {
					r.Cost.Amount, r.Day = ai.Money(1+i%3), 20260301
				}
				for try := 0; ; try++ {
					err := s.WriteCalls(t.Context(), batch)
					if err == nil {
						break
					}
					if try > 100 {
						t.Errorf("a batch cannot be written: %v", err)
						return
					}
					mu.Lock()
					failures++
					mu.Unlock()
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	killed := 0
	// Ever more seldom, so that a slow machine comes to an end too.
	pause := 7 * time.Millisecond
	for running := true; running; pause += pause / 50 {
		select {
		case <-done:
			running = false
		case <-time.After(pause):
			killed += testdb.KillConnections(t, dsn)
		}
	}
	t.Logf("%d connections were killed, and %d batches failed for the caller", killed, failures)
	if killed < 20 {
		t.Errorf("only %d connections were killed", killed)
	}
	const want = 2 * batches * size
	rows := testdb.Column(t, dsn, "SELECT concat(count(*), ' ', count(DISTINCT id), ' ', sum(cost)) FROM calls")
	if rows[0] != fmt.Sprintf("%d %d %d", want, want, 2*want) {
		t.Errorf("calls, ids, cost: %s, want %d of each and the double", rows[0], want)
	}
	s := stores[0]
	for range 2 { // pending, then folded
		stats, err := s.Stats(t.Context(), store.StatsFilter{})
		if err != nil || len(stats) != 1 || stats[0].Calls != want || stats[0].Cost != 2*want {
			t.Errorf("statistics: %+v, %v", stats, err)
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Error(err)
		}
	}
	if spent := testdb.Column(t, dsn, "SELECT sum(amount) FROM spent WHERE name LIKE 'token/%'"); spent[0] != fmt.Sprint(2*want) {
		t.Errorf("spent %s, want %d", spent[0], 2*want)
	}
}

// Reading goes on after a connection was lost, without the caller noticing.
func TestMySQLReadsAfterLoss(t *testing.T) {
	dsn := testdb.MySQL(t)
	s := openMySQL(t, dsn)
	for range 5 {
		if _, err := s.Revisions(t.Context()); err != nil {
			t.Fatal(err)
		}
		testdb.KillConnections(t, dsn)
		if err := s.SaveMemory(t.Context(), "x", []byte("y")); err != nil {
			t.Error(err)
		}
		testdb.KillConnections(t, dsn)
		if value, err := s.LoadMemory(t.Context(), "x"); err != nil || string(value) != "y" {
			t.Errorf("%q, %v", value, err)
		}
	}
}

func TestMySQLMigratesOnce(t *testing.T) {
	dsn := testdb.MySQL(t)
	const many = 4
	stores := make([]*store.MySQL, many)
	for i := range stores {
		stores[i] = newMySQL(t, dsn)
	}
	results := make([]error, many)
	var all sync.WaitGroup
	for i, s := range stores {
		all.Go(func() { results[i] = s.Open(t.Context()) })
	}
	all.Wait()
	for i, s := range stores {
		if err := errors.Join(results[i], s.Close()); err != nil {
			t.Error(err)
		}
	}
	steps, err := os.ReadDir("migrations/mysql")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range steps {
		want = append(want, strconv.Itoa(i+1))
	}
	if got := testdb.Column(t, dsn, "SELECT version FROM schema_migrations ORDER BY version"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("steps done: %v, want %v", got, want)
	}
}

// TestMySQLBrokenOffMigrations takes steps back, in whole or in part, as if the
// gateway had died in the middle of them.
func TestMySQLBrokenOffMigrations(t *testing.T) {
	for name, undo := range map[string][]string{
		"nothing but the list": {
			"DELETE FROM schema_migrations",
			"DROP TABLE calls, candidate_sets, cooling, spent, memories, revisions, documents, audit, sessions, leases, rollups, rollup_pending, rollup_state, captures",
		},
		"all but the list":        {"DELETE FROM schema_migrations"},
		"after the first table":   {"DELETE FROM schema_migrations", "DROP TABLE candidate_sets, cooling, spent, memories"},
		"one column of two":       {"DELETE FROM schema_migrations WHERE version > 1", "ALTER TABLE calls DROP COLUMN day", "DROP TABLE spent, memories"},
		"one row of two":          {"DELETE FROM schema_migrations WHERE version > 2", "DELETE FROM revisions WHERE name = 'cooling'", "DROP TABLE audit"},
		"before the last row":     {"DELETE FROM schema_migrations WHERE version > 3", "DELETE FROM rollup_state WHERE name = 'existing'"},
		"before the statistics":   {"DELETE FROM schema_migrations WHERE version > 3", "DROP TABLE rollups, rollup_pending, rollup_state"},
		"without an index":        {"DELETE FROM schema_migrations WHERE version > 5", "ALTER TABLE calls DROP KEY calls_by_status"},
		"with a table that stays": {"DELETE FROM schema_migrations WHERE version > 3", "DROP TABLE rollup_pending"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := testdb.MySQL(t)
			if err := openMySQL(t, dsn).Close(); err != nil {
				t.Fatal(err)
			}
			testdb.Exec(t, dsn, undo...)
			s := openMySQL(t, dsn)
			if err := s.WriteCalls(t.Context(), newTraffic(2).batch(5)); err != nil {
				t.Error(err)
			}
			if r, err := s.Revisions(t.Context()); err != nil || r.Config != 1 || r.Cooling != 1 {
				t.Errorf("%+v, %v", r, err)
			}
			if stats, err := s.Stats(t.Context(), store.StatsFilter{}); err != nil || len(stats) != 1 || stats[0].Calls != 5 {
				t.Errorf("%+v, %v", stats, err)
			}
		})
	}
}

func TestMySQLCountsCallsFromBeforeStatistics(t *testing.T) {
	dsn := testdb.MySQL(t)
	s := openMySQL(t, dsn)
	if err := errors.Join(s.WriteCalls(t.Context(), newTraffic(2).batch(1200)), s.Close()); err != nil {
		t.Fatal(err)
	}
	testdb.Exec(t, dsn, "DELETE FROM schema_migrations WHERE version > 3", "DROP TABLE rollups, rollup_pending, rollup_state")
	other := newMySQL(t, dsn)
	defer other.Close()
	var all sync.WaitGroup
	for _, each := range []*store.MySQL{s, other} {
		all.Go(func() {
			if err := each.Open(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	defer s.Close()
	if stats, err := s.Stats(t.Context(), store.StatsFilter{}); err != nil || len(stats) != 1 || stats[0].Calls != 1200 {
		t.Errorf("%+v, %v", stats, err)
	}
}

func TestMySQLRefusesWhatIsNotForIt(t *testing.T) {
	for name, c := range map[string]struct {
		open   bool
		change string
		want   error
	}{
		"newer":                       {true, "INSERT INTO schema_migrations (version, name, applied) VALUES (99, 'later', 1)", store.ErrNewer},
		"tables of ours, no list":     {false, "CREATE TABLE sessions (id INT)", store.ErrForeign},
		"a list of another program's": {false, "CREATE TABLE schema_migrations (version VARCHAR(255))", store.ErrForeign},
		"beside another program":      {false, "CREATE TABLE posts (id INT)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := testdb.MySQL(t)
			s := newMySQL(t, dsn)
			if c.open {
				if err := errors.Join(s.Open(t.Context()), s.Close()); err != nil {
					t.Fatal(err)
				}
			}
			testdb.Exec(t, dsn, c.change)
			before := testdb.Column(t, dsn, "SHOW TABLES")
			err := s.Open(t.Context())
			defer s.Close()
			if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), "choose another database") {
				t.Errorf("%v, want %v and what to do", err, c.want)
			}
			if after := testdb.Column(t, dsn, "SHOW TABLES"); c.want != nil && fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("it was refused, and yet %v became %v", before, after)
			}
		})
	}
}

// TestMySQLSaysWhatIsWrong: from the message one knows what to do, and nobody
// learns a password from it.
func TestMySQLSaysWhatIsWrong(t *testing.T) {
	good := testdb.MySQL(t)
	const secret = "s3cr3t!pass"
	user := "ccload_" + strings.ToLower(t.Name()[len("TestMySQLSays"):][:8])
	testdb.Exec(t, good, "CREATE OR REPLACE USER "+user+" IDENTIFIED BY 'another'")
	t.Cleanup(func() { testdb.Exec(t, good, "DROP USER "+user) })
	change := func(f func(c *mysql.Config)) string {
		c, err := mysql.ParseDSN(good)
		if err != nil {
			t.Fatal(err)
		}
		f(c)
		return c.FormatDSN()
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0") // a port where nobody answers
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	for name, c := range map[string]struct{ dsn, want string }{
		"wrong password":   {change(func(c *mysql.Config) { c.User, c.Passwd = user, secret }), "check user and password"},
		"no right":         {change(func(c *mysql.Config) { c.User, c.Passwd = user, "another" }), "GRANT ALL"},
		"unknown database": {change(func(c *mysql.Config) { c.DBName = "no_such_database" }), "CREATE DATABASE"},
		"no server":        {"a:" + secret + "@tcp(" + nobody.Addr().String() + ")/b", "no server answers there"},
		"no socket":        {"a:" + secret + "@unix(/nowhere.sock)/b", "there is no such socket"},
		"no encryption":    {change(func(c *mysql.Config) { c.TLSConfig = "skip-verify" }), "leave tls out"},
	} {
		began := time.Now()
		err := newMySQL(t, c.dsn).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "store mysql: ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "another@") {
			t.Errorf("%s: a password is in %q", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: said after %v", name, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newMySQL(t, good).Open(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What the server refuses for its values is refused alone, whatever its settings.
func TestMySQLRefusesValues(t *testing.T) {
	dsn := testdb.MySQL(t)
	s := openMySQL(t, dsn)
	testdb.Exec(t, dsn, "ALTER TABLE calls MODIFY client_ip VARCHAR(10) NOT NULL")
	batch := newTraffic(2).batch(450)
	for i, r := range batch {
		if r.ClientIP = "::1"; i%100 == 7 {
			r.ClientIP = "2001:db8:1234::1"
		}
	}
	for range 2 {
		err := s.WriteCalls(t.Context(), batch)
		if refused, ok := errors.AsType[*store.RefusedError](err); !ok || refused.Refused() != 5 || refused.Refusals[0].ID != batch[7].ID {
			t.Errorf("%v, want five refusals", err)
		}
		if stats, err := s.Stats(t.Context(), store.StatsFilter{}); err != nil || stats[0].Calls != 445 {
			t.Errorf("%+v, %v", stats, err)
		}
	}
	huge := newTraffic(1).next()
	huge.ID, huge.ClientIP = "huge", "::1"
	for range 2000 { // longer than the server takes
		a := huge.Attempts[0]
		a.Outcome.Message = strings.Repeat("x", 16<<10)
		huge.Attempts = append(huge.Attempts, a)
	}
	small := newTraffic(1).next()
	small.ID, small.ClientIP = "small", "::1"
	err := s.WriteCalls(t.Context(), []*ai.Record{huge, small})
	if refused, ok := errors.AsType[*store.RefusedError](err); !ok || refused.Refused() != 1 || refused.Refusals[0].ID != "huge" {
		t.Errorf("%.300v, want it refused", err)
	}
	if _, err := s.Call(t.Context(), "small"); err != nil {
		t.Error(err)
	}
}
