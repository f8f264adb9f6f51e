package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

// Call implements Store.
func (d *database) Call(ctx context.Context, id string) (*ai.Record, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	var found *ai.Record
	err = c.view(ctx, "reading a call", func(tx *sql.Tx) error {
		calls, err := readRows(ctx, tx, "SELECT "+callColumns+" FROM calls WHERE id = ?", []any{identifier(id)})
		if err != nil {
			return err
		}
		list, err := decodeCalls(ctx, tx, calls)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			found = list[0]
		}
		return nil
	})
	if err == nil && found == nil {
		err = ErrNotFound
	}
	return found, err
}

// Calls implements Store.
func (d *database) Calls(ctx context.Context, f CallFilter) ([]*ai.Record, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	var list []*ai.Record
	err = c.view(ctx, "reading calls", func(tx *sql.Tx) error {
		list = nil
		calls, err := c.find(ctx, tx, &f)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the page before ended with a call that has been pruned
		}
		if err == nil {
			list, err = decodeCalls(ctx, tx, calls)
		}
		return err
	})
	return list, err
}

// decodeCalls makes whole records of rows.
func decodeCalls(ctx context.Context, tx *sql.Tx, calls []storedCall) ([]*ai.Record, error) {
	sets, err := readSets(ctx, tx, calls)
	if err != nil {
		return nil, err
	}
	list := make([]*ai.Record, len(calls))
	for i := range calls {
		c := &calls[i]
		if err := callrow.DecodeDetails(c.Record, sets[string(c.set)], c.details); err != nil {
			return nil, err
		}
		list[i] = c.Record
	}
	return list, nil
}

func readRows(ctx context.Context, tx *sql.Tx, query string, args []any) ([]storedCall, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var calls []storedCall
	for rows.Next() {
		row := storedCall{Record: new(ai.Record)}
		if err := rows.Scan(row.fields()...); err != nil {
			return nil, err
		}
		calls = append(calls, row)
	}
	return calls, rows.Err()
}

// readSets returns the names of the candidate sets of the calls, by id.
func readSets(ctx context.Context, tx *sql.Tx, calls []storedCall) (map[string][]string, error) {
	sets := make(map[string][]string)
	var ids []any
	for i := range calls {
		if id := calls[i].set; id != nil && sets[string(id)] == nil {
			sets[string(id)] = []string{}
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return sets, nil
	}
	rows, err := tx.QueryContext(ctx, selectSets(len(ids)), ids...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text []byte
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		var names []string
		if err := json.Unmarshal(text, &names); err != nil {
			return nil, fmt.Errorf("reading the candidates: %w", err)
		}
		sets[string(id)] = names
	}
	return sets, rows.Err()
}

// selectSets reads n candidate sets.
func selectSets(n int) string {
	return "SELECT id, names FROM candidate_sets WHERE id IN (" + marks(n) + ")"
}

// ResponseOwner implements Store. The last attempt of a call is the one whose
// answer the client got.
func (d *database) ResponseOwner(ctx context.Context, responseID string) (made ai.Target, token string, err error) {
	c, err := d.connections()
	if err != nil {
		return ai.Target{}, "", err
	}
	if responseID == "" {
		return ai.Target{}, "", ErrNotFound
	}
	var found callrow.Details
	err = c.view(ctx, "looking up a stored response", func(tx *sql.Tx) error {
		var text string
		err := tx.QueryRowContext(ctx, selectOwner, identifier(responseID)).Scan(&text, &token)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		found, err = callrow.ParseDetails(text)
		return err
	})
	if err != nil {
		return ai.Target{}, "", err
	}
	made, ok := found.LastTarget()
	if !ok {
		return ai.Target{}, "", ErrNotFound
	}
	return made, token, nil
}

// selectOwner reads the latest call that made a response or asked for it.
const selectOwner = `SELECT details, token FROM calls WHERE response_id = ? AND response_id <> '' AND channel <> ''
	ORDER BY time DESC, seq DESC LIMIT 1`
