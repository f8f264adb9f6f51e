package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/ccload/ccload/ai"
)

var (
	errNoRecord = errors.New("there is no record")
	errNoID     = errors.New("it has no id")
	errSameID   = errors.New("another call has this id")
)

// WriteCalls implements Store. The whole batch is tried at once; only if the
// database refuses some of the values is it looked at more closely.
func (d *database) WriteCalls(ctx context.Context, records []*ai.Record) error {
	const doing = "writing calls"
	c, err := d.connections()
	if err != nil {
		return err
	}
	fit := make([]*ai.Record, 0, len(records))
	var refused []Refusal
	for _, r := range records {
		switch {
		case r == nil:
			refused = append(refused, Refusal{Err: errNoRecord})
		case r.ID == "":
			refused = append(refused, Refusal{Err: errNoID})
		default:
			fit = append(fit, r)
		}
	}
	if len(fit) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		var counted int
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
				var written []*ai.Record
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
func (c *connections) writeBatch(ctx context.Context, tx *sql.Tx, records []*ai.Record) error {
	insert := c.inserter(ctx, tx)
	used := make(map[*candidateSet]int64) // with the latest arrival
	spent := make(spending)
	rows, size := 0, 0
	c.args = c.args[:0]
	for i, r := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := storedCall{Record: r, details: encodeDetails(r)}
		if set := c.sets.find(r.Candidates); set != nil {
			row.set = set.id
			used[set] = max(used[set], nanos(r.Time))
		}
		c.args = row.appendTo(c.args)
		rows, size = rows+1, size+len(row.details)
		if rows >= c.insertRows || size >= insertBytes || i == len(records)-1 {
			if err := insert(rows); err != nil {
				return err
			}
			rows, size, c.args = 0, 0, c.args[:0]
		}
		spent.add(r, 1)
	}
	if err := spent.write(ctx, tx, c); err != nil {
		return err
	}
	// In one order, so that two who write do not wait for each other in a ring.
	for _, set := range slices.SortedFunc(maps.Keys(used), func(a, b *candidateSet) int { return bytes.Compare(a.id, b.id) }) {
		if _, err := tx.ExecContext(ctx, c.keepSet, set.id, set.json, used[set]); err != nil {
			return err
		}
	}
	return nil
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
func (c *connections) writeWhatFits(ctx context.Context, tx *sql.Tx, records []*ai.Record) (written []*ai.Record, refused []Refusal, err error) {
	fresh, refused, err := c.dropStored(ctx, tx, records)
	if err != nil || len(fresh) == 0 {
		return nil, refused, err
	}
	// Mostly that was all that was wrong: a batch was written again.
	fault, err := c.tryBatch(ctx, tx, fresh)
	if err != nil || fault == nil {
		return fresh, refused, err
	}
	for _, r := range fresh {
		fault, err := c.tryBatch(ctx, tx, []*ai.Record{r})
		if err != nil {
			return nil, nil, err
		}
		if fault == nil {
			written = append(written, r)
			continue
		}
		stored, same, err := c.isStored(ctx, tx, r)
		switch {
		case err != nil:
			return nil, nil, err
		case !stored:
			refused = append(refused, Refusal{ID: identifier(r.ID), Err: fault})
		case !same:
			refused = append(refused, Refusal{ID: identifier(r.ID), Err: errSameID})
		}
	}
	return written, refused, nil
}

// tryBatch writes all records, or none of them and returns why the database
// refuses them.
func (c *connections) tryBatch(ctx context.Context, tx *sql.Tx, records []*ai.Record) (fault, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT batch"); err != nil {
		return nil, err
	}
	if fault = c.writeBatch(ctx, tx, records); fault != nil {
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
func (c *connections) dropStored(ctx context.Context, tx *sql.Tx, records []*ai.Record) (fresh []*ai.Record, refused []Refusal, err error) {
	known := make(map[string]int64, len(records)) // when they arrived
	for part := range slices.Chunk(records, 500) {
		ids := make([]any, len(part))
		for i, r := range part {
			ids[i] = identifier(r.ID)
		}
		if err := readArrivals(ctx, tx, ids, known); err != nil {
			return nil, nil, err
		}
	}
	for _, r := range records {
		id := identifier(r.ID)
		arrived, there := known[id]
		switch {
		case !there:
			known[id] = nanos(r.Time)
			fresh = append(fresh, r)
		case arrived != nanos(r.Time):
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
