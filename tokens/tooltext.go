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
//
// ok is false if the schema is too tangled for that.
func toolText(dst, fn []byte) (text []byte, ok bool) {
	params := member(fn, "parameters")
	t := typer{dst: dst, root: params, work: 100*len(fn) + 16<<10}
	if d := member(fn, "description"); len(d) > 2 && isString(d) {
		t.comment(d)
	}
	t.dst = append(t.dst, "type "...)
	t.dst = appendText(t.dst, member(fn, "name"))
	if !hasMembers(member(params, "properties")) {
		return append(t.dst, " = () => any;\n\n"...), true
	}
	t.dst = append(t.dst, " = (_: {\n"...)
	t.comments(params)
	t.properties(params, 0)
	return append(t.dst, "}) => any;\n\n"...), t.work > 0
}

// typer writes types. A schema may refer to itself many times over, so that its
// types are far longer than it is; work is how many bytes it may still look at
// and write.
type typer struct {
	dst  []byte
	root []byte // where references lead
	work int
}

func (t *typer) comment(text []byte) {
	t.dst = append(t.dst, "// "...)
	t.dst = appendText(t.dst, text)
	t.dst = append(t.dst, '\n')
}

// comments appends what a schema says of itself: by recorded counts, models are
// shown its title, its description and its default, at any depth, and those of
// what it refers to.
func (t *typer) comments(schema []byte) {
	if ref := member(schema, "$ref"); ref != nil {
		if to := resolve(t.root, ref); to != nil {
			t.work -= 4 * len(to)
			t.own(to)
		}
	}
	t.own(schema)
}

func (t *typer) own(schema []byte) {
	for _, name := range [...]string{"title", "description"} {
		if text := member(schema, name); isString(text) && len(text) > len(`""`) {
			t.comment(text)
		}
	}
	if value := member(schema, "default"); value != nil && !isObject(value) && !isArray(value) {
		t.dst = append(append(append(t.dst, "// default: "...), value...), '\n')
	}
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
func (t *typer) properties(schema []byte, depth int) {
	required, all := member(schema, "required"), member(schema, "properties")
	t.work -= 2 * len(schema)
	scan.FindMember(all, func(key []byte, start, end int) bool {
		p := all[start:end]
		t.work -= len(required) + 8*len(p)
		if t.work < 0 {
			return true
		}
		t.comments(p)
		t.dst, _ = scan.Unescape(t.dst, key)
		if !contains(required, key) {
			t.dst = append(t.dst, '?')
		}
		t.dst = append(t.dst, ": "...)
		t.typeOf(p, depth)
		t.dst = append(t.dst, ",\n"...)
		return false
	})
}

func contains(list, key []byte) bool {
	_, _, ok := scan.FindElement(list, func(start, end int) bool {
		e := list[start:end]
		return isString(e) && string(e[1:len(e)-1]) == string(key)
	})
	return ok
}

// typeOf appends the type that a schema says.
func (t *typer) typeOf(p []byte, depth int) {
	if depth > maxSchemaDepth || t.work < 0 {
		t.dst = append(t.dst, "any"...)
		return
	}
	t.work -= 16
	if ref := member(p, "$ref"); isString(ref) {
		t.work -= len(t.root)
		t.typeOf(resolve(t.root, ref), depth+1)
		return
	}
	if choices := member(p, "enum"); isArray(choices) {
		t.union(choices, func(c []byte) { t.dst = append(t.dst, c...) })
		return
	}
	for _, some := range []string{"anyOf", "oneOf"} {
		if options := member(p, some); isArray(options) {
			t.work -= 8 * len(options)
			t.union(options, func(o []byte) { t.typeOf(o, depth+1) })
			return
		}
	}
	kind := member(p, "type")
	if isArray(kind) {
		t.union(kind, func(k []byte) { t.dst = append(t.dst, simple(word(k))...) })
		return
	}
	switch k := word(kind); k {
	case "object":
		t.dst = append(t.dst, "{\n"...)
		t.properties(p, depth+1)
		t.dst = append(t.dst, '}')
	case "array":
		if items := member(p, "items"); isObject(items) {
			t.work -= 8 * len(items)
			t.typeOf(items, depth+1)
			t.dst = append(t.dst, "[]"...)
			return
		}
		t.dst = append(t.dst, "any[]"...)
	default:
		t.dst = append(t.dst, simple(k)...)
	}
}

func (t *typer) union(list []byte, each func(v []byte)) {
	first := true
	scan.FindElement(list, func(start, end int) bool {
		if !first {
			t.dst = append(t.dst, " | "...)
		}
		first = false
		each(list[start:end])
		return t.work < 0
	})
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
