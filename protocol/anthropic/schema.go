package anthropic

import (
	"bytes"
	"errors"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// This file fits a JSON schema to what structured outputs and strict tools take
// here: all objects are closed, and limits that the API refuses are said in
// words, as Anthropic's own SDKs do.
// https://docs.claude.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations

// refused are keywords that the API does not take.
var refused = map[string]bool{
	"minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true, "multipleOf": true,
	"minLength": true, "maxLength": true, "maxItems": true, "uniqueItems": true,
	"minProperties": true, "maxProperties": true,
}

// maps are keywords with schemas by names, and lists with schemas in a row.
var (
	schemaMaps  = map[string]bool{"properties": true, "$defs": true, "definitions": true}
	schemaLists = map[string]bool{"anyOf": true, "allOf": true, "oneOf": true, "prefixItems": true}
)

var (
	errOpen = errors.New("an object with members that are not named")
	errDeep = errors.New("nested too deeply")
)

// strictSchema is a schema that the API takes.
func strictSchema(schema []byte) ([]byte, error) {
	schema, err := readObject(schema, "")
	if err != nil {
		return nil, errors.New("not an object")
	}
	return appendStrict(make([]byte, 0, len(schema)+64), schema, 0)
}

// maxSchema is how deep schemas may stand in each other; each level is walked
// once more.
const maxSchema = 200

func appendStrict(dst, schema []byte, depth int) ([]byte, error) {
	if depth > maxSchema {
		return dst, errDeep
	}
	if len(schema) == 0 || schema[0] != '{' {
		return append(dst, schema...), nil // true, of what may be anything
	}
	var about string
	var limits []string
	object, closed := isOfObjects(schema), false
	_ = protocol.EachField(schema, "", func(name string, value []byte) error {
		if isRefused(name, value) {
			limits = append(limits, name+": "+string(value))
		}
		return nil
	})
	dst = append(dst, '{')
	err := protocol.EachField(schema, "", func(name string, value []byte) (err error) {
		switch {
		case name == "description" && len(limits) > 0:
			if s, ok := scan.String(value); ok {
				about = s
				return nil
			}
		case name == "additionalProperties":
			if string(value) != "false" {
				return errOpen
			}
			closed = true
		case isRefused(name, value):
			return nil
		}
		dst = append(comma(dst), quote(nil, name)...)
		dst, err = appendStrictMember(append(dst, ':'), name, value, depth)
		return err
	})
	if len(limits) > 0 {
		if about != "" {
			about += "\n\n"
		}
		about += "{" + strings.Join(limits, ", ") + "}"
	}
	dst = textIf(dst, "description", about)
	if object && !closed {
		dst = raw(dst, "additionalProperties", "false")
	}
	return append(dst, '}'), err
}

// appendStrictMember appends the value of a schema's member, with the schemas in it
// made strict.
func appendStrictMember(dst []byte, name string, value []byte, depth int) (_ []byte, err error) {
	switch {
	case schemaMaps[name] && value[0] == '{':
		dst = append(dst, '{')
		err = protocol.EachField(value, "", func(name string, value []byte) (err error) {
			dst = append(quote(comma(dst), name), ':')
			dst, err = appendStrict(dst, value, depth+1)
			return err
		})
		return append(dst, '}'), err
	case schemaLists[name] && value[0] == '[':
		dst = append(dst, '[')
		err = protocol.EachElement(value, "", func(_ int, value []byte) (err error) {
			dst, err = appendStrict(comma(dst), value, depth+1)
			return err
		})
		return append(dst, ']'), err
	case name == "items":
		return appendStrict(dst, value, depth+1)
	}
	return append(dst, value...), nil
}

func isRefused(name string, value []byte) bool {
	return refused[name] || name == "minItems" && string(value) != "0" && string(value) != "1"
}

// isOfObjects reports whether a schema is one of objects.
func isOfObjects(schema []byte) bool {
	kind := member(schema, "type")
	if kind == nil {
		return member(schema, "properties") != nil
	}
	return bytes.Contains(kind, []byte(`"object"`))
}
