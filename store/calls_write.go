package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

var (
	errNoRecord = errors.New("there is no record")
	errNoID     = errors.New("it has no id")
	errSameID   = errors.New("another call has this id")
)

// WriteCalls implements Store.
func (d *database) WriteCalls(ctx context.Context, records []*ai.Record) error {
	rows := make([]callrow.Row, len(records))
	for i, r := range records {
		if r != nil {
			rows[i] = callrow.NewRow(r)
		}
	}
	return d.WriteRows(ctx, rows)
}

// WriteRows implements Store. The whole batch is tried at once; only if the
// database refuses some of the values is it looked at more closely.
func (d *database) WriteRows(ctx context.Context, rows []callrow.Row) error {
	const doing = "writing calls"
	c, err := d.connections()
	if err != nil {
		return err
	}
	fit := make([]*callrow.Row, 0, len(rows))
	var refused []Refusal
	for i := range rows {
		rows[i].Fresh = false
		switch r := rows[i].Record; {
		case r == nil:
			refused = append(refused, Refusal{Err: errNoRecord})
		case r.ID == "":
			refused = append(refused, Refusal{Err: errNoID})
		default:
			fit = append(fit, &rows[i])
		}
	}
	if len(fit) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		var counted int
		written := fit
		err = c.update(ctx, doing, func(tx *sql.Tx) error {
			err := c.writeBatch(ctx, tx, fit)
			if err == nil {
				counted, err = c.countCalls(ctx, tx, fit)
			}
			return err
		})
		if err != nil && c.rejects(err) {
			var more []Refusal
			err = c.update(ctx, doing, func(tx *sql.Tx) (err error) {
				if written, more, err = c.writeWhatFits(ctx, tx, fit); err == nil {
					counted, err = c.countCalls(ctx, tx, written)
				}
				return err
			})
			refused = append(refused, more...)
		}
		if err != nil {
			return err
		}
		for _, row := range written {
			row.Fresh = true
		}
		c.foldIfDue(ctx, counted)
	}
	if refused != nil {
		return &RefusedError{Refusals: refused}
	}
	return nil
}

// insertBytes is how long the details of the calls of one statement may be
// together, in bytes: far less than the 16 MiB that servers take by default,
// with room for the last of them, the other columns and quoting.
const insertBytes = 1 << 20

// writeBatch writes all records or fails.
func (c *connections) writeBatch(ctx context.Context, tx *sql.Tx, batch []*callrow.Row) error {
	insert := c.inserter(ctx, tx)
	used := make(map[string]usedSet)
	spent := make(spending)
	rows, size := 0, 0
	c.args = c.args[:0]
	for i, r := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := storedCall{Record: r.Record, details: string(r.Details)}
		if r.Set != nil {
			row.set = r.Set.ID
			id := string(r.Set.ID)
			used[id] = usedSet{r.Set, max(used[id].last, nanos(r.Record.Time))}
		}
		c.args = row.appendTo(c.args)
		rows, size = rows+1, size+len(row.details)
		if rows >= c.insertRows || size >= insertBytes || i == len(batch)-1 {
			if err := insert(rows); err != nil {
				return err
			}
			rows, size, c.args = 0, 0, c.args[:0]
		}
		spent.add(r.Record, 1)
	}
	if err := spent.write(ctx, tx, c); err != nil {
		return err
	}
	// In one order, so that two who write do not wait for each other in a ring.
	for _, id := range slices.Sorted(maps.Keys(used)) {
		set := used[id]
		if _, err := tx.ExecContext(ctx, c.keepSet, set.ID, set.JSON, set.last); err != nil {
			return err
		}
	}
	return nil
}

// usedSet is a set that calls of a batch refer to, and when the last of them
// arrived.
type usedSet struct {
	*callrow.Set
	last int64
}

// inserter returns what inserts the calls whose values are in c.args.
func (c *connections) inserter(ctx context.Context, tx *sql.Tx) (insert func(rows int) error) {
	if c.insertRows > 1 {
		return func(rows int) error {
			_, err := tx.ExecContext(ctx, writeRows("INSERT INTO calls", callColumns, rows), c.args...)
			return err
		}
	}
	one := tx.StmtContext(ctx, c.insertCall)
	// Without the context's Done, because the driver would start a goroutine for
	// each row to watch it.
	unwatched := context.WithoutCancel(ctx)
	return func(int) error {
		_, err := one.ExecContext(unwatched, c.args...)
		return err
	}
}

// writeWhatFits writes every record that the database takes. Of the others,
// those that are not there already are refused.
func (c *connections) writeWhatFits(ctx context.Context, tx *sql.Tx, batch []*callrow.Row) (written []*callrow.Row, refused []Refusal, err error) {
	fresh, refused, err := c.dropStored(ctx, tx, batch)
	if err != nil || len(fresh) == 0 {
		return nil, refused, err
	}
	// Mostly that was all that was wrong: a batch was written again.
	fault, err := c.tryBatch(ctx, tx, fresh)
	if err != nil || fault == nil {
		return fresh, refused, err
	}
	for _, r := range fresh {
		fault, err := c.tryBatch(ctx, tx, []*callrow.Row{r})
		if err != nil {
			return nil, nil, err
		}
		if fault == nil {
			written = append(written, r)
			continue
		}
		stored, same, err := c.isStored(ctx, tx, r.Record)
		switch {
		case err != nil:
			return nil, nil, err
		case !stored:
			refused = append(refused, Refusal{ID: identifier(r.Record.ID), Err: fault})
		case !same:
			refused = append(refused, Refusal{ID: identifier(r.Record.ID), Err: errSameID})
		}
	}
	return written, refused, nil
}

// tryBatch writes all records, or none of them and returns why the database
// refuses them.
func (c *connections) tryBatch(ctx context.Context, tx *sql.Tx, batch []*callrow.Row) (fault, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT batch"); err != nil {
		return nil, err
	}
	if fault = c.writeBatch(ctx, tx, batch); fault != nil {
		if !c.rejects(fault) {
			return nil, fault
		}
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT batch"); err != nil {
			return nil, err
		}
	}
	_, err = tx.ExecContext(ctx, "RELEASE SAVEPOINT batch")
	return fault, err
}

// dropStored returns the records that are not there yet, each once. Those that
// have the id of another call are refused.
func (c *connections) dropStored(ctx context.Context, tx *sql.Tx, batch []*callrow.Row) (fresh []*callrow.Row, refused []Refusal, err error) {
	known := make(map[string]int64, len(batch)) // when they arrived
	for part := range slices.Chunk(batch, 500) {
		ids := make([]any, len(part))
		for i, r := range part {
			ids[i] = identifier(r.Record.ID)
		}
		if err := readArrivals(ctx, tx, ids, known); err != nil {
			return nil, nil, err
		}
	}
	for _, r := range batch {
		id := identifier(r.Record.ID)
		arrived, there := known[id]
		switch {
		case !there:
			known[id] = nanos(r.Record.Time)
			fresh = append(fresh, r)
		case arrived != nanos(r.Record.Time):
			refused = append(refused, Refusal{ID: id, Err: errSameID})
		}
	}
	return fresh, refused, nil
}

// readArrivals adds when the calls of these ids arrived, if they are there.
func readArrivals(ctx context.Context, tx *sql.Tx, ids []any, known map[string]int64) error {
	rows, err := tx.QueryContext(ctx, selectArrivals(len(ids)), ids...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var arrived int64
		if err := rows.Scan(&id, &arrived); err != nil {
			return err
		}
		known[id] = arrived
	}
	return rows.Err()
}

// selectArrivals reads when n calls arrived.
func selectArrivals(n int) string {
	return "SELECT id, time FROM calls WHERE id IN (" + marks(n) + ")"
}

// isStored reports whether there is a call of the record's id, and whether it
// is the same one.
func (c *connections) isStored(ctx context.Context, tx *sql.Tx, r *ai.Record) (stored, same bool, err error) {
	var arrived int64
	err = tx.QueryRowContext(ctx, "SELECT time FROM calls WHERE id = ?"+c.lockRows, identifier(r.ID)).Scan(&arrived)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, arrived == nanos(r.Time), err
}
