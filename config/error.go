package config

import (
	"fmt"
	"strings"

	"github.com/ccload/ccload/ai"
)

// Error says which setting of which thing is wrong, and what to write instead.
// Its parts are what the person wrote, without secrets.
type Error struct {
	Thing   string // channel, token, alias, handler, retention
	Name    string // the thing's name, if it has one
	Field   string // JSON name of the setting, if it is one
	Value   string // what was written, as far as it may be shown
	Problem string // what is wrong with it, and the remedy
}

// Error writes it in one line, such as
//
//	channel "relay": weight -1: must be 0 to 10000
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Thing)
	if e.Name != "" {
		fmt.Fprintf(&b, " %q", ai.Shorten(e.Name, maxTold))
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if what := strings.TrimSpace(e.Field + " " + ai.Shorten(e.Value, maxTold)); what != "" {
		b.WriteString(what + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// maxTold is how many characters of a name or a value are repeated.
const maxTold = 80

// first returns the first problem there is, as one of the named thing.
func first(thing, name string, problems ...*Error) error {
	for _, p := range problems {
		if p != nil {
			p.Thing, p.Name = thing, name
			return p
		}
	}
	return nil
}

// firstOf returns the first problem there is.
func firstOf(problems ...*Error) *Error {
	for _, p := range problems {
		if p != nil {
			return p
		}
	}
	return nil
}

// checkThat is a problem unless ok.
func checkThat(ok bool, field, value, problem string) *Error {
	if ok {
		return nil
	}
	return &Error{Field: field, Value: value, Problem: problem}
}

// checkEach returns the first problem of a list.
func checkEach[T any](list []T, check func(T) *Error) *Error {
	for _, v := range list {
		if p := check(v); p != nil {
			return p
		}
	}
	return nil
}
