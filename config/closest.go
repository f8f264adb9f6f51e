package config

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// longestGuess is the longest name that is compared with others, in
// characters: what is longer is no mistyped name, and comparing it is dear.
const longestGuess = 128

// Closest returns at most limit of the known names that somebody who wrote name
// may have meant, the likeliest first: those with few letters to change, then
// those that contain name or are contained in it. Upper and lower case are the
// same to it. It is meant for error messages.
func Closest(name string, known []string, limit int) []string {
	name = strings.ToLower(strings.TrimSpace(name))
	length := utf8.RuneCountInString(name)
	if length == 0 || length > longestGuess || limit <= 0 {
		return nil
	}
	type guess struct {
		name     string
		distance int
	}
	var guesses []guess
	tolerated := max(1, length/3)
	for _, k := range known {
		low := strings.ToLower(k)
		kl := utf8.RuneCountInString(low)
		if kl == 0 || kl > longestGuess {
			continue
		}
		apart := max(length-kl, kl-length)
		if apart <= tolerated {
			if d := distance(name, low); d <= tolerated {
				guesses = append(guesses, guess{k, d})
				continue
			}
		}
		if min(length, kl) >= 3 && (strings.Contains(low, name) || strings.Contains(name, low)) {
			guesses = append(guesses, guess{k, longestGuess + apart})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, min(limit, len(guesses)))
	for _, g := range guesses {
		if len(names) < limit && !slices.Contains(names, g.name) {
			names = append(names, g.name)
		}
	}
	return names
}

// distance counts the letters to insert, remove, change or swap with their
// neighbour that turn a into b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := last[j-1]
			if s[i-1] != t[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
