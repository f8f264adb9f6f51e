package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/ccload/ccload/internal/callrow"
)

// countStep is how many calls are counted in one transaction.
const countStep = 500

// countRest counts the calls that were stored before there were statistics. It
// may be broken off at any time, and goes on where it was.
//
// It may follow seq, whose order says nothing of time: what it counts is a set
// that was closed before it began. The migration that made the statistics noted
// the last seq of all calls there were, and a gateway writes calls only once it
// has found that migration done, on the server that it uses; the numbers of those
// are higher, for no server of a cluster gives out one that is below a number it
// has seen. So no call with a lower seq appears behind the walk, and none that is
// counted as it is written is counted by it too.
func (c *connections) countRest(ctx context.Context) error {
	for {
		var after, existing int64
		err := c.read.QueryRowContext(ctx, `SELECT c.value, e.value FROM rollup_state c, rollup_state e
			WHERE c.name = 'counted' AND e.name = 'existing'`).Scan(&after, &existing)
		if err != nil || after >= existing {
			return err
		}
		groups := 0
		err = c.update(ctx, "counting stored calls", func(tx *sql.Tx) (err error) {
			groups, err = c.countSome(ctx, tx, existing)
			return err
		})
		if err != nil {
			return err
		}
		c.foldIfDue(ctx, groups)
	}
}

// countSome counts a slice of the calls up to seq existing.
func (c *connections) countSome(ctx context.Context, tx *sql.Tx, existing int64) (written int, err error) {
	after, err := c.lockState(ctx, tx, "counted")
	if err != nil || after >= existing {
		return 0, err
	}
	rows, err := readRows(ctx, tx, "SELECT "+callColumns+" FROM calls WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
		[]any{after, existing, countStep})
	if err != nil {
		return 0, err
	}
	all := make(groups)
	after = existing
	for i := range rows {
		row := &rows[i]
		// What cannot be read is missing from the sums: better than a gateway
		// that does not start.
		if d, err := callrow.ParseDetails(row.details); err == nil {
			d.Into(row.Record)
		}
		all.addCall(row.Record)
		if len(rows) == countStep {
			after = row.seq
		}
	}
	if err := c.leavePending(ctx, tx, all); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE rollup_state SET value = ? WHERE name = 'counted'", after)
	return len(all), err
}

// keptLonger is how much older than what is kept roll-ups may be and still be
// written, so that a gateway whose clock is ahead drops nothing that another
// one reads.
const keptLonger = 24 * time.Hour

// keptFrom is the begin of what is kept of a level: a whole stretch of the next
// level, so that each is kept in whole or not at all.
func keptFrom(l level, now time.Time) int64 {
	switch l {
	case minutely:
		return floor(now.Add(-MinutesKept).UnixNano(), hourly)
	case hourly:
		return floor(now.Add(-HoursKept).UnixNano(), daily)
	}
	return 0
}

// forgetSlice is how many roll-ups are forgotten in one transaction.
const forgetSlice = 500

// Statements that forget the oldest roll-ups, in the order of the primary key.
const (
	lastOfSlice = `SELECT start, id FROM rollups WHERE level = ? AND dims = ? AND start < ? ORDER BY start, id LIMIT 1 OFFSET ?`
	deleteSlice = `DELETE FROM rollups WHERE level = ? AND dims = ? AND start <= ? AND (start < ? OR id <= ?)`
	deleteUpTo  = `DELETE FROM rollups WHERE level = ? AND dims = ? AND start < ?`
)

// forgetRollups folds what is pending and then forgets roll-ups that are kept
// no longer, in slices so short that writers hardly wait.
func (c *connections) forgetRollups(ctx context.Context) error {
	if err := c.foldNow(ctx); err != nil {
		return err
	}
	for _, l := range levels {
		until := keptFrom(l, c.now())
		for _, cut := range cuts {
			for more := until > 0; more; {
				err := c.update(ctx, "forgetting old statistics", func(tx *sql.Tx) (err error) {
					more, err = forgetSome(ctx, tx, l, cut, until)
					return err
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// forgetSome forgets a slice and reports whether there is more.
func forgetSome(ctx context.Context, tx *sql.Tx, l level, cut dimensionSet, until int64) (more bool, err error) {
	var start int64
	var id []byte
	err = tx.QueryRowContext(ctx, lastOfSlice, seconds(l), int64(cut), until, forgetSlice-1).Scan(&start, &id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = tx.ExecContext(ctx, deleteUpTo, seconds(l), int64(cut), until)
		return false, err
	case err != nil:
		return false, err
	}
	_, err = tx.ExecContext(ctx, deleteSlice, seconds(l), int64(cut), start, start, id)
	return true, err
}
