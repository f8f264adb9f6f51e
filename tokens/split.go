package tokens

import "unicode/utf8"

// The splitters cut text into the pieces within which tokens are merged. They
// are hand-written equals of the regular expressions that the tiktoken library
// publishes with the encodings; backtracking is resolved by hand, so both are
// linear in the text.

// splitO200k returns where the piece that starts at s[i] ends. It is
//
//	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
func splitO200k(t *[classLimit]uint8, s []byte, i int) int {
	class, size := at(t, s, i)
	switch {
	case class&anyLetter != 0:
		end, _ := letters(t, s, i)
		return contraction(s, end)
	case class == number:
		return numbers(t, s, i+size)
	case class&(space|sign|mark) != 0:
		end, ends := letters(t, s, i+size)
		switch {
		case ends:
			return contraction(s, end)
		case class == mark:
			// The first alternative also takes a mark as the word's own first
			// letter, before the second one is tried.
			end, _ = letters(t, s, i)
			return contraction(s, end)
		case end > i+size:
			return contraction(s, end)
		}
	}
	if end := signs(t, s, i); end > i {
		for end < len(s) && (s[end] == '\r' || s[end] == '\n' || s[end] == '/') {
			end++
		}
		return end
	}
	return spaces(t, s, i)
}

// letters matches upper case letters and then lower case ones from i on; those
// without case are both. ends says that it ends in one that may be lower case,
// as the first alternative wants it; if not, it is the second alternative's,
// and empty (i) if there is no letter at all.
func letters(t *[classLimit]uint8, s []byte, i int) (end int, ends bool) {
	last := -1 // behind the last letter without case
	for i < len(s) {
		class, size := at(t, s, i)
		if class == lower {
			return run(t, s, i+size, lower|caseless), true
		}
		if class&(upper|caseless) == 0 {
			break
		}
		i += size
		if class != upper {
			last = i
		}
	}
	if last >= 0 {
		return last, true
	}
	return i, false
}

// splitCL100k returns where the piece that starts at s[i] ends. It is
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//	| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func splitCL100k(t *[classLimit]uint8, s []byte, i int) int {
	if s[i] == '\'' {
		if end := contraction(s, i); end > i {
			return end
		}
	}
	class, size := at(t, s, i)
	switch {
	case class&anyLetter != 0:
		return run(t, s, i+size, anyLetter)
	case class == number:
		return numbers(t, s, i+size)
	case class&(space|sign|mark) != 0:
		if end := run(t, s, i+size, anyLetter); end > i+size {
			return end
		}
	}
	if end := signs(t, s, i); end > i {
		for end < len(s) && (s[end] == '\r' || s[end] == '\n') {
			end++
		}
		return end
	}
	return spaces(t, s, i)
}

// numbers goes on behind the first digit of a number: three at most.
func numbers(t *[classLimit]uint8, s []byte, i int) int {
	for range 2 {
		if i == len(s) {
			break
		}
		class, size := at(t, s, i)
		if class != number {
			break
		}
		i += size
	}
	return i
}

// signs matches signs and marks, with one blank before them; i if there is
// none.
func signs(t *[classLimit]uint8, s []byte, i int) int {
	from := i
	if s[i] == ' ' {
		from++
	}
	if end := run(t, s, from, sign|mark); end > from {
		return end
	}
	return i
}

// spaces matches white space, of which there is some at i: up to its last line
// break, or else all but its last character, which goes with the word behind
// it.
func spaces(t *[classLimit]uint8, s []byte, i int) int {
	last, before, lines := i, i, -1
	for last < len(s) {
		class, size := at(t, s, last)
		if class&anySpace == 0 {
			break
		}
		before = last
		last += size
		if class == newline {
			lines = last
		}
	}
	switch {
	case lines >= 0:
		return lines
	case last == len(s) || before == i:
		return last
	}
	return before
}

// contraction skips 's, 't, 're, 've, 'm, 'll or 'd at i, in any case; i if
// there is none.
func contraction(s []byte, i int) int {
	if i+1 >= len(s) || s[i] != '\'' {
		return i
	}
	switch s[i+1] | 0x20 {
	case 's', 't', 'm', 'd':
		return i + 2
	case 'r', 'v':
		if i+2 < len(s) && s[i+2]|0x20 == 'e' {
			return i + 3
		}
	case 'l':
		if i+2 < len(s) && s[i+2]|0x20 == 'l' {
			return i + 3
		}
	}
	// Ignoring case, the long s is an s too.
	if r, size := utf8.DecodeRune(s[i+1:]); r == 'ſ' {
		return i + 1 + size
	}
	return i
}
