package scan

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Edit is one change of a JSON value. The rest of the value keeps its bytes.
type Edit struct {
	Path  []string // names of members, or indices of elements, from the outside in
	Value []byte   // JSON; nil removes what Path leads to
}

// Apply returns body with the edit made. A path that leads nowhere is created
// when a value is set, as far as objects can be, and ignored when one is
// removed.
func (e Edit) Apply(body []byte) []byte { return editValue(body, e.Path, e.Value) }

// editValue sets or removes path within the JSON value v.
func editValue(v []byte, path []string, value []byte) []byte {
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return v
	}
	start, end, ok := Get(v, path[0])
	switch {
	case ok && len(path) > 1:
		return Splice(v, start, end, editValue(v[start:end], path[1:], value))
	case ok && value != nil:
		return Splice(v, start, end, value)
	case ok:
		return removeField(v, start, end)
	case value == nil || v[0] != '{':
		return v
	}
	for i := len(path) - 1; i > 0; i-- {
		value = append(append([]byte(`{`+strconv.Quote(path[i])+`:`), value...), '}')
	}
	member := append([]byte(strconv.Quote(path[0])+":"), value...)
	if len(bytes.TrimSpace(v[1:len(v)-1])) > 0 {
		member = append(member, ',')
	}
	return Splice(v, 1, 1, member)
}

// Splice returns a copy of v with other bytes in place of v[start:end].
func Splice(v []byte, start, end int, with []byte) []byte {
	out := make([]byte, 0, len(v)-(end-start)+len(with))
	out = append(out, v[:start]...)
	out = append(out, with...)
	return append(out, v[end:]...)
}

// removeField removes the member or element whose value is v[start:end], with
// its name and one comma.
func removeField(v []byte, start, end int) []byte {
	from := start
	if v[0] == '{' { // back over the colon and the name
		from = bytes.LastIndexByte(v[:start], ':')
		from = bytes.LastIndexByte(v[:from], '"')
		for from--; ; from-- {
			if v[from] == '"' && !escaped(v, from) {
				break
			}
		}
	}
	after := end
	for after < len(v) && isSpace(v[after]) {
		after++
	}
	if after < len(v) && v[after] == ',' {
		return Splice(v, from, after+1, nil)
	}
	before := from
	for before > 0 && isSpace(v[before-1]) {
		before--
	}
	if before > 0 && v[before-1] == ',' {
		from = before - 1
	}
	return Splice(v, from, end, nil)
}

// Quote returns a text as a JSON string.
func Quote(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return []byte(`""`)
	}
	return text
}

// escaped reports whether the byte at i has an odd number of backslashes
// before it.
func escaped(v []byte, i int) bool {
	n := 0
	for i > n && v[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
