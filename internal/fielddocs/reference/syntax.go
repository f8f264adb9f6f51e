package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// syntax is the block of a comment that tells how a word is written: it begins
// with the word and ends with the block.
func syntax(root, file, word string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		code, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "//\t")
		switch {
		case !ok && lines != nil:
			return lines, nil
		case lines != nil, ok && begins(code, word):
			lines = append(lines, strings.ReplaceAll(code, "\t", "    "))
		}
	}
	return nil, fmt.Errorf("no comment in %s tells how %s is written", file, word)
}

// begins reports whether a line begins with a word and goes on behind it.
func begins(line, word string) bool {
	rest, ok := strings.CutPrefix(line, word)
	return ok && (rest == "" || rest[0] == ' ')
}
