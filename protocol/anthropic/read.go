package anthropic

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// decoder reads one request.
type decoder struct {
	p     *protocol.Prompt
	depth int // of contents in each other
}

// maxContents is how deep contents may stand in each other: the API takes
// documents of blocks in results of tools, and no more.
const maxContents = 8

// rule is how a field is read.
type rule func(d *decoder, value []byte, path string) error

// hint is for fields that change nothing of what the answer means.
func hint(d *decoder, _ []byte, path string) error {
	d.p.Hint(unindexed(path))
	return nil
}

// native is for what only this format can say.
func native(d *decoder, _ []byte, path string) error {
	d.p.Keep(unindexed(path))
	return nil
}

// nativeIfSet is for fields that mean nothing while they are false or empty.
func nativeIfSet(d *decoder, value []byte, path string) error {
	if said(value) {
		d.p.Keep(unindexed(path))
	}
	return nil
}

// hintIfSet is for fields that change nothing of what the answer means, and are
// not worth a word while they are false or empty.
func hintIfSet(d *decoder, value []byte, path string) error {
	if said(value) {
		d.p.Hint(unindexed(path))
	}
	return nil
}

// ignore is for fields that were read already.
func ignore(*decoder, []byte, string) error { return nil }

// object reads an object by a table; what the table does not know is kept.
func (d *decoder) object(value []byte, path string, table map[string]rule) error {
	return fields(value, path, func(name string, value []byte, path string) error {
		read, known := table[name]
		if !known {
			read = native
		}
		return read(d, value, path)
	})
}

// fields walks the members of an object with the path of each. A null is as
// good as nothing.
func fields(object []byte, path string, fn func(name string, value []byte, path string) error) error {
	return protocol.EachField(object, path, func(name string, value []byte) error {
		if scan.IsNull(value) {
			return nil
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		return fn(name, value, at)
	})
}

// elements walks a list with the path of each element.
func elements(list []byte, path string, fn func(value []byte, path string) error) error {
	return protocol.EachElement(list, path, func(i int, value []byte) error {
		return fn(value, path+"."+strconv.Itoa(i))
	})
}

// unindexed is a path without the numbers of elements.
func unindexed(path string) string {
	if strings.IndexByte(path, '.') < 0 {
		return path
	}
	names := strings.Split(path, ".")
	kept := names[:0]
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ".")
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

func readInt(value []byte, path string) (int64, error) {
	n, ok := scan.Int(value)
	if !ok {
		return 0, protocol.BadRequest(path, "must be a whole number")
	}
	return n, nil
}

func readFloat(value []byte, path string) (float64, error) {
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f-f != 0 {
		return 0, protocol.BadRequest(path, "must be a number")
	}
	return f, nil
}

func readTexts(value []byte, path string) ([]string, error) {
	var all []string
	err := elements(value, path, func(value []byte, path string) error {
		s, err := readText(value, path)
		all = append(all, s)
		return err
	})
	return all, err
}

// readObject reads an object as it is, without white space between its tokens.
func readObject(value []byte, path string) ([]byte, error) {
	if len(value) == 0 || value[0] != '{' {
		return nil, protocol.BadRequest(path, "must be an object")
	}
	out, err := compact(value)
	if err != nil {
		return nil, protocol.BadRequest(path, "is not JSON: "+err.Error())
	}
	return out, nil
}

func compact(value []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(value))
	err := json.Compact(&b, value)
	return b.Bytes(), err
}

// typeOf is the type of an object, "" if it has none.
func typeOf(object []byte) string {
	start, end, ok := scan.Get(object, "type")
	if !ok {
		return ""
	}
	s, _ := scan.String(object[start:end])
	return s
}

// member is the value of a member, nil if it is not there or null.
func member(object []byte, name string) []byte {
	start, end, ok := scan.Get(object, name)
	if !ok || scan.IsNull(object[start:end]) {
		return nil
	}
	return object[start:end]
}

// memberText is a member that is a string, "" if it is none.
func memberText(object []byte, name string) string {
	s, _ := scan.String(member(object, name))
	return s
}
