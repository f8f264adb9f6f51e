package store

import (
	"context"
	"database/sql"
	"errors"
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

	insertCall *sql.Stmt

	mu   sync.Mutex // one batch at a time: what follows is of the batch
	sets *setCache
	args []any

	folding folding
}

func newConnections(ctx context.Context, d dialect, write, read *sql.DB) (*connections, error) {
	c := &connections{dialect: d, write: write, read: read, sets: newSetCache()}
	var err error
	if c.insertCall, err = write.PrepareContext(ctx, writeRow("INSERT INTO calls", callColumns)); err != nil {
		return nil, err
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.folding.next = c.now().Add(foldAfter)
	if err := c.countRest(ctx); err != nil {
		return nil, errors.Join(err, c.insertCall.Close())
	}
	return c, nil
}

// writeRow is a statement for one row.
func writeRow(verb, columns string) string {
	return verb + " (" + columns + ") VALUES (" + marks(strings.Count(columns, ",")+1) + ")"
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
	return errors.Join(c.insertCall.Close(), c.read.Close(), c.write.Close())
}

// update runs f in a transaction that writes.
func (c *connections) update(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	if err := c.ready(); err != nil {
		return c.explain(doing, err)
	}
	return c.transact(ctx, c.write, nil, doing, f)
}

// view runs f in a transaction that reads one state of the database.
func (c *connections) view(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	return c.transact(ctx, c.read, &sql.TxOptions{ReadOnly: true}, doing, f)
}

func (c *connections) transact(ctx context.Context, db *sql.DB, o *sql.TxOptions, doing string, f func(tx *sql.Tx) error) error {
	if err := c.inTransaction(ctx, db, o, f); err != nil {
		return c.explain(doing, err)
	}
	return nil
}

func (c *connections) inTransaction(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		// The first error says what is wrong; a rollback after it often fails too.
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return err
	}
	return nil
}
