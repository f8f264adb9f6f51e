package store

import (
	"context"
	"database/sql"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

// rebookRest books the stored calls of earlier versions anew. Those booked a
// whole call, with the usage of its last attempt, at the channel that served and
// at the last key, and took what count_tokens answers for usage. Both the rows
// and the statistics are corrected. What is in the statistics of calls whose
// rows have been pruned stays as it was booked. It may be broken off at any
// time, and goes on where it was. It may follow seq for the reason that countRest
// may.
func (c *connections) rebookRest(ctx context.Context) error {
	for {
		var after, until int64
		err := c.read.QueryRowContext(ctx, `SELECT r.value, u.value FROM rollup_state r, rollup_state u
			WHERE r.name = 'rebooked' AND u.name = 'rebook_until'`).Scan(&after, &until)
		if err != nil || after >= until {
			return err
		}
		groups := 0
		err = c.update(ctx, "booking stored calls anew", func(tx *sql.Tx) (err error) {
			groups, err = c.rebookSome(ctx, tx, until)
			return err
		})
		if err != nil {
			return err
		}
		c.foldIfDue(ctx, groups)
	}
}

// rebookSome books a slice of the calls up to a seq anew.
func (c *connections) rebookSome(ctx context.Context, tx *sql.Tx, until int64) (written int, err error) {
	after, err := c.lockState(ctx, tx, "rebooked")
	if err != nil || after >= until {
		return 0, err
	}
	rows, err := readRows(ctx, tx, "SELECT "+callColumns+" FROM calls WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
		[]any{after, until, countStep})
	if err != nil {
		return 0, err
	}
	all := make(groups)
	after = until
	for i := range rows {
		if len(rows) == countStep {
			after = rows[i].seq
		}
		if err := rows[i].rebook(ctx, tx, all); err != nil {
			return 0, err
		}
	}
	if err := c.leavePending(ctx, tx, all); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE rollup_state SET value = ? WHERE name = 'rebooked'", after)
	return len(all), err
}

// rebook moves what a call adds to the statistics from where it was booked
// whole, and gives its row the usage of all its attempts.
func (c *storedCall) rebook(ctx context.Context, tx *sql.Tx, all groups) error {
	d, err := callrow.ParseDetails(c.details)
	if err != nil {
		return nil //nolint:nilerr // what cannot be read stays as it is: better than a gateway that does not start
	}
	leftOut := d.LeftOut
	d.LeftOut = nil
	d.Into(c.Record)
	all.addWhole(c.Record, -1)
	was := c.Usage
	c.Usage = usageOfAll(c.Record)
	all.addCounts(c.Record)
	if c.Usage.Equal(&was) {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE calls SET input_tokens = ?, cached_input_tokens = ?, cache_write_tokens = ?, output_tokens = ?, details = ? WHERE seq = ?`,
		c.Usage.Input, c.Usage.CachedInput, c.Usage.CacheWrite, c.Usage.Output, string(callrow.AppendDetails(nil, c.Record, leftOut)), c.seq)
	return err
}

// usageOfAll is what all attempts of a call used, nothing for count_tokens. A
// call none of whose attempts says what it used keeps its own.
func usageOfAll(r *ai.Record) ai.Usage {
	if r.Operation == ai.CountTokens {
		return ai.Usage{}
	}
	var sum ai.Usage
	for i := range r.Attempts {
		sum.Add(&r.Attempts[i].Usage)
	}
	if sum.IsZero() {
		return r.Usage
	}
	return sum
}

// addWhole adds a call times sign as earlier versions booked it. The sketches
// are of calls that were served, which are booked where they were.
func (g groups) addWhole(r *ai.Record, sign int64) {
	key := callGroup(r)
	key.values[channelAt] = shortName(r.Channel)
	n := charges(&r.Usage, &r.Cost)
	n.addCall(r)
	n[countAttempts] = int64(len(r.Attempts))
	g.of(key).addTimes(&n, sign)
}
