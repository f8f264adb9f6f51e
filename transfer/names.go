package transfer

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/ccload/ccload/config"
)

// fitNames makes names that are valid and differ from each other, and are the
// same every time. A name that fits is left to the first that has it; the
// others get a number. empty is what a nameless one is called, with its number
// in the list.
func fitNames(names []string, empty string, reserved ...string) []string {
	fitted := make([]string, len(names))
	taken := make(map[string]bool, len(names))
	for _, name := range reserved {
		taken[name] = true
	}
	settled := make([]bool, len(names))
	for i, name := range names {
		if fitted[i] = fitName(name); fitted[i] == "" {
			fitted[i] = fmt.Sprintf("%s %d", empty, i+1)
		}
		if fitted[i] == name && !taken[name] {
			taken[name], settled[i] = true, true
		}
	}
	next := make(map[string]int)
	for i, name := range fitted {
		for n := next[name]; !settled[i]; n++ {
			candidate := name
			if n > 0 {
				ending := fmt.Sprintf(" (%d)", n+1)
				candidate = cut(name, config.MaxName-len(ending)) + ending
			}
			if !taken[candidate] {
				fitted[i], taken[candidate], settled[i] = candidate, true, true
				next[name] = n
			}
		}
	}
	return fitted
}

// fitName turns what may not stand in a name into spaces and shortens it.
func fitName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
	return cut(strings.TrimSpace(name), config.MaxName)
}

// cut shortens a text to a number of characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most])
	}
	return strings.TrimSpace(s)
}
