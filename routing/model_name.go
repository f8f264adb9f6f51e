package routing

import (
	"cmp"
	"slices"
	"strings"
)

// newer reports whether model name a is a later version than b: by a trailing
// date, then by the numbers in the name, then by the name.
func newer(a, b string) bool {
	if c := cmp.Compare(TrailingDate(a), TrailingDate(b)); c != 0 {
		return c > 0
	}
	if c := slices.Compare(versionOf(a), versionOf(b)); c != 0 {
		return c > 0
	}
	return a > b
}

// TrailingDate is a YYYYMMDD or YYYY-MM-DD at the end of a name as a number, 0
// if there is none.
func TrailingDate(name string) int {
	digits, i := 0, len(name)
	value, place := 0, 1
	for ; i > 0 && digits < 8; i-- {
		c := name[i-1]
		if c == '-' && (digits == 2 || digits == 4) {
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		value += int(c-'0') * place
		place *= 10
		digits++
	}
	if digits != 8 || value < 20000101 || value > 21001231 {
		return 0
	}
	return value
}

// versionOf is the sequence of numbers in a name, without a trailing date.
func versionOf(name string) []int {
	if TrailingDate(name) != 0 {
		name = strings.TrimRight(name, "0123456789-")
	}
	var numbers []int
	current := -1
	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9' && current < 1e8:
			current = max(current, 0)*10 + int(c-'0')
		case current >= 0:
			numbers = append(numbers, current)
			current = -1
		}
	}
	if current >= 0 {
		numbers = append(numbers, current)
	}
	return numbers
}
