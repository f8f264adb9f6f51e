package gemini

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// partialCall is a call whose arguments come in pieces
// (streamFunctionCallArguments of Vertex): each has a JSONPath and a value, and
// a text may go on.
type partialCall struct {
	open      bool
	call      protocol.ToolCall
	signature string
	args      *node
	size      int
}

// Bounds of such a call.
const (
	maxPartial  = 8 << 20 // bytes of values and paths
	maxElements = 10000   // of a list
)

// node is a value that is put together.
type node struct {
	leaf  []byte // JSON, unless text
	text  *strings.Builder
	names []string
	under map[string]*node
	list  []*node
}

func (d *replyDecoder) takePartial(p *part, give func(*protocol.Piece)) {
	c := &d.partial
	if p.call.Name != "" {
		d.endPartial(give)
		d.close("", give)
		*c = partialCall{open: true, call: *p.call, args: new(node)}
	}
	if !c.open {
		return
	}
	if p.signature != "" {
		c.signature = p.signature
	}
	if len(p.arguments) > 0 && c.size < maxPartial {
		c.size += len(p.arguments)
		_ = elements(p.arguments, "", func(value []byte, _ string) error {
			c.piece(value)
			return nil
		})
	}
	if !p.more {
		d.endPartial(give)
	}
}

func (d *replyDecoder) endPartial(give func(*protocol.Piece)) {
	c := &d.partial
	if !c.open {
		return
	}
	c.open = false
	if len(c.args.names) > 0 {
		c.call.Arguments = string(c.args.append(nil))
	}
	d.giveCall(&c.call, c.signature, give)
	*c = partialCall{}
}

// piece reads {"jsonPath":"$.a[0].b","stringValue":"…"}.
func (c *partialCall) piece(value []byte) {
	at := c.args
	var text string
	isText := false
	var leaf []byte
	_ = fields(value, "", func(name string, value []byte) error {
		switch name {
		case "jsonPath":
			path, _ := scan.String(value)
			at = c.args.find(path)
		case "stringValue":
			text, isText = scan.String(value)
		case "numberValue", "boolValue":
			leaf = append([]byte(nil), value...)
		case "nullValue":
			leaf = []byte("null")
		}
		return nil
	})
	switch {
	case at == nil || at == c.args:
	case isText:
		if at.text == nil {
			at.text = new(strings.Builder)
		}
		at.text.WriteString(text)
	case leaf != nil:
		at.leaf = leaf
	}
}

// find returns the node at a path, which is made if it is not there; nil for a
// path that is none.
func (n *node) find(path string) *node {
	rest, ok := strings.CutPrefix(path, "$")
	depth := 0
	for ok && rest != "" && n != nil {
		if depth++; depth > 100 {
			return nil
		}
		switch {
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			n, rest = n.member(rest[1:end+1]), rest[end+1:]
		case strings.HasPrefix(rest, "['"):
			name, after, found := strings.Cut(rest[2:], "']")
			if !found {
				return nil
			}
			n, rest = n.member(name), after
		case rest[0] == '[':
			number, after, found := strings.Cut(rest[1:], "]")
			i, err := strconv.Atoi(number)
			if !found || err != nil {
				return nil
			}
			n, rest = n.element(i), after
		default:
			return nil
		}
	}
	if !ok {
		return nil
	}
	return n
}

func (n *node) member(name string) *node {
	if found := n.under[name]; found != nil {
		return found
	}
	if n.under == nil {
		n.under = make(map[string]*node)
	}
	made := new(node)
	n.under[name] = made
	n.names = append(n.names, name)
	return made
}

func (n *node) element(i int) *node {
	if i < 0 || i > len(n.list) || i >= maxElements { // they come in order
		return nil
	}
	if i == len(n.list) {
		n.list = append(n.list, new(node))
	}
	return n.list[i]
}

func (n *node) append(to []byte) []byte {
	switch {
	case n.text != nil:
		return append(to, protocol.JSON(n.text.String())...)
	case n.leaf != nil:
		return append(to, n.leaf...)
	case n.list != nil:
		to = append(to, '[')
		for i, one := range n.list {
			if i > 0 {
				to = append(to, ',')
			}
			to = one.append(to)
		}
		return append(to, ']')
	}
	to = append(to, '{')
	for i, name := range n.names {
		if i > 0 {
			to = append(to, ',')
		}
		key, _ := json.Marshal(name)
		to = append(append(to, key...), ':')
		to = n.under[name].append(to)
	}
	return append(to, '}')
}
