package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// A list ordered by time can be read along any index that ends with the time,
// and it matters along which: of a filter that few calls fit, all that an index
// offers has to be looked at. So the calls that each index offers are counted,
// but no further than to a bound, and the one with the fewest is taken. A
// pattern is first turned into the names that match it, which the index tells
// by leaping from name to name; then the calls of each name are merged.

// Bounds of the search for a way.
const (
	maxNames = 1000   // that a column may have for its patterns to be turned into names
	maxMatch = 200    // names whose calls are merged
	enough   = 20_000 // calls that are no longer few; counting them takes some 2 ms
)

// way is an index along which the calls of a filter can be read.
type way struct {
	index  string
	column string   // of a pattern
	names  []string // that match it; nil where the filter itself is exact
}

// find returns the calls that fit.
func (c *connections) find(ctx context.Context, tx *sql.Tx, f *CallFilter) ([]storedCall, error) {
	q, err := f.where(ctx, tx, c.pattern)
	if err != nil {
		return nil, err
	}
	best, err := c.choose(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	if best.column != "" {
		return c.merge(ctx, tx, best, q, f.limit())
	}
	return readRows(ctx, tx, c.along(best, callColumns, q, f.limit()), q.args)
}

// along is the statement that reads columns of the calls of a way.
func (c *connections) along(w way, columns string, q *conditions, limit int) string {
	hint := ""
	if w.index != "" {
		hint = c.useIndex(w.index)
	}
	return "SELECT " + columns + " FROM calls" + hint + " " + q.String() + latestFirst(limit)
}

// ways are the indexes that a filter allows.
func (c *connections) ways(ctx context.Context, tx *sql.Tx, f *CallFilter) (ways []way, err error) {
	for _, text := range []struct{ column, value string }{{"channel", f.Channel}, {"token", f.Token}, {"model", f.Model}} {
		index := "calls_by_" + text.column
		switch {
		case text.value == "":
		case !strings.Contains(text.value, "*"):
			ways = append(ways, way{index: index})
		default:
			names, all, err := c.names(ctx, tx, text.column, text.value)
			if err != nil {
				return nil, err
			}
			if all && len(names) <= maxMatch {
				ways = append(ways, way{index: index, column: text.column, names: names})
			}
		}
	}
	if f.Outcome != "" && f.Outcome != "ok" {
		ways = append(ways, way{index: "calls_by_failure"})
	}
	if f.Status != 0 && f.Status != usualStatus {
		ways = append(ways, way{index: "calls_by_status"})
	}
	return ways, nil
}

// names returns the names in a column that match a pattern; all is false if
// there are too many names to tell.
func (c *connections) names(ctx context.Context, tx *sql.Tx, column, value string) (names []string, all bool, err error) {
	condition, arg := c.pattern("name", value)
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`WITH RECURSIVE names (name) AS (
		SELECT min(%[1]s) FROM calls
		UNION ALL SELECT (SELECT min(%[1]s) FROM calls WHERE %[1]s > name) FROM names WHERE name IS NOT NULL
		LIMIT %[2]d) SELECT name, %[3]s FROM names WHERE name IS NOT NULL`, column, maxNames+1, condition), arg)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	seen := 0
	names = []string{}
	for ; rows.Next(); seen++ {
		var name string
		var matches bool
		if err := rows.Scan(&name, &matches); err != nil {
			return nil, false, err
		}
		if matches {
			names = append(names, name)
		}
	}
	return names, seen <= maxNames, rows.Err()
}

// choose returns the way along which the fewest calls stand; an empty one lets
// the database choose.
func (c *connections) choose(ctx context.Context, tx *sql.Tx, f *CallFilter) (best way, err error) {
	if c.useIndex == nil {
		return way{}, nil
	}
	ways, err := c.ways(ctx, tx, f)
	switch {
	case err != nil || len(ways) == 0:
		return way{}, err
	case len(ways) == 1:
		return ways[0], nil
	}
	fewest := enough + 1
	for _, w := range ways {
		n, err := c.count(ctx, tx, f, w)
		if err != nil {
			return way{}, err
		}
		if n < fewest {
			fewest, best = n, w
		}
		if n == 0 {
			break
		}
	}
	if best.index == "" { // many along each; an exact one needs no merging
		slices.SortStableFunc(ways, func(a, b way) int { return cmp.Compare(len(a.names), len(b.names)) })
		best = ways[0]
	}
	return best, nil
}

// count counts the calls that stand along a way in the time of the filter, up
// to enough.
func (c *connections) count(ctx context.Context, tx *sql.Tx, f *CallFilter, w way) (n int, err error) {
	part := CallFilter{Since: f.Since, Until: f.Until}
	names := w.names
	switch w.index {
	case "calls_by_failure":
		part.Outcome = f.Outcome
	case "calls_by_status":
		part.Status = f.Status
	default:
		if w.column == "" {
			exact := map[string]string{"calls_by_channel": f.Channel, "calls_by_token": f.Token, "calls_by_model": f.Model}
			w.column, names = strings.TrimPrefix(w.index, "calls_by_"), []string{indexed(exact[w.index])}
		}
	}
	q, err := part.where(ctx, tx, c.pattern)
	if err != nil {
		return 0, err
	}
	if w.column == "" {
		return c.countUpTo(ctx, tx, w.index, q, enough)
	}
	for _, name := range names {
		more, err := c.countUpTo(ctx, tx, w.index, q.with(w.column+" = ?", name), enough-n)
		if n += more; err != nil || n >= enough {
			return n, err
		}
	}
	return n, nil
}

func (c *connections) countUpTo(ctx context.Context, tx *sql.Tx, index string, q *conditions, most int) (n int, err error) {
	err = tx.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM calls%s %s LIMIT %d) few", c.useIndex(index), q, most), q.args...).Scan(&n)
	return n, err
}

// place is where a call stands in a list.
type place struct{ time, seq int64 }

// merge returns the latest calls of several names.
func (c *connections) merge(ctx context.Context, tx *sql.Tx, w way, q *conditions, limit int) ([]storedCall, error) {
	var found []place
	for _, name := range w.names {
		one := q.with(w.column+" = ?", name)
		if len(found) == limit { // later than the last there is, or not wanted
			one.add("time >= ?", found[limit-1].time)
		}
		places, err := readPlaces(ctx, tx, c.along(w, "time, seq", one, limit), one.args)
		if err != nil {
			return nil, err
		}
		found = append(found, places...)
		slices.SortFunc(found, func(a, b place) int { return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(b.seq, a.seq)) })
		found = found[:min(limit, len(found))]
	}
	if len(found) == 0 {
		return nil, nil
	}
	seqs := make([]any, len(found))
	for i, p := range found {
		seqs[i] = p.seq
	}
	return readRows(ctx, tx, "SELECT "+callColumns+" FROM calls WHERE seq IN ("+marks(len(seqs))+") ORDER BY time DESC, seq DESC", seqs)
}

func readPlaces(ctx context.Context, tx *sql.Tx, query string, args []any) (list []place, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.time, &p.seq); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
