package protocol

import (
	"encoding/json"
	"strconv"

	"github.com/ccload/ccload/protocol/scan"
)

// A Reader reads the values of a request's fields and remembers the first that
// is of the wrong type, so that tables of fields stay tables.
type Reader struct{ Err error }

func (r *Reader) fail(path, want string) {
	if r.Err == nil {
		r.Err = BadRequest(path, path+" must be "+want)
	}
}

// String reads a string.
func (r *Reader) String(v []byte, path string) string {
	s, ok := scan.String(v)
	if !ok {
		r.fail(path, "a string")
	}
	return s
}

// Strings reads a list of strings, or one.
func (r *Reader) Strings(v []byte, path string) []string {
	if s, ok := scan.String(v); ok {
		return []string{s}
	}
	var list []string
	if json.Unmarshal(v, &list) != nil {
		r.fail(path, "a list of strings")
	}
	return list
}

// Int reads a whole number.
func (r *Reader) Int(v []byte, path string) int64 {
	n, ok := scan.Int(v)
	if !ok {
		r.fail(path, "a whole number")
	}
	return n
}

// Float reads a number.
func (r *Reader) Float(v []byte, path string) *float64 {
	f := new(float64)
	if json.Unmarshal(v, f) != nil {
		r.fail(path, "a number")
		return nil
	}
	return f
}

// Bool reads true or false.
func (r *Reader) Bool(v []byte, path string) bool {
	b, ok := scan.Bool(v)
	if !ok {
		r.fail(path, "true or false")
	}
	return b
}

// Each walks the members of an object; those that are null are not there.
func (r *Reader) Each(object []byte, path string, fn func(name string, v []byte)) {
	if r.Err != nil {
		return
	}
	err := EachField(object, path, func(name string, v []byte) error {
		if !scan.IsNull(v) {
			fn(name, v)
		}
		return r.Err
	})
	if r.Err == nil {
		r.Err = err
	}
}

// Elements walks the elements of a list.
func (r *Reader) Elements(array []byte, path string, fn func(path string, v []byte)) {
	if r.Err != nil {
		return
	}
	err := EachElement(array, path, func(i int, v []byte) error {
		fn(path+"."+strconv.Itoa(i), v)
		return r.Err
	})
	if r.Err == nil {
		r.Err = err
	}
}

// Fail notes what is wrong with a field in words of its own.
func (r *Reader) Fail(path, message string) {
	if r.Err == nil {
		r.Err = BadRequest(path, message)
	}
}

// Member returns the value of an object's member; nil if it is not there or
// null.
func Member(object []byte, name string) []byte {
	start, end, ok := scan.Get(object, name)
	if !ok || scan.IsNull(object[start:end]) {
		return nil
	}
	return object[start:end]
}

// Kind is the "type" of an object.
func Kind(object []byte) string {
	s, _ := scan.String(Member(object, "type"))
	return s
}
