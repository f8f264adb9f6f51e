// Package schema mends JSON schemas of tools that a vendor would refuse, and the
// whole request with them: unions at the root, keywords that are null, types
// that do not exist, forms of older drafts.
//
// What it writes depends on the schema alone, so the same tool has the same
// bytes on every turn, or the prompt cache would be lost. A schema with nothing
// to mend keeps its bytes.
package schema

import (
	"bytes"
	"encoding/json"

	"github.com/ccload/ccload/protocol/scan"
)

// Target is what a vendor refuses beside what all of them do.
type Target struct {
	// Items says that arrays must say what their items are: "array schema
	// missing items".
	Items bool
	// Properties says that objects must say their properties: "object schema
	// missing properties".
	Properties bool
	// OneType says that a list of types may have one beside null only.
	OneType bool
}

// Mended is a schema that can be sent.
type Mended struct {
	Schema []byte
	// Rule is what the schema says no more, in words for the tool's description.
	Rule string
	// Loose says that the schema allows more than the original did: a strict
	// tool cannot be kept to it.
	Loose bool
}

// Tool mends the schema of a tool's arguments, which is always one of an object,
// without a union. ok is false if it is not JSON.
func Tool(schema []byte, to Target) (m Mended, ok bool) {
	schema = bytes.TrimSpace(schema)
	if len(schema) == 0 || string(schema) == "null" {
		return Mended{Schema: []byte(`{"type":"object","properties":{}}`)}, true
	}
	if schema[0] != '{' || !json.Valid(schema) {
		return Mended{}, false
	}
	w := mender{to: to}
	mended := w.schema(schema, 0)
	root := read(mended)
	r := rooted{object: root, defs: root, to: to}
	r.follow()
	r.flatten()
	r.close()
	if !r.changed {
		return Mended{Schema: mended}, true
	}
	return Mended{Schema: r.write(), Rule: r.rule(), Loose: r.loose}, true
}

// Clean mends a schema that is not of a tool: only what means the same
// afterwards.
func Clean(schema []byte, to Target) []byte {
	if !json.Valid(schema) {
		return schema
	}
	w := mender{to: to}
	return w.schema(bytes.TrimSpace(schema), 0)
}

// Strict reports whether OpenAI takes a schema in strict mode: all objects are
// closed, and all of their properties required.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
func Strict(schema []byte) bool { return strict(schema, 0) }

func strict(schema []byte, depth int) bool {
	if len(schema) == 0 || schema[0] != '{' || depth > deepest {
		return depth <= deepest
	}
	o := read(schema)
	for i := range o {
		ok := true
		eachSchema(o[i].name, o[i].value, func(inner []byte) { ok = ok && strict(inner, depth+1) })
		if !ok {
			return false
		}
	}
	properties := o.get("properties")
	if properties == nil && !scan.StringIs(o.get("type"), "object") {
		return true
	}
	if string(o.get("additionalProperties")) != "false" {
		return false
	}
	required := texts(o.get("required"))
	return len(required) >= len(read(properties))
}
