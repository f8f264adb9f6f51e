package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/config"
)

// walker reads JSON token by token and compares it with the types it is meant
// for. Package encoding/json would let pass what is written twice or in other
// case, and does not say where in a list a mistake is.
type walker struct {
	data []byte
	dec  *json.Decoder
	line int // of the offset counted
	at   int // offset counted
}

func newWalker(data []byte) *walker {
	w := &walker{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	w.dec.UseNumber()
	return w
}

// lineOf returns the line of an offset. Offsets only grow.
func (w *walker) lineOf(offset int) int {
	offset = min(offset, len(w.data))
	if offset > w.at {
		w.line += bytes.Count(w.data[w.at:offset], []byte("\n"))
		w.at = offset
	}
	return w.line
}

// next is where the next value begins.
func (w *walker) next() int {
	i := int(w.dec.InputOffset())
	for i < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[i]) >= 0 {
		i++
	}
	return i
}

// top reads the outermost object. Its error is one of the whole file.
func (w *walker) top() ([]item, error) {
	// The check of the syntax also bounds how deep the text may be nested.
	var whole json.RawMessage
	if err := json.Unmarshal(w.data, &whole); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("line %d: it is no valid JSON: %s", w.lineOf(int(syntax.Offset)), syntaxProblem(syntax))
		}
		return nil, errors.New("it is no valid JSON")
	}
	if bytes.TrimSpace(whole)[0] != '{' {
		return nil, errFormat
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(whole, &fields); err != nil {
		return nil, errors.New("it is no valid JSON")
	}
	if fields["ccload"] == nil {
		return nil, errFormat
	}
	if n, err := strconv.Atoi(string(fields["ccload"])); err != nil || n != version {
		return nil, fmt.Errorf("its version (ccload) must be %d: another number was written by a newer program, which has to read it", version)
	}
	if _, err := w.dec.Token(); err != nil {
		return nil, err
	}
	var list []item
	seen := make(map[string]bool)
	for w.dec.More() {
		line := w.lineOf(w.next())
		key, err := w.key()
		if err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, fmt.Errorf("line %d: %s stands there twice: put both into one", line, shown(key))
		}
		seen[key] = true
		kind, known := itemKinds[key]
		if key == "ccload" {
			_, err = w.dec.Token()
		} else if !known {
			return nil, fmt.Errorf("line %d: %s", line, unknown(key, []string{"ccload", "channels", "tokens", "aliases"}))
		} else {
			list, err = w.list(list, key, kind.kind, kind.of)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func syntaxProblem(err *json.SyntaxError) string {
	if strings.HasPrefix(err.Error(), "invalid character") {
		return "there is a character that cannot stand there, or a comma or quote too many or too few"
	}
	return err.Error()
}

func (w *walker) key() (string, error) {
	t, err := w.dec.Token()
	key, ok := t.(string)
	if err == nil && !ok {
		err = errors.New("it is no valid JSON")
	}
	return key, err
}

// list reads one of the lists.
func (w *walker) list(list []item, key, kind string, of reflect.Type) ([]item, error) {
	line := w.lineOf(w.next())
	switch t, err := w.dec.Token(); {
	case err != nil:
		return nil, err
	case t == nil:
		return list, nil
	case t != json.Delim('['):
		return nil, fmt.Errorf("line %d: %s must be a list", line, key)
	}
	for i := 0; w.dec.More(); i++ {
		if len(list) == MaxRows {
			return nil, fmt.Errorf("it holds more than %d channels, tokens and aliases together", MaxRows)
		}
		it := item{line: w.lineOf(w.next()), path: fmt.Sprintf("%s[%d]", key, i), kind: kind}
		if err := w.dec.Decode(&it.text); err != nil {
			return nil, err
		}
		it.check(of)
		list = append(list, it)
	}
	_, err := w.dec.Token()
	return list, err
}

// check compares the item with the type it is meant for.
func (it *item) check(of reflect.Type) {
	var named struct {
		Name string `json:"name"`
	}
	// Whether it has a name that is a text is found out below.
	_ = json.Unmarshal(it.text, &named)
	it.name = named.Name
	if it.text[0] != '{' {
		it.err = &fieldError{it.path, "must be an object"}
		return
	}
	written := it.text
	if it.text, it.err = config.Plural(it.kind, it.text, "secret"); it.err != nil {
		return
	}
	w := newWalker(it.text)
	if it.err = w.value(of, it.path); it.err != nil && bytes.Equal(written, it.text) {
		it.line += w.lineOf(int(w.dec.InputOffset())) - 1
	}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// value reads one value that is meant for a type.
func (w *walker) value(of reflect.Type, path string) error {
	if reflect.PointerTo(of).Implements(unmarshaler) {
		return w.own(of, path)
	}
	if of.Kind() == reflect.Pointer {
		return w.value(of.Elem(), path)
	}
	t, err := w.dec.Token()
	if err != nil {
		return &fieldError{path, "is no valid JSON"}
	}
	fits := false
	switch v := t.(type) {
	case nil:
		return nil // as if it were left out
	case string:
		if len(v) > MaxCell {
			return &fieldError{path, fmt.Sprintf("must be at most %d bytes", MaxCell)}
		}
		fits = of.Kind() == reflect.String
	case bool:
		fits = of.Kind() == reflect.Bool
	case json.Number:
		fits = isNumber(v, of.Kind())
	case json.Delim:
		switch {
		case v == '[' && of.Kind() == reflect.Slice:
			return w.elements(of.Elem(), path)
		case v == '{' && of.Kind() == reflect.Map:
			return w.object(path, func(string) (reflect.Type, string, error) {
				// The names of headers are part of it, and somebody may put the
				// value there by mistake.
				return of.Elem(), path + ".*", nil
			})
		case v == '{' && of.Kind() == reflect.Struct:
			fields := fieldsOf(of)
			return w.object(path, func(key string) (reflect.Type, string, error) {
				if of, known := fields[key]; known {
					return of, path + "." + key, nil
				}
				return nil, "", &fieldError{path, unknown(key, slices.Sorted(maps.Keys(fields)))}
			})
		}
	}
	if !fits {
		return &fieldError{path, "must be " + wanted(of)}
	}
	return nil
}

func isNumber(n json.Number, kind reflect.Kind) bool {
	if kind == reflect.Int {
		_, err := strconv.Atoi(n.String())
		return err == nil
	}
	v, err := n.Float64()
	return kind == reflect.Float64 && err == nil && !math.IsInf(v, 0)
}

// own reads a value of a type that reads itself.
func (w *walker) own(of reflect.Type, path string) error {
	var raw json.RawMessage
	if err := w.dec.Decode(&raw); err != nil {
		return &fieldError{path, "is no valid JSON"}
	}
	if len(raw) > MaxCell {
		return &fieldError{path, fmt.Sprintf("must be at most %d bytes", MaxCell)}
	}
	if string(raw) == "null" {
		return nil
	}
	if json.Unmarshal(raw, reflect.New(of).Interface()) != nil {
		return &fieldError{path, "must be " + wanted(of)}
	}
	return nil
}

func (w *walker) elements(of reflect.Type, path string) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(of, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// object reads the rest of an object; field says what a key is meant for.
func (w *walker) object(path string, field func(key string) (reflect.Type, string, error)) error {
	seen := make(map[string]bool)
	for w.dec.More() {
		key, err := w.key()
		if err != nil {
			return &fieldError{path, "is no valid JSON"}
		}
		of, below, err := field(key)
		if err != nil {
			return err
		}
		if seen[key] {
			return &fieldError{below, "stands there twice: keep one of them"}
		}
		seen[key] = true
		if err := w.value(of, below); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// fieldsOf are the JSON names of a struct's fields. Those of the struct itself
// go before those of what it embeds.
func fieldsOf(of reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	for f := range of.Fields() {
		if f.Anonymous {
			maps.Copy(fields, fieldsOf(f.Type))
		}
	}
	for f := range of.Fields() {
		if !f.Anonymous {
			fields[jsonName(&f)] = f.Type
		}
	}
	return fields
}

func jsonName(f *reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// unknown says that there is no setting of a name.
func unknown(key string, known []string) string {
	if near := config.Closest(key, known, 1); len(near) > 0 {
		return fmt.Sprintf("%s is not known; did you mean %q?", shown(key), near[0])
	}
	return fmt.Sprintf("%s is not known: there are %s", shown(key), strings.Join(known, ", "))
}

// shown is the name of something that is not known, as far as it cannot be a
// secret that stands in the wrong place.
func shown(name string) string {
	if len(name) > 40 || strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
		return "a name that is not shown"
	}
	return strconv.Quote(name)
}

// wanted describes the values of a type.
func wanted(of reflect.Type) string {
	if of == reflect.TypeFor[config.Duration]() {
		return `a duration such as "5m"`
	}
	switch of.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Pointer:
		return wanted(of.Elem())
	default:
		return "an object"
	}
}
