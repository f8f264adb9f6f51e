// Package docs_test holds what the pages say against what the program does:
// their Caddyfiles are validated, their commands are run.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a page. Its first word after the fence is its
// language; the words behind it say what the tests do with it:
//
//	sh               run, and it must end well
//	sh serve         started, and left running until the next of its kind
//	sh not-run       not run, because it needs what is not here
//	text output      what the block before prints: line by line, … stands for anything
//	caddyfile        adapted, validated, and formatted as caddy fmt does
//	caddyfile options  the same, being the inside of the global option ccload
//	… file=NAME      also written to the file for the blocks behind it
type block struct {
	page, lang string
	words      []string
	line       int
	text       string
}

func (b *block) is(word string) bool { return slices.Contains(b.words, word) }

// file is the name of the file that the block is.
func (b *block) file() string {
	for _, w := range b.words {
		if name, ok := strings.CutPrefix(w, "file="); ok {
			return name
		}
	}
	return ""
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)([^\n]*)\n(.*?)^```$")

// pages are the README and everything beside this file.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil || len(found) < 12 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return append([]string{"../README.md"}, found...)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func blocksOf(t *testing.T, page string) []*block {
	t.Helper()
	text := read(t, page)
	var all []*block
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, &block{
			page: page, lang: text[m[2]:m[3]], words: strings.Fields(text[m[4]:m[5]]),
			line: strings.Count(text[:m[0]], "\n") + 1, text: text[m[6]:m[7]],
		})
	}
	return all
}
