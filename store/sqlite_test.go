package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
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

// rawSQLite runs statements on a file without the store.
func rawSQLite(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSQLiteRefusesFilesNotItsOwn opens files that it must neither use nor
// change.
func TestSQLiteRefusesFilesNotItsOwn(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    error
		says    string
	}{
		{"another program's database", func(t *testing.T, path string) {
			t.Helper()
			rawSQLite(t, path, "CREATE TABLE channels (id INTEGER)", "CREATE TABLE schema_migrations (version TEXT)")
		}, store.ErrForeign, "choose another path"},
		{"another program's mark", func(t *testing.T, path string) {
			t.Helper()
			rawSQLite(t, path, "PRAGMA application_id = 4711", "PRAGMA user_version = 1")
		}, store.ErrForeign, "choose another path"},
		{"a newer version's database", func(t *testing.T, path string) {
			t.Helper()
			s := newSQLite(t, path)
			if err := errors.Join(s.Open(t.Context()), s.Close()); err != nil {
				t.Fatal(err)
			}
			rawSQLite(t, path, "INSERT INTO schema_migrations VALUES (99, 'the_future', 0)")
		}, store.ErrNewer, "schema is version 99"},
		{"no database", func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, bytes.Repeat([]byte("Dear diary, today"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "is not a database"},
		{"a damaged database", func(t *testing.T, path string) {
			t.Helper()
			openSQLite(t, path).Close()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			clear(data[4096:])
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "damaged"},
		{"a folder", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil, "not a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ccload.db")
			c.prepare(t, path)
			before := content(t, path)
			s := newSQLite(t, path)
			err := s.Open(t.Context())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			for _, part := range []string{"store sqlite", path, c.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if after := content(t, path); after != before {
				t.Errorf("the file was changed:\n%s\n%s", before, after)
			}
			if err := s.WriteCalls(t.Context(), nil); !errors.Is(err, store.ErrNotOpen) {
				t.Errorf("after a failed Open: %v", err)
			}
		})
	}
}

// content is a hash of a file.
func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, syscall.EISDIR) {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d bytes, %x", len(data), sha256.Sum256(data))
}

func TestSQLiteSaysWhatIsWrongWithTheDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs POSIX permissions")
	}
	t.Run("the folder is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, newSQLite(t, filepath.Join(file, "ccload.db")).Open(t.Context()), file, "not a directory")
	})
	t.Run("the folder is read-only", func(t *testing.T) {
		dir := reachable(t)
		unprivileged(t, func() {
			if err := os.Chmod(dir, 0o500); err != nil && os.Geteuid() != 0 {
				t.Error(err)
			}
			wantProblem(t, newSQLite(t, filepath.Join(dir, "ccload.db")).Open(context.Background()), dir, "let the user that Caddy runs as write there")
			wantProblem(t, newSQLite(t, filepath.Join(dir, "sub", "ccload.db")).Open(context.Background()), dir, "let the user that Caddy runs as write there")
		})
	})
	t.Run("the file is read-only", func(t *testing.T) {
		dir := reachable(t)
		path := filepath.Join(dir, "ccload.db")
		s := newSQLite(t, path)
		if err := errors.Join(s.Open(t.Context()), s.Close(), os.Chmod(path, 0o444), os.Chmod(dir, 0o777)); err != nil {
			t.Fatal(err)
		}
		unprivileged(t, func() {
			wantProblem(t, newSQLite(t, path).Open(context.Background()), path, "let the user that Caddy runs as write there")
		})
	})
	t.Run("the disk is full", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ccload.db")
		s := openSQLite(t, path)
		calls := newTraffic(5)
		if err := s.FillDisk(t.Context(), 50); err != nil {
			t.Fatal(err)
		}
		first := calls.batch(50)
		if err := s.WriteCalls(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		second := calls.batch(500)
		wantProblem(t, s.WriteCalls(t.Context(), second), path, "the disk is full: free some space")
		if list, err := s.Calls(t.Context(), store.CallFilter{Limit: 500}); err != nil || len(list) != 50 {
			t.Errorf("%d calls are left of 50: %v", len(list), err)
		}
		if err := s.FillDisk(t.Context(), 5000); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteCalls(t.Context(), second); err != nil {
			t.Errorf("with space again: %v", err)
		}
	})
	t.Run("the file vanishes", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ccload.db")
		s := openSQLite(t, path)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		err := s.WriteCalls(t.Context(), newTraffic(1).batch(1))
		wantProblem(t, err, path, "put the file back")
		if !errors.Is(err, store.ErrVanished) {
			t.Errorf("got %v", err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s.SaveCooling(t.Context(), nil, newRefs(1)), path, "put the file back")
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteCalls(t.Context(), newTraffic(1).batch(1)); err != nil {
			t.Errorf("back again: %v", err)
		}
	})
	t.Run("another program keeps the lock", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ccload.db")
		s := openSQLite(t, path)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		wantProblem(t, s.WriteCalls(ctx, newTraffic(1).batch(1)), path, "writing calls")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a deadline of 50 ms took %v", took)
		}
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteCalls(t.Context(), newTraffic(1).batch(1)); err != nil {
			t.Errorf("without the lock: %v", err)
		}
	})
}

func wantProblem(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	t.Log(err)
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
		t.Errorf("%d rests are left: %v", len(left), err)
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
