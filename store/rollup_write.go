package store

import (
	"context"
	"database/sql"
	"maps"
	"math/rand/v2"

	"github.com/ccload/ccload/internal/callrow"
)

// countCalls adds calls to the statistics, in the transaction that wrote them.
func (c *connections) countCalls(ctx context.Context, tx *sql.Tx, batch []*callrow.Row) (written int, err error) {
	all := make(groups)
	for _, row := range batch {
		all.addCall(row.Record)
	}
	return len(all), c.leavePending(ctx, tx, all)
}

// leavePending writes groups that are to be folded.
func (c *connections) leavePending(ctx context.Context, tx *sql.Tx, all groups) error {
	maps.DeleteFunc(all, func(_ group, s *sums) bool { return s.counts == counts{} })
	if len(all) == 0 {
		return nil
	}
	_, err := addPending(ctx, tx, all)
	return err
}

// addPending writes groups as one row, under a number of its own kind, because
// several processes may write.
func addPending(ctx context.Context, tx *sql.Tx, all groups) (id int64, err error) {
	data, first, last := all.encode()
	id = rand.Int64() //nolint:gosec // nobody gains by guessing it
	_, err = tx.ExecContext(ctx, "INSERT INTO rollup_pending (id, first, last, data) VALUES (?, ?, ?, ?)", id, first, last, data)
	return id, err
}
