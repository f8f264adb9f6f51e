package schema

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// deepest is how deep schemas may stand in each other to be looked at; each
// level is one more look at what is below it.
const deepest = 60

// shape is what the value of a keyword is made of.
type shape uint8

const (
	other      shape = iota // no schema
	one                     // a schema
	many                    // a list of schemas
	named                   // schemas by names
	typeNames               // the name of a type, or several
	fieldNames              // a list of names
	values                  // a list of any values
	free                    // any value, null too
	bound                   // a number; true or false in draft 4
)

// keywords are those of JSON Schema 2020-12, and of older drafts, that need a
// look. https://json-schema.org/draft/2020-12/schema
var keywords = map[string]shape{
	"type": typeNames, "required": fieldNames, "enum": values, "const": free, "default": free, "example": free,
	"properties": named, "patternProperties": named, "$defs": named, "definitions": named, "dependentSchemas": named,
	"anyOf": many, "oneOf": many, "allOf": many, "prefixItems": many,
	"items": one, "additionalItems": one, "additionalProperties": one, "unevaluatedProperties": one, "unevaluatedItems": one,
	"not": one, "if": one, "then": one, "else": one, "contains": one, "propertyNames": one,
	"exclusiveMinimum": bound, "exclusiveMaximum": bound,
}

// types are those of JSON Schema.
var types = []string{"object", "string", "number", "integer", "boolean", "array", "null"}

// eachSchema gives the schemas that a keyword holds.
func eachSchema(name string, value []byte, give func([]byte)) {
	switch keywords[name] {
	case one:
		give(value)
	case many:
		for _, v := range list(value) {
			give(v)
		}
	case named:
		for _, m := range read(value) {
			give(m.value)
		}
	default:
	}
}

// mender writes a schema so that it means the same and is valid.
type mender struct{ to Target }

// schema returns a schema mended, or the same bytes.
func (w *mender) schema(v []byte, depth int) []byte {
	if len(v) == 0 || v[0] != '{' || depth > deepest {
		return v
	}
	old := read(v)
	o := make(object, 0, len(old)+1)
	changed := false
	for _, m := range old {
		value := w.keyword(old, m.name, m.value, depth)
		if value == nil {
			changed = true
			continue
		}
		changed = changed || !same(value, m.value)
		o = append(o, member{m.name, value})
	}
	changed = o.modernize() || changed
	changed = w.complete(&o) || changed
	if !changed {
		return v
	}
	return o.write()
}

// same reports whether a value was not replaced.
func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// keyword returns what stands for the value of a keyword; nil for nothing.
func (w *mender) keyword(o object, name string, v []byte, depth int) []byte {
	kind := keywords[name]
	if scan.IsNull(v) {
		if kind == free {
			return v
		}
		return nil // of Python's and Go's encoders, for a field that is not set
	}
	switch kind {
	case one:
		return w.inner(v, depth)
	case many:
		return w.list(v, depth)
	case named:
		return w.named(v, depth)
	case typeNames:
		return w.types(v)
	case fieldNames:
		if v[0] != '[' { // true, of draft 3
			return nil
		}
	case values:
		if len(list(v)) == 0 {
			return nil
		}
	case bound:
		if flag, ok := scan.Bool(v); ok { // of draft 4, beside the number
			number := o.get(strings.ToLower(strings.TrimPrefix(name, "exclusive")))
			if !flag || number == nil {
				return nil
			}
			return number
		}
	default:
	}
	return v
}

// inner is a schema as the value of a keyword. A list of them is that of
// draft 7, which modernize looks at.
func (w *mender) inner(v []byte, depth int) []byte {
	switch v[0] {
	case '{':
		return w.schema(v, depth+1)
	case '[':
		return w.list(v, depth)
	case 't', 'f':
		return v
	}
	return nil
}

func (w *mender) list(v []byte, depth int) []byte {
	all, changed := list(v), false
	if len(all) == 0 {
		return nil
	}
	for i := range all {
		mended := w.schema(all[i], depth+1)
		changed = changed || !same(mended, all[i])
		all[i] = mended
	}
	if !changed {
		return v
	}
	return writeList(all)
}

func (w *mender) named(v []byte, depth int) []byte {
	if v[0] != '{' {
		return []byte("{}") // [] is PHP's for no members
	}
	o, changed := read(v), false
	for i := range o {
		mended := o[i].value
		switch mended[0] {
		case '{':
			mended = w.schema(mended, depth+1)
		case 't', 'f':
		default: // a type's name, or null
			mended = []byte("{}")
			if s, ok := scan.String(o[i].value); ok && slices.Contains(types, s) {
				mended = append(appendText([]byte(`{"type":`), s), '}')
			}
		}
		changed = changed || !same(mended, o[i].value)
		o[i].value = mended
	}
	if !changed {
		return v
	}
	return o.write()
}
