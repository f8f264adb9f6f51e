package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"embed"
	"encoding/hex"
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

// migrationPatience is how long another gateway may take to bring the schema up
// to date, in seconds.
const migrationPatience = 120

// keepSetMySQL adds a candidate set or says that it is still in use.
const keepSetMySQL = `INSERT INTO candidate_sets (id, names, last_used) VALUES (?, ?, ?)
	ON DUPLICATE KEY UPDATE last_used = GREATEST(last_used, VALUES(last_used))`

// addSpentMySQL adds to what a purse has spent on a day.
const addSpentMySQL = `INSERT INTO spent (name, day, amount) VALUES (?, ?, ?)
	ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount)`

// mysqlRows is how many calls one statement inserts.
const mysqlRows = 200

// connector opens connections that have their settings.
type connector struct {
	driver.Connector
	settings []string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, setting := range c.settings {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, setting, nil); err != nil { //nolint:forcetypeassert // the driver's own
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// pool opens connections of a configuration when they are needed.
func pool(config *mysql.Config, most int, settings ...string) (*sql.DB, error) {
	c, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{c, settings})
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
	write, err := pool(s.config, writers, mysqlSession, mysqlWriting)
	if err != nil {
		return nil, err
	}
	read, err := pool(s.config, s.MaxConnections-writers, mysqlSession, mysqlReading)
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

// migrate brings the schema up to date, over a connection of its own that holds
// a lock which other gateways wait for. A change of a large table takes long, so
// there is no limit to how long the server may be silent.
func (s *MySQL) migrate(ctx context.Context) error {
	steps, err := loadMigrations(mysqlMigrations, "migrations/mysql")
	if err != nil {
		return err
	}
	config := s.config.Clone()
	config.ReadTimeout = 0
	db, err := pool(config, 1, mysqlSession)
	if err != nil {
		return err
	}
	defer db.Close()
	// A server that takes connections and says nothing is away.
	reach, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	conn, err := db.Conn(reach)
	if err != nil {
		return err
	}
	defer conn.Close()
	// The names of locks are those of the whole server, and short.
	sum := sha256.Sum256([]byte(s.config.DBName))
	lock := "ccload.schema." + hex.EncodeToString(sum[:16])
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", lock, migrationPatience).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errMigrating
	}
	exists, err := mysqlBelongs(ctx, conn)
	if err != nil {
		return err
	}
	if err := (schema{steps: steps, exists: exists, now: s.now(), done: mysqlDone}).migrate(ctx, conn); err != nil {
		return err
	}
	// The lock ends with the connection, if not before.
	_, _ = conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", lock)
	return nil
}

var errMigrating = fmt.Errorf("another gateway has been changing the schema for more than %d s", migrationPatience)

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
			'rollups', 'rollup_pending', 'rollup_state', 'captures'))`).Scan(&list, &columns, &taken)
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
