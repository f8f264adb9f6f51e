package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// parseJSONTree reads JSON. Comments and commas before a closing bracket are
// allowed, since some systems write their configuration so.
func parseJSONTree(data []byte) (*node, error) {
	if !json.Valid(data) {
		if relaxed := withoutComments(data); json.Valid(relaxed) {
			data = relaxed
		}
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		w := newWalker(data)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("line %d: it is no valid JSON: %s", w.lineOf(int(syntax.Offset)), syntaxProblem(syntax))
		}
		return nil, errors.New("it is no valid JSON")
	}
	p := &jsonTree{walker: newWalker(data)}
	return p.value(0)
}

// jsonTree builds a tree of JSON that is known to be valid.
type jsonTree struct {
	*walker
	nodes int
}

func (p *jsonTree) value(depth int) (*node, error) {
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, errTooMuch
	}
	n := &node{line: p.lineOf(p.next())}
	t, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := t.(type) {
	case nil:
	case string:
		n.kind, n.text = nodeText, v
	case bool:
		n.kind, n.text = nodeBool, strconv.FormatBool(v)
	case json.Number:
		n.kind, n.text = nodeNumber, v.String()
	case json.Delim:
		if err := p.inside(n, v, depth+1); err != nil {
			return nil, err
		}
	}
	if len(n.text) > MaxCell {
		return nil, fmt.Errorf("line %d: a value has more than %d bytes", n.line, MaxCell)
	}
	return n, nil
}

func (p *jsonTree) inside(n *node, open json.Delim, depth int) error {
	n.kind = nodeList
	seen := make(map[string]bool)
	for p.dec.More() {
		name := ""
		if open == '{' {
			var err error
			if name, err = p.key(); err != nil {
				return err
			}
			if seen[name] {
				return fmt.Errorf("line %d: %s stands there twice: keep one of them", p.lineOf(p.next()), shown(name))
			}
			seen[name] = true
		}
		v, err := p.value(depth)
		if err != nil {
			return err
		}
		if open == '{' {
			n.fields = append(n.fields, nodeField{name, v})
		} else {
			n.items = append(n.items, v)
		}
	}
	if open == '{' {
		n.kind = nodeObject
	}
	_, err := p.dec.Token()
	return err
}

// withoutComments replaces comments, and commas that nothing follows, by
// spaces, so that every value stays on its line.
func withoutComments(data []byte) []byte {
	out := bytes.Clone(data)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	comma := -1
	for i := 0; i < len(out); {
		rest := out[i:]
		switch {
		case rest[0] == '"':
			i += stringLength(rest)
			comma = -1
			continue
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			blank(i, i+end)
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest[2:], []byte("*/"))
			if end < 0 {
				return out
			}
			blank(i, i+end+4)
		case rest[0] == ',':
			comma = i
		case (rest[0] == '}' || rest[0] == ']') && comma >= 0:
			out[comma], comma = ' ', -1
		case rest[0] > ' ':
			comma = -1
		}
		i++
	}
	return out
}

// stringLength is the length of the string that text begins with, quotes
// included.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
