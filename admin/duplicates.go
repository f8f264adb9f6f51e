package admin

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"github.com/ccload/ccload/ai"
)

// freeNames are the settings whose members are named by whoever writes them, so
// that two names may differ by their case alone. All others are fields, which
// encoding/json finds whatever their case.
var freeNames = map[string]bool{"model_names": true, "value": true}

// jsonScope is an object or a list that is being read.
type jsonScope struct {
	names map[string]bool // nil: a list
	name  string          // of the member whose value comes next
	value bool            // the next thing in an object is a value
	free  bool
}

// duplicateName returns the first name that stands twice in an object of text,
// at any depth. Of two values one would be lost without a word, and what was
// checked before might be the other. Text that is no JSON has none: whoever
// reads it says what is wrong.
func duplicateName(text []byte) (name string, found bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var open []jsonScope
	for {
		token, err := d.Token()
		if err != nil {
			return "", false
		}
		top := len(open) - 1
		if top >= 0 && open[top].names != nil && !open[top].value {
			if name, isName := token.(string); isName {
				key := name
				if !open[top].free {
					key = folded(name)
				}
				if open[top].names[key] {
					return name, true
				}
				open[top].names[key] = true
				open[top].name, open[top].value = name, true
				continue
			}
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			free := false
			if top >= 0 {
				free = open[top].free && open[top].name != "" || freeNames[open[top].name]
				open[top].value = false
			}
			scope := jsonScope{free: free}
			if token == json.Delim('{') {
				scope.names = make(map[string]bool)
			} else if top >= 0 {
				scope.name = open[top].name // what a list holds is named as the list
			}
			open = append(open, scope)
		case json.Delim('}'), json.Delim(']'):
			open = open[:top]
		default:
			if top >= 0 {
				open[top].value = false
			}
		}
	}
}

// folded is a name in one of the cases that encoding/json takes for the same.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, name)
}

// refuseDuplicates is the problem of a text that says something twice.
func refuseDuplicates(text []byte) error {
	if name, found := duplicateName(text); found {
		return invalid(ai.Shorten(name, maxTold), "%q stands there twice: keep one of them", ai.Shorten(name, maxTold))
	}
	return nil
}
