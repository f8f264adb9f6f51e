package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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

// openable returns the address under which the file can be opened without
// anything being written to it or beside it.
func openable(ctx context.Context, path string) (dsn string, done func(), err error) {
	nothing := func() {}
	wal, err := usesWAL(path)
	if err != nil {
		return "", nothing, err
	}
	settings := []string{"mode=ro", "_busy_timeout=10000", "_error_rc=1", "_query_only=ON", "_pragma=trusted_schema(0)", "_pragma=cell_size_check(1)"}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", nothing, err
	}
	switch unfinished, err := leftovers(path); {
	case err != nil:
		return "", nothing, err
	case len(unfinished) > 0:
		copied, remove, err := copyDatabase(ctx, path, unfinished)
		if err != nil {
			return "", nothing, err
		}
		// The copy may be written to: what was left is finished in it.
		return (&SQLite{path: copied}).dsn(settings[1:]...), remove, nil
	case wal:
		// SQLite would make files beside a WAL database even to read it. Nobody
		// has it open, or else there would be a WAL.
		settings = append(settings, "immutable=1")
	}
	return (&SQLite{path: absolute}).dsn(settings...), nothing, nil
}

// usesWAL reports whether the file's header asks for a WAL.
func usesWAL(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false, errors.Join(err, errNoFile)
	}
	header := make([]byte, 20)
	if _, err := io.ReadFull(f, header); err != nil || !strings.HasPrefix(string(header), "SQLite format 3\x00") {
		return false, errors.New("this is not an SQLite database")
	}
	return binary.BigEndian.Uint16(header[18:]) == 0x0202, nil
}

// leftovers are the endings of the files beside the database that belong to it.
func leftovers(path string) (endings []string, err error) {
	for _, ending := range []string{"-wal", "-journal"} {
		switch info, err := os.Stat(path + ending); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case info.Size() > 0:
			endings = append(endings, ending)
		}
	}
	return endings, nil
}

const maxCopies = 3

// copyDatabase copies the database and the files that belong to it into a
// private folder. It tries again if they are written to meanwhile.
func copyDatabase(ctx context.Context, path string, endings []string) (copied string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "ccload-import-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	copied = filepath.Join(dir, "original.db")
	endings = append([]string{""}, endings...)
	for range maxCopies {
		before := states(path, endings)
		for _, ending := range endings {
			if err := copyFile(ctx, path+ending, copied+ending); err != nil {
				remove()
				return "", nil, err
			}
		}
		if states(path, endings) == before {
			return copied, remove, nil
		}
	}
	remove()
	return "", nil, errors.New("the database is being written to: stop the original ccLoad first, or give a copy made with VACUUM INTO")
}

// states are the sizes and times of the files, to be compared.
func states(path string, endings []string) string {
	var b strings.Builder
	for _, ending := range endings {
		if info, err := os.Stat(path + ending); err == nil {
			fmt.Fprintln(&b, ending, info.Size(), info.ModTime().Format(time.RFC3339Nano))
		}
	}
	return b.String()
}

func copyFile(ctx context.Context, from, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
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
