package gemini

import (
	"bytes"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// This file turns schemas in Google's subset of OpenAPI into JSON Schema, which
// is what every other format has. https://ai.google.dev/api/caching#Schema
//
// Of JSON Schema too (parametersJsonSchema, responseJsonSchema) Google takes
// types in upper case, and Gemini CLI sends them.

// schemaRole is what the value of a keyword is made of.
type schemaRole uint8

const (
	schemaOther  schemaRole = iota // no schema
	schemaOne                      // a schema, or a list of some
	schemaNamed                    // schemas by names that are no keywords
	schemaType                     // types
	schemaNumber                   // a number, maybe as a string
	schemaGone                     // means nothing elsewhere
)

var schemaKeywords = map[string]schemaRole{
	"type": schemaType, "properties": schemaNamed, "$defs": schemaNamed, "defs": schemaNamed, "definitions": schemaNamed,
	"patternProperties": schemaNamed, "dependentSchemas": schemaNamed,
	"items": schemaOne, "prefixItems": schemaOne, "additionalProperties": schemaOne, "anyOf": schemaOne, "oneOf": schemaOne,
	"allOf": schemaOne, "not": schemaOne, "if": schemaOne, "then": schemaOne, "else": schemaOne, "contains": schemaOne,
	"propertyNames": schemaOne, "additionalItems": schemaOne, "unevaluatedItems": schemaOne, "unevaluatedProperties": schemaOne,
	"minItems": schemaNumber, "maxItems": schemaNumber, "minLength": schemaNumber, "maxLength": schemaNumber,
	"minProperties": schemaNumber, "maxProperties": schemaNumber, "minimum": schemaNumber, "maximum": schemaNumber,
	"nullable": schemaGone, "propertyOrdering": schemaGone,
}

// deepest is how many levels of schemas are converted, each of which is one more
// look at what is below it.
const deepest = 40

// jsonSchema is a compact schema as JSON Schema. own says that it is in
// Google's subset, where keywords may be in snake_case.
func jsonSchema(schema []byte, own bool) []byte {
	w := schemaWriter{own: own}
	w.schema(schema, 0)
	return w.out
}

type schemaWriter struct {
	out []byte
	own bool
}

func (w *schemaWriter) schema(value []byte, depth int) {
	if len(value) == 0 || value[0] != '{' || depth > deepest {
		w.out = append(w.out, value...) // true, or no schema at all
		return
	}
	nullable := false
	if start, end, ok := scan.Get(value, "nullable"); ok {
		nullable, _ = scan.Bool(value[start:end])
	}
	first := true
	w.out = append(w.out, '{')
	_ = scan.Members(value, func(key []byte, start, end int) bool {
		inside := value[start:end]
		name := string(key)
		if w.own {
			name = camel(name)
			if strings.HasPrefix(name, "$") {
				name = string(key)
			}
		}
		role := schemaKeywords[name]
		if w.skips(name, role, inside) {
			return true
		}
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		if w.own && name == "defs" {
			name = "$defs"
		}
		w.out = append(append(append(w.out, '"'), name...), '"', ':')
		w.keyword(role, inside, nullable, depth)
		return true
	})
	w.out = append(w.out, '}')
}

// skips reports whether a keyword is left out.
func (w *schemaWriter) skips(name string, role schemaRole, value []byte) bool {
	switch {
	case role == schemaGone:
		return w.own || name == "propertyOrdering"
	case role == schemaType:
		return strings.EqualFold(string(value), `"TYPE_UNSPECIFIED"`)
	case w.own && name == "format":
		return string(value) == `"enum"` // says that enum stands next to it
	}
	return false
}

func (w *schemaWriter) keyword(role schemaRole, value []byte, nullable bool, depth int) {
	switch role {
	case schemaType:
		w.types(value, nullable && w.own)
	case schemaNamed:
		w.named(value, depth)
	case schemaOne:
		w.list(value, depth)
	case schemaNumber:
		if w.own {
			value = unquoted(value)
		}
		w.out = append(w.out, value...)
	default:
		w.out = append(w.out, value...)
	}
}

// typeNames are the types by their numbers. https://ai.google.dev/api/caching#Type
var typeNames = [...]string{"", "string", "number", "integer", "boolean", "array", "object", "null"}

func (w *schemaWriter) types(value []byte, nullable bool) {
	lower := bytes.ToLower(value)
	if n, ok := scan.Int(value); ok && w.own && 0 < n && n < int64(len(typeNames)) { // an enum may be its number
		lower = []byte(`"` + typeNames[n] + `"`)
	}
	if nullable && len(lower) > 0 && lower[0] == '"' && string(lower) != `"null"` {
		w.out = append(append(append(w.out, '['), lower...), `,"null"]`...)
		return
	}
	w.out = append(w.out, lower...)
}

func (w *schemaWriter) named(value []byte, depth int) {
	if len(value) == 0 || value[0] != '{' {
		w.out = append(w.out, value...)
		return
	}
	first := true
	w.out = append(w.out, '{')
	_ = scan.Members(value, func(key []byte, start, end int) bool {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.out = append(append(append(w.out, '"'), key...), '"', ':')
		w.schema(value[start:end], depth+1)
		return true
	})
	w.out = append(w.out, '}')
}

func (w *schemaWriter) list(value []byte, depth int) {
	if len(value) == 0 || value[0] != '[' {
		w.schema(value, depth+1)
		return
	}
	first := true
	w.out = append(w.out, '[')
	_ = scan.Elements(value, func(start, end int) bool {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.schema(value[start:end], depth+1)
		return true
	})
	w.out = append(w.out, ']')
}
