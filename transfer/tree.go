package transfer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a tree, so that a file made to do harm cannot take all memory: the
// aliases of a YAML file may stand for far more than the file holds.
const (
	maxNodes = 1_000_000
	maxDepth = 64
)

// errTooMuch says that a file expands to more than it may.
var errTooMuch = fmt.Errorf("it expands to more than %d values, or to more than %d levels: are there anchors that refer to each other?", maxNodes, maxDepth)

type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeText
	nodeNumber
	nodeBool
	nodeList
	nodeObject
)

// node is a value of a JSON or YAML file, with the line on which it stands.
// The methods of a nil node answer as those of one that is null, so that what a
// file lacks needs no check of its own.
type node struct {
	line   int
	kind   nodeKind
	text   string // of a scalar, as it is written
	items  []*node
	fields []nodeField
}

// nodeField is one field of an object.
type nodeField struct {
	name  string
	value *node
}

// get returns the field that has the first of the names there is, or nil.
func (n *node) get(names ...string) *node {
	if n == nil {
		return nil
	}
	for _, name := range names {
		if i := slices.IndexFunc(n.fields, func(f nodeField) bool { return f.name == name }); i >= 0 {
			return n.fields[i].value
		}
	}
	return nil
}

// has reports whether the object has a field of that name.
func (n *node) has(name string) bool { return n.get(name) != nil }

// at is the line, 0 for what is absent.
func (n *node) at() int {
	if n == nil {
		return 0
	}
	return n.line
}

// list returns the elements of a list.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// object returns the fields of an object, in their order.
func (n *node) object() []nodeField {
	if n == nil {
		return nil
	}
	return n.fields
}

func (n *node) is(kind nodeKind) bool { return n != nil && n.kind == kind }

// str returns a scalar as text without the spaces around it.
func (n *node) str() string {
	if n == nil || n.kind == nodeNull {
		return ""
	}
	return strings.TrimSpace(n.text)
}

// strs returns the texts of a list that are not empty; a single text is a list
// of one.
func (n *node) strs() []string {
	if n.is(nodeText) && n.str() != "" {
		return []string{n.str()}
	}
	var list []string
	for _, item := range n.list() {
		if s := item.str(); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// num returns a number; ok is false for what is none.
func (n *node) num() (value float64, ok bool) {
	if n == nil || n.kind != nodeNumber && n.kind != nodeText {
		return 0, false
	}
	value, err := strconv.ParseFloat(n.str(), 64)
	return value, err == nil && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// whole returns a whole number; what is none, or too large, is 0.
func (n *node) whole() int {
	if v, ok := n.num(); ok && v == math.Trunc(v) && math.Abs(v) < 1e12 {
		return int(v)
	}
	return 0
}

// truth returns a switch; ok is false for what is none.
func (n *node) truth() (on, ok bool) {
	if n == nil {
		return false, false
	}
	on, ok = truths[strings.ToLower(n.str())]
	return on, ok && n.str() != ""
}

// set reports whether the value says something: it is neither null nor empty.
func (n *node) set() bool {
	switch {
	case n == nil, n.kind == nodeNull:
		return false
	case n.kind == nodeList:
		return len(n.items) > 0
	case n.kind == nodeObject:
		return len(n.fields) > 0
	}
	return n.str() != ""
}

// nested reads a text that holds JSON, as some systems keep objects. A value
// that is no text is returned as it is. Its lines are that of the text.
func (n *node) nested() (*node, error) {
	if !n.is(nodeText) || n.str() == "" {
		return n, nil
	}
	inner, err := parseJSONTree([]byte(n.text))
	if err != nil {
		return nil, errors.New("is no valid JSON")
	}
	inner.moveTo(n.line)
	return inner, nil
}

func (n *node) moveTo(line int) {
	n.line = line
	for _, item := range n.items {
		item.moveTo(line)
	}
	for _, f := range n.fields {
		f.value.moveTo(line)
	}
}
