package store

import (
	"context"
	"database/sql"
	"errors"
)

// reseal changes what is sealed of each row of a table with the columns id, time,
// size and sealed. one reads a row and returns what is sealed anew.
func (d *database) reseal(ctx context.Context, table string, one func(ctx context.Context, tx *sql.Tx, id string) ([]byte, error)) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	doing := "sealing " + table + " anew"
	var ids []string
	if err := c.view(ctx, doing, func(tx *sql.Tx) error {
		ids, err = idsOf(ctx, tx, "SELECT id FROM "+table+" ORDER BY time") //nolint:gosec // a table of ours
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids { // one at a time, so that writers never wait long
		err := c.update(ctx, doing, func(tx *sql.Tx) error {
			sealed, err := one(ctx, tx, id)
			if errors.Is(err, sql.ErrNoRows) {
				return nil // forgotten meanwhile
			}
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE "+table+" SET size = ?, sealed = ? WHERE id = ?", len(sealed), noNil(sealed), id) //nolint:gosec // a table of ours
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func idsOf(ctx context.Context, tx *sql.Tx, query string) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
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
