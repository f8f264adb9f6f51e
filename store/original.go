package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Bounds of what is read of the original's database, so that a file made to do
// harm cannot take all memory.
const (
	maxOriginalRows = 20_000  // of each table
	maxOriginalCell = 1 << 20 // bytes
)

// OriginalData is what the database of the original ccLoad holds of settings.
// The log of calls and what rests are left alone.
type OriginalData struct {
	Channels  []OriginalRow // table channels
	Keys      []OriginalRow // api_keys, in the order of their use
	Models    []OriginalRow // channel_models
	URLStates []OriginalRow // channel_url_states
	Tokens    []OriginalRow // auth_tokens
	Settings  []OriginalRow // system_settings
}

// OriginalRow is one row: what its columns hold, as text. NULL is left out.
// Which columns there are depends on the version that made the file.
type OriginalRow map[string]string

// ErrNoOriginal says that a database is not one of the original ccLoad.
var ErrNoOriginal = errors.New("this is not a database of the original ccLoad: it lacks the tables channels and api_keys")

// originalTables are the tables that are read, the column each is sorted by,
// and where their rows go.
func originalTables(d *OriginalData) []originalTable {
	return []originalTable{
		{"channels", []string{"id"}, true, &d.Channels, nil},
		{"api_keys", []string{"channel_id", "key_index"}, true, &d.Keys, nil},
		{"channel_models", []string{"channel_id", "created_at"}, false, &d.Models, nil},
		{"channel_url_states", []string{"channel_id"}, false, &d.URLStates, nil},
		{"auth_tokens", []string{"id"}, false, &d.Tokens, nil},
		{"system_settings", []string{"key"}, false, &d.Settings, nil},
	}
}

type originalTable struct {
	name     string
	order    []string // those of them that the table has
	required bool
	rows     *[]OriginalRow
	only     []string // columns that are read; none: all
}

// ReadOriginal reads the SQLite file of the original ccLoad. It writes neither
// to the file nor beside it: what a process that died left to be finished, a
// WAL or a journal, is finished in a private copy. Of a file that is being
// written meanwhile it reads one state or fails.
func ReadOriginal(ctx context.Context, path string) (*OriginalData, error) {
	d := &OriginalData{}
	if err := readTables(ctx, path, originalTables(d)); err != nil {
		return nil, err
	}
	return d, nil
}

// readTables reads tables of another system's file, in one state.
func readTables(ctx context.Context, path string, tables []originalTable) error {
	path, err := filepath.EvalSymlinks(path) // what belongs to the file is beside it, not beside a link
	if err != nil {
		return err
	}
	dsn, done, err := openable(ctx, path)
	if err != nil {
		return err
	}
	defer done()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	// One connection and one transaction: one state of everything.
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return explainOriginal(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was changed
	if marked, err := belongs(ctx, tx); err != nil && !errors.Is(err, ErrForeign) {
		return explainOriginal(err)
	} else if marked {
		return errors.New("this is a database of this gateway itself, not of another system: point store at it, or export what is in it")
	}
	for _, t := range tables {
		if err := t.read(ctx, tx); err != nil {
			return explainOriginal(err)
		}
	}
	return nil
}

// originalRemedies say what to do about SQLite's errors, by primary code.
var originalRemedies = map[int]string{
	sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that it may be read",
	sqlite3.SQLITE_PERM:     "the file may not be opened: check that it may be read",
	sqlite3.SQLITE_BUSY:     "another process keeps the file locked: stop the original ccLoad first",
	sqlite3.SQLITE_LOCKED:   "another process keeps the file locked: stop the original ccLoad first",
	sqlite3.SQLITE_CORRUPT:  "the file is damaged, or was copied while it was written to: copy it again, with the files beside it",
	sqlite3.SQLITE_NOTADB:   "the file is not a database, or is encrypted",
}

func explainOriginal(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		if remedy, ok := originalRemedies[e.Code()&0xff]; ok {
			return fmt.Errorf("%w (%s)", err, remedy)
		}
	}
	return err
}

// read reads all of a table.
func (t *originalTable) read(ctx context.Context, tx *sql.Tx) error {
	columns, err := originalColumns(ctx, tx, t.name)
	switch {
	case err != nil:
		return err
	case len(columns) == 0 && t.required:
		return ErrNoOriginal
	case len(columns) == 0:
		return nil
	}
	if len(t.only) > 0 {
		columns = slices.DeleteFunc(columns, func(c string) bool { return !slices.Contains(t.only, c) })
	}
	if len(columns) == 0 {
		return nil
	}
	quoted := make([]string, len(columns))
	var order []string
	for i, c := range columns {
		quoted[i] = quoteName(c)
	}
	for _, by := range t.order {
		for _, c := range columns {
			if c == by {
				order = append(order, quoteName(c))
			}
		}
	}
	order = append(order, "rowid")
	query := fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT %d", //nolint:gosec // names are quoted
		strings.Join(quoted, ", "), quoteName(t.name), strings.Join(order, ", "), maxOriginalRows+1)
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	cells := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if len(*t.rows) == maxOriginalRows {
			return fmt.Errorf("the table %s has more than %d rows", t.name, maxOriginalRows)
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := make(OriginalRow, len(columns))
		for i, c := range cells {
			if len(c.String) > maxOriginalCell {
				return fmt.Errorf("the table %s has a value of more than %d bytes in the column %q", t.name, maxOriginalCell, columns[i])
			}
			if c.Valid {
				row[columns[i]] = c.String
			}
		}
		*t.rows = append(*t.rows, row)
	}
	return rows.Err()
}

// originalColumns returns the columns of a table; none if there is no such
// table. Views and virtual tables do not count: they can do anything.
func originalColumns(ctx context.Context, tx *sql.Tx, table string) (columns []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c
		WHERE s.type = 'table' AND s.rootpage > 0 AND s.name = ? LIMIT 200`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		columns = append(columns, name)
	}
	return columns, rows.Err()
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
