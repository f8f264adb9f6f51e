package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// migration is one step of the schema, a file named 0001_what_it_does.sql. A
// step that was released is never changed; what was wrong with it is put right
// by a later one.
type migration struct {
	version int
	name    string
	sql     []string // statements
}

// loadMigrations reads the steps of a folder, which count from 1.
func loadMigrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	list := make([]migration, 0, len(entries))
	for i, e := range entries {
		number, rest, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		what, isSQL := strings.CutSuffix(rest, ".sql")
		if err != nil || !isSQL || version != i+1 {
			return nil, fmt.Errorf("migration %s: want %04d_name.sql", e.Name(), i+1)
		}
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the migrations: %w", err)
		}
		list = append(list, migration{version: version, name: what, sql: statements(string(text))})
	}
	return list, nil
}

// statements splits a file after each semicolon that ends a line, because not
// every driver takes more than one statement at a time.
func statements(text string) []string {
	var list []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "--")
		if code = strings.TrimRight(code, " \t\r\n"); code == "" {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(code, ";") {
			list = append(list, b.String())
			b.Reset()
		}
	}
	if b.Len() > 0 {
		list = append(list, b.String())
	}
	return list
}

// queryer is a database, a connection or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// executor is a queryer that also changes something.
type executor interface {
	queryer
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// schema is what a database is to be brought to.
type schema struct {
	steps  []migration
	exists bool // the list of the steps that were done is there
	now    time.Time

	// done reports whether a statement failed because what it does has been done
	// already, by a step that broke off. nil is never: for databases that undo a
	// step in whole.
	done func(err error) bool
}

// migrate brings the schema up to date. The caller must keep others from
// migrating at the same time. It fails with ErrNewer, having changed nothing,
// if there are steps that this build does not know.
func (s schema) migrate(ctx context.Context, db executor) error {
	if !s.exists {
		if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
			version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, applied BIGINT NOT NULL)`); err != nil {
			return err
		}
	}
	pending, err := s.pending(ctx, db)
	if err != nil {
		return err
	}
	for _, step := range pending {
		for _, statement := range step.sql {
			if _, err := db.ExecContext(ctx, statement); err != nil && (s.done == nil || !s.done(err)) {
				return fmt.Errorf("migration %04d_%s: %w", step.version, step.name, err)
			}
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO schema_migrations (version, name, applied) VALUES (?, ?, ?)",
			step.version, step.name, s.now.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

// pending are the steps that have not been done, of a database that has the
// list of those that were. It fails with ErrNewer if there are others there.
func (s schema) pending(ctx context.Context, db queryer) ([]migration, error) {
	var current int
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_migrations").Scan(&current); err != nil {
		return nil, err
	}
	if current > len(s.steps) {
		return nil, fmt.Errorf("%w: its schema is version %d, this build knows up to %d", ErrNewer, current, len(s.steps))
	}
	return s.steps[current:], nil
}
