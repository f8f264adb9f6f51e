package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Response is a response that a translation made, as it is kept for the client
// that may refer to it. Its owner has sealed it.
type Response struct {
	ID       string
	Token    string    // whose it is
	Time     time.Time // when it was made
	Previous string    // the id of the response that it continues, "" if none
	Sealed   []byte
	Uses     []string // ids of those of the token that it refers to, which live on with it; written only
}

// responseSlice is how many responses are named in one statement.
const responseSlice = 100

// SaveResponses implements Store.
func (d *database) SaveResponses(ctx context.Context, list []Response) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "keeping responses", func(tx *sql.Tx) error {
		for i := range list {
			one := &list[i]
			if _, err := tx.ExecContext(ctx, "REPLACE INTO responses (id, token, time, previous, size, sealed) VALUES (?, ?, ?, ?, ?, ?)",
				clean(one.ID), clean(one.Token), nanos(one.Time), clean(one.Previous), len(one.Sealed), noNil(one.Sealed)); err != nil {
				return err
			}
			for uses := one.Uses; len(uses) > 0; {
				n := min(len(uses), responseSlice)
				args := []any{nanos(one.Time), clean(one.Token), nanos(one.Time)}
				for _, id := range uses[:n] {
					args = append(args, clean(id))
				}
				if _, err := tx.ExecContext(ctx, "UPDATE responses SET time = ? WHERE token = ? AND time < ? AND id IN ("+marks(n)+")", args...); err != nil { //nolint:gosec // placeholders
					return err
				}
				uses = uses[n:]
			}
		}
		return nil
	})
}

// LoadResponses implements Store.
func (d *database) LoadResponses(ctx context.Context, token, id string, chain bool) (list []Response, err error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	err = c.view(ctx, "reading responses", func(tx *sql.Tx) error {
		list = nil
		for next := id; next != ""; {
			one := Response{ID: next, Token: token}
			err := tx.QueryRowContext(ctx, "SELECT time, previous, sealed FROM responses WHERE id = ? AND token = ?", clean(next), clean(token)).
				Scan(moment{&one.Time}, &one.Previous, &one.Sealed)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, one)
			if next = one.Previous; !chain || len(list) >= MaxChained {
				return nil
			}
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	return list, err
}

// MaxChained is how many responses may continue each other.
const MaxChained = 10000

// DeleteResponse implements Store.
func (d *database) DeleteResponse(ctx context.Context, token, id string) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "deleting a response", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM responses WHERE id = ? AND token = ?", clean(id), clean(token))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
}

// ForgetResponses implements Store.
func (d *database) ForgetResponses(ctx context.Context, olderThan time.Time, maxBytes int64) error {
	return d.forget(ctx, "responses", olderThan, maxBytes)
}

// ResealResponses implements Store.
func (d *database) ResealResponses(ctx context.Context, seal func(*Response) error) error {
	return d.reseal(ctx, "responses", func(ctx context.Context, tx *sql.Tx, id string) ([]byte, error) {
		one := Response{ID: id}
		if err := tx.QueryRowContext(ctx, "SELECT token, time, previous, sealed FROM responses WHERE id = ?", id).
			Scan(&one.Token, moment{&one.Time}, &one.Previous, &one.Sealed); err != nil {
			return nil, err
		}
		err := seal(&one)
		return one.Sealed, err
	})
}
