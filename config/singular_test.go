package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

var things = map[string]reflect.Type{
	"channel": reflect.TypeFor[config.Channel](), "token": reflect.TypeFor[config.Token](), "alias": reflect.TypeFor[config.Alias](),
}

// TestEveryListHasItsSingular: a list may be called by its singular, wherever it
// has one, and both together are refused with both names.
func TestEveryListHasItsSingular(t *testing.T) {
	for thing, of := range things {
		fields := make(map[string]bool)
		for f := range of.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields[name] = true
			singular, ends := strings.CutSuffix(name, "s")
			if f.Type.Kind() == reflect.Slice && ends && config.Singulars[thing][singular] != name {
				t.Errorf("%s: %s has no singular", thing, name)
			}
		}
		for singular, plural := range config.Singulars[thing] {
			if !fields[plural] || fields[singular] {
				t.Errorf("%s: %s is not the singular of a setting", thing, singular)
			}
			for _, value := range []string{`"v"`, `["v"]`, `["v","w"]`} {
				got, err := config.Plural(thing, []byte(`{"name":"n","`+singular+`":`+value+`}`), "secret")
				var v map[string]any
				if err != nil || json.Unmarshal(got, &v) != nil || v[singular] != nil {
					t.Errorf("%s: %s: %s, %v", thing, singular, got, err)
				} else if list, _ := v[plural].([]any); len(list) != strings.Count(value, `"`)/2 {
					t.Errorf("%s: %s: %s", thing, singular, got)
				}
			}
			for _, both := range []string{
				`{"name":"n","` + singular + `":"v","` + plural + `":["w"]}`,
				`{"` + plural + `":null,"name":"n","` + strings.ToUpper(singular) + `":"v"}`,
			} {
				_, err := config.Plural(thing, []byte(both), "secret")
				if err == nil || !strings.Contains(err.Error(), singular+" and "+plural) || !strings.Contains(err.Error(), thing+` "n"`) {
					t.Errorf("%s: %v", both, err)
				}
			}
			if _, err := config.Plural(thing, []byte(`{"`+singular+`":"v","`+singular+`":"w"}`), "secret"); err == nil || !strings.Contains(err.Error(), "twice") {
				t.Errorf("%s twice: %v", singular, err)
			}
		}
	}
}

func TestPlural(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{`{"name":"a","key":"k"}`, `{"name":"a","keys":[{"key":"k"}]}`},
		{`{"keys":["k",{"secret":"l","note":"n"},{"key":"m"}]}`, `{"keys":[{"key":"k"},{"key":"l","note":"n"},{"key":"m"}]}`},
		{`{"url":"https://a"}`, `{"urls":[{"url":"https://a"}]}`},
		{`{"url":{"url":"https://a","protocols":["openai"]}}`, `{"urls":[{"url":"https://a","protocols":["openai"]}]}`},
		{`{"key":null}`, `{"keys":null}`},
		{`{ "keys": [ {"key":"k"} ] }`, `{ "keys": [ {"key":"k"} ] }`},
		{`[1]`, `[1]`},
		{``, ``},
		{`{"a"`, `{"a"`},
		{`{"keys":5}`, `{"keys":5}`},
		{`{} {}`, `{} {}`},
	} {
		if got, err := config.Plural("channel", []byte(c.in), "key"); err != nil || string(got) != c.out {
			t.Errorf("%s: %s, %v, want %s", c.in, got, err, c.out)
		}
	}
	_, err := config.Plural("channel", []byte(`{"name":"a","keys":[{"key":"sk-one"},{"key":"sk-two","secret":"sk-three"}]}`), "secret")
	if err == nil || !strings.Contains(err.Error(), "keys #2: key and secret") || strings.Contains(err.Error(), "sk-") {
		t.Error(err)
	}
}

// TestNameless: a thing of a list without a name is told by its place and by
// what else it says.
func TestNameless(t *testing.T) {
	for text, want := range map[string]string{
		`{"channels":[{"name":"a","provider":"openai"},{"urls":[{"url":"https://user:pw@relay.example/x?key=s"}]}]}`: `channel: name of #2 ("https://relay.example/…"): is missing`,
		`{"channels":[{"provider":"openai"}]}`:           `channel: name of #1 (openai): is missing`,
		`{"tokens":[{"secret":"secret-secret-secret"}]}`: `token: name of #1: is missing`,
		`{"aliases":[{"models":["gpt-5"]}]}`:             `alias: name of #1 ("gpt-5"): is missing`,
	} {
		var a config.App
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		if err := a.Validate(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
