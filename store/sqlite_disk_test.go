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
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ccload/ccload/store"
)

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
