// Package apitypes writes the description of the dashboard's API as TypeScript,
// so that a changed answer breaks the build of the pages and not the pages.
package apitypes

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

type schema = map[string]any

// TypeScript returns the types of an OpenAPI document as admin.Description
// makes it: one interface per schema, and one row per operation.
func TypeScript(document map[string]any) (string, error) {
	text, err := json.Marshal(document) // one kind of slices and maps
	if err != nil {
		return "", err
	}
	var doc struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("// Made of the description of the API by go generate ./internal/apitypes: do not edit.\n\nimport type { Param, Sent } from \"./sent\"\n")
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		fmt.Fprintf(&b, "\nexport interface %s %s\n", typeName(name), object(doc.Components.Schemas[name], ""))
	}
	b.WriteString("\n/** Every operation: \"METHOD path\". */\nexport interface Routes {\n")
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			fmt.Fprintf(&b, "\t/** %s */\n\t%q: { path: %s; query: %s; body: %s; answer: %s }\n",
				op.Summary, strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/"), op.parameters("path"), op.parameters("query"), op.body(), op.answer())
		}
	}
	b.WriteString("}\n")
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range doc.Paths[path] {
			b.WriteString(op.events(path))
		}
	}
	return b.String(), nil
}

type content map[string]struct{ Schema schema }

type operation struct {
	Summary     string
	Parameters  []struct{ Name, In, Description string }
	RequestBody *struct{ Content content }
	Responses   map[string]struct {
		Content content
		Events  map[string]schema `json:"x-events"`
	}
}

// events writes the events of a stream: one row per event.
func (o *operation) events(path string) string {
	var b strings.Builder
	for _, response := range o.Responses {
		if response.Events == nil {
			continue
		}
		fmt.Fprintf(&b, "\n/** The events of %s, and their data. */\nexport interface Events {\n", strings.TrimPrefix(path, "/"))
		for _, name := range slices.Sorted(maps.Keys(response.Events)) {
			fmt.Fprintf(&b, "\t%s: %s\n", name, typeOf(response.Events[name], ""))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func (o *operation) parameters(in string) string {
	var fields []string
	for _, p := range o.Parameters {
		if p.In != in {
			continue
		}
		optional := "?"
		if in == "path" || p.Description == "required" {
			optional = ""
		}
		fields = append(fields, p.Name+optional+": Param")
	}
	if fields == nil {
		return "undefined"
	}
	return "{ " + strings.Join(fields, "; ") + " }"
}

func (o *operation) body() string {
	if o.RequestBody == nil {
		return "undefined"
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
		switch kind {
		case "application/octet-stream":
			kinds = append(kinds, "Blob | string")
		case "multipart/form-data":
			kinds = append(kinds, "FormData")
		default:
			kinds = append(kinds, "Sent<"+typeOf(o.RequestBody.Content[kind].Schema, "")+">")
		}
	}
	return strings.Join(kinds, " | ")
}

func (o *operation) answer() string {
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status == "default" {
			continue
		}
		content := o.Responses[status].Content
		for _, kind := range slices.Sorted(maps.Keys(content)) {
			if properties, ok := content[kind].Schema["properties"].(schema); ok {
				return typeOf(properties["data"].(schema), "")
			}
		}
	}
	return "unknown" // it is in no envelope
}

func typeName(name string) string {
	pkg, rest, ok := strings.Cut(name, ".")
	if !ok {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + rest
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// object writes the fields of a struct.
func object(s schema, indent string) string {
	properties, _ := s["properties"].(schema)
	always, _ := s["x-always-in-answers"].([]any)
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		optional := "?"
		if slices.Contains(always, any(name)) {
			optional = ""
		}
		property, _ := properties[name].(schema)
		if doc, ok := property["description"].(string); ok {
			fmt.Fprintf(&b, "%s\t/** %s */\n", indent, strings.ReplaceAll(doc, "*/", "* /"))
		}
		written := name
		if !plainName.MatchString(name) {
			written = fmt.Sprintf("%q", name)
		}
		fmt.Fprintf(&b, "%s\t%s%s: %s\n", indent, written, optional, typeOf(property, indent+"\t"))
	}
	b.WriteString(indent + "}")
	return b.String()
}

// typeOf writes a schema as a type.
func typeOf(s schema, indent string) string {
	if ref, ok := s["$ref"].(string); ok {
		return typeName(strings.TrimPrefix(ref, "#/components/schemas/"))
	}
	if list, ok := s["anyOf"].([]any); ok {
		return union(list, indent)
	}
	if list, ok := s["type"].([]any); ok {
		var parts []string
		for _, one := range list {
			single := maps.Clone(s)
			single["type"] = one
			parts = append(parts, typeOf(single, indent))
		}
		return strings.Join(parts, " | ")
	}
	switch s["type"] {
	case "boolean", "string", "null":
		return s["type"].(string)
	case "integer", "number":
		return "number"
	case "array":
		items, _ := s["items"].(schema)
		item := typeOf(items, indent)
		if strings.Contains(item, " ") {
			item = "(" + item + ")"
		}
		return item + "[]"
	case "object":
		if more, ok := s["additionalProperties"].(schema); ok {
			return "Record<string, " + typeOf(more, indent) + ">"
		}
		if _, ok := s["properties"]; ok {
			return object(s, indent)
		}
		return "Record<string, unknown>"
	}
	return "unknown"
}

func union(list []any, indent string) string {
	var parts []string
	for _, one := range list {
		if s, ok := one.(schema); ok {
			parts = append(parts, typeOf(s, indent))
		}
	}
	return strings.Join(parts, " | ")
}
