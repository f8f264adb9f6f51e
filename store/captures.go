package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Capture is what was said in a call, as far as it was kept. The store cannot
// read it: its owner has sealed it.
type Capture struct {
	ID     string    // of the call
	Time   time.Time // when the call arrived
	Sealed []byte    // the bodies
}

// SaveCaptures implements Store.
func (d *database) SaveCaptures(ctx context.Context, list []Capture) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "keeping what was said in calls", func(tx *sql.Tx) error {
		for i := range list {
			one := &list[i]
			if _, err := tx.ExecContext(ctx, "REPLACE INTO captures (id, time, size, sealed) VALUES (?, ?, ?, ?)",
				clean(one.ID), nanos(one.Time), len(one.Sealed), noNil(one.Sealed)); err != nil {
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
		return tx.QueryRowContext(ctx, "SELECT time, sealed FROM captures WHERE id = ?", clean(id)).
			Scan(moment{&one.Time}, &one.Sealed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return one, err
}

// ResealCaptures implements Store.
func (d *database) ResealCaptures(ctx context.Context, seal func(*Capture) error) error {
	return d.reseal(ctx, "captures", func(ctx context.Context, tx *sql.Tx, id string) ([]byte, error) {
		one := Capture{ID: id}
		if err := tx.QueryRowContext(ctx, "SELECT time, sealed FROM captures WHERE id = ?", id).Scan(moment{&one.Time}, &one.Sealed); err != nil {
			return nil, err
		}
		err := seal(&one)
		return one.Sealed, err
	})
}

// ForgetCaptures implements Store.
func (d *database) ForgetCaptures(ctx context.Context, olderThan time.Time, maxBytes int64) error {
	return d.forget(ctx, "captures", olderThan, maxBytes)
}
