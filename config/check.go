package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
)

// MaxName is the longest name of a channel, a token or a group, in characters:
// what an indexed column of every database holds.
const MaxName = 191

const maxModelName = 256

// HasPlaceholder reports whether s holds something that may be a placeholder,
// so that nothing can be said of it before it is replaced.
func HasPlaceholder(s string) bool {
	_, rest, ok := strings.Cut(s, "{")
	return ok && strings.Contains(rest, "}")
}

// unclosed matches the beginning of a placeholder of Caddy's that has no end:
// what was meant to be a variable would be sent as it stands there.
var unclosed = regexp.MustCompile(`\{\$?(?:env|file|system|time|vars|http)\.[^{}]*(?:\{|$)`)

// checkClosed checks that every placeholder in a text has its end. value says
// where it is, without the text, which may be secret.
func checkClosed(field, value, text string) *Error {
	return checkThat(!unclosed.MatchString(text), field, value,
		"holds a placeholder without its closing brace: write it as in {env.NAME}")
}

func checkName(field, name string) *Error {
	switch {
	case name == "":
		return &Error{Field: field, Problem: "is missing"}
	case utf8.RuneCountInString(name) > MaxName:
		return &Error{Field: field, Problem: fmt.Sprintf("must be at most %d characters", MaxName)}
	case strings.Contains(name, "*"):
		return &Error{Field: field, Problem: "must not hold a *, which stands for any text where calls are looked for by name"}
	case !plain(name):
		return &Error{Field: field, Problem: "must not begin or end with a space nor hold line breaks or other control characters"}
	case Invisible(name):
		return &Error{Field: field, Value: quote(name), Problem: InvisibleProblem}
	case dots(name):
		return &Error{Field: field, Value: quote(name), Problem: dotsProblem}
	}
	return nil
}

const dotsProblem = "must not be . or .., nor have them between slashes: they stand for folders where the name is part of a path"

// plain reports whether s is valid text on one line without spaces around it.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && strings.TrimSpace(s) == s
}

// sendable reports whether s can be the value of a header without quoting or
// loss, which a credential must be.
func sendable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkSecretGiven checks that secrets are not empty.
func checkSecretGiven(field string, secrets ...string) *Error {
	return checkEach(secrets, func(s string) *Error {
		if p := checkClosed(field, "", s); p != nil {
			return p
		}
		return checkThat(s != "", field, "", "is empty: write one, or remove the option")
	})
}

func checkModel(field, model string) *Error {
	switch {
	case model == "":
		return &Error{Field: field, Problem: "holds an empty name: remove it"}
	case utf8.RuneCountInString(model) > maxModelName:
		return &Error{Field: field, Value: quote(model), Problem: fmt.Sprintf("must be at most %d characters", maxModelName)}
	case !plain(model):
		return &Error{Field: field, Value: quote(model), Problem: "must not begin or end with a space nor hold line breaks or other control characters"}
	case Invisible(model):
		return &Error{Field: field, Value: quote(model), Problem: InvisibleProblem}
	case hasDotSegment(model):
		return &Error{Field: field, Value: quote(model), Problem: `must not hold "." or ".." as a part of a path`}
	}
	return nil
}

// hasDotSegment reports whether a part of a name between slashes is "." or
// "..": some protocols have the name in the path.
func hasDotSegment(name string) bool {
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// checkModels checks names and patterns.
func checkModels(field string, models []string) *Error {
	return checkEach(models, func(m string) *Error { return checkModel(field, m) })
}

// checkTarget checks a name that another stands for, which may have a * for each
// that the other has.
func checkTarget(field, name, target string) *Error {
	if have, may := strings.Count(target, "*"), strings.Count(name, "*"); have > may {
		problem := "must be the name of one model, not a pattern"
		if may > 0 {
			problem = fmt.Sprintf("has more * than %s, which they stand for", quote(name))
		}
		return &Error{Field: field, Value: quote(target), Problem: problem}
	}
	return checkModel(field, target)
}

// checkRange checks a number. 0 stands for the default and is always right.
func checkRange(field string, v, low, high int) *Error {
	return checkThat(v == 0 || v >= low && v <= high, field, strconv.Itoa(v), RangeProblem(low, high))
}

// RangeProblem says that a number must be from low to high.
func RangeProblem(low, high int) string { return fmt.Sprintf("must be %d to %d", low, high) }

// checkOneOf checks a word. "" stands for the default and is always right.
func checkOneOf(field, word string, words []string) *Error {
	if word == "" || slices.Contains(words, word) {
		return nil
	}
	return &Error{Field: field, Value: quote(word), Problem: oneOf(word, words)}
}

// oneOf says which words are possible and which one was meant.
func oneOf(word string, words []string) string {
	s := "must be one of " + strings.Join(words, ", ")
	if near := Closest(word, words, 1); len(near) > 0 {
		s += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return s
}

// ProtocolNames are the wire formats a protocol setting may name.
var ProtocolNames = protocolNames()

func protocolNames() []string {
	names := make([]string, len(ai.Protocols))
	for i, p := range ai.Protocols {
		names[i] = string(p)
	}
	return names
}

func checkProtocols(field string, names []string) *Error {
	for i, n := range names {
		if n == "" {
			return &Error{Field: field, Problem: "holds an empty name: remove it"}
		}
		if p := checkOneOf(field, n, ProtocolNames); p != nil {
			return p
		}
		if slices.Contains(names[:i], n) {
			return &Error{Field: field, Value: quote(n), Problem: "stands there twice"}
		}
	}
	return nil
}

// quote writes a value into an error, shortened.
func quote(s string) string { return strconv.Quote(ai.Shorten(s, maxTold)) }
