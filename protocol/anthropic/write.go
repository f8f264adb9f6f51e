package anthropic

import (
	"strconv"

	"github.com/ccload/ccload/protocol"
)

// This file writes JSON by appending: requests are long, and most of one is
// text that is copied once.

// comma appends a comma unless b ends where a first element stands.
func comma(b []byte) []byte {
	if n := len(b); n > 0 {
		switch b[n-1] {
		case '{', '[', ':':
			return b
		}
		return append(b, ',')
	}
	return b
}

// key begins a member of an object.
func key(b []byte, name string) []byte {
	b = append(comma(b), '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

// text appends a member that is a string.
func text(b []byte, name, value string) []byte { return quote(key(b, name), value) }

// textIf is text, unless the value is empty.
func textIf(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return text(b, name, value)
}

// raw appends a member that is JSON already.
func raw[T ~[]byte | ~string](b []byte, name string, value T) []byte {
	return append(key(b, name), value...)
}

// whole appends a member that is a whole number.
func whole(b []byte, name string, n int64) []byte { return strconv.AppendInt(key(b, name), n, 10) }

// float appends a member that is a number, in as many digits as it takes.
func float(b []byte, name string, f float64) []byte {
	return strconv.AppendFloat(key(b, name), f, 'f', -1, 64)
}

// texts appends a member that is a list of strings.
func texts(b []byte, name string, list []string) []byte {
	b = append(key(b, name), '[')
	for _, s := range list {
		b = quote(comma(b), s)
	}
	return append(b, ']')
}

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte { return protocol.AppendString(b, s) }
