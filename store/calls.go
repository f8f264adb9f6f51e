package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ccload/ccload/ai"
)

var (
	errNoRecord = errors.New("there is no record")
	errNoID     = errors.New("it has no id")
	errSameID   = errors.New("another call has this id")
)

// WriteCalls implements Store. The whole batch is tried at once; only if the
// database refuses some of the values is each record tried for itself.
func (d *database) WriteCalls(ctx context.Context, records []*ai.Record) error {
	const doing = "writing calls"
	c, err := d.connections()
	if err != nil {
		return err
	}
	fit := make([]*ai.Record, 0, len(records))
	var refused []Refusal
	for _, r := range records {
		switch {
		case r == nil:
			refused = append(refused, Refusal{Err: errNoRecord})
		case r.ID == "":
			refused = append(refused, Refusal{Err: errNoID})
		default:
			fit = append(fit, r)
		}
	}
	if len(fit) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		var counted int
		err = c.update(ctx, doing, func(tx *sql.Tx) error {
			err := c.writeBatch(ctx, tx, fit)
			if err == nil {
				counted, err = c.countCalls(ctx, tx, fit)
			}
			return err
		})
		if err != nil && c.rejects(err) {
			err = c.update(ctx, doing, func(tx *sql.Tx) error {
				written, singly, err := c.writeSingly(ctx, tx, fit)
				refused = append(refused, singly...)
				if err == nil {
					counted, err = c.countCalls(ctx, tx, written)
				}
				return err
			})
		}
		if err != nil {
			return err
		}
		c.foldIfDue(ctx, counted)
	}
	if refused != nil {
		return &RefusedError{Refusals: refused}
	}
	return nil
}

// writeBatch writes all records or fails.
//
// It writes row by row: in SQLite a statement of many rows is no faster, for
// it keeps a journal of its own in case one of them fails. The rows are written
// without the context's Done, because the driver would start a goroutine for
// each to watch it.
func (c *connections) writeBatch(ctx context.Context, tx *sql.Tx, records []*ai.Record) error {
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM calls").Scan(&last); err != nil {
		return err
	}
	insert := tx.StmtContext(ctx, c.insertCall) //nolint:sqlclosecheck // closed with the transaction
	unwatched := context.WithoutCancel(ctx)
	used := make(map[*candidateSet]int64) // with the latest arrival
	spent := make(spending)
	for i, r := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := storedCall{Record: r, seq: last + 1 + int64(i), details: encodeDetails(r)}
		if set := c.sets.find(r.Candidates); set != nil {
			row.set = set.id
			used[set] = max(used[set], nanos(r.Time))
		}
		c.args = row.appendTo(c.args[:0])
		if _, err := insert.ExecContext(unwatched, c.args...); err != nil {
			return err
		}
		spent.add(r, 1)
	}
	if err := spent.write(ctx, tx, c); err != nil {
		return err
	}
	for set, latest := range used {
		if _, err := tx.ExecContext(ctx, c.keepSet, set.id, set.json, latest); err != nil {
			return err
		}
	}
	return nil
}

// writeSingly writes every record that the database takes. Of the others, those
// that are not there already are refused.
func (c *connections) writeSingly(ctx context.Context, tx *sql.Tx, records []*ai.Record) (written []*ai.Record, refused []Refusal, err error) {
	for _, r := range records {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT record"); err != nil {
			return nil, nil, err
		}
		if fault := c.writeBatch(ctx, tx, []*ai.Record{r}); fault != nil {
			if !c.rejects(fault) {
				return nil, nil, fault
			}
			if _, err := tx.ExecContext(ctx, "ROLLBACK TO record"); err != nil {
				return nil, nil, err
			}
			stored, same, err := isStored(ctx, tx, r)
			switch {
			case err != nil:
				return nil, nil, err
			case !stored:
				refused = append(refused, Refusal{ID: clean(r.ID), Err: fault})
			case !same:
				refused = append(refused, Refusal{ID: clean(r.ID), Err: errSameID})
			}
		} else {
			written = append(written, r)
		}
		if _, err := tx.ExecContext(ctx, "RELEASE record"); err != nil {
			return nil, nil, err
		}
	}
	return written, refused, nil
}

// isStored reports whether there is a call of the record's id, and whether it
// is the same one.
func isStored(ctx context.Context, tx *sql.Tx, r *ai.Record) (stored, same bool, err error) {
	var arrived int64
	err = tx.QueryRowContext(ctx, "SELECT time FROM calls WHERE id = ?", clean(r.ID)).Scan(&arrived)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, arrived == nanos(r.Time), err
}

// Call implements Store.
func (d *database) Call(ctx context.Context, id string) (*ai.Record, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	var found *ai.Record
	err = c.view(ctx, "reading a call", func(tx *sql.Tx) error {
		list, err := readCalls(ctx, tx, "WHERE id = ?", id)
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
		where, args, err := f.where(ctx, tx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // the page before ended with a call that has been pruned
		}
		if err != nil {
			return err
		}
		list, err = readCalls(ctx, tx, where, args...)
		return err
	})
	return list, err
}

// readCalls returns whole records.
func readCalls(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]*ai.Record, error) {
	calls, err := readRows(ctx, tx, "SELECT "+callColumns+" FROM calls "+where, args)
	if err != nil {
		return nil, err
	}
	sets, err := readSets(ctx, tx, calls)
	if err != nil {
		return nil, err
	}
	list := make([]*ai.Record, len(calls))
	for i := range calls {
		c := &calls[i]
		if err := decodeDetails(c.Record, sets[string(c.set)], c.details); err != nil {
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
	var found details
	err = c.view(ctx, "looking up a stored response", func(tx *sql.Tx) error {
		var text string
		err := tx.QueryRowContext(ctx, selectOwner, responseID).Scan(&text, &token)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		found, err = parseDetails(text)
		return err
	})
	if err != nil {
		return ai.Target{}, "", err
	}
	if len(found.Attempts) == 0 {
		return ai.Target{}, "", ErrNotFound
	}
	return found.Attempts[len(found.Attempts)-1].target(), token, nil
}

// selectOwner reads the latest call that made a response or asked for it.
const selectOwner = `SELECT details, token FROM calls WHERE response_id = ? AND response_id <> '' AND channel <> ''
	ORDER BY time DESC, seq DESC LIMIT 1`
