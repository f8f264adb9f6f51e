package transfer

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// column is a setting of a channel as a column of our CSV.
type column struct {
	name string
	get  func(c *Channel) reflect.Value
}

// columns are made from the type, so that a setting that is added is carried
// over without anybody thinking of it.
var columns = makeColumns()

func makeColumns() []column {
	of := reflect.TypeFor[config.Channel]()
	list := make([]column, 0, of.NumField())
	for i := range of.NumField() {
		if !of.Field(i).IsExported() {
			continue
		}
		f := of.Field(i)
		col := column{name: jsonName(&f), get: func(c *Channel) reflect.Value { return reflect.ValueOf(&c.Channel).Elem().Field(i) }}
		if col.name == "keys" {
			col.get = func(c *Channel) reflect.Value { return reflect.ValueOf(&c.Keys).Elem() }
		}
		list = append(list, col)
	}
	return list
}

func columnOf(name string) *column {
	if i := slices.IndexFunc(columns, func(c column) bool { return c.name == name }); i >= 0 {
		return &columns[i]
	}
	return nil
}

func columnNames() []string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	return names
}

// WriteCSV writes the channels of the set, with the secrets of keys as far as
// the set has them. Lines end as spreadsheets want it.
func WriteCSV(w io.Writer, s *Set) error {
	if _, err := io.WriteString(w, byteOrder); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(columnNames()); err != nil {
		return err
	}
	row := make([]string, len(columns))
	for i := range s.Channels {
		for j := range columns {
			text, err := formatCell(columns[j].get(&s.Channels[i]))
			if err != nil {
				return fmt.Errorf("channel %q: %s: %w", ai.Shorten(s.Channels[i].Name, maxTold), columns[j].name, err)
			}
			row[j] = guard(text)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guard keeps a spreadsheet from running a cell as a formula. What looks as if
// it had been guarded is guarded too, so that unguard gives back what it was.
func guard(cell string) string {
	if isFormula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && isFormula(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

func isFormula(cell string) bool { return cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 }

// formatCell writes a setting; the empty value is an empty cell.
func formatCell(v reflect.Value) (string, error) {
	if v.IsZero() {
		return "", nil
	}
	switch value := v.Interface().(type) {
	case []string:
		return formatList(value)
	case []config.URL:
		if list, plain := plainList(value, func(u *config.URL) (string, bool) { return u.URL, len(u.Protocols) == 0 }); plain {
			return formatList(list)
		}
	case []Key:
		if list, plain := plainList(value, func(k *Key) (string, bool) {
			return k.Secret, k.Secret != "" && k.Note == "" && !k.Disabled
		}); plain {
			return formatList(list)
		}
	case *float64:
		return strconv.FormatFloat(*value, 'g', -1, 64), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return "true", nil
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), nil
	}
	return toJSON(v.Interface())
}

// plainList returns the texts of values that are nothing but a text.
func plainList[T any](values []T, text func(*T) (string, bool)) (list []string, plain bool) {
	for i := range values {
		s, ok := text(&values[i])
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// formatList writes texts with commas between them, or as JSON if one of them
// would be read differently then.
func formatList(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	text := strings.Join(list, ", ")
	if strings.HasPrefix(text, "[") || !slices.Equal(splitList(text), list) {
		return toJSON(list)
	}
	return text, nil
}

// splitList is the reverse of joining; line breaks do as well as commas.
func splitList(text string) []string {
	var list []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func toJSON(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// ourRows reads our CSV with these columns.
func ourRows(names []string) func(ctx context.Context, t *table) (*File, error) {
	return func(ctx context.Context, t *table) (*File, error) {
		c := newCollector(FormatCSV)
		nameAt := slices.Index(names, "name")
		err := t.rows(ctx, len(names), c, func(row []string, line int) {
			var ch Channel
			for i, name := range names {
				if err := parseCell(unguard(row[i]), columnOf(name).get(&ch), name); err != nil {
					c.fail(line, unguard(row[nameAt]), err)
					return
				}
			}
			compactBody(&ch.Channel)
			c.channel(line, ch)
		})
		if err != nil {
			return nil, err
		}
		return c.done(), nil
	}
}

// parseCell reads a setting. Its error does not tell what the cell holds.
func parseCell(cell string, v reflect.Value, name string) error {
	if cell == "" {
		return nil
	}
	array := strings.HasPrefix(strings.TrimSpace(cell), "[")
	switch value := v.Addr().Interface().(type) {
	case *[]string:
		if !array {
			*value = splitList(cell)
			return nil
		}
	case *[]config.URL:
		list, err := parseMixed(cell, name, func(s string) config.URL { return config.URL{URL: s} })
		*value = list
		return err
	case *[]Key:
		list, err := parseMixed(cell, name, func(s string) Key { return Key{Secret: s} })
		*value = list
		return err
	}
	target := v
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() != reflect.Struct {
		target = reflect.New(v.Type().Elem()).Elem()
		defer func() { v.Set(target.Addr()) }()
	}
	word := strings.TrimSpace(cell)
	var err error
	switch target.Kind() {
	case reflect.String:
		target.SetString(cell)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(strings.ToLower(word))
		target.SetBool(b)
	case reflect.Int:
		var n int64
		n, err = strconv.ParseInt(word, 10, strconv.IntSize)
		target.SetInt(n)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(word, 64)
		target.SetFloat(f)
	default:
		return parseJSON(cell, v, name)
	}
	if err != nil {
		return &fieldError{name, "must be " + wanted(target.Type())}
	}
	return nil
}

// parseMixed reads a list of texts, or JSON whose elements are texts or
// objects.
func parseMixed[T any](cell, name string, of func(string) T) ([]T, error) {
	var list []T
	if !strings.HasPrefix(strings.TrimSpace(cell), "[") {
		for _, s := range splitList(cell) {
			list = append(list, of(s))
		}
		return list, nil
	}
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(cell), &elements); err != nil {
		return nil, &fieldError{name, "is no valid JSON"}
	}
	for i, e := range elements {
		var s string
		if json.Unmarshal(e, &s) == nil && e[0] == '"' {
			list = append(list, of(s))
			continue
		}
		var v T
		if err := parseJSON(string(e), reflect.ValueOf(&v).Elem(), fmt.Sprintf("%s[%d]", name, i)); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func parseJSON(text string, v reflect.Value, path string) error {
	if !json.Valid([]byte(text)) {
		return &fieldError{path, "is no valid JSON"}
	}
	if err := newWalker([]byte(text)).value(v.Type(), path); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), v.Addr().Interface()); err != nil {
		return &fieldError{path, problemOf(err)}
	}
	return nil
}
