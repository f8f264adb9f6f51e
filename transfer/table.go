package transfer

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// maxBroken bounds how many broken rows are read past: behind each of them the
// text is read anew.
const maxBroken = 50

// table reads the rows of a CSV file. A row that is broken does not take those
// after it along: reading goes on in the line after it began.
type table struct {
	rest    []byte // what has not been given to the reader
	line    int    // of the start of rest
	comma   rune
	lenient bool // spaces before a quote are left out, as the original did
	read    *csv.Reader
	broken  int
}

func newTable(text []byte) *table {
	t := &table{rest: text, line: 1, comma: separator(text)}
	t.begin(0)
	return t
}

// separator is what stands between the cells of the first line.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(first, []byte(string(c))) > bytes.Count(first, []byte(string(best))) {
			best = c
		}
	}
	return best
}

// begin reads on from an offset of rest.
func (t *table) begin(offset int) {
	t.line += bytes.Count(t.rest[:offset], []byte("\n"))
	t.rest = t.rest[offset:]
	t.read = csv.NewReader(bytes.NewReader(t.rest))
	t.read.Comma, t.read.FieldsPerRecord, t.read.TrimLeadingSpace = t.comma, -1, t.lenient
}

// rowError is what is wrong with one row; the others can be read.
type rowError struct{ problem string }

func (e *rowError) Error() string { return e.problem }

// next returns the next row and the line it begins in; io.EOF after the last.
// After a *rowError there may be more rows.
func (t *table) next() (row []string, line int, err error) {
	offset := int(t.read.InputOffset())
	row, err = t.read.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		line = t.line + parse.StartLine - 1
		t.broken++
		if t.broken > maxBroken {
			return nil, line, fmt.Errorf("line %d: more than %d rows are broken: is it really CSV, with quotes written twice inside quotes?", line, maxBroken)
		}
		t.begin(afterLine(t.rest, offset))
		return nil, line, &rowError{quoting(parse)}
	case err != nil:
		return nil, 0, err
	}
	line, _ = t.read.FieldPos(0)
	line += t.line - 1
	for _, cell := range row {
		if len(cell) > MaxCell {
			return nil, line, &rowError{fmt.Sprintf("a cell has more than %d bytes; is a quote missing that ends it?", MaxCell)}
		}
	}
	return row, line, nil
}

// afterLine is the offset behind the first line after an offset that is not
// empty.
func afterLine(text []byte, offset int) int {
	for offset < len(text) {
		line, _, more := bytes.Cut(text[offset:], []byte("\n"))
		offset += len(line)
		if more {
			offset++
		}
		if len(bytes.TrimRight(line, "\r")) > 0 {
			break
		}
	}
	return offset
}

func quoting(e *csv.ParseError) string {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return `a quote stands inside a cell without quotes around it: write "…""…"`
	}
	return `a quoted cell does not end where it should: a quote inside it is written twice, and after its end stands a separator`
}

// readTable reads CSV, ours or that of the original.
func readTable(ctx context.Context, text []byte) (*File, error) {
	t := newTable(text)
	header, line, err := t.next()
	var row *rowError
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case errors.As(err, &row):
		return nil, errFormat
	case err != nil:
		return nil, err
	}
	names := make([]string, len(header))
	for i, n := range header {
		names[i] = strings.ToLower(strings.TrimSpace(n))
	}
	read, err := formatOf(names)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	t.lenient = read.original
	t.read.TrimLeadingSpace = t.lenient
	return read.rows(ctx, t)
}

// format is a kind of CSV whose columns are known.
type format struct {
	original bool
	rows     func(ctx context.Context, t *table) (*File, error)
}

// formatOf recognises whose CSV it is by its columns.
func formatOf(names []string) (*format, error) {
	original := make([]string, len(names))
	for i, n := range names {
		original[i] = originalColumn(n)
	}
	own := make([]string, len(names))
	for i, n := range names {
		own[i] = n
		if plural := config.Singulars[KindChannel][n]; plural != "" {
			if own[i] = plural; slices.Contains(names, plural) {
				return nil, fmt.Errorf("the columns %s and %s are the same setting: remove one", n, plural)
			}
		}
	}
	ours := 0
	for _, n := range own {
		if columnOf(n) != nil {
			ours++
		}
	}
	switch {
	case slices.Contains(names, "name") && ours == len(names):
		if err := columnsDiffer(own); err != nil {
			return nil, err
		}
		return &format{rows: ourRows(own)}, nil
	case slices.Contains(original, "name") && slices.ContainsFunc(original, isOriginal):
		if err := columnsDiffer(original); err != nil {
			return nil, err
		}
		return &format{original: true, rows: originalRows(original, names)}, nil
	case slices.Contains(names, "name") && ours > 1:
		i := slices.IndexFunc(own, func(n string) bool { return columnOf(n) == nil })
		return nil, fmt.Errorf("the column %s", unknown(names[i], columnNames()))
	}
	return nil, errFormat
}

func columnsDiffer(names []string) error {
	for i, n := range names {
		if n != "" && slices.Contains(names[:i], n) {
			return fmt.Errorf("the column %q stands there twice: remove one", ai.Shorten(n, maxTold))
		}
	}
	return nil
}

// rows calls use with every row that has as many cells as there are columns.
func (t *table) rows(ctx context.Context, columns int, c *collector, use func(row []string, line int)) error {
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, line, err := t.next()
		var broken *rowError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			c.problem(line, CodeUnreadable, "", "", broken.problem)
			continue
		case err != nil:
			return err
		case n >= MaxRows:
			return fmt.Errorf("it has more than %d rows", MaxRows)
		}
		for len(row) > columns && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		switch {
		case !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
		case len(row) != columns:
			c.problem(line, CodeUnreadable, "", "", fmt.Sprintf("has %d cells, and there are %d columns", len(row), columns))
		default:
			use(row, line)
		}
	}
}
