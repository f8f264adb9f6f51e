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

// ForgetCaptures implements Store.
func (d *database) ForgetCaptures(ctx context.Context, olderThan time.Time, maxBytes int64) error {
	return d.forget(ctx, "captures", olderThan, maxBytes)
}
