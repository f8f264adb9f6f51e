package tokens

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// Classes of characters, as far as the patterns of the encodings tell them
// apart. Each character has exactly one.
const (
	upper   uint8 = 1 << iota // Lu, Lt
	lower                     // Ll
	letter                    // Lm, Lo: letters without case
	mark                      // M
	number                    // N
	newline                   // \r and \n
	space                     // any other white space
	sign                      // everything else, unassigned and broken characters too
)

const (
	anyLetter = upper | lower | letter
	anySpace  = newline | space
	caseless  = letter | mark
)

// classLimit is up to where classes are kept in a table: the planes in which
// nearly all text lies, at one byte per character.
const classLimit = 0x20000

// classes is the table of all characters below classLimit. It follows the
// Unicode version of the Go release; a character assigned later counts as a
// sign, which changes at most the pieces next to it.
var classes = sync.OnceValue(func() *[classLimit]uint8 {
	t := new([classLimit]uint8)
	for i := range t {
		t[i] = sign
	}
	for _, c := range classTables {
		for _, r := range c.table.R16 {
			fill(t, rune(r.Lo), rune(r.Hi), rune(r.Stride), c.class)
		}
		for _, r := range c.table.R32 {
			fill(t, rune(r.Lo), rune(r.Hi), rune(r.Stride), c.class)
		}
	}
	t['\r'], t['\n'] = newline, newline
	return t
})

var classTables = []struct {
	table *unicode.RangeTable
	class uint8
}{
	{unicode.Lu, upper},
	{unicode.Lt, upper},
	{unicode.Ll, lower},
	{unicode.Lm, letter},
	{unicode.Lo, letter},
	{unicode.M, mark},
	{unicode.N, number},
	{unicode.White_Space, space},
}

func fill(t *[classLimit]uint8, lo, hi, stride rune, class uint8) {
	for r := lo; r <= hi && r < classLimit; r += stride {
		t[r] = class
	}
}

// at is the class of the character at s[i] and how many bytes it has. i must
// be below len(s).
func at(t *[classLimit]uint8, s []byte, i int) (class uint8, size int) {
	if c := s[i]; c < utf8.RuneSelf {
		return t[c], 1
	}
	r, size := utf8.DecodeRune(s[i:])
	switch {
	case r == utf8.RuneError && size == 1:
		return sign, 1
	case r < classLimit:
		return t[r], size
	}
	for _, c := range classTables {
		if unicode.Is(c.table, r) {
			return c.class, size
		}
	}
	return sign, size
}

// run skips characters of the classes in want from i on.
func run(t *[classLimit]uint8, s []byte, i int, want uint8) int {
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf { // nearly always, and at is too large to be inlined
			if t[c]&want == 0 {
				break
			}
			i++
			continue
		}
		class, size := at(t, s, i)
		if class&want == 0 {
			break
		}
		i += size
	}
	return i
}
