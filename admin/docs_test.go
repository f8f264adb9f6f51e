package admin

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

// undocumented lists the properties of a schema, and of those below it, that
// have no description.
func undocumented(path string, schema object) []string {
	var missing []string
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties[name].(object)
		if property["description"] == nil {
			missing = append(missing, path+"."+name)
		}
		missing = append(missing, undocumented(path+"."+name, property)...)
		for _, inner := range []string{"items", "additionalProperties"} {
			if below, ok := property[inner].(object); ok {
				missing = append(missing, undocumented(path+"."+name, below)...)
			}
		}
	}
	return missing
}

// TestEveryFieldHasADoc: whoever reads the description of the API finds what
// each field of a request and of an answer means.
func TestEveryFieldHasADoc(t *testing.T) {
	schemas := description("")["components"].(object)["schemas"].(map[string]object)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		for _, field := range undocumented(name, schemas[name]) {
			t.Errorf("%s has no doc: write a comment at its field, then go generate ./internal/fielddocs", field)
		}
	}
	s := struct {
		Documented bool `json:"documented"`
	}{}
	found := schemaOf(reflect.TypeOf(s))
	if missing := undocumented("x", found); len(missing) != 1 {
		t.Errorf("a field without a doc is not noticed: %v", missing)
	}
}

func schemaOf(t reflect.Type) object { return schemas{}.of(t) }
