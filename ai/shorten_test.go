package ai_test

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

func TestTextsAreShortenedAtWholeCharacters(t *testing.T) {
	for _, tt := range []struct {
		name, text     string
		limit          int
		shortened, cut string
	}{
		{"it fits", "model", 5, "model", "model"},
		{"it is longer", "models", 5, "model…", "model"},
		{"nothing", "", 5, "", ""},
		{"characters of two bytes fit as characters", "ééééé", 5, "ééééé", "éé"},
		{"one character too many", "éééééé", 5, "ééééé…", "éé"},
		{"a character of four bytes", "ab😀", 4, "ab😀", "ab"},
		{"bytes that are no text", "ab\xff\xff\xffcd", 4, "ab…", "ab"},
		{"no room", "model", 0, "…", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ai.Shorten(tt.text, tt.limit); got != tt.shortened {
				t.Errorf("shortened: %q, want %q", got, tt.shortened)
			}
			if got := ai.CutBytes(tt.text, tt.limit); got != tt.cut {
				t.Errorf("cut: %q, want %q", got, tt.cut)
			}
		})
	}
	if long := strings.Repeat("界", 3000); ai.CutBytes(long, 1000) != long[:999] {
		t.Error("a long text is not cut at its last whole character")
	}
}
