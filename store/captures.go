package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Capture is what was said in a call, as far as it was kept. Its owner has
// masked the secrets in it.
type Capture struct {
	ID       string    // of the call
	Time     time.Time // when the call arrived
	Cut      bool      // there was more
	Request  []byte    // of the client
	Answer   []byte    // the client got
	Upstream []byte    // what upstreams said that the client did not get
}

func (c *Capture) size() int64 { return int64(len(c.Request) + len(c.Answer) + len(c.Upstream)) }

// SaveCaptures implements Store.
func (d *database) SaveCaptures(ctx context.Context, list []Capture) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "keeping what was said in calls", func(tx *sql.Tx) error {
		for i := range list {
			one := &list[i]
			if _, err := tx.ExecContext(ctx, "REPLACE INTO captures (id, time, size, cut, request, answer, upstream) VALUES (?, ?, ?, ?, ?, ?, ?)",
				clean(one.ID), nanos(one.Time), one.size(), flag(one.Cut), noNil(one.Request), noNil(one.Answer), noNil(one.Upstream)); err != nil {
				return err
			}
		}
		return nil
	})
}

// noNil makes of nil an empty list of bytes, which is not NULL.
func noNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// LoadCapture implements Store.
func (d *database) LoadCapture(ctx context.Context, id string) (one Capture, err error) {
	c, err := d.connections()
	if err != nil {
		return one, err
	}
	err = c.view(ctx, "reading what was said in a call", func(tx *sql.Tx) error {
		one = Capture{ID: id}
		return tx.QueryRowContext(ctx, "SELECT time, cut, request, answer, upstream FROM captures WHERE id = ?", clean(id)).
			Scan(moment{&one.Time}, &one.Cut, &one.Request, &one.Answer, &one.Upstream)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return one, err
}

// captureSlice is how many captures are forgotten in one transaction.
const captureSlice = 20

// ForgetCaptures implements Store.
func (d *database) ForgetCaptures(ctx context.Context, olderThan time.Time, maxBytes int64) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	for {
		var size, gone int64
		err := c.update(ctx, "forgetting what was said in calls", func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(size), 0) FROM captures").Scan(&size); err != nil {
				return err
			}
			until := olderThan
			if size > maxBytes {
				until = lastMoment // any
			}
			done, err := forgetOldest(ctx, tx, until)
			gone = done
			return err
		})
		if err != nil || gone == 0 {
			return err
		}
	}
}

// forgetOldest forgets a few captures of before a moment.
func forgetOldest(ctx context.Context, tx *sql.Tx, until time.Time) (int64, error) {
	ids, err := oldestCaptures(ctx, tx, until)
	if err != nil || ids == nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM captures WHERE id IN ("+marks(len(ids))+")", ids...) //nolint:gosec // placeholders
	return int64(len(ids)), err
}

func oldestCaptures(ctx context.Context, tx *sql.Tx, until time.Time) (ids []any, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id FROM captures WHERE time < ? ORDER BY time LIMIT ?", nanos(until), captureSlice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
