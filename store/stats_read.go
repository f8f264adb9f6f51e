package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Stats implements Store.
func (d *database) Stats(ctx context.Context, f StatsFilter) ([]StatsRow, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	q.pattern = c.pattern
	stretches := q.stretches(c.now())
	all := make(groups)
	// One state of the database: what is folded meanwhile would be missing, or
	// here twice.
	err = c.view(ctx, "reading statistics", func(tx *sql.Tx) error {
		clear(all)
		for _, s := range stretches {
			if err := q.readSums(ctx, tx, s, all); err != nil {
				return err
			}
			if q.quantiles {
				if err := q.readSketches(ctx, tx, s, all); err != nil {
					return err
				}
			}
		}
		return q.readPending(ctx, tx, stretches, all)
	})
	if err != nil {
		return nil, err
	}
	rows := make([]StatsRow, 0, len(all))
	for key, s := range all {
		if s.counts != (counts{}) {
			rows = append(rows, q.fill(key, s))
		}
	}
	slices.SortFunc(rows, func(a, b StatsRow) int {
		return cmp.Or(
			a.Start.Compare(b.Start), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Model, b.Model),
			cmp.Compare(a.Token, b.Token), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Outcome, b.Outcome),
		)
	})
	return rows, nil
}

// columns are those that tell groups apart, the begin of their step first.
func (q *statsQuery) columns() string {
	var b strings.Builder
	switch q.step {
	case 0:
		b.WriteString("0 AS step")
	default:
		fmt.Fprintf(&b, "start - (start - (%d)) %% %d AS step", q.origin, q.step)
	}
	for i, column := range dimensionColumns {
		if q.by.has(i) {
			b.WriteString(", " + column)
		}
	}
	return b.String()
}

// where narrows to a stretch and to what the filter says.
func (q *statsQuery) where(s stretch) *conditions {
	w := conditions{pattern: q.pattern}
	w.add("level = ?", seconds(s.level))
	w.add("dims = ?", int64(q.cut))
	w.add("start >= ?", s.from)
	w.add("start < ?", s.until)
	for i, value := range q.filter {
		w.text(dimensionColumns[i], value)
	}
	return &w
}

// fields are where columns are read to, in the order of columns.
func (q *statsQuery) fields(key *group) []any {
	list := []any{&key.start}
	for i := range key.values {
		if q.by.has(i) {
			list = append(list, &key.values[i])
		}
	}
	return list
}

// sumsQuery reads the sums of a stretch.
func (q *statsQuery) sumsQuery(s stretch) (string, []any) {
	columns, w := q.columns(), q.where(s)
	group := []string{"step"}
	for i, column := range dimensionColumns {
		if q.by.has(i) {
			group = append(group, column)
		}
	}
	return fmt.Sprintf("SELECT %s, SUM(%s) FROM rollups %s GROUP BY %s LIMIT %d", columns,
		strings.Join(countColumns[:], "), SUM("), w, strings.Join(group, ", "), MaxStats+1), w.args
}

func (q *statsQuery) readSums(ctx context.Context, tx *sql.Tx, s stretch, all groups) error {
	text, args := q.sumsQuery(s)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var key group
	var n counts
	fields := append(q.fields(&key), n.fields()...)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		all.of(key).add(&n)
		if len(all) > MaxStats {
			return ErrTooMany
		}
	}
	return rows.Err()
}

func (q *statsQuery) readSketches(ctx context.Context, tx *sql.Tx, s stretch, all groups) error {
	w := q.where(s)
	w.add("outcome = ?", "ok") // others have none
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT %s, duration_sketch, first_content_sketch FROM rollups %s", q.columns(), w), w.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var key group
	var one sums
	var duration, firstContent sql.RawBytes
	fields := append(q.fields(&key), &duration, &firstContent)
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		if err := one.decodeSketches(duration, firstContent); err != nil {
			return err
		}
		all.of(key).merge(&one)
	}
	return rows.Err()
}

// readPending adds what has not been folded yet.
func (q *statsQuery) readPending(ctx context.Context, tx *sql.Tx, stretches []stretch, all groups) error {
	if len(stretches) == 0 {
		return nil
	}
	from, until := stretches[0].from, stretches[len(stretches)-1].until
	rows, err := tx.QueryContext(ctx, "SELECT data FROM rollup_pending WHERE last >= ? AND first < ?", from, until)
	if err != nil {
		return err
	}
	defer rows.Close()
	var data sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&data); err != nil {
			return err
		}
		err := decodePending(data, func(key group, s *sums) error {
			i := slices.IndexFunc(stretches, func(s stretch) bool { return key.start >= s.from && key.start < s.until })
			if i < 0 || !q.matches(key) {
				return nil
			}
			// As if it were folded already.
			start := floor(key.start, stretches[i].level)
			into := all.of(group{start: q.bucket(start), values: key.values.only(q.by)})
			into.add(&s.counts)
			if q.quantiles {
				into.duration.Merge(&s.duration)
				into.firstContent.Merge(&s.firstContent)
			}
			if len(all) > MaxStats {
				return ErrTooMany
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return rows.Err()
}
