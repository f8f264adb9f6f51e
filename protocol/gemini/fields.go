package gemini

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// This file reads JSON as Google's services do: by the JSON mapping of protocol
// buffers. A field's name may be in camelCase or in snake_case, a list of one
// may stand without its brackets, numbers may be strings, and an enum may be
// its number.

// camel is a field's name in camelCase.
func camel(name string) string {
	name = strings.TrimLeft(name, "_") // _responseJsonSchema, as older SDKs have it
	if strings.IndexByte(name, '_') < 0 {
		return name
	}
	var b strings.Builder
	up := false
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_':
			up = true
			continue
		case up && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		up = false
		b.WriteByte(c)
	}
	return b.String()
}

// fields walks the members of an object with their names in camelCase. A null
// is as good as nothing.
func fields(object []byte, path string, fn func(name string, value []byte) error) error {
	return protocol.EachField(object, path, func(name string, value []byte) error {
		if scan.IsNull(value) {
			return nil
		}
		return fn(camel(name), value)
	})
}

// elements walks a list, or the only element of one that has no brackets, with
// the path of each.
func elements(list []byte, path string, fn func(value []byte, path string) error) error {
	if len(list) > 0 && list[0] == '{' {
		return fn(list, path)
	}
	return protocol.EachElement(list, path, func(i int, value []byte) error {
		return fn(value, path+"["+strconv.Itoa(i)+"]")
	})
}

// below is the path of a field.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// unindexed is a path without the numbers of elements.
func unindexed(path string) string {
	for {
		start := strings.IndexByte(path, '[')
		if start < 0 {
			return path
		}
		end := strings.IndexByte(path[start:], ']')
		if end < 0 {
			return path
		}
		path = path[:start] + path[start+end+1:]
	}
}

func readText(value []byte, path string) (string, error) {
	s, ok := scan.String(value)
	if !ok {
		return "", protocol.BadRequest(path, "must be a string")
	}
	return s, nil
}

func readBool(value []byte, path string) (bool, error) {
	v, ok := scan.Bool(value)
	if !ok {
		return false, protocol.BadRequest(path, "must be true or false")
	}
	return v, nil
}

// unquoted is a number without the quotes it may stand in.
func unquoted(value []byte) []byte {
	if len(value) > 2 && value[0] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

func readInt(value []byte, path string) (int64, error) {
	n, ok := scan.Int(unquoted(value))
	if !ok {
		return 0, protocol.BadRequest(path, "must be a whole number")
	}
	return n, nil
}

func readFloat(value []byte, path string) (float64, error) {
	f, err := strconv.ParseFloat(string(unquoted(value)), 64)
	if err != nil || f != f || f-f != 0 {
		return 0, protocol.BadRequest(path, "must be a number")
	}
	return f, nil
}

// readEnum reads an enum in upper case; words are its names by their numbers.
func readEnum(value []byte, path string, words ...string) (string, error) {
	if s, ok := scan.String(value); ok {
		return strings.ToUpper(s), nil
	}
	n, ok := scan.Int(value)
	if !ok {
		return "", protocol.BadRequest(path, "must be a name")
	}
	if n >= 0 && n < int64(len(words)) {
		return words[n], nil
	}
	return strconv.FormatInt(n, 10), nil
}

func readTexts(value []byte, path string) ([]string, error) {
	var all []string
	if len(value) > 0 && value[0] == '"' {
		s, err := readText(value, path)
		return append(all, s), err
	}
	err := elements(value, path, func(value []byte, path string) error {
		s, err := readText(value, path)
		all = append(all, s)
		return err
	})
	return all, err
}

// isObject reports whether text is one JSON object. Unlike scan's functions it
// looks at escapes, too: what is wrong there cannot be written again.
func isObject(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}

// readObject reads an object as it is, without white space between its tokens.
func readObject(value []byte, path string) ([]byte, error) {
	if len(value) == 0 || value[0] != '{' {
		return nil, protocol.BadRequest(path, "must be an object")
	}
	var b bytes.Buffer
	b.Grow(len(value))
	if err := json.Compact(&b, value); err != nil {
		return nil, protocol.BadRequest(path, "is not JSON: "+err.Error())
	}
	return b.Bytes(), nil
}
