package store

import (
	"context"
	"database/sql"
	"time"
)

// oldestSlice is how many rows are forgotten in one transaction.
const oldestSlice = 20

// forget removes from a table with the columns id, time and size what is of
// before a moment, and the oldest until the rest is no larger than maxBytes.
func (d *database) forget(ctx context.Context, table string, olderThan time.Time, maxBytes int64) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	for {
		var size, gone int64
		err := c.update(ctx, "forgetting old "+table, func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(size), 0) FROM "+table).Scan(&size); err != nil {
				return err
			}
			until := olderThan
			if size > maxBytes {
				until = lastMoment // any
			}
			done, err := forgetOldest(ctx, tx, table, until, olderThan, size-maxBytes)
			gone = done
			return err
		})
		if err != nil || gone == 0 {
			return err
		}
	}
}

// forgetOldest forgets a few rows of before until: those of before olderThan,
// and as many more as free the bytes that are too many.
func forgetOldest(ctx context.Context, tx *sql.Tx, table string, until, olderThan time.Time, tooMany int64) (int64, error) {
	ids, err := oldest(ctx, tx, table, until, olderThan, tooMany)
	if err != nil || ids == nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE id IN ("+marks(len(ids))+")", ids...) //nolint:gosec // placeholders
	return int64(len(ids)), err
}

func oldest(ctx context.Context, tx *sql.Tx, table string, until, olderThan time.Time, tooMany int64) (ids []any, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, time, size FROM "+table+" WHERE time < ? ORDER BY time LIMIT ?", nanos(until), oldestSlice) //nolint:gosec // a table of ours
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var made time.Time
		var size int64
		if err := rows.Scan(&id, moment{&made}, &size); err != nil {
			return nil, err
		}
		if tooMany <= 0 && !made.Before(olderThan) {
			break
		}
		tooMany -= size
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
