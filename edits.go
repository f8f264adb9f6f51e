package ccload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol/scan"
)

// bodyEdit is one change that a channel makes to a JSON request body. The rest
// of the body keeps its bytes.
type bodyEdit struct {
	path  []string
	value []byte // JSON; nil removes the field
}

// bodyEdits reads a channel's body_set and body_remove.
func bodyEdits(c *config.Channel) ([]bodyEdit, error) {
	var edits []bodyEdit
	for _, f := range c.BodySet {
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("body_set %s: %w", f.Path, err)
		}
		edits = append(edits, bodyEdit{path: strings.Split(f.Path, "."), value: value})
	}
	for _, path := range c.BodyRemove {
		edits = append(edits, bodyEdit{path: strings.Split(path, ".")})
	}
	return edits, nil
}

// apply returns body with the edit made. A path that leads nowhere is created
// when a value is set, as far as objects can be, and ignored when one is
// removed.
func (e bodyEdit) apply(body []byte) []byte { return editValue(body, e.path, e.value) }

// editValue sets or removes path within the JSON value v.
func editValue(v []byte, path []string, value []byte) []byte {
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return v
	}
	start, end, ok := scan.Get(v, path[0])
	switch {
	case ok && len(path) > 1:
		return splice(v, start, end, editValue(v[start:end], path[1:], value))
	case ok && value != nil:
		return splice(v, start, end, value)
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
	return splice(v, 1, 1, member)
}

// splice replaces v[start:end].
func splice(v []byte, start, end int, with []byte) []byte {
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
		return splice(v, from, after+1, nil)
	}
	before := from
	for before > 0 && isSpace(v[before-1]) {
		before--
	}
	if before > 0 && v[before-1] == ',' {
		from = before - 1
	}
	return splice(v, from, end, nil)
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
