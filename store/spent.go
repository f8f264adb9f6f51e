package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

// spending is what calls of a batch spent, by purse and day.
type spending map[spentKey]ai.Money

type spentKey struct {
	name string
	day  ai.Day
}

// Names of the purses that a call is paid from.
const (
	tokenPurse   = "token/"
	channelPurse = "channel/"
)

// add counts a record times sign: the token pays the call, each channel its
// attempts.
func (s spending) add(r *ai.Record, sign ai.Money) {
	if r.Cost.Amount != 0 {
		s[spentKey{tokenPurse + indexed(r.Token), r.Day}] += sign * r.Cost.Amount
	}
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.Cost.Amount != 0 {
			s[spentKey{channelPurse + indexed(a.Target.Channel), r.Day}] += sign * a.Cost.Amount
		}
	}
}

// write adds to what is stored, in one order, so that two who write do not wait
// for each other in a ring.
func (s spending) write(ctx context.Context, tx *sql.Tx, c *connections) error {
	add := func(args ...any) (sql.Result, error) { return tx.ExecContext(ctx, c.addSpent, args...) }
	if c.spend != nil && len(s) > 0 {
		one := tx.StmtContext(ctx, c.spend) // closed with the transaction
		add = func(args ...any) (sql.Result, error) { return one.ExecContext(context.WithoutCancel(ctx), args...) }
	}
	for _, key := range slices.SortedFunc(maps.Keys(s), func(a, b spentKey) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.day, b.day))
	}) {
		amount := s[key]
		if amount == 0 {
			continue
		}
		if _, err := add(key.name, int64(key.day), int64(amount)); err != nil {
			return err
		}
	}
	return nil
}

// LoadSpent implements Store.
func (d *database) LoadSpent(ctx context.Context) ([]access.Spent, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	var list []access.Spent
	err = c.view(ctx, "reading what was spent", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT name, day, amount FROM spent ORDER BY name, day")
		if err != nil {
			return err
		}
		defer rows.Close()
		list = nil
		for rows.Next() {
			var s access.Spent
			if err := rows.Scan(&s.Name, &s.Day, &s.Amount); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	return list, err
}

// repriceStep is how many calls are priced anew in one transaction, so that
// writers hardly wait.
const repriceStep = 200

// repriceGrace is how long before the walk calls may have arrived that another
// gateway has written unseen.
const repriceGrace = 15 * time.Minute

// Reprice implements Store.
func (d *database) Reprice(ctx context.Context, since time.Time, price func(*ai.Record)) (changed int, moved []access.Spent, err error) {
	c, err := d.connections()
	if err != nil {
		return 0, nil, err
	}
	// The walk follows the time of calls: servers of a cluster give out numbers in
	// no order, and what one has written is seen late by another. So what arrived
	// lately is looked at twice.
	recent := c.now().Add(-repriceGrace)
	done, again := place{nanos(since), -1}, false // the last call looked at
	for {
		var n, seen int
		after := done
		step, totals := make(spending), make(groups)
		err := c.update(ctx, "pricing calls anew", func(tx *sql.Tx) error {
			n, seen, after = 0, 0, done
			rows, err := readRows(ctx, tx, "SELECT "+callColumns+" FROM calls WHERE time >= ? AND (time > ? OR seq > ?) ORDER BY time, seq LIMIT ?"+c.lockRows,
				[]any{after.time, after.time, after.seq, repriceStep})
			if err != nil {
				return err
			}
			seen = len(rows)
			clear(step)
			clear(totals)
			for i := range rows {
				row := &rows[i]
				after = place{nanos(row.Time), row.seq}
				differs, err := row.reprice(ctx, tx, step, totals, price)
				if err != nil {
					return err
				}
				if differs {
					n++
				}
			}
			if err := step.write(ctx, tx, c); err != nil {
				return err
			}
			return c.leavePending(ctx, tx, totals)
		})
		if err != nil {
			return changed, moved, err
		}
		done = after
		c.foldIfDue(ctx, len(totals))
		changed += n
		for key, amount := range step {
			if amount != 0 {
				moved = append(moved, access.Spent{Name: key.name, Day: key.day, Amount: amount})
			}
		}
		switch {
		case seen == repriceStep:
		case again:
			return changed, moved, nil
		default:
			again, done = true, place{max(nanos(since), nanos(recent)), -1}
		}
	}
}

// reprice prices one call anew and reports whether anything changed.
func (c *storedCall) reprice(ctx context.Context, tx *sql.Tx, moved spending, totals groups, price func(*ai.Record)) (bool, error) {
	// Who could have served does not matter here, but stays.
	d, err := callrow.ParseDetails(c.details)
	if err != nil {
		return false, err
	}
	leftOut := d.LeftOut
	d.LeftOut = nil
	d.Into(c.Record)
	moved.add(c.Record, -1)
	totals.addCharges(c.Record, -1)
	was := c.Cost.Amount
	price(c.Record)
	moved.add(c.Record, 1)
	totals.addCharges(c.Record, 1)
	text := string(callrow.AppendDetails(nil, c.Record, leftOut))
	if text == c.details && c.Cost.Amount == was {
		return false, nil
	}
	_, err = tx.ExecContext(ctx, "UPDATE calls SET cost = ?, details = ? WHERE seq = ?", int64(c.Cost.Amount), text, c.seq)
	return true, err
}

// SaveMemory implements Store.
func (d *database) SaveMemory(ctx context.Context, name string, value []byte) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "saving what was learned", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "REPLACE INTO memories (name, value, saved) VALUES (?, ?, ?)", name, value, time.Now().UnixNano())
		return err
	})
}

// LoadMemory implements Store.
func (d *database) LoadMemory(ctx context.Context, name string) (value []byte, err error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	err = c.view(ctx, "reading what was learned", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT value FROM memories WHERE name = ?", name).Scan(&value)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return value, err
}
