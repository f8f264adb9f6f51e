package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

// TestDurationsComeOutAsTheyWentIn: every setting that is a length of time is
// written in the words in which it was read.
func TestDurationsComeOutAsTheyWentIn(t *testing.T) {
	of := reflect.TypeFor[config.Duration]()
	var paths []string
	var visit func(t reflect.Type, path string)
	visit = func(v reflect.Type, path string) {
		for v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		switch {
		case v == of:
			paths = append(paths, path)
		case v.Kind() == reflect.Slice:
			visit(v.Elem(), path+".[]")
		case v.Kind() == reflect.Struct:
			for f := range v.Fields() {
				if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && f.IsExported() {
					visit(f.Type, path+"."+name)
				}
			}
		case v.PkgPath() == "github.com/caddyserver/caddy/v2" || v.PkgPath() == "time":
			t.Errorf("%s is a %v, which forgets how it was written", path, v)
		}
	}
	for _, root := range []reflect.Type{reflect.TypeFor[config.App](), reflect.TypeFor[config.Handler]()} {
		before := len(paths)
		visit(root, "")
		for _, path := range paths[before:] {
			for _, text := range []string{"720h", "30d", "1h30m", "3600s"} {
				value := `"` + text + `"`
				keys := strings.Split(path[1:], ".")
				for i := len(keys) - 1; i >= 0; i-- {
					if keys[i] == "[]" {
						value = "[" + value + "]"
					} else {
						value = `{"` + keys[i] + `":` + value + "}"
					}
				}
				v := reflect.New(root)
				if err := json.Unmarshal([]byte(value), v.Interface()); err != nil {
					t.Fatalf("%s: %v", value, err)
				}
				out, err := json.Marshal(v.Interface())
				if err != nil || !strings.Contains(string(out), `"`+text+`"`) {
					t.Errorf("%s: %s, %v", value, out, err)
				}
			}
		}
	}
	if len(paths) < 12 {
		t.Errorf("only %d settings are lengths of time: %q", len(paths), paths)
	}
}

func TestDurationsThatAreNone(t *testing.T) {
	for _, text := range []string{`"5 minutes"`, `"soon"`, `""`, `true`, `{}`, `1.5`, `1e30`} {
		var h config.HealthCheck
		err := json.Unmarshal([]byte(`{"interval":`+text+`}`), &h)
		if wrong := (*json.UnmarshalTypeError)(nil); err == nil || !asType(err, &wrong) || wrong.Field != "interval" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func asType(err error, into **json.UnmarshalTypeError) bool {
	e, ok := err.(*json.UnmarshalTypeError)
	*into = e
	return ok
}
