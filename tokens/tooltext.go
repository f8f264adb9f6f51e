package tokens

import (
	"github.com/ccload/ccload/protocol/scan"
)

// toolText appends a function as OpenAI shows it to its models: not as JSON but
// as a TypeScript type in a namespace. The form is that which
// github.com/hmarr/openai-chat-tokens (MIT) found by experiment:
//
//	// what it does
//	type name = (_: {
//	// what the parameter is
//	city: string,
//	unit?: "c" | "f",
//	}) => any;
func (w *walk) toolText(dst, fn []byte) []byte {
	if d := member(fn, "description"); len(d) > 2 && isString(d) {
		dst = append(dst, "// "...)
		dst = appendText(dst, d)
		dst = append(dst, '\n')
	}
	dst = append(dst, "type "...)
	dst = appendText(dst, member(fn, "name"))
	params := member(fn, "parameters")
	if !hasMembers(member(params, "properties")) {
		return append(dst, " = () => any;\n\n"...)
	}
	dst = append(dst, " = (_: {\n"...)
	dst = properties(dst, params, params, 0)
	return append(dst, "}) => any;\n\n"...)
}

func hasMembers(v []byte) bool {
	_, _, ok := scan.FindMember(v, func([]byte, int, int) bool { return true })
	return ok
}

// appendText appends what a JSON string says.
func appendText(dst, v []byte) []byte {
	if !isString(v) {
		return dst
	}
	dst, _ = scan.Unescape(dst, v[1:len(v)-1])
	return dst
}

// maxSchemaDepth bounds schemas that are nested or refer to themselves.
const maxSchemaDepth = 8

// properties appends the properties of an object schema, one per line.
func properties(dst, root, schema []byte, depth int) []byte {
	required := member(schema, "required")
	scan.FindMember(member(schema, "properties"), func(key []byte, start, end int) bool {
		p := member(schema, "properties")[start:end]
		if d := member(p, "description"); len(d) > 2 && depth < 2 && isString(d) {
			dst = append(dst, "// "...)
			dst = appendText(dst, d)
			dst = append(dst, '\n')
		}
		dst, _ = scan.Unescape(dst, key)
		if !contains(required, key) {
			dst = append(dst, '?')
		}
		dst = append(dst, ": "...)
		dst = typeText(dst, root, p, depth)
		dst = append(dst, ",\n"...)
		return false
	})
	return dst
}

func contains(list, key []byte) bool {
	_, _, ok := scan.FindElement(list, func(start, end int) bool {
		e := list[start:end]
		return isString(e) && string(e[1:len(e)-1]) == string(key)
	})
	return ok
}

// typeText appends the type that a schema says.
func typeText(dst, root, p []byte, depth int) []byte {
	if depth > maxSchemaDepth {
		return append(dst, "any"...)
	}
	if ref := member(p, "$ref"); isString(ref) {
		return typeText(dst, root, resolve(root, ref), depth+1)
	}
	if choices := member(p, "enum"); isArray(choices) {
		first := true
		list(choices, func(c []byte) {
			if !first {
				dst = append(dst, " | "...)
			}
			first = false
			dst = append(dst, c...)
		})
		return dst
	}
	for _, some := range []string{"anyOf", "oneOf"} {
		if options := member(p, some); isArray(options) {
			first := true
			list(options, func(o []byte) {
				if !first {
					dst = append(dst, " | "...)
				}
				first = false
				dst = typeText(dst, root, o, depth+1)
			})
			return dst
		}
	}
	kind := member(p, "type")
	if isArray(kind) {
		first := true
		list(kind, func(k []byte) {
			if !first {
				dst = append(dst, " | "...)
			}
			first = false
			dst = append(dst, simple(word(k))...)
		})
		return dst
	}
	switch k := word(kind); k {
	case "object":
		dst = append(dst, "{\n"...)
		dst = properties(dst, root, p, depth+1)
		return append(dst, '}')
	case "array":
		if items := member(p, "items"); isObject(items) {
			return append(typeText(dst, root, items, depth+1), "[]"...)
		}
		return append(dst, "any[]"...)
	default:
		return append(dst, simple(k)...)
	}
}

func simple(kind string) string {
	switch kind {
	case "string", "number", "boolean", "null":
		return kind
	case "integer":
		return "number"
	}
	return "any"
}

// resolve follows a reference into the definitions of the schema it is in.
func resolve(root, ref []byte) []byte {
	var name string
	if s, ok := scan.String(ref); ok {
		for _, at := range []string{"#/$defs/", "#/definitions/"} {
			if len(s) > len(at) && s[:len(at)] == at {
				name = s[len(at):]
				if v := member(root, at[2:len(at)-1], name); v != nil {
					return v
				}
			}
		}
	}
	return nil
}

// bareSchema appends the schema of a structured answer as OpenAI shows it to
// its models: compact, and without what strict schemas all say. Recorded counts
// of the Responses API agree with it to the token.
func bareSchema(dst, v []byte, depth int) []byte {
	first := true
	comma := func() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
	}
	switch {
	case depth > 64:
		return compact(dst, v)
	case isArray(v):
		dst = append(dst, '[')
		list(v, func(e []byte) {
			comma()
			dst = bareSchema(dst, e, depth+1)
		})
		return append(dst, ']')
	case isObject(v):
		dst = append(dst, '{')
		scan.FindMember(v, func(key []byte, start, end int) bool {
			value := v[start:end]
			// As the name of a property, either has an object for its value.
			if string(key) == "additionalProperties" && !isObject(value) || string(key) == "required" && isArray(value) {
				return false
			}
			comma()
			dst = append(append(append(dst, '"'), key...), '"', ':')
			dst = bareSchema(dst, value, depth+1)
			return false
		})
		return append(dst, '}')
	}
	return append(dst, v...)
}
