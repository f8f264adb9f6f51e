package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Folding goes in two kinds of step, each in a transaction of its own, so that
// nobody waits long however much is pending. Gathering replaces what many
// batches left by their sum, in parts; then each part is moved to the roll-ups
// by itself. Whoever writes a batch does a step or two.

// When what is pending is folded: after so long. It is gathered earlier if there
// are so many groups, which mostly makes few of them, because batches of the
// same minute are of the same groups; only if it does not, they are folded too.
// Statistics have to read what is pending, which takes them more than a
// microsecond per group; folding takes a hundred for each different one.
const (
	foldAfter  = time.Minute
	foldGroups = 60_000
)

// Bounds of one step: how many pending rows and groups are gathered at most,
// and how many different groups a part has, for folding one takes some 20 ms.
const (
	gatherRows   = 500
	gatherGroups = 100_000
	partGroups   = 300
)

// folding is what a process knows of what it has left pending.
type folding struct {
	pending atomic.Int64 // groups

	mu    sync.Mutex // held by whoever folds; of what follows
	next  time.Time  // when to gather at the latest
	parts []int64    // pending rows that were gathered, yet to be folded
}

// foldIfDue does a step when it is time, after more groups were left pending.
// What fails is tried again later: nothing is lost by waiting. If somebody folds
// already, that does.
func (c *connections) foldIfDue(ctx context.Context, more int) {
	f := &c.folding
	pending := f.pending.Add(int64(more))
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	now := c.now()
	switch {
	case len(f.parts) > 0:
		// As many as come, or there would be ever more.
		for range min(1+more/partGroups, len(f.parts)) {
			_ = c.foldNext(ctx)
		}
	case !now.Before(f.next):
		f.pending.Store(0)
		f.next = now.Add(foldAfter)
		_, _, _ = c.gather(ctx)
	case pending >= foldGroups:
		f.pending.Store(0)
		if different, _, err := c.gather(ctx); err == nil && different < foldGroups/2 {
			f.pending.Store(int64(different))
			f.parts = nil // they wait for the minute to end
		}
	}
}

// foldNow folds whatever is pending. Who writes meanwhile waits for one step.
func (c *connections) foldNow(ctx context.Context) error {
	f := &c.folding
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending.Store(0)
	f.next = c.now().Add(foldAfter)
	for more := true; more || len(f.parts) > 0; {
		var err error
		if len(f.parts) > 0 {
			err = c.foldNext(ctx)
		} else {
			_, more, err = c.gather(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errFolded says that another process folded the same meanwhile.
var errFolded = errors.New("what was pending has been folded by another process")

// gather replaces pending rows by parts. It returns how many different groups
// there were, and whether there are more rows. It adds up before it writes,
// because that takes the most time. The caller holds folding.mu, and there are
// no parts.
func (c *connections) gather(ctx context.Context) (different int, more bool, err error) {
	all := make(groups)
	var ids []any
	err = c.view(ctx, "reading statistics", func(tx *sql.Tx) (err error) {
		clear(all)
		ids, more, err = readPending(ctx, tx, all)
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, false, err
	}
	if len(ids) == 1 && len(all) <= partGroups {
		c.folding.parts = []int64{ids[0].(int64)}
		return len(all), more, nil
	}
	var parts []int64
	err = c.update(ctx, "adding up statistics", func(tx *sql.Tx) error {
		parts = nil
		if _, err := c.lockState(ctx, tx, "fold"); err != nil {
			return err
		}
		result, err := tx.ExecContext(context.WithoutCancel(ctx), "DELETE FROM rollup_pending WHERE id IN ("+marks(len(ids))+")", ids...) //nolint:gosec // placeholders
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone != int64(len(ids)) {
			return errors.Join(err, errFolded)
		}
		for _, part := range all.split(partGroups) {
			id, err := addPending(ctx, tx, part)
			if err != nil {
				return err
			}
			parts = append(parts, id)
		}
		return nil
	})
	if errors.Is(err, errFolded) {
		return 0, false, nil
	}
	if err == nil {
		c.folding.parts = parts
	}
	return len(all), more, err
}

// readPending adds pending rows up, and reports whether there are more.
func readPending(ctx context.Context, tx *sql.Tx, all groups) (ids []any, more bool, err error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT id, data FROM rollup_pending ORDER BY id LIMIT %d", gatherRows))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var data sql.RawBytes
	read := 0
	for rows.Next() {
		if read >= gatherGroups {
			return ids, true, nil
		}
		var id int64
		if err := rows.Scan(&id, &data); err != nil {
			return nil, false, err
		}
		ids = append(ids, id)
		if err := decodePending(data, func(key group, s *sums) error {
			read++
			all.of(key).merge(s)
			return nil
		}); err != nil {
			return nil, false, err
		}
	}
	return ids, len(ids) == gatherRows, rows.Err()
}

// split divides groups into parts of at most so many, those that fold into the
// same rows together.
func (g groups) split(most int) []groups {
	keys := make([]group, 0, len(g))
	for key := range g {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.start, b.start), slices.Compare(a.values[:], b.values[:]))
	})
	var parts []groups
	for chunk := range slices.Chunk(keys, most) {
		part := make(groups, len(chunk))
		for _, key := range chunk {
			part[key] = g[key]
		}
		parts = append(parts, part)
	}
	return parts
}

// foldNext moves the next part to the roll-ups. The caller holds folding.mu.
func (c *connections) foldNext(ctx context.Context) error {
	f := &c.folding
	id := f.parts[0]
	f.parts = f.parts[1:] // what fails is gathered again
	return c.update(ctx, "adding up statistics", func(tx *sql.Tx) error {
		if _, err := c.lockState(ctx, tx, "fold"); err != nil {
			return err
		}
		var data []byte
		err := tx.QueryRowContext(ctx, "SELECT data FROM rollup_pending WHERE id = ?"+c.lockRows, id).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // another process was quicker
		}
		if err != nil {
			return err
		}
		all := make(groups)
		if err := decodePending(data, func(key group, s *sums) error {
			all.of(key).merge(s)
			return nil
		}); err != nil {
			return err
		}
		if err := c.writeRollups(ctx, tx, all); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM rollup_pending WHERE id = ?", id)
		return err
	})
}

// lockState reads a row of rollup_state and keeps others from changing it.
func (c *connections) lockState(ctx context.Context, tx *sql.Tx, name string) (value int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT value FROM rollup_state WHERE name = ?"+c.lockRows, name).Scan(&value)
	return value, err
}
