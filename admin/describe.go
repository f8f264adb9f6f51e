package admin

import (
	"encoding"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/internal/fielddocs"
)

// The description of the API, made of the table that it is served by and of the
// types that are written and read, in the words of OpenAPI 3.1.

type object = map[string]any

func describe(q *request) (any, error) {
	q.answered = true
	q.w.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(description(q.base))
	if err != nil {
		return nil, err
	}
	_, _ = q.w.Write(text) // a client that is gone is nobody to tell
	return nil, nil
}

// Description is the document at api/openapi.json of a dashboard that is served
// below a path.
func Description(prefix string) map[string]any { return description(prefix) }

// description is the whole document.
func description(prefix string) object {
	s := schemas{}
	paths := make(object)
	for i := range routes {
		r := &routes[i]
		path := "/" + r.path
		item, ok := paths[path].(object)
		if !ok {
			item = make(object)
			paths[path] = item
		}
		item[strings.ToLower(r.method)] = s.operation(r)
	}
	s.of(reflect.TypeFor[Problem]())
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title":   "ccload",
			"version": "1",
			"description": "What the dashboard shows and changes. Answers are {\"time\", \"data\"} or {\"time\", \"error\"}; time is the server's. " +
				"Codes of errors are stable, messages are for people. Durations are nanoseconds where a name ends in _ns, money is US dollars, null where no price is known.",
		},
		"servers":    []object{{"url": prefix + "/api"}},
		"paths":      paths,
		"components": object{"schemas": map[string]object(s), "securitySchemes": securitySchemes},
	}
}

var securitySchemes = object{
	"login":  object{"type": "apiKey", "in": "cookie", "name": CookieName, "description": "set by a login; its value may also be sent as a bearer credential"},
	"bearer": object{"type": "http", "scheme": "bearer", "description": "the value of a login, or a client token, which sees its own numbers only"},
}

// operation describes one route.
func (s schemas) operation(r *route) object {
	op := object{"summary": r.summary, "operationId": operationID(r), "responses": s.responses(r)}
	var parameters []object
	for segment := range strings.SplitSeq(r.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			parameters = append(parameters, object{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, p := range r.query {
		parameters = append(parameters, object{"name": p.name, "in": "query", "description": p.doc, "required": p.doc == required, "schema": object{"type": "string"}})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	switch {
	case r.body != nil:
		kind := "application/json"
		if r.method == http.MethodPatch {
			kind = "application/merge-patch+json"
		}
		op["requestBody"] = object{"required": true, "content": object{kind: object{"schema": s.of(reflect.TypeOf(r.body))}}}
	case r.file:
		op["requestBody"] = object{"required": true, "content": object{"application/octet-stream": object{"schema": object{"type": "string", "format": "binary"}}}}
	}
	if r.form != nil {
		op["requestBody"].(object)["content"].(object)["multipart/form-data"] = object{"schema": r.form}
	}
	switch r.who {
	case holders:
		op["security"] = []object{{"login": []string{}}, {"bearer": []string{}}}
	case operators:
		op["security"] = []object{{"login": []string{}}}
		op["x-audience"] = "operator"
	case anyone:
		op["security"] = []object{}
	case nobody:
	}
	return op
}

func operationID(r *route) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.method))
	for word := range strings.FieldsFuncSeq(r.path, func(c rune) bool { return strings.ContainsRune("/{}._", c) }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func (s schemas) responses(r *route) object {
	good := object{"description": "done"}
	switch {
	case r.events != nil:
		good["content"] = object{r.raw: object{"schema": object{"type": "string", "description": "Server-Sent Events; x-events describes the data of each by its name"}}}
		events := make(object, len(r.events))
		for name, list := range r.events {
			kinds := make([]object, len(list))
			for i, v := range list {
				kinds[i] = s.of(reflect.TypeOf(v))
			}
			events[name] = object{"anyOf": kinds}
		}
		good["x-events"] = events
	case r.raw != "":
		good["content"] = object{r.raw: object{"schema": object{}}}
	default:
		good["content"] = object{"application/json": object{"schema": object{
			"type": "object", "required": []string{"time", "data"},
			"properties": object{"time": object{"type": "string", "format": "date-time"}, "data": s.of(reflect.TypeOf(r.answer))},
		}}}
	}
	return object{
		strconv.Itoa(r.goodStatus()): good,
		"default": object{"description": "not done", "content": object{"application/json": object{"schema": object{
			"type": "object", "required": []string{"time", "error"},
			"properties": object{"time": object{"type": "string", "format": "date-time"}, "error": object{"$ref": "#/components/schemas/Problem"}},
		}}}},
	}
}

// schemas are those of named types.
type schemas map[string]object

var (
	typeTime   = reflect.TypeFor[time.Time]()
	typeText   = reflect.TypeFor[encoding.TextMarshaler]()
	typeJSON   = reflect.TypeFor[json.Marshaler]()
	typeReader = reflect.TypeFor[json.Unmarshaler]()
	typeRaw    = reflect.TypeFor[json.RawMessage]()
)

// written are types that write themselves as JSON.
var written = map[reflect.Type]object{
	reflect.TypeFor[ai.Money]():        {"type": "number", "description": "US dollars"},
	reflect.TypeFor[ai.Cost]():         cost,
	reflect.TypeFor[config.Duration](): {"type": []string{"integer", "string"}, "description": "a text such as 30m or 2d, which comes back as it was given, or nanoseconds"},
}

// cost is the schema of ai.Cost, which writes itself.
var cost = object{
	"type": "object", "description": "US dollars; usd and list_usd are null where no price is known",
	"properties": object{
		"usd":        object{"type": []string{"number", "null"}, "description": "what counts against budgets: the vendor's own figure, or else the list price, times the channel's multiplier"},
		"list_usd":   object{"type": []string{"number", "null"}, "description": "by the catalogue of prices, before the multiplier"},
		"multiplier": object{"type": "number", "description": "the channel's; left out if it has none"},
		"price":      object{"type": "string", "description": "id of the catalogue's row that priced it"},
		"unpriced":   object{"type": "boolean", "description": "something was used that no row prices; it is not in the amounts"},
		"other_tier": object{"type": "boolean", "description": "the answer named a service tier that has no row; the standard one priced it"},
		"drifted":    object{"type": "boolean", "description": "the vendor's figure and ours differ by more than a tenth"},
	},
	"additionalProperties": false, "x-always-in-answers": []string{"usd", "list_usd"},
}

// of is the schema of a type.
func (s schemas) of(t reflect.Type) object {
	if known, ok := written[t]; ok {
		return known
	}
	switch {
	case t == typeTime:
		return object{"type": "string", "format": "date-time"}
	case t == typeRaw:
		return object{}
	case t.Kind() != reflect.Interface && t.Implements(typeText):
		return object{"type": "string"}
	case t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && (t.Implements(typeJSON) || reflect.PointerTo(t).Implements(typeReader)):
		return object{} // a form of its own: see the description of the setting
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem()), {"type": "null"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice, reflect.Array:
		return object{"type": []string{"array", "null"}, "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.structure(t)
	}
	return object{}
}

// structure is a reference to the schema of a struct, which is made at first use.
func (s schemas) structure(t reflect.Type) object {
	name := t.Name()
	if name == "" {
		o := make(object)
		s.fill(t, o)
		return o
	}
	if t.PkgPath() != reflect.TypeFor[Problem]().PkgPath() {
		pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
		name = pkg + "." + name
	}
	if _, made := s[name]; !made {
		s[name] = make(object) // before it is filled: a type may hold itself
		s.fill(t, s[name])
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// fill writes the schema of a struct. What stands in every answer is not
// "required": the same types are bodies of requests, where most may be left out.
func (s schemas) fill(t reflect.Type, into object) {
	properties := make(object)
	always := []string{}
	s.properties(t, properties, &always)
	slices.Sort(always)
	into["type"], into["properties"], into["additionalProperties"] = "object", properties, false
	into["x-always-in-answers"] = always
}

// properties adds the fields of a struct, the outer before those of embedded
// ones, as encoding/json has it.
func (s schemas) properties(t reflect.Type, into object, always *[]string) {
	var embedded []reflect.Type
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			embedded = append(embedded, f.Type)
		default:
			if name == "" {
				name = f.Name
			}
			if _, outer := into[name]; !outer {
				into[name] = withDoc(s.of(f.Type), fielddocs.Of(t.String()+"."+name))
				if !strings.Contains(rest, "omit") {
					*always = append(*always, name)
				}
			}
		}
	}
	for _, e := range embedded {
		if e.Kind() == reflect.Pointer {
			e = e.Elem()
		}
		s.properties(e, into, always)
	}
}

// withDoc adds the doc of a field to the schema of its type.
func withDoc(schema object, doc string) object {
	if doc == "" {
		return schema
	}
	schema = maps.Clone(schema) // that of the type is of other fields too
	schema["description"] = doc
	return schema
}

// typeName is a type in the words of JSON.
func typeName(t reflect.Type) string {
	if t == reflect.TypeFor[config.Duration]() {
		return "length of time such as 90s, 15m or 30d"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "yes or no (true, false)"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "list"
	case reflect.Map, reflect.Struct:
		return "object"
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Float32, reflect.Float64:
		return "number"
	}
	return "whole number"
}
