package store

import (
	"context"
	"database/sql"
	"time"
)

// pruneSlice is how many calls are pruned in one transaction: a writer waits for
// one at most, a few milliseconds.
const pruneSlice = 100

// inSlices lets slice delete at most step calls, a few at a time, until it
// deletes none.
func inSlices(step int, slice func(n int) (int, error)) (deleted int, err error) {
	for deleted < step {
		n, err := slice(min(pruneSlice, step-deleted))
		if err != nil {
			return deleted, err
		}
		if n == 0 {
			break
		}
		deleted += n
	}
	return deleted, nil
}

// pruneBefore deletes at most n calls that arrived before a moment; of a zero
// moment, none.
func (c *connections) pruneBefore(ctx context.Context, olderThan time.Time, n int) (deleted int, err error) {
	if olderThan.IsZero() {
		return 0, nil
	}
	err = c.update(ctx, "forgetting old calls", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, c.deleteOldest, nanos(olderThan), int64(n))
		if err != nil {
			return err
		}
		gone, err := result.RowsAffected()
		deleted = int(gone)
		return err
	})
	return deleted, err
}

// forget deletes candidate sets that no call refers to, as the database can, and
// what is over: cooldowns that ended long ago and the oldest of the audit trail.
func (c *connections) forget(ctx context.Context, unusedSets func(ctx context.Context, tx *sql.Tx) error) error {
	return c.update(ctx, "forgetting what is over", func(tx *sql.Tx) error {
		if err := unusedSets(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM cooling WHERE until < ?", nanos(c.now().Add(-restsForgotten))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM audit WHERE time < ?", nanos(c.now().Add(-auditKept)))
		return err
	})
}
