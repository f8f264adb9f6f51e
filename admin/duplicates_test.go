package admin

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDuplicateNames(t *testing.T) {
	for _, c := range []struct{ text, name string }{
		{`{"a":1,"b":2}`, ""},
		{`{"a":1,"a":2}`, "a"},
		{`{"a":1,"\u0061":2}`, "a"},
		{`{"name":"x","Name":"y"}`, "Name"},
		{`{"keys":[],"\u212Aeys":[]}`, "\u212Aeys"}, // the sign of Kelvin, which encoding/json takes for a k
		{`{"a":{"b":1},"c":{"b":1}}`, ""},
		{`{"a":{"b":[{"c":1,"c":2}]}}`, "c"},
		{`[{"a":1},{"a":1}]`, ""},
		{`[{"a":1},{"a":1,"a":2}]`, "a"},
		{`{"a":"a","b":"a"}`, ""},
		{`{"a":["x","x",{"x":1}],"x":[]}`, ""},
		{`{"a":{},"a":[]}`, "a"},
		{`{"header_up":{"set":{"X-A":["1"],"x-a":["2"]}}}`, "x-a"},
		{`{"model_names":{"GPT":"a","gpt":"b"}}`, ""},
		{`{"model_names":{"gpt":"a","gpt":"b"}}`, "gpt"},
		{`{"body_set":[{"path":"p","value":{"A":1,"a":{"B":1,"b":2}}}]}`, ""},
		{`{"body_set":[{"path":"p","value":{"a":{"b":1,"b":2}}}]}`, "b"},
		{`{"model_names":{},"Model_names":{}}`, "Model_names"},
		{`{"a":1,"a"`, "a"},
		{`{"a":`, ""},
		{`nonsense`, ""},
		{``, ""},
	} {
		if name, found := duplicateName([]byte(c.text)); name != c.name || found != (c.name != "") {
			t.Errorf("%s: %q, %v", c.text, name, found)
		}
	}
}

// FuzzDuplicateNames: what is found is there, and of what is not found a map
// loses nothing.
func FuzzDuplicateNames(f *testing.F) {
	for _, text := range []string{`{"a":1,"a":2}`, `{"a":[{"b":1,"b":null}]}`, `[[{}]]`, `{"":{"":1}}`, `{"a`, `]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v map[string]json.RawMessage
		_, found := duplicateName([]byte(text))
		if json.Unmarshal([]byte(text), &v) != nil || found {
			return
		}
		members := 0
		var depth int
		d := json.NewDecoder(strings.NewReader(text))
		name := true
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
				if depth == 2 {
					name = true
				}
			case json.Delim('}'), json.Delim(']'):
				depth--
			default:
				if depth == 1 {
					if name {
						members++
					}
					name = !name
				}
			}
		}
		if members != len(v) {
			t.Errorf("%q has %d members, and %d names", text, members, len(v))
		}
	})
}
