package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// dialect is what SQL databases do differently.
type dialect struct {
	// keepSet adds a candidate set (id, names, last_used), or raises the
	// last_used of the one that is there.
	keepSet string

	// addSpent adds to what is spent (name, day, amount).
	addSpent string

	// lockRows ends a SELECT whose rows nobody else may change before the
	// transaction has ended; empty where writing locks the whole database.
	lockRows string

	// now is the time by which statistics are kept; nil is time.Now.
	now func() time.Time

	// pattern is a condition that a column matches a pattern.
	pattern pattern

	// useIndex follows the name of a table from which calls are to be read along
	// an index. nil is a database that has to choose by itself.
	useIndex func(index string) string

	// insertRows is how many calls one statement inserts at most. With 1 they are
	// inserted by a statement that is prepared once.
	insertRows int

	// deleteOldest takes a moment and a number, and deletes at most so many calls
	// that arrived before it, the oldest first.
	deleteOldest string

	// viewing are the options of transactions that read.
	viewing *sql.TxOptions

	// repeatable reports whether a transaction that failed so has changed nothing
	// for sure, and may go well when it is tried again at once; committing says
	// that it failed when it was to be committed. nil is never.
	repeatable func(err error, committing bool) bool

	// rejects reports whether an error is about the values, so that trying again
	// is of no use.
	rejects func(err error) bool

	// explain says what failed, in which database, and what to do about it.
	explain func(doing string, err error) error

	// ready is asked before each write, and may refuse it.
	ready func() error
}

// database is the part of a store that is the same for all of SQL. A store
// embeds it and gives it its connections when it opens them.
type database struct {
	open atomic.Pointer[connections] // nil while closed
}

// connections is an open database.
type connections struct {
	dialect
	write *sql.DB // the only one that writes
	read  *sql.DB

	// Statements that each batch runs many times; nil where several calls are
	// inserted by one statement.
	insertCall, spend *sql.Stmt

	mu   sync.Mutex // one batch at a time: what follows is of the batch
	args []any

	folding folding
}

func newConnections(ctx context.Context, d dialect, write, read *sql.DB) (*connections, error) {
	c := &connections{dialect: d, write: write, read: read}
	if c.insertRows == 1 {
		var err error
		if c.insertCall, err = write.PrepareContext(ctx, writeRows("INSERT INTO calls", callColumns, 1)); err != nil {
			return nil, err
		}
		if c.spend, err = write.PrepareContext(ctx, c.addSpent); err != nil {
			return nil, errors.Join(err, c.insertCall.Close())
		}
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.folding.next = c.now().Add(foldAfter)
	for _, bring := range []func(context.Context) error{c.countRest, c.rebookRest} {
		if err := bring(ctx); err != nil {
			return nil, errors.Join(err, c.forgetStatements())
		}
	}
	return c, nil
}

// writeRows is a statement for n rows.
func writeRows(verb, columns string, n int) string {
	row := ", (" + marks(strings.Count(columns, ",")+1) + ")"
	return verb + " (" + columns + ") VALUES " + strings.Repeat(row, n)[len(", "):]
}

// marks is a list of n placeholders.
func marks(n int) string { return strings.Repeat("?, ", n-1) + "?" }

func (d *database) connections() (*connections, error) {
	if c := d.open.Load(); c != nil {
		return c, nil
	}
	return nil, ErrNotOpen
}

// close closes the connections, the readers first, so that the last one can
// put the database in order.
func (c *connections) close() error {
	return errors.Join(c.forgetStatements(), c.read.Close(), c.write.Close())
}

func (c *connections) forgetStatements() error {
	if c.insertCall == nil {
		return nil
	}
	return errors.Join(c.insertCall.Close(), c.spend.Close())
}

// update runs f in a transaction that writes. It may run it several times, each
// in a transaction of its own after the one before was undone.
func (c *connections) update(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	if err := c.ready(); err != nil {
		return c.explain(doing, err)
	}
	return c.transact(ctx, c.write, nil, doing, f)
}

// view runs f in a transaction that reads one state of the database. It may run
// it several times.
func (c *connections) view(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	return c.transact(ctx, c.read, c.viewing, doing, f)
}

// How often and how long a transaction is tried, and how long the first pause
// between is at most. Each pause may be twice as long as the one before; how
// long it is, is left to chance, so that those who were in each other's way meet
// no more.
const (
	maxTries      = 6
	triesPatience = 15 * time.Second
	triesPause    = 20 * time.Millisecond
)

func (c *connections) transact(ctx context.Context, db *sql.DB, o *sql.TxOptions, doing string, f func(tx *sql.Tx) error) error {
	began := time.Now()
	committing, err := inTransaction(ctx, db, o, f)
	for try := 1; try < maxTries && err != nil && c.mayRepeat(err, committing); try++ {
		pause := time.Duration(rand.Int64N(int64(triesPause << (try - 1)))) //nolint:gosec // nobody gains by guessing it
		if ctx.Err() != nil || time.Since(began)+pause > triesPatience {
			break
		}
		select {
		case <-ctx.Done():
			return c.explain(doing, errors.Join(ctx.Err(), err))
		case <-time.After(pause):
		}
		committing, err = inTransaction(ctx, db, o, f)
	}
	if err != nil {
		return c.explain(doing, err)
	}
	return nil
}

// mayRepeat reports whether a transaction that failed so is run again.
func (c *connections) mayRepeat(err error, committing bool) bool {
	return errors.Is(err, errRaced) || c.repeatable != nil && c.repeatable(err, committing)
}

// inTransaction runs f in a transaction once. When it fails, committing says
// that f went well and the commit failed.
func inTransaction(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func(tx *sql.Tx) error) (committing bool, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if mysqlFault(err, leaveFaults) { // the next try asks another server
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}()
	tx, err := conn.BeginTx(ctx, o)
	if err != nil {
		return false, err
	}
	if err := f(tx); err != nil {
		// The first error says what is wrong; a rollback after it often fails too.
		_ = tx.Rollback()
		return false, err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return true, err
	}
	return false, nil
}
