package caddyfile

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ccload/ccload/config"
)

// headerUp reads one header operation of Caddy's syntax.
func headerUp(p **config.HeaderOps) Row {
	return Values(func(args []string) error {
		if len(args) == 0 {
			return errors.New("takes a header and its value, as in header_up User-Agent my-agent")
		}
		if *p == nil {
			*p = new(config.HeaderOps)
		}
		ops := *p
		line := headerLine{
			example:     "header_up User-Agent my-agent",
			conditional: "? is for answers: a header of a request is set (Field value), added (+Field value) or removed (-Field)",
			replace:     &ops.Replace,
			set:         &ops.Set, add: &ops.Add, remove: &ops.Delete,
			bare: func(field, name string) error {
				return wrong(field, "has no value; to remove the header write -"+name)
			},
		}
		if err := line.read(args); err != nil {
			return err
		}
		return ops.Validate()
	})
}

// headerDown reads one operation on the headers of an answer. A field without a
// value is a header of the upstream that passes.
func headerDown(p **config.HeaderDown) Row {
	return Values(func(args []string) error {
		if len(args) == 0 {
			return errors.New("takes a header of the upstream that clients get, or a header and its value, as in header_down X-Served-By relay")
		}
		if *p == nil {
			*p = new(config.HeaderDown)
		}
		ops := *p
		line := headerLine{
			example:     "header_down X-Served-By relay",
			conditional: "? and > are not needed: a header is passed (Field), set (Field value), added (+Field value) or removed (-Field)",
			set:         &ops.Set, add: &ops.Add, remove: &ops.Delete,
			bare: func(field, name string) error {
				if strings.HasPrefix(field, "+") {
					return wrong(field, "has no value; to pass the upstream's header write "+name)
				}
				ops.Pass = append(ops.Pass, name)
				return nil
			},
		}
		if err := line.read(args); err != nil {
			return err
		}
		return ops.Validate()
	})
}

// headerLine is where the parts of one line of header_up or header_down go.
type headerLine struct {
	example     string
	conditional string                                 // what is said of Caddy's ?, and of > where nothing is replaced
	replace     *map[string][]config.HeaderReplacement // nil: nothing can be
	set, add    *map[string][]string
	remove      *[]string
	bare        func(field, name string) error // what a field without a value is
}

func (l *headerLine) read(args []string) error {
	// A colon after the field is a habit of curl's that Caddy forgives. What
	// follows one may be a value, which is not shown.
	field, glued, _ := cutName(args[0])
	name := http.CanonicalHeaderKey(strings.TrimLeft(field, "+-"))
	if l.replace != nil {
		name = http.CanonicalHeaderKey(strings.TrimLeft(field, "+-?>"))
		if len(args) < 3 {
			field = strings.TrimPrefix(field, ">") // of a request it is sent as any other
		}
	}
	switch {
	case glued == "" && len(args) == 3 && l.replace != nil: // a sign means nothing then, as in Caddy
		if *l.replace == nil {
			*l.replace = make(map[string][]config.HeaderReplacement)
		}
		(*l.replace)[name] = append((*l.replace)[name], config.HeaderReplacement{SearchRegexp: args[1], Replace: args[2]})
	case glued != "":
		return wrong(field, "takes its value after a space, as in "+l.example)
	case strings.HasPrefix(field, "?") || strings.HasPrefix(field, ">"):
		return wrong(field, l.conditional)
	case len(args) > 2 && l.replace != nil:
		return wrong(field, "takes a value, or a regular expression and what replaces it, as in "+l.example)
	case len(args) > 2:
		return wrong(field, "cannot replace a part of a value: set the whole value, as in "+l.example)
	case strings.HasPrefix(field, "-") && len(args) > 1:
		return wrong(field, "takes no value: it removes the header")
	case strings.HasPrefix(field, "-"):
		*l.remove = append(*l.remove, name)
	case len(args) < 2:
		return l.bare(field, name)
	case strings.HasPrefix(field, "+"):
		addHeader(l.add, name, args[1])
	case (*l.set)[name] != nil:
		return wrong(field, "is set twice: keep one of them, or add a second value with +"+name)
	default:
		addHeader(l.set, name, args[1])
	}
	return nil
}

// cutName cuts a header's name at its colon, but for one in a placeholder.
func cutName(s string) (field, glued string, found bool) {
	end := strings.LastIndexByte(s, '}') + 1
	field, glued, found = strings.Cut(s[end:], ":")
	return s[:end] + field, glued, found
}

func addHeader(headers *map[string][]string, name, value string) {
	if *headers == nil {
		*headers = make(map[string][]string)
	}
	(*headers)[name] = append((*headers)[name], value)
}
