package schema

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestTool(t *testing.T) {
	t.Parallel()
	openAI := Target{Items: true, Properties: true}
	for _, row := range []struct {
		name, schema string
		to           Target
		want, rule   string
		loose        bool
	}{
		{"none", ``, Target{}, `{"type":"object","properties":{}}`, "", false},
		{"null", `null`, Target{}, `{"type":"object","properties":{}}`, "", false},
		{"nothing to mend", `{ "type" : "object", "properties":{"a":{"type":["string","null"],"default":null}} }`, openAI, `{ "type" : "object", "properties":{"a":{"type":["string","null"],"default":null}} }`, "", false},
		{"no properties", `{"type":"object"}`, openAI, `{"type":"object","properties":{}}`, "", false},
		{"no properties, where they need not be said", `{"type":"object"}`, Target{}, `{"type":"object"}`, "", false},
		{"no type", `{"properties":{"a":{}}}`, Target{}, `{"type":"object","properties":{"a":{}}}`, "", false},
		{"empty", `{}`, openAI, `{"type":"object","properties":{}}`, "", false},
		{"type null", `{"type":null,"properties":{"a":{"type":"string"}}}`, Target{}, `{"type":"object","properties":{"a":{"type":"string"}}}`, "", false},
		{"type None", `{"type":"None","properties":{}}`, Target{}, `{"type":"object","properties":{}}`, "", false},
		{"type of something else", `{"type":"string"}`, openAI, `{"type":"object","properties":{}}`, "", false},
		{"types at the root", `{"type":["object","null"],"properties":{}}`, Target{}, `{"type":"object","properties":{}}`, "", false},
		{"null below", `{"type":"object","properties":{"a":{"type":null,"enum":null,"items":null,"description":null,"const":null}},"required":null}`, Target{}, `{"type":"object","properties":{"a":{"const":null}}}`, "", false},
		{"types in upper case", `{"type":"OBJECT","properties":{"a":{"type":["STRING","NULL"]}}}`, Target{}, `{"type":"object","properties":{"a":{"type":["string","null"]}}}`, "", false},
		{"several types", `{"type":"object","properties":{"a":{"type":["string","integer"]},"b":{"type":["string","null"]}}}`, Target{OneType: true}, `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer"}]},"b":{"type":["string","null"]}}}`, "", false},
		{"properties of PHP", `{"type":"object","properties":[],"required":[]}`, Target{}, `{"type":"object","properties":{},"required":[]}`, "", false},
		{"properties that are no schemas", `{"type":"object","properties":{"a":"string","b":null,"c":true}}`, Target{}, `{"type":"object","properties":{"a":{"type":"string"},"b":{},"c":true}}`, "", false},
		{"array without items", `{"type":"object","properties":{"a":{"type":"array"}}}`, openAI, `{"type":"object","properties":{"a":{"type":"array","items":{}}}}`, "", false},
		{"object without properties below", `{"type":"object","properties":{"a":{"type":"object"}}}`, openAI, `{"type":"object","properties":{"a":{"type":"object","properties":{}}}}`, "", false},
		{"items as a list", `{"type":"object","properties":{"a":{"type":"array","items":[{"type":"string"}],"additionalItems":false}}}`, openAI, `{"type":"object","properties":{"a":{"type":"array","prefixItems":[{"type":"string"}],"items":false}}}`, "", false},
		{"limits of draft 4", `{"type":"object","properties":{"a":{"minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false}}}`, Target{}, `{"type":"object","properties":{"a":{"exclusiveMinimum":1,"maximum":9}}}`, "", false},
		{"required of draft 3", `{"type":"object","properties":{"a":{"type":"string","required":true}}}`, Target{}, `{"type":"object","properties":{"a":{"type":"string"}}}`, "", false},
		{"empty lists", `{"type":"object","properties":{"a":{"enum":[],"anyOf":[],"type":[]}}}`, Target{}, `{"type":"object","properties":{"a":{}}}`, "", false},
		{"union below stays", `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`, Target{}, `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}`, "", false},
		{
			"union of what is required", `{"type":"object","properties":{"route":{"type":"string"},"file":{"type":"string"}},"anyOf":[{"required":["route"]},{"required":["file"]}]}`,
			Target{},
			`{"type":"object","properties":{"route":{"type":"string"},"file":{"type":"string"}}}`,
			`At least one of these holds for the arguments: (1) "route" is given; (2) "file" is given.`, true,
		},
		{
			"union of objects", `{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"string"},"same":{}},"required":["kind","x"]},{"type":"object","properties":{"kind":{"enum":["b"]},"x":{"type":"integer"},"same":{}},"required":["x","kind"]}]}`,
			Target{},
			`{"type":"object","properties":{"kind":{"anyOf":[{"const":"a"},{"enum":["b"]}]},"x":{"anyOf":[{"type":"string"},{"type":"integer"}]},"same":{}},"required":["kind","x"]}`,
			`Exactly one of these holds for the arguments: (1) "kind" is "a", "x" is given; (2) "kind" is "b", "x" is given.`, true,
		},
		{
			"all of", `{"allOf":[{"$ref":"#/$defs/a"},{"properties":{"y":{}},"required":["y"]}],"$defs":{"a":{"properties":{"x":{}},"required":["x"]}}}`,
			Target{},
			`{"type":"object","$defs":{"a":{"properties":{"x":{}},"required":["x"]}},"properties":{"x":{},"y":{}},"required":["x","y"]}`, "", false,
		},
		{
			"a union with null", `{"anyOf":[{"type":"object","properties":{"x":{}},"required":["x"]},{"type":"null"}]}`,
			Target{},
			`{"type":"object","properties":{"x":{}},"required":["x"]}`, "", true,
		},
		{
			"a reference", `{"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"object","properties":{"x":{}}}}}`,
			Target{},
			`{"type":"object","properties":{"x":{}},"definitions":{"a/b":{"type":"object","properties":{"x":{}}}}}`, "", false,
		},
		{
			"a reference to itself", `{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}`,
			Target{},
			`{"type":"object","$defs":{"a":{"$ref":"#/$defs/a"}}}`, "", false,
		},
		{
			"not at the root", `{"type":"object","properties":{"a":{}},"not":{"required":["a"]}}`,
			Target{},
			`{"type":"object","properties":{"a":{}}}`, `The arguments also match this JSON schema: {"not":{"required":["a"]}}.`, true,
		},
	} {
		m, ok := Tool([]byte(row.schema), row.to)
		if !ok || string(m.Schema) != row.want || m.Rule != row.rule || m.Loose != row.loose {
			t.Errorf("%s: %v loose %v\n%s\nwant\n%s\nrule %q", row.name, ok, m.Loose, m.Schema, row.want, m.Rule)
		}
		again, ok := Tool(m.Schema, row.to)
		if !ok || !bytes.Equal(again.Schema, m.Schema) || again.Loose {
			t.Errorf("%s: what was mended is mended again: %s", row.name, again.Schema)
		}
	}
	for _, bad := range []string{`[`, `7`, `{"type":`, `[]`, `"object"`} {
		if m, ok := Tool([]byte(bad), Target{}); ok {
			t.Errorf("%s becomes %s", bad, m.Schema)
		}
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]bool{
		`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`:                                                      true,
		`{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}`:                                                         false,
		`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`:                                                                                   false,
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}},"required":["a"],"additionalProperties":false}`:             false,
		`{"type":"object","properties":{"a":{"anyOf":[{"type":"object"},{"type":"null"}]}},"required":["a"],"additionalProperties":false}`:                          false,
		`{"type":"object","properties":{},"additionalProperties":false,"$defs":{"a":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}`: true,
	} {
		if Strict([]byte(schema)) != want {
			t.Errorf("%s: %v", schema, !want)
		}
	}
}

// FuzzTool: whatever a schema is, what is sent is JSON, an object at its root
// without a union, and does not change when it is mended again.
func FuzzTool(f *testing.F) {
	for _, s := range []string{
		`{"anyOf":[{"required":["a"]},{"$ref":"#/anyOf/0"}]}`, `{"$ref":"#"}`, `{"allOf":[{"allOf":[{}]}],"type":null}`, `{"items":[{"type":["A"]}],"exclusiveMinimum":true,"minimum":3}`,
		`{"properties":{"é\u0001\"":{"type":["string","number"]}},"not":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		for _, to := range []Target{{}, {Items: true, Properties: true}, {Items: true, Properties: true, OneType: true}} {
			m, ok := Tool(text, to)
			if !ok {
				continue
			}
			if !json.Valid(m.Schema) {
				t.Fatalf("%s becomes %s", text, m.Schema)
			}
			o := read(m.Schema)
			for _, union := range []string{"anyOf", "oneOf", "allOf"} {
				if len(list(o.get(union))) > 0 {
					t.Fatalf("%s has %s still: %s", text, union, m.Schema)
				}
			}
			if again, ok := Tool(m.Schema, to); !ok || !bytes.Equal(again.Schema, m.Schema) {
				t.Fatalf("%s is mended again to %s", m.Schema, again.Schema)
			}
			Strict(m.Schema)
		}
	})
}
