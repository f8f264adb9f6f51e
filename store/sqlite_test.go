package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/goleak"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
	"github.com/ccload/ccload/store/storetest"
)

func TestSQLiteKeepsThePromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		t.Helper()
		path := filepath.Join(t.TempDir(), "ccload.db")
		return func() store.Store { return newSQLite(t, path) }
	})
}

func TestSQLiteInCaddyfile(t *testing.T) {
	for text, want := range map[string]string{
		`sqlite`:                           "",
		`sqlite calls.db`:                  "calls.db",
		`sqlite "/var/lib/my calls.db"`:    "/var/lib/my calls.db",
		`sqlite {env.CCLOAD_DB}`:           "{env.CCLOAD_DB}",
		`sqlite ""`:                        "! the path is empty",
		`sqlite my calls.db`:               `! takes one path, and has "calls.db" after it`,
		"sqlite calls.db {\n\tmode wal\n}": `! has no block, remove "mode"`,
	} {
		var s store.SQLite
		err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
		if problem, fails := strings.CutPrefix(want, "! "); fails {
			if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), "Testfile:") {
				t.Errorf("%s: got %v, want %q and the place", text, err, problem)
			}
		} else if err != nil || s.Path != want {
			t.Errorf("%s: path %q, %v", text, s.Path, err)
		}
	}
}

func TestSQLitePath(t *testing.T) {
	t.Setenv("CCLOAD_TEST_DIR", "/srv/ai")
	t.Setenv("XDG_DATA_HOME", "/nowhere/data")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"":                                "sqlite:/nowhere/data/caddy/ccload/ccload.db",
		"/a/../b/x.db":                    "sqlite:/b/x.db",
		"x.db":                            "sqlite:" + filepath.Join(here, "x.db"),
		"{env.CCLOAD_TEST_DIR}/ccload.db": "sqlite:/srv/ai/ccload.db",
		"{env.CCLOAD_TEST_UNSET}":         "! {env.CCLOAD_TEST_UNSET}",
		"{no.such.thing}/x.db":            "! {no.such.thing}",
		":memory:":                        "! must be a file",
		"file:x.db?mode=memory":           "! must be the path of a file",
		"/var/lib/ccload/":                "! is a folder",
	} {
		s := &store.SQLite{Path: path}
		err := s.Provision(caddy.Context{})
		if problem, fails := strings.CutPrefix(want, "! "); fails {
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%q: %v, want %q", path, err, problem)
			}
			continue
		}
		if err != nil || s.Validate() != nil || s.Identity() != want {
			t.Errorf("%q: %q, want %q: %v", path, s.Identity(), want, err)
		}
	}
	if _, err := os.Stat("/nowhere"); !errors.Is(err, os.ErrNotExist) {
		t.Error("Provision touched the disk")
	}
	if err := new(store.SQLite).Validate(); err == nil {
		t.Error("valid without Provision")
	}
}

func TestSQLiteIsACaddyModule(t *testing.T) {
	info, err := caddy.GetModule("ccload.stores.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := info.New().(store.Store); !ok {
		t.Errorf("%T is no store", info.New())
	}
}

// A path is a path, whatever it would mean in a URI.
func TestSQLiteTakesStrangePaths(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory", "a#b.db", "100%.db", "%41.db", "数据.db", "a&b;c'd\"e.db"} {
		path := filepath.Join(t.TempDir(), "sub folder", name)
		s := openSQLite(t, path)
		if err := s.WriteCalls(t.Context(), newTraffic(1).batch(1)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// What is remembered names people's models, addresses and errors.
func TestSQLiteFilesAreTheOwnersOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are inherited on Windows")
	}
	dir := filepath.Join(t.TempDir(), "data", "ccload")
	s := openSQLite(t, filepath.Join(dir, "ccload.db"))
	if err := s.WriteCalls(t.Context(), newTraffic(1).batch(1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"": 0o700 | os.ModeDir, "ccload.db": 0o600, "ccload.db-wal": 0o600, "ccload.db-shm": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s is %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestSQLiteLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	path := filepath.Join(t.TempDir(), "ccload.db")
	s := newSQLite(t, path)
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteCalls(t.Context(), newTraffic(1).batch(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Calls(t.Context(), store.CallFilter{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log was not put away: %v", err)
	}
}

// TestSQLiteShrinks: a request log that is pruned gives its space back.
func TestSQLiteShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ccload.db")
	s := openSQLite(t, path)
	calls := newTraffic(20)
	for calls.n < 2000 {
		batch := calls.batch(500)
		for _, r := range batch {
			r.Message = strings.Repeat("x", 8<<10)
		}
		if err := s.WriteCalls(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	size := func() int64 {
		t.Helper()
		rawSQLite(t, path, "PRAGMA wal_checkpoint(TRUNCATE)")
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	full := size()
	const bound = 2 << 20
	var took []time.Duration
	total := 0
	for {
		began := time.Now()
		n, err := s.Prune(t.Context(), time.Time{}, bound, 50)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		total += n
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("pruned %d calls; half of the slices took at most %v, nine of ten %v; %d bytes became %d", total,
		took[len(took)/2], took[len(took)*9/10], full, size())
	if got := size(); got > bound+5<<20 || got >= full {
		t.Errorf("%d bytes became %d, want about %d", full, got, bound)
	}
	if list, err := s.Calls(t.Context(), store.CallFilter{}); err != nil || len(list) != 50 || len(list[0].Candidates) != 20 {
		t.Errorf("the newest are not whole: %d, %v", len(list), err)
	}
}

func TestSQLiteForgetsOldRests(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "ccload.db"))
	entries := newEntries(4)
	for i, until := range []time.Duration{-100 * time.Hour, -49 * time.Hour, -time.Hour, time.Hour} {
		entries[i].Until = time.Now().Add(until)
	}
	if err := s.SaveCooling(t.Context(), entries, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
		t.Fatal(err)
	}
	if left, err := s.LoadCooling(t.Context()); err != nil || len(left) != 2 {
		t.Errorf("%d cooldowns are left: %v", len(left), err)
	}
}

// Candidate sets are shared by calls, and gone with the last of them.
func TestSQLiteSharesCandidates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ccload.db")
	s := openSQLite(t, path)
	count := func() (n int) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow("SELECT count(*) FROM candidate_sets").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	few, many := newTraffic(3), newTraffic(200)
	many.n = 1000
	for range 3 {
		if err := s.WriteCalls(t.Context(), append(few.batch(10), many.batch(10)...)); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 2 {
		t.Errorf("%d sets, want 2", n)
	}
	for {
		n, err := s.Prune(t.Context(), many.next().Time.Add(-time.Second), 0, 500)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	cut := epoch.Add(1000 * 50 * time.Microsecond)
	for n := 1; n > 0; {
		var err error
		if n, err = s.Prune(t.Context(), cut, 0, 500); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 1 {
		t.Errorf("%d sets are left, want 1", n)
	}
	if list, err := s.Calls(t.Context(), store.CallFilter{}); err != nil || len(list) != 30 || list[0].Candidates[199].Channel != "channel-199" {
		t.Errorf("%d calls: %v", len(list), err)
	}
	if err := s.WriteCalls(t.Context(), few.batch(1)); err != nil { // forgotten, and here again
		t.Fatal(err)
	}
	if list, err := s.Calls(t.Context(), store.CallFilter{Until: cut}); err != nil || len(list) != 1 || len(list[0].Candidates) != 3 {
		t.Errorf("%d calls: %v", len(list), err)
	}
}

func TestRefusalsAreShort(t *testing.T) {
	err := &store.RefusedError{}
	for i := range 5 {
		err.Refusals = append(err.Refusals, store.Refusal{ID: fmt.Sprint("req_", i), Err: fmt.Errorf("fault %d", i)})
	}
	want := `5 of the calls cannot be stored; "req_0": fault 0; "req_1": fault 1; "req_2": fault 2; …`
	if err.Error() != want {
		t.Errorf("%s\nwant %s", err, want)
	}
	if !errors.Is(err, err.Refusals[4].Err) {
		t.Error("a reason is hidden")
	}
	var _ *ai.Record // the records themselves are not part of it
}
