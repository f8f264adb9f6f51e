package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

//go:embed migrations/mysql/*.sql
var mysqlMigrations embed.FS

// Settings of connections, whatever those of the server are. Values that do not
// fit are refused, not cut. Who writes sees at each statement what has been
// committed, and locks what it read and decides on; rows are then locked, not
// the gaps between them, where others write. Who reads sees one state.
const (
	mysqlSession = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, innodb_lock_wait_timeout = 10"
	mysqlWriting = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
	mysqlReading = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
)

// How long connections live: servers and what is before them close those that
// are idle or old, and a name may lead elsewhere after a while.
const (
	mysqlIdle = 3 * time.Minute
	mysqlLife = 30 * time.Minute
)

// What a server of a Galera cluster waits for to be applied, as bits of
// wsrep_sync_wait.
const (
	syncReads = 1
	syncAll   = 15
)

// keepSetMySQL adds a candidate set or says that it is still in use.
const keepSetMySQL = `INSERT INTO candidate_sets (id, names, last_used) VALUES (?, ?, ?)
	ON DUPLICATE KEY UPDATE last_used = GREATEST(last_used, VALUES(last_used))`

// addSpentMySQL adds to what a purse has spent on a day.
const addSpentMySQL = `INSERT INTO spent (name, day, amount) VALUES (?, ?, ?)
	ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount)`

// mysqlRows is how many calls one statement inserts.
const mysqlRows = 200

// pool opens connections of a configuration when they are needed.
func (s *MySQL) pool(config *mysql.Config, most, synced int, settings ...string) (*sql.DB, error) {
	c, err := newConnector(config, &s.cluster, synced, settings)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(mysqlIdle)
	db.SetConnMaxLifetime(mysqlLife)
	return db, nil
}

// Open implements Store.
func (s *MySQL) Open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Load() != nil {
		return nil
	}
	c, err := s.connect(ctx)
	if err != nil {
		return s.explain("opening", err)
	}
	s.open.Store(c)
	return nil
}

func (s *MySQL) connect(ctx context.Context) (*connections, error) {
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	writers := max(1, s.MaxConnections/3)
	// Who writes finds out when it commits whether it has decided on old values;
	// who only reads what another gateway has changed waits for it.
	write, err := s.pool(s.config, writers, 0, mysqlSession, mysqlWriting)
	if err != nil {
		return nil, err
	}
	read, err := s.pool(s.config, s.MaxConnections-writers, syncReads, mysqlSession, mysqlReading)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	c, err := newConnections(ctx, dialect{
		keepSet: keepSetMySQL, addSpent: addSpentMySQL, lockRows: " FOR UPDATE", deleteOldest: deleteOldestMySQL,
		pattern: regexpPattern, insertRows: mysqlRows, repeatable: mysqlRepeatable,
		now: s.now, rejects: mysqlRejects, explain: s.explain, ready: func() error { return nil },
	}, write, read)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return c, nil
}

// Close implements Store.
func (s *MySQL) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open.Swap(nil)
	if c == nil {
		return nil
	}
	// It fails only where the connection is gone already: what was committed is
	// kept, and nothing else has to be put in order.
	_ = c.close()
	return nil
}

// regexpPattern is the pattern of MySQL, whose LIKE ignores the case either of
// no letter or of all there are.
func regexpPattern(column, value string) (condition string, arg any) {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, sign := range clean(value) {
		switch {
		case sign == '*':
			b.WriteString(`[\s\S]*`)
		case sign >= 'a' && sign <= 'z' || sign >= 'A' && sign <= 'Z':
			b.WriteString("[" + strings.ToLower(string(sign)) + strings.ToUpper(string(sign)) + "]")
		default:
			b.WriteString(regexp.QuoteMeta(string(sign)))
		}
	}
	return column + " REGEXP ?", b.String() + `\z`
}

// mysqlBelongs reports whether the database has our list of migrations;
// ErrForeign if the names of our tables are taken by another program.
func mysqlBelongs(ctx context.Context, db queryer) (exists bool, err error) {
	var list, columns, taken int
	err = db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'),
		(SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'
			AND column_name IN ('version', 'name', 'applied')),
		(SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN
			('calls', 'candidate_sets', 'cooling', 'spent', 'memories', 'revisions', 'documents', 'audit', 'sessions', 'leases',
			'rollups', 'rollup_pending', 'rollup_state', 'captures', 'responses'))`).Scan(&list, &columns, &taken)
	switch {
	case err != nil:
		return false, err
	case list > 0 && columns != 3:
		return false, fmt.Errorf("%w: its table schema_migrations is another program's", ErrForeign)
	case list == 0 && taken > 0:
		return false, fmt.Errorf("%w: it has tables with the names of ours", ErrForeign)
	}
	return list > 0, nil
}
