package ai

import (
	"strings"
	"unicode/utf8"
)

// Shorten returns s, or its first limit characters and "…" if it has more. It
// is for texts that somebody else chose and a message or a record repeats: they
// may be as long as somebody's mistake.
func Shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return strings.ToValidUTF8(s[:i], "") + "…"
		}
		n++
	}
	return s
}

// CutBytes returns at most limit bytes of s, and no half character at the end.
// It is for texts that have a fixed room.
func CutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for range utf8.UTFMax - 1 { // the cut may have gone through a character
		if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
			s = s[:len(s)-1]
		}
	}
	return s
}
