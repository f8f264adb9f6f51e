package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/store"
)

// originalFile makes a database from statements and returns its path.
func originalFile(t *testing.T, settings string, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's 100% a database?.db")
	db := openOriginal(t, path, settings)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openOriginal(t *testing.T, path, settings string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: settings}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

var smallOriginal = []string{
	"CREATE TABLE channels (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(191) NOT NULL UNIQUE, cost_multiplier DOUBLE, proxy_url TEXT, seen BLOB)",
	"CREATE TABLE api_keys (id INTEGER PRIMARY KEY, channel_id INT, key_index INT, api_key VARCHAR(255))",
	"INSERT INTO channels VALUES (1, 'one', 0.3, NULL, x'00ff'), (2, 'two', 1, 'socks5://h:1', NULL)",
	"INSERT INTO api_keys VALUES (1, 2, 1, 'second'), (2, 2, 0, 'first'), (3, 1, 0, 'only')",
}

func TestReadOriginal(t *testing.T) {
	want := fmt.Sprint(
		[]store.OriginalRow{{"id": "1", "name": "one", "cost_multiplier": "0.3", "seen": "\x00\xff"}, {"id": "2", "name": "two", "cost_multiplier": "1", "proxy_url": "socks5://h:1"}},
		[]store.OriginalRow{
			{"id": "3", "channel_id": "1", "key_index": "0", "api_key": "only"},
			{"id": "2", "channel_id": "2", "key_index": "0", "api_key": "first"},
			{"id": "1", "channel_id": "2", "key_index": "1", "api_key": "second"},
		})
	for name, test := range map[string]struct {
		settings string
		leave    []string // done by somebody who dies before it is in the file
	}{
		"journal":          {settings: "_journal_mode=DELETE"},
		"wal":              {settings: "_journal_mode=WAL"},
		"wal left":         {settings: "_journal_mode=WAL", leave: []string{"INSERT INTO channels VALUES (9, 'late', 1, NULL, NULL)", "DELETE FROM channels WHERE id = 9"}},
		"wal left, needed": {settings: "_journal_mode=WAL", leave: []string{"UPDATE channels SET name = 'three' WHERE id = 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := originalFile(t, test.settings, smallOriginal...)
			want := want
			if test.leave != nil {
				path = dead(t, path, test.leave)
				if strings.Contains(test.leave[0], "three") {
					want = strings.ReplaceAll(want, "two", "three")
				}
			}
			before := digest(t, filepath.Dir(path))
			link := filepath.Join(t.TempDir(), "link.db")
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			got, err := store.ReadOriginal(t.Context(), link)
			if err != nil {
				t.Fatal(err)
			}
			if s := fmt.Sprint(got.Channels, got.Keys); s != want {
				t.Errorf("got  %s\nwant %s", s, want)
			}
			if got.Models != nil || got.Tokens != nil || got.Settings != nil || got.URLStates != nil {
				t.Errorf("rows of tables that are not there: %+v", got)
			}
			if after := digest(t, filepath.Dir(path)); after != before {
				t.Errorf("the folder was\n%s and is\n%s", before, after)
			}
		})
	}
}

// TestReadOriginalThatRuns reads a database that a process has open.
func TestReadOriginalThatRuns(t *testing.T) {
	path := originalFile(t, "_journal_mode=WAL", smallOriginal...)
	db := openOriginal(t, path, "_journal_mode=WAL")
	if _, err := db.Exec("UPDATE channels SET name = 'running' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	got, err := store.ReadOriginal(t.Context(), path)
	if err != nil || got.Channels[0]["name"] != "running" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := db.Exec("UPDATE channels SET name = 'still' WHERE id = 1"); err != nil {
		t.Errorf("the process cannot go on: %v", err)
	}
}

// dead copies a database as it is while somebody has changed it and not closed
// it, as after a crash.
func dead(t *testing.T, path string, statements []string) string {
	t.Helper()
	db := openOriginal(t, path, "_journal_mode=WAL")
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	left := filepath.Join(t.TempDir(), "left.db")
	for _, ending := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + ending)
		if err != nil || len(data) == 0 {
			t.Fatalf("%s: %d bytes, %v", ending, len(data), err)
		}
		if err := os.WriteFile(left+ending, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func digest(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %x\n", e.Name(), sha256.Sum256(data))
	}
	return b.String()
}

func TestReadOriginalRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("these are not the rows you are looking for"), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := newSQLite(t, filepath.Join(t.TempDir(), "ours.db"))
	if err := ours.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := originalFile(t, "_journal_mode=DELETE", smallOriginal...)
	data, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(data); i++ {
		data[i] = 0x55
	}
	if err := os.WriteFile(damaged, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, want string }{
		"nothing":    {filepath.Join(t.TempDir(), "none.db"), "no such file"},
		"folder":     {t.TempDir(), "not a file"},
		"text":       {text, "not an SQLite database"},
		"ours":       {strings.TrimPrefix(ours.Identity(), "sqlite:"), "of this gateway itself"},
		"damaged":    {damaged, "damaged"},
		"other":      {originalFile(t, "", "CREATE TABLE channels (id INT)"), store.ErrNoOriginal.Error()},
		"view":       {originalFile(t, "", "CREATE TABLE api_keys (id INT)", "CREATE VIEW channels AS SELECT 1 AS id"), store.ErrNoOriginal.Error()},
		"virtual":    {originalFile(t, "", "CREATE TABLE api_keys (id INT)", "CREATE VIRTUAL TABLE channels USING fts5(id)"), store.ErrNoOriginal.Error()},
		"large cell": {originalFile(t, "", append(slices.Clone(smallOriginal), "UPDATE channels SET seen = zeroblob(1048577)")...), `column "seen"`},
		"many rows": {originalFile(t, "", append(slices.Clone(smallOriginal), `WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i+1 FROM n WHERE i < 20010)
			INSERT INTO channels (id, name) SELECT i, 'c' || i FROM n`)...), "more than 20000 rows"},
	} {
		if _, err := store.ReadOriginal(t.Context(), test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.ReadOriginal(ctx, originalFile(t, "", smallOriginal...)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
