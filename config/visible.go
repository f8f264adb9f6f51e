package config

import (
	"slices"
	"strings"
	"unicode"
)

// InvisibleProblem says what is wrong with a text that holds what no reader
// sees.
const InvisibleProblem = "holds an invisible character, or one that turns the direction of writing: two names that differ by it look the same, so write it without"

// brailleBlank is drawn as nothing, although it is a symbol.
const brailleBlank = '\u2800'

// Invisible reports whether s holds a character that is not seen, or that
// changes how its neighbours are seen: formats such as U+200B and U+202E, what
// Unicode lets a renderer ignore (Default_Ignorable_Code_Point, UAX #44),
// variation selectors, separators of lines, and spaces other than the usual
// one.
func Invisible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r == brailleBlank || r != ' ' && unicode.In(r, unicode.Cf, unicode.Z,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
}

// dots reports whether a path takes a part of a name for a folder: a server that
// tidies the path would ask for another name.
func dots(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return part == "." || part == ".." })
}
