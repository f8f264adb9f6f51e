package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// rollupColumns are the columns of rollups.
var rollupColumns = "level, dims, start, id, " + strings.Join(dimensionColumns[:], ", ") + ", " +
	strings.Join(countColumns[:], ", ") + ", duration_sketch, first_content_sketch"

// rollupStep is the most rows that one statement reads or writes.
const rollupStep = 50

// rollup is a row of rollups.
type rollup struct {
	id [16]byte
	group
	*sums
}

// hash is the key of a row among those of its level, dimensions and start.
func (v *dimensionValues) hash() (id [16]byte) {
	text := make([]byte, 0, 256)
	for _, value := range v {
		text = strconv.AppendInt(text, int64(len(value)), 10)
		text = append(text, ':')
		text = append(text, value...)
	}
	sum := sha256.Sum256(text)
	copy(id[:], sum[:])
	return id
}

// writeRollups adds groups by minute to all levels, and leaves them changed.
func (c *connections) writeRollups(ctx context.Context, tx *sql.Tx, minutes groups) error {
	w := rollupWriter{tx: tx, lock: c.lockRows}
	// Writing a group adds what is stored to it, so the minutes come last.
	for _, l := range slices.Backward(levels) {
		// What is forgotten at the next pruning is not written at all: calls that
		// come late, or are priced anew, would leave a row for nearly each.
		kept := keptFrom(l, c.now().Add(-keptLonger))
		for _, cut := range cuts {
			part := minutes
			if l != minutely || cut != every {
				part = minutes.widen(l, cut)
			}
			maps.DeleteFunc(part, func(key group, _ *sums) bool { return key.start < kept })
			if err := w.write(ctx, l, cut, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// widen adds groups up by wider stretches and fewer dimensions.
func (g groups) widen(l level, cut dimensionSet) groups {
	wide := make(groups)
	for key, s := range g {
		wide.of(group{start: floor(key.start, l), values: key.values.only(cut)}).merge(s)
	}
	return wide
}

// rollupWriter writes rows of rollups in a transaction.
type rollupWriter struct {
	tx   *sql.Tx
	lock string

	read, replace prepared
	args          []any
}

// prepared are statements by how many rows they are of. The transaction closes
// them.
type prepared map[int]*sql.Stmt

// of returns a statement of so many rows, nil the first time: preparing one
// takes longer than running it, but costs MySQL one more question.
func (p *prepared) of(ctx context.Context, tx *sql.Tx, rows int, text string) (*sql.Stmt, error) {
	if *p == nil {
		*p = make(prepared)
	}
	s, again := (*p)[rows]
	if s != nil || !again {
		(*p)[rows] = s
		return s, nil
	}
	s, err := tx.PrepareContext(ctx, text)
	(*p)[rows] = s
	return s, err
}

// write adds groups to the rows of a level. The rows go in the order of their
// keys, which is the quickest, and keeps two who write from waiting for each
// other.
func (w *rollupWriter) write(ctx context.Context, l level, cut dimensionSet, all groups) error {
	rows := make([]rollup, 0, len(all))
	for key, s := range all {
		rows = append(rows, rollup{key.values.hash(), key, s})
	}
	slices.SortFunc(rows, func(a, b rollup) int {
		return cmp.Or(cmp.Compare(a.start, b.start), bytes.Compare(a.id[:], b.id[:]))
	})
	for len(rows) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < min(len(rows), rollupStep) && rows[n].start == rows[0].start {
			n++
		}
		// Without the context's Done, as the calls themselves.
		if err := w.add(context.WithoutCancel(ctx), l, cut, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// add adds to some rows of one start.
func (w *rollupWriter) add(ctx context.Context, l level, cut dimensionSet, rows []rollup) error {
	if err := w.addStored(ctx, l, cut, rows); err != nil {
		return err
	}
	w.args = w.args[:0]
	for i := range rows {
		r := &rows[i]
		w.args = append(w.args, seconds(l), int64(cut), r.start, r.id[:])
		for _, value := range r.values {
			w.args = append(w.args, value)
		}
		for _, n := range r.counts {
			w.args = append(w.args, n)
		}
		duration, err := r.duration.MarshalBinary()
		firstContent, err2 := r.firstContent.MarshalBinary()
		if err = errors.Join(err, err2); err != nil {
			return err
		}
		w.args = append(w.args, duration, firstContent)
	}
	row := ", (" + marks(len(w.args)/len(rows)) + ")"
	text := "REPLACE INTO rollups (" + rollupColumns + ") VALUES " + strings.Repeat(row, len(rows))[len(", "):] //nolint:gosec // placeholders
	statement, err := w.replace.of(ctx, w.tx, len(rows), text)                                                  //nolint:sqlclosecheck // closed with the transaction
	switch {
	case err != nil:
	case statement == nil:
		_, err = w.tx.ExecContext(ctx, text, w.args...)
	default:
		_, err = statement.ExecContext(ctx, w.args...)
	}
	return err
}

// addStored adds what is stored in the rows to them.
func (w *rollupWriter) addStored(ctx context.Context, l level, cut dimensionSet, rows []rollup) (err error) {
	w.args = append(w.args[:0], seconds(l), int64(cut), rows[0].start)
	for i := range rows {
		w.args = append(w.args, rows[i].id[:])
	}
	//nolint:gosec // placeholders
	text := "SELECT id, " + strings.Join(countColumns[:], ", ") + ", duration_sketch, first_content_sketch FROM rollups " +
		"WHERE level = ? AND dims = ? AND start = ? AND id IN (" + marks(len(rows)) + ")" + w.lock
	statement, err := w.read.of(ctx, w.tx, len(rows), text) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return err
	}
	var found *sql.Rows
	if statement == nil {
		found, err = w.tx.QueryContext(ctx, text, w.args...)
	} else {
		found, err = statement.QueryContext(ctx, w.args...)
	}
	if err != nil {
		return err
	}
	defer found.Close()
	var id, duration, firstContent sql.RawBytes
	var stored sums
	fields := append([]any{&id}, stored.fields()...)
	fields = append(fields, &duration, &firstContent)
	for found.Next() {
		if err := found.Scan(fields...); err != nil {
			return err
		}
		if err := stored.decodeSketches(duration, firstContent); err != nil {
			return err
		}
		i, ok := slices.BinarySearchFunc(rows, id, func(r rollup, id sql.RawBytes) int { return bytes.Compare(r.id[:], id) })
		if ok {
			rows[i].merge(&stored)
		}
	}
	return found.Err()
}

// fields are where the counters are read to.
func (c *counts) fields() []any {
	list := make([]any, len(c))
	for i := range c {
		list[i] = &c[i]
	}
	return list
}

func (s *sums) decodeSketches(duration, firstContent []byte) error {
	return errors.Join(s.duration.UnmarshalBinary(duration), s.firstContent.UnmarshalBinary(firstContent))
}

// seconds is how a level is stored.
func seconds(l level) int64 { return int64(l.Seconds()) }
