package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

func open(t *testing.T) (*SQLite, *connections) {
	t.Helper()
	s := &SQLite{Path: filepath.Join(t.TempDir(), "ccload.db")}
	if err := errors.Join(s.Provision(caddy.Context{}), s.Open(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := s.connections()
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// TestListsUseAnIndex: no list may walk or sort the whole request log, however
// it is filtered.
func TestListsUseAnIndex(t *testing.T) {
	_, c := open(t)
	for _, want := range []struct {
		f     CallFilter
		index string
	}{
		{CallFilter{}, "calls_by_time"},
		{CallFilter{Since: time.Now(), Until: time.Now()}, "calls_by_time"},
		{CallFilter{Token: "a"}, "calls_by_token"},
		{CallFilter{Channel: "a", Since: time.Now()}, "calls_by_channel"},
		{CallFilter{Model: "a", Until: time.Now()}, "calls_by_model"},
		{CallFilter{Model: "a*"}, "calls_by_model"},
		{CallFilter{Model: "a*", Token: "b"}, "calls_by_token"},
		{CallFilter{Outcome: "timeout"}, "calls_by_failure"},
		{CallFilter{Outcome: "ok"}, "calls_by_time"},
		{CallFilter{Status: 429}, "calls_by_status"},
		{CallFilter{Status: 200}, "calls_by_time"},
		{CallFilter{Token: "a", Before: "x"}, "calls_by_token"},
		{CallFilter{Before: "x"}, "calls_by_time"},
	} {
		err := c.view(t.Context(), "explaining", func(tx *sql.Tx) error {
			f := want.f
			f.Before = ""
			q, err := f.where(t.Context(), tx, likePattern)
			if err != nil {
				return err
			}
			if want.f.Before != "" { // as if there were such a call
				q.before(1, 1)
			}
			way, err := c.choose(t.Context(), tx, &f)
			if err != nil {
				return err
			}
			columns := callColumns
			if way.column != "" { // the calls of each name
				q, columns = q.with(way.column+" = ?", "a"), "time, seq"
			}
			plan, err := explainQuery(t.Context(), tx, c.along(way, columns, q, f.limit()), q.args)
			if err != nil {
				return err
			}
			if !strings.Contains(plan, "INDEX "+want.index) || strings.Contains(plan, "B-TREE") {
				t.Errorf("%+v: %s\nwant %s", want.f, plan, want.index)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPruningUsesIndexes: what is deleted is found without walking.
func TestPruningUsesIndexes(t *testing.T) {
	_, c := open(t)
	for query, args := range map[string][]any{
		deleteOldestSQLite:                {int64(1), int64(1)},
		deleteUnusedSets:                  {int64(1)},
		"DELETE FROM calls WHERE seq = ?": {int64(1)},
	} {
		err := c.view(t.Context(), "explaining", func(tx *sql.Tx) error {
			plan, err := explainQuery(t.Context(), tx, query, args)
			if strings.Contains(plan, "SCAN") && !strings.Contains(plan, "INDEX") || strings.Contains(plan, "B-TREE") {
				t.Errorf("%s\n%s", query, plan)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func explainQuery(ctx context.Context, tx *sql.Tx, query string, args []any) (string, error) {
	rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			return "", err
		}
		plan = append(plan, step)
	}
	return strings.Join(plan, "; "), rows.Err()
}

// TestColumnsAndValuesAgree holds the three lists together.
func TestColumnsAndValuesAgree(t *testing.T) {
	call := storedCall{Record: new(ai.Record)}
	args, fields := call.appendTo(nil), call.fields()
	if n := strings.Count(callColumns, ",") + 1; n != len(args) || n != len(fields) {
		t.Errorf("%d columns, %d values written and %d read", n, len(args), len(fields))
	}
	for i, arg := range args {
		switch arg.(type) {
		case int64, string, []byte, nil:
		default:
			t.Errorf("value %d is %T", i, arg)
		}
	}
}

func TestMomentsAreKeptToTheNanosecond(t *testing.T) {
	for _, m := range []time.Time{
		{}, time.Unix(0, 1).UTC(), time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC), lastMoment.UTC(), callrow.FirstMoment.UTC(),
	} {
		if got := fromNanos(nanos(m)); !got.Equal(m) || got.Location() != time.UTC {
			t.Errorf("%v became %v", m, got)
		}
	}
	if n := nanos(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); n != math.MaxInt64 {
		t.Errorf("the far future is %d", n)
	}
	if n := nanos(time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)); n != math.MinInt64 {
		t.Errorf("the far past is %d", n)
	}
}

func TestTextsAreCutBetweenCharacters(t *testing.T) {
	for _, sign := range []string{"a", "é", "漢", "😀"} {
		for shift := range 4 {
			s := strings.Repeat("x", shift) + strings.Repeat(sign, callrow.LongestText)
			got := clean(s)
			if !strings.HasPrefix(s, got) || len(got) > callrow.LongestText || len(got) < callrow.LongestText-len(sign) {
				t.Errorf("%q: %d bytes", sign, len(got))
			}
		}
	}
	if s := "fine"; clean(s) != s {
		t.Error("what is well was changed")
	}
}

func TestMigrationFiles(t *testing.T) {
	steps, err := loadMigrations(sqliteMigrations, "migrations/sqlite")
	if err != nil || len(steps) == 0 || len(steps[0].sql) < 4 {
		t.Fatalf("%+v, %v", steps, err)
	}
	for _, files := range []fstest.MapFS{
		{},
		{"m/0002_a.sql": {}},
		{"m/0001_a.sql": {}, "m/0003_b.sql": {}},
		{"m/0001_a.txt": {}},
		{"m/first.sql": {}},
	} {
		if steps, err := loadMigrations(files, "m"); err == nil {
			t.Errorf("%v was read as %+v", files, steps)
		}
	}
	got := statements("-- why\nCREATE TABLE a (\n\tb INT -- c;\n);\n\nDROP TABLE a; -- gone\r\nSELECT 1")
	want := []string{"CREATE TABLE a (\n\tb INT -- c;\n);\n", "DROP TABLE a; -- gone\r\n", "SELECT 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMigrationsGoOnWhereTheyEnded takes a schema through versions one by one,
// and shows that a broken step changes nothing.
func TestMigrationsGoOnWhereTheyEnded(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	steps := []migration{
		{version: 1, name: "a", sql: []string{"CREATE TABLE a (n INTEGER)"}},
		{version: 2, name: "b", sql: []string{"ALTER TABLE a ADD COLUMN m INTEGER", "INSERT INTO a VALUES (1, 2)"}},
		{version: 3, name: "broken", sql: []string{"DELETE FROM a", "NONSENSE"}},
	}
	up := func(steps []migration) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		if err := (schema{steps: steps, now: time.Now()}).migrate(t.Context(), tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	for _, n := range []int{1, 1, 2, 2} {
		if err := up(steps[:n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := up(steps); err == nil || !strings.Contains(err.Error(), "0003_broken") {
		t.Errorf("a broken step: %v", err)
	}
	if err := up(steps[:1]); !errors.Is(err, ErrNewer) {
		t.Errorf("going back: %v", err)
	}
	var rows, versions int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM a), (SELECT max(version) FROM schema_migrations)").Scan(&rows, &versions); err != nil {
		t.Fatal(err)
	}
	if rows != 1 || versions != 2 {
		t.Errorf("%d rows, version %d", rows, versions)
	}
}
