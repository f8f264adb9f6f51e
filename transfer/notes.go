package transfer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
)

// notes collects remarks, each once with the names of those it is about.
type notes struct {
	texts []string
	about map[string][]string
}

// maxNamed is how many names a note tells.
const maxNamed = 5

// add adds a remark about a thing; about nothing in particular if it is "".
func (n *notes) add(thing, text string) {
	if n.about == nil {
		n.about = make(map[string][]string)
	}
	if _, known := n.about[text]; !known {
		n.texts = append(n.texts, text)
		n.about[text] = nil
	}
	if thing != "" {
		n.about[text] = append(n.about[text], thing)
	}
}

// list returns the remarks in the order in which they came up first.
func (n *notes) list() []string {
	list := make([]string, 0, len(n.texts))
	for _, text := range n.texts {
		names := n.about[text]
		shown := make([]string, 0, maxNamed)
		for _, name := range names[:min(len(names), maxNamed)] {
			shown = append(shown, strconv.Quote(ai.Shorten(name, maxTold)))
		}
		switch rest := len(names) - len(shown); {
		case len(names) == 0:
		case rest == 0:
			text += " (" + strings.Join(shown, ", ") + ")"
		default:
			text += fmt.Sprintf(" (%s and %d more)", strings.Join(shown, ", "), rest)
		}
		list = append(list, text)
	}
	return list
}
