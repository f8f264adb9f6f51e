package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// maxYAML is how large a YAML file may be. Its parser takes many times the
// size of the file in memory.
const maxYAML = 8 << 20

// yamlStart is how the first line of a configuration in YAML looks, after
// comments. No table begins so.
var yamlStart = regexp.MustCompile(`^(?:\s*(?:#[^\n]*)?\r?\n)*(?:---|%YAML|["']?[A-Za-z][A-Za-z0-9_-]*["']?:(?:\s|$))`)

func looksLikeYAML(data []byte) bool { return yamlStart.Match(data) }

// parseYAMLTree reads one YAML document. Aliases and merge keys are followed;
// what they stand for counts as if it were written out.
func parseYAMLTree(data []byte) (*node, error) {
	if len(data) > maxYAML {
		return nil, fmt.Errorf("it has more than %d MiB, which is the most that a YAML file may have", maxYAML>>20)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var whole, more yaml.Node
	if err := d.Decode(&whole); err != nil {
		return nil, errors.New("it is no valid YAML: " + yamlProblem(err))
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one YAML document, or is not valid after the first: keep one")
	}
	t := new(yamlTree)
	return t.value(&whole, 0)
}

// yamlLine finds the line in an error of the parser, whose text may quote what
// stands in the file.
var yamlLine = regexp.MustCompile(`line (\d+)`)

func yamlProblem(err error) string {
	if m := yamlLine.FindString(err.Error()); m != "" {
		return "near " + m + ": check the indentation, quotes and colons there"
	}
	return "check its indentation, quotes and colons"
}

// yamlTree builds a tree of YAML.
type yamlTree struct{ nodes int }

func (t *yamlTree) value(y *yaml.Node, depth int) (*node, error) {
	if t.nodes++; t.nodes > maxNodes || depth > maxDepth {
		return nil, errTooMuch
	}
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) != 1 {
			return nil, errors.New("it is empty")
		}
		return t.value(y.Content[0], depth)
	case yaml.AliasNode:
		return t.value(y.Alias, depth+1)
	case yaml.ScalarNode:
		n.text = y.Value
		if len(n.text) > MaxCell {
			return nil, fmt.Errorf("line %d: a value has more than %d bytes", n.line, MaxCell)
		}
		switch y.ShortTag() {
		case "!!null":
		case "!!bool":
			n.kind = nodeBool
		case "!!int", "!!float":
			n.kind = nodeNumber
		default:
			n.kind = nodeText
		}
	case yaml.SequenceNode:
		n.kind = nodeList
		for _, c := range y.Content {
			v, err := t.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
	case yaml.MappingNode:
		n.kind = nodeObject
		return n, t.fields(n, y, depth+1)
	}
	return n, nil
}

// fields reads an object. Its own fields go before those that it merges.
func (t *yamlTree) fields(n *node, y *yaml.Node, depth int) error {
	seen := make(map[string]bool)
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a name must be a text", key.Line)
		}
		v, err := t.value(value, depth)
		if err != nil {
			return err
		}
		switch {
		case key.ShortTag() == "!!merge" && v.kind == nodeList:
			merged = append(merged, v.items...)
		case key.ShortTag() == "!!merge":
			merged = append(merged, v)
		case seen[key.Value]:
			return fmt.Errorf("line %d: %s stands there twice: keep one of them", key.Line, shown(key.Value))
		default:
			seen[key.Value] = true
			n.fields = append(n.fields, nodeField{key.Value, v})
		}
	}
	for _, m := range merged {
		for _, f := range m.fields {
			if !seen[f.name] {
				seen[f.name] = true
				n.fields = append(n.fields, f)
			}
		}
	}
	return nil
}
