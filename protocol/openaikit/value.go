package openaikit

import (
	"github.com/ccload/ccload/protocol/scan"
)

// Said reports whether a JSON value holds anything: it is not null, false, zero
// or empty.
func Said(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}", "false", "0":
		return false
	}
	return true
}

// Speaks reports whether there is any text in a JSON value, at whatever depth;
// what only names a type does not count. Some vendors send every member of a
// message each time, filled with empty strings and zeros.
func Speaks(value []byte) bool { return speaks(value, 0) }

func speaks(value []byte, depth int) bool {
	const deep = 5
	switch {
	case !Said(value):
		return false
	case depth == deep:
		return true
	}
	found := false
	switch value[0] {
	case '"':
		found = true
	case '[':
		_, _, found = scan.FindElement(value, func(start, end int) bool { return speaks(value[start:end], depth+1) })
	case '{':
		_, _, found = scan.FindMember(value, func(key []byte, start, end int) bool {
			return string(key) != "type" && speaks(value[start:end], depth+1)
		})
	}
	return found
}
