package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

const (
	// deleteOldestMySQL takes a moment and a number.
	deleteOldestMySQL = "DELETE FROM calls WHERE time < ? ORDER BY time LIMIT ?"

	// setsSlice is how many candidate sets are looked at in one transaction.
	setsSlice = 500

	selectUnusedSets = "SELECT id FROM candidate_sets WHERE last_used < ? ORDER BY last_used LIMIT ?"
	selectOldest     = "SELECT coalesce(min(time), ?) FROM calls"
)

// How large the request log is, is reckoned, because what the server knows of
// the size of its files is old, and deleting makes no file smaller. The calls
// are counted, and the texts of the newest thousand weighed. To each
// row come rowBytes for its numbers and what a row and its eight index entries
// need beside, and its indexed texts a second time; pages are three quarters
// full. All other tables count as the server says.
const (
	rowBytes = 350

	countAllCalls = "SELECT count(*) FROM calls"
	weighCalls    = `SELECT coalesce(avg(octet_length(details) + 2 * (octet_length(id) + octet_length(model) + octet_length(token)
		+ octet_length(channel) + octet_length(response_id)) + octet_length(upstream_model) + octet_length(client_ip)), 0)
		FROM (SELECT details, id, model, token, channel, response_id, upstream_model, client_ip FROM calls
			ORDER BY seq DESC LIMIT 1000) newest`
	sizeOfOthers = `SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name IN ('candidate_sets', 'rollups', 'rollup_pending')`
	selectNth = "SELECT time FROM calls ORDER BY time LIMIT 1 OFFSET ?"
)

// measureAfter is how long a measurement is good for.
const measureAfter = 10 * time.Minute

// pruning is how far the calls have to go for the database to fit. It is a
// moment, not a number of calls, so that several gateways who measure at the
// same time do not delete twice as much.
type pruning struct {
	pruneMu  sync.Mutex
	maxBytes int64
	measured time.Time // zero: measure anew
	until    time.Time // calls before it are in the way
}

// Prune implements Store.
func (s *MySQL) Prune(ctx context.Context, olderThan time.Time, maxBytes int64, step int) (deleted int, err error) {
	c, err := s.connections()
	if err != nil {
		return 0, err
	}
	s.pruneMu.Lock()
	defer s.pruneMu.Unlock()
	if maxBytes > 0 {
		if s.measured.IsZero() || s.maxBytes != maxBytes || s.now().Sub(s.measured) > measureAfter {
			if s.until, err = c.inTheWay(ctx, maxBytes); err != nil {
				return 0, err
			}
			s.maxBytes, s.measured = maxBytes, s.now()
		}
		if s.until.After(olderThan) {
			olderThan = s.until
		}
	}
	deleted, err = inSlices(step, func(n int) (int, error) { return c.pruneBefore(ctx, olderThan, n) })
	if err != nil || deleted > 0 {
		return deleted, err
	}
	s.measured = time.Time{}
	if err := c.forget(ctx, c.forgetSets); err != nil {
		return 0, err
	}
	return 0, c.forgetRollups(ctx)
}

// inTheWay is the moment before which calls have to go for the database to be
// at most so large; zero if it fits.
func (c *connections) inTheWay(ctx context.Context, maxBytes int64) (until time.Time, err error) {
	err = c.view(ctx, "measuring", func(tx *sql.Tx) error {
		var calls, others int64
		var weight float64
		if err := errors.Join(
			tx.QueryRowContext(ctx, countAllCalls).Scan(&calls),
			tx.QueryRowContext(ctx, weighCalls).Scan(&weight),
			tx.QueryRowContext(ctx, sizeOfOthers).Scan(&others),
		); err != nil {
			return err
		}
		each := (weight + rowBytes) * 4 / 3
		room := max(float64(maxBytes-others), 0)
		surplus := calls - int64(room/each)
		until = time.Time{}
		if surplus <= 0 {
			return nil
		}
		var last int64
		if err := tx.QueryRowContext(ctx, selectNth, surplus-1).Scan(&last); err != nil {
			return err
		}
		until = fromNanos(last).Add(1) // after the last that has to go
		return nil
	})
	return until, err
}

// forgetSets deletes candidate sets that no call refers to. It locks them before
// it looks for the oldest call: a set that is locked belongs to no call that
// is being written, or it is written anew after it was deleted.
func (c *connections) forgetSets(ctx context.Context, tx *sql.Tx) error {
	var oldest int64
	if err := tx.QueryRowContext(ctx, selectOldest, nanos(lastMoment)).Scan(&oldest); err != nil {
		return err
	}
	ids, err := readIDs(ctx, tx, selectUnusedSets+c.lockRows, oldest, setsSlice)
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := tx.QueryRowContext(ctx, selectOldest, nanos(lastMoment)).Scan(&oldest); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, deleteSets(len(ids)), append([]any{oldest}, ids...)...)
	return err
}

// deleteSets deletes those of n candidate sets that were last used before a
// moment.
func deleteSets(n int) string {
	return "DELETE FROM candidate_sets WHERE last_used < ? AND id IN (" + marks(n) + ")"
}

func readIDs(ctx context.Context, tx *sql.Tx, query string, args ...any) (ids []any, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
