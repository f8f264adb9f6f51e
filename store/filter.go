package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// where returns the conditions of the filter. The error is sql.ErrNoRows if the
// call it continues after is not there any more.
func (f *CallFilter) where(ctx context.Context, tx *sql.Tx, p pattern) (*conditions, error) {
	q := &conditions{pattern: p}
	q.text("token", f.Token)
	q.text("channel", f.Channel)
	q.text("model", f.Model)
	if f.Outcome != "" {
		q.add("outcome = ?", f.Outcome)
		if f.Outcome != "ok" {
			q.add("outcome <> 'ok'") // says that the index of failures will do
		}
	}
	if f.Status != 0 {
		q.add("status = ?", int64(f.Status))
		if f.Status != usualStatus {
			q.add("status <> 200") // says that the index of unusual ones will do
		}
	}
	if !f.Since.IsZero() {
		q.add("time >= ?", nanos(f.Since))
	}
	if !f.Until.IsZero() {
		q.add("time < ?", nanos(f.Until))
	}
	if f.Before != "" {
		var time, seq int64
		if err := tx.QueryRowContext(ctx, "SELECT time, seq FROM calls WHERE id = ?", identifier(f.Before)).Scan(&time, &seq); err != nil {
			return nil, err
		}
		q.before(time, seq)
	}
	return q, nil
}

// usualStatus is that of nearly all calls, which no index tells apart.
const usualStatus = 200

// limit is how many calls are wanted at most.
func (f *CallFilter) limit() int {
	if f.Limit < 1 {
		return DefaultCalls
	}
	return min(f.Limit, MaxCalls)
}

// latestFirst ends the statement of a list.
func latestFirst(limit int) string {
	return fmt.Sprintf(" ORDER BY time DESC, seq DESC LIMIT %d", limit)
}

// conditions are those of a WHERE clause, all to be met.
type conditions struct {
	pattern pattern
	list    []string
	args    []any
}

// pattern is the condition that a column matches a text in which each * stands
// for any run of characters, and the case of ASCII letters, only of them, is
// ignored; arg is the value for its placeholder.
type pattern func(column, value string) (condition string, arg any)

// likePattern is the pattern of databases whose LIKE ignores the case of ASCII
// letters only.
func likePattern(column, value string) (condition string, arg any) {
	// Not the usual \, which MySQL would have written twice.
	return column + " LIKE ? ESCAPE '!'", likeSigns.Replace(value)
}

func (q *conditions) add(condition string, args ...any) {
	q.list = append(q.list, condition)
	q.args = append(q.args, args...)
}

// text narrows a column to a value, or to a pattern with *.
func (q *conditions) text(column, value string) {
	switch {
	case value == "":
	case strings.Contains(value, "*"):
		q.add(q.pattern(column, value))
	default:
		q.add(column+" = ?", indexed(value))
	}
}

// with returns the conditions and one more.
func (q *conditions) with(condition string, args ...any) *conditions {
	more := &conditions{pattern: q.pattern, list: slices.Clip(q.list), args: slices.Clip(q.args)}
	more.add(condition, args...)
	return more
}

// before narrows to what comes after a call in the list.
func (q *conditions) before(time, seq int64) {
	// Not (time, seq) < (?, ?): MySQL does not use an index for that.
	q.add("time <= ?", time)
	q.add("(time < ? OR seq < ?)", time, seq)
}

var likeSigns = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_", "*", "%")

func (q *conditions) String() string {
	if q.list == nil {
		return ""
	}
	return "WHERE " + strings.Join(q.list, " AND ")
}
