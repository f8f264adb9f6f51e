package schema

import (
	"bytes"
	"strconv"

	"github.com/ccload/ccload/protocol/scan"
)

// member is one of an object, its value as it stands there.
type member struct {
	name  string
	value []byte
}

// object is an object in the order of its members.
type object []member

func read(v []byte) object {
	if len(v) == 0 || v[0] != '{' {
		return nil
	}
	var o object
	_ = scan.Members(v, func(key []byte, start, end int) bool {
		name, ok := scan.Unescape(nil, key)
		if !ok {
			name = key
		}
		if o.get(string(name)) == nil { // the first of duplicates
			o = append(o, member{string(name), v[start:end]})
		}
		return true
	})
	return o
}

func (o object) get(name string) []byte {
	for i := range o {
		if o[i].name == name {
			return o[i].value
		}
	}
	return nil
}

// set replaces a member, or adds it behind the others.
func (o *object) set(name string, value []byte) {
	for i := range *o {
		if (*o)[i].name == name {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{name, value})
}

func (o *object) remove(name string) {
	for i := range *o {
		if (*o)[i].name == name {
			*o = append((*o)[:i:i], (*o)[i+1:]...)
			return
		}
	}
}

func (o object) write() []byte {
	out := []byte{'{'}
	for i := range o {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(appendText(out, o[i].name), ':'), o[i].value...)
	}
	return append(out, '}')
}

// list is the elements of an array.
func list(v []byte) [][]byte {
	if len(v) == 0 || v[0] != '[' {
		return nil
	}
	var all [][]byte
	_ = scan.Elements(v, func(start, end int) bool {
		all = append(all, v[start:end])
		return true
	})
	return all
}

func writeList(all [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']')
}

// texts is the strings of an array.
func texts(v []byte) []string {
	var all []string
	for _, e := range list(v) {
		if s, ok := scan.String(e); ok {
			all = append(all, s)
		}
	}
	return all
}

func writeTexts(all []string) []byte {
	out := []byte{'['}
	for i, s := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, s)
	}
	return append(out, ']')
}

// appendText appends a JSON string. Names of properties are short, and seldom
// have anything to escape.
func appendText(dst []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < 0x7f
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, `\u00`...)
			if r < 16 {
				dst = append(dst, '0')
			}
			dst = strconv.AppendInt(dst, int64(r), 16)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}
