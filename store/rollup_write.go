package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// When what is pending is folded: after so long, or earlier if this process
// has written so many groups. Statistics have to read what is pending, which takes
// them a microsecond per group; folding takes some ten for each different one.
const (
	foldAfter  = time.Minute
	foldGroups = 100_000
)

// foldRows is how many pending rows are folded in one transaction.
const foldRows = 500

// folding is what a process knows of what it has left pending.
type folding struct {
	mu      sync.Mutex
	pending int       // groups
	next    time.Time // when to fold at the latest
}

// countCalls adds calls to the statistics, in the transaction that wrote them.
func (c *connections) countCalls(ctx context.Context, tx *sql.Tx, records []*ai.Record) (written int, err error) {
	all := make(groups)
	for _, r := range records {
		all.addCall(r)
	}
	return len(all), c.leavePending(ctx, tx, all)
}

// leavePending writes groups that are to be folded.
func (c *connections) leavePending(ctx context.Context, tx *sql.Tx, all groups) error {
	maps.DeleteFunc(all, func(_ group, s *sums) bool { return s.counts == counts{} })
	if len(all) == 0 {
		return nil
	}
	data, first, last := all.encode()
	// A number of its own kind, because several processes may write.
	_, err := tx.ExecContext(ctx, "INSERT INTO rollup_pending (id, first, last, data) VALUES (?, ?, ?, ?)",
		rand.Int64(), first, last, data) //nolint:gosec // nobody gains by guessing it
	return err
}

// foldIfDue folds when it is time. What fails is tried again later: nothing is
// lost by waiting.
func (c *connections) foldIfDue(ctx context.Context, more int) {
	f := &c.folding
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending += more
	now := c.now()
	if f.pending < foldGroups && now.Before(f.next) {
		return
	}
	f.pending, f.next = 0, now.Add(foldAfter)
	_ = c.fold(ctx)
}

// foldNow folds whatever is pending.
func (c *connections) foldNow(ctx context.Context) error {
	f := &c.folding
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending, f.next = 0, c.now().Add(foldAfter)
	return c.fold(ctx)
}

// fold moves what is pending to the roll-ups.
func (c *connections) fold(ctx context.Context) error {
	for {
		n := 0
		err := c.update(ctx, "adding up statistics", func(tx *sql.Tx) error {
			if _, err := c.lockState(ctx, tx, "fold"); err != nil {
				return err
			}
			all, ids, err := c.readPending(ctx, tx)
			if n = len(ids); err != nil || n == 0 {
				return err
			}
			if err := c.writeRollups(ctx, tx, all); err != nil {
				return err
			}
			_, err = tx.ExecContext(context.WithoutCancel(ctx), "DELETE FROM rollup_pending WHERE id IN ("+marks(n)+")", ids...) //nolint:gosec // placeholders
			return err
		})
		if err != nil || n < foldRows {
			return err
		}
	}
}

// lockState reads a row of rollup_state and keeps others from changing it.
func (c *connections) lockState(ctx context.Context, tx *sql.Tx, name string) (value int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT value FROM rollup_state WHERE name = ?"+c.lockRows, name).Scan(&value)
	return value, err
}

// readPending adds up the next rows.
func (c *connections) readPending(ctx context.Context, tx *sql.Tx) (all groups, ids []any, err error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT id, data FROM rollup_pending ORDER BY id LIMIT %d", foldRows)+c.lockRows)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	all = make(groups)
	var data sql.RawBytes
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &data); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
		if err := decodePending(data, func(key group, s *sums) error {
			all.of(key).merge(s)
			return nil
		}); err != nil {
			return nil, nil, err
		}
	}
	return all, ids, rows.Err()
}
