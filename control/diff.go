package control

import (
	"reflect"
	"strings"
)

// changedFields are the JSON names of the settings in which two of the same
// type differ: of structs that have such names.
func changedFields[T any](was, is *T) []string {
	fields := []string{}
	a, b := reflect.ValueOf(was).Elem(), reflect.ValueOf(is).Elem()
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		x, y := a.Field(i), b.Field(i)
		if name == "" || name == "-" || empty(x) && empty(y) {
			continue
		}
		if !reflect.DeepEqual(x.Interface(), y.Interface()) {
			fields = append(fields, name)
		}
	}
	return fields
}

// empty reports whether a setting says nothing, so that an empty list is the
// same as none.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
