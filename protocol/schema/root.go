package schema

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// rooted is the root of a tool's schema. "input_schema does not support oneOf,
// allOf, or anyOf at the top level" (Anthropic); "schema must have type 'object'
// and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level" (OpenAI).
type rooted struct {
	object
	to      Target
	defs    object // the original root, which references lead into
	changed bool
	loose   bool
	rules   []string
}

// maxHops is how many references are followed to one schema.
const maxHops = 8

// resolve returns the schema that a reference within the root leads to, or the
// schema itself.
func (r *rooted) resolve(v []byte) object {
	o := read(v)
	for range maxHops {
		ref, ok := scan.String(o.get("$ref"))
		if !ok {
			break
		}
		to := r.defs
		path, local := strings.CutPrefix(ref, "#/")
		if !local {
			break
		}
		var found []byte
		for step := range strings.SplitSeq(path, "/") {
			step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
			found = to.get(step)
			to = read(found)
		}
		if to == nil {
			break
		}
		next := slices.Clone(to)
		for _, m := range o { // what stands beside the reference holds as well
			if m.name != "$ref" {
				next.set(m.name, m.value)
			}
		}
		o = next
	}
	return o
}

// follow replaces a reference that is the whole root.
func (r *rooted) follow() {
	if r.get("$ref") != nil {
		r.object, r.changed = r.resolve(r.write()), true
		r.remove("$ref") // leads out of the schema
	}
}

// part is what a schema of an object says of its properties.
type part struct {
	properties object
	required   []string
	never      bool // it is of something else than objects
}

// partOf reads a schema, with what its unions amount to.
func (r *rooted) partOf(o object, depth int) part {
	p := part{properties: read(o.get("properties")), required: texts(o.get("required"))}
	if kind := o.get("type"); kind != nil && !bytes.Contains(kind, []byte(`"object"`)) {
		p.never = true
	}
	if depth > maxHops {
		return p
	}
	for _, v := range list(o.get("allOf")) {
		p.and(r.partOf(r.resolve(v), depth+1))
	}
	for _, union := range [...]string{"anyOf", "oneOf"} {
		if all := list(o.get(union)); len(all) > 0 {
			p.and(r.either(all, depth))
		}
	}
	return p
}

// and takes in what holds as well.
func (p *part) and(q part) {
	for _, m := range q.properties {
		if p.properties.get(m.name) == nil {
			p.properties = append(p.properties, m)
		}
	}
	for _, name := range q.required {
		if !slices.Contains(p.required, name) {
			p.required = append(p.required, name)
		}
	}
}

// either is what holds in each of several schemas, with the properties of all.
func (r *rooted) either(all [][]byte, depth int) part {
	var sum part
	first := true
	for _, v := range all {
		q := r.partOf(r.resolve(v), depth+1)
		if q.never {
			continue
		}
		for _, m := range q.properties {
			sum.or(m)
		}
		if first {
			sum.required = q.required
		} else {
			sum.required = slices.DeleteFunc(slices.Clone(sum.required), func(name string) bool { return !slices.Contains(q.required, name) })
		}
		first = false
	}
	return sum
}

// or takes in a property that may be as one or another schema says.
func (p *part) or(m member) {
	have := p.properties.get(m.name)
	switch {
	case have == nil:
		p.properties = append(p.properties, m)
	case bytes.Equal(have, m.value):
	default:
		o := read(have)
		if all := list(o.get("anyOf")); len(o) == 1 && len(all) > 0 {
			if !slices.ContainsFunc(all, func(v []byte) bool { return bytes.Equal(v, m.value) }) {
				p.properties.set(m.name, object{{"anyOf", writeList(append(all, m.value))}}.write())
			}
			return
		}
		p.properties.set(m.name, object{{"anyOf", writeList([][]byte{have, m.value})}}.write())
	}
}

// flatten makes one object of what the root says by unions.
func (r *rooted) flatten() {
	for _, union := range [...]struct{ name, words string }{
		{"anyOf", "At least one of these holds for the arguments: "},
		{"oneOf", "Exactly one of these holds for the arguments: "},
	} {
		if all := list(r.get(union.name)); len(all) > 0 {
			if rule := r.words(all); rule != "" {
				r.rules = append(r.rules, union.words+rule+".")
			}
			r.loose = true
		}
	}
	if r.get("allOf") == nil && !r.loose {
		return
	}
	p := r.partOf(r.object, 0)
	for _, v := range list(r.get("allOf")) {
		if o := r.resolve(v); o.get("if") != nil || o.get("not") != nil || o.get("anyOf") != nil || o.get("oneOf") != nil {
			r.rules = append(r.rules, "The arguments also match this JSON schema: "+string(o.write())+".")
			r.loose = true
		}
	}
	for _, name := range [...]string{"allOf", "anyOf", "oneOf"} {
		r.remove(name)
	}
	r.set("properties", p.properties.write())
	if len(p.required) > 0 {
		r.set("required", writeTexts(p.required))
	}
	r.changed = true
}

// words say what distinguishes the schemas of a union: what each requires, and
// the properties that have one value in it.
func (r *rooted) words(all [][]byte) string {
	var rows []string
	for _, v := range all {
		p := r.partOf(r.resolve(v), 1)
		if p.never {
			continue
		}
		var said []string
		for _, m := range p.properties {
			o := read(m.value)
			only := o.get("const")
			if values := list(o.get("enum")); only == nil && len(values) == 1 {
				only = values[0]
			}
			if only != nil {
				said = append(said, strconv.Quote(m.name)+" is "+string(only))
				p.required = slices.DeleteFunc(slices.Clone(p.required), func(name string) bool { return name == m.name })
			}
		}
		for _, name := range p.required {
			said = append(said, strconv.Quote(name)+" is given")
		}
		if len(said) == 0 {
			var names []string
			for _, m := range p.properties {
				names = append(names, strconv.Quote(m.name))
			}
			said = append(said, "nothing is given but "+strings.Join(names, ", "))
			if len(names) == 0 {
				said[0] = "anything"
			}
		}
		rows = append(rows, "("+strconv.Itoa(len(rows)+1)+") "+strings.Join(said, ", "))
	}
	if len(rows) < 2 {
		return ""
	}
	return strings.Join(rows, "; ")
}

// close makes the root one of an object, without keywords that
// are refused there.
func (r *rooted) close() {
	for _, name := range [...]string{"not", "enum", "const"} {
		if v := r.get(name); v != nil {
			r.rules = append(r.rules, "The arguments also match this JSON schema: "+string(object{{name, v}}.write())+".")
			r.remove(name)
			r.changed, r.loose = true, true
		}
	}
	if !scan.StringIs(r.get("type"), "object") {
		r.remove("type")
		r.object = append(object{{"type", []byte(`"object"`)}}, r.object...)
		r.changed = true
	}
	if r.to.Properties && r.get("properties") == nil {
		r.set("properties", []byte("{}"))
		r.changed = true
	}
}

func (r *rooted) rule() string { return strings.Join(r.rules, "\n") }
