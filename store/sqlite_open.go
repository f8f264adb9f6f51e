package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// applicationID marks a file as ours, "ccld" in its header.
const applicationID = 0x63636c64

// maxReaders bounds the connections that read at the same time, each with a
// cache of its own.
const maxReaders = 4

// Settings of connections. A WAL lets readers go on while somebody writes;
// with it, synchronous NORMAL loses nothing when the process dies, and at most
// the last moments when the machine does.
var (
	sqliteShared = []string{
		"_busy_timeout=10000", // ms
		"_journal_mode=WAL",
		"_synchronous=NORMAL",
		"_foreign_keys=ON",
		"_dqs=0",
		"_error_rc=1",
	}
	sqliteWriter = append([]string{
		"_txlock=immediate",
		"_pragma=cache_size(-16384)",           // KiB
		"_pragma=wal_autocheckpoint(4000)",     // pages
		"_pragma=journal_size_limit(67108864)", // bytes
	}, sqliteShared...)
	sqliteReader = append([]string{
		"_pragma=cache_size(-4096)",
		"_query_only=ON",
	}, sqliteShared...)
	// sqliteNew is for the connection that makes a file, because it cannot be
	// decided later: the file gives space back, which pruning by size needs. On
	// an existing file it would write to it each time.
	sqliteNew = "_auto_vacuum=INCREMENTAL"
)

// addSpentSQLite adds to what a purse has spent on a day.
const addSpentSQLite = `INSERT INTO spent (name, day, amount) VALUES (?, ?, ?)
	ON CONFLICT (name, day) DO UPDATE SET amount = amount + excluded.amount`

// keepSetSQLite adds a candidate set or says that it is still in use.
const keepSetSQLite = `INSERT INTO candidate_sets (id, names, last_used) VALUES (?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET last_used = max(last_used, excluded.last_used)`

// Open implements Store.
func (s *SQLite) Open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Load() != nil {
		return nil
	}
	if err := s.makeFile(); err != nil {
		return s.explain("opening", err)
	}
	c, err := s.connect(ctx)
	for began := s.now(); isBusy(err) && s.now().Sub(began) < busyPatience; c, err = s.connect(ctx) {
		select {
		case <-ctx.Done():
			return s.explain("opening", errors.Join(ctx.Err(), err))
		case <-time.After(busyPause):
		}
	}
	if err != nil {
		return s.explain("opening", err)
	}
	s.open.Store(c)
	return nil
}

// Making a new file a WAL database does not wait for others who do the same,
// whatever the busy timeout; so Open tries again for a while.
const (
	busyPatience = 10 * time.Second
	busyPause    = 20 * time.Millisecond
)

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// connect opens the pools.
func (s *SQLite) connect(ctx context.Context) (*connections, error) {
	empty, err := s.checkFile(ctx)
	if err != nil {
		return nil, err
	}
	settings := sqliteWriter
	if empty {
		settings = append([]string{sqliteNew}, settings...)
	}
	write, err := sql.Open("sqlite", s.dsn(settings...))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", s.dsn(sqliteReader...))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(maxReaders)
	read.SetMaxIdleConns(maxReaders)
	c, err := s.prepare(ctx, write, read)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return c, nil
}

// prepare makes the pools ready for use.
func (s *SQLite) prepare(ctx context.Context, write, read *sql.DB) (*connections, error) {
	if err := s.migrate(ctx, write); err != nil {
		return nil, err
	}
	if err := read.PingContext(ctx); err != nil {
		return nil, err
	}
	var err error
	if s.file, err = os.Stat(s.path); err != nil {
		return nil, err
	}
	return newConnections(ctx, dialect{
		keepSet: keepSetSQLite, addSpent: addSpentSQLite, deleteOldest: deleteOldestSQLite, pattern: likePattern,
		useIndex: func(index string) string { return " INDEXED BY " + index },
		// A statement of many rows is no faster: it keeps a journal of its own in
		// case one of them fails.
		insertRows: 1,
		viewing:    &sql.TxOptions{ReadOnly: true},
		now:        s.now, rejects: sqliteRejects, explain: s.explain, ready: s.inPlace,
	}, write, read)
}

// Close implements Store.
func (s *SQLite) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open.Swap(nil)
	if c == nil {
		return nil
	}
	if err := c.close(); err != nil {
		return s.explain("closing", err)
	}
	return nil
}

// migrate brings the schema up to date. The transaction has the write lock from
// its beginning, so of several processes one migrates and the others find it
// done.
func (s *SQLite) migrate(ctx context.Context, write *sql.DB) error {
	steps, err := loadMigrations(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	tx, err := write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	marked, err := belongs(ctx, tx)
	if err != nil {
		return err
	}
	if !marked {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	}
	to := schema{steps: steps, exists: marked, now: s.now()}
	older := false
	if marked {
		pending, err := to.pending(ctx, tx)
		if err != nil {
			return err
		}
		older = len(pending) > 0
	}
	if err := to.migrate(ctx, tx); err != nil {
		return err
	}
	// What SQLite may not write it opens for reading, and says so at the first
	// write only. This one deletes nothing.
	if _, err := tx.ExecContext(ctx, "DELETE FROM schema_migrations WHERE version = 0"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil || !older {
		return err
	}
	// What a step has dropped stays in no log either.
	_, err = write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// inPlace fails with ErrVanished if the path does not lead to the open file any
// more. SQLite would go on writing to a file without a name.
func (s *SQLite) inPlace() error {
	now, err := os.Stat(s.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrVanished, err)
	case !os.SameFile(s.file, now):
		return ErrVanished
	}
	return nil
}

// sqliteRejects reports whether SQLite refuses the values.
func sqliteRejects(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return true
	}
	return false
}

// sqliteRemedies say what to do about SQLite's errors, by primary code.
var sqliteRemedies = map[int]string{
	sqlite3.SQLITE_READONLY: "the file, its folder or the disk is read-only: let the user that Caddy runs as write there",
	sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that its folder exists and that the user that Caddy runs as may read and write both",
	sqlite3.SQLITE_PERM:     "the file may not be opened: let the user that Caddy runs as read and write it",
	sqlite3.SQLITE_FULL:     "the disk is full: free some space, or lower the retention",
	sqlite3.SQLITE_IOERR:    "the disk fails or is gone: check that it is there, and has space left",
	sqlite3.SQLITE_BUSY:     "another process keeps the file locked: stop it, or give each its own file",
	sqlite3.SQLITE_LOCKED:   "another process keeps the file locked: stop it, or give each its own file",
	sqlite3.SQLITE_CORRUPT:  "the file is damaged: put a backup in its place, or move it away to start with an empty one",
	sqlite3.SQLITE_NOTADB:   "the file is not a database: choose another path, or move the file away",
}

// explain says what failed with which file, and what to do about it.
func (s *SQLite) explain(doing string, err error) error {
	remedy := ""
	var e *sqlite.Error
	switch {
	case errors.As(err, &e):
		remedy = sqliteRemedies[e.Code()&0xff]
	case errors.Is(err, ErrNewer):
		remedy = "start the newer version again, or choose another path"
	case errors.Is(err, ErrForeign), errors.Is(err, errNoFile), errors.Is(err, syscall.ENOTDIR):
		remedy = "choose another path"
	case errors.Is(err, ErrVanished):
		remedy = "put the file back, or restart to begin a new one"
	case errors.Is(err, fs.ErrPermission):
		remedy = "let the user that Caddy runs as write there"
	}
	if remedy != "" {
		remedy = " (" + remedy + ")"
	}
	return &Error{fmt.Sprintf("store sqlite: %s: %s: %v%s", s.path, doing, err, remedy), err, sqliteAway(err)}
}
