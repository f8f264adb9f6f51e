package config

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// HeaderChanges makes changes in the header of a request that goes upstream. r
// is the client's request, nil for what the gateway asks by itself.
type HeaderChanges func(header http.Header, r *http.Request)

// Changes returns what makes the changes. With placeholders, those of Caddy in
// names and values are replaced; unknown ones stay as they are, and those of a
// request are empty where there is none. It is nil where there is nothing to
// change.
func (h *HeaderOps) Changes(placeholders bool) HeaderChanges {
	if h == nil {
		return nil
	}
	compiled := make(map[string]*regexp.Regexp)
	for _, list := range h.Replace {
		for i := range list {
			if text := list[i].SearchRegexp; text != "" && (!placeholders || !HasPlaceholder(text)) {
				compiled[text], _ = regexp.Compile(text) // it was checked
			}
		}
	}
	expands := placeholders && h.hasPlaceholders()
	return func(header http.Header, r *http.Request) {
		change := headerChange{header: header, expand: func(s string) string { return s }, compiled: compiled}
		if expands {
			repl := replacerOf(r)
			change.expand = func(s string) string { return sendableValue(repl.ReplaceKnown(s, "")) }
		}
		change.make(h)
	}
}

// headerChange is one header that is being changed.
type headerChange struct {
	header   http.Header
	expand   func(string) string
	compiled map[string]*regexp.Regexp // the expressions without placeholders
}

func (c *headerChange) make(h *HeaderOps) {
	for _, name := range h.Delete {
		c.remove(strings.ToLower(c.expand(name)))
	}
	for name, values := range h.Set {
		if key, ok := c.key(name); ok {
			c.header[key] = c.values(values)
		}
	}
	for name, values := range h.Add {
		if key, ok := c.key(name); ok {
			c.header[key] = append(slices.Clone(c.header[key]), c.values(values)...)
		}
	}
	for name, list := range h.Replace {
		for i := range list {
			c.replace(name, &list[i])
		}
	}
}

// key is the key of a header that may be changed. A placeholder may stand for
// one that may not, or for no name at all.
func (c *headerChange) key(name string) (string, bool) {
	key := http.CanonicalHeaderKey(c.expand(name))
	_, fixed := fixedHeaders[key]
	return key, !fixed && isToken(key)
}

// values are values to send; whoever adds to them makes a copy.
func (c *headerChange) values(written []string) []string {
	expanded := make([]string, len(written))
	for i, v := range written {
		expanded[i] = c.expand(v)
	}
	return expanded
}

// remove removes the headers whose names in lower case match.
func (c *headerChange) remove(pattern string) {
	rest, head := strings.CutPrefix(pattern, "*")
	part, tail := strings.CutSuffix(rest, "*")
	for key := range c.header {
		name := strings.ToLower(key)
		matches := name == part
		switch {
		case head && tail:
			matches = strings.Contains(name, part)
		case head:
			matches = strings.HasSuffix(name, part)
		case tail:
			matches = strings.HasPrefix(name, part)
		}
		if _, fixed := fixedHeaders[http.CanonicalHeaderKey(key)]; matches && !fixed {
			delete(c.header, key)
		}
	}
}

// replace replaces parts of values. An expression that its placeholders make
// invalid replaces nothing.
func (c *headerChange) replace(name string, r *HeaderReplacement) {
	replacement := c.expand(r.Replace)
	change := func(v string) string { return strings.ReplaceAll(v, c.expand(r.Search), replacement) }
	if r.SearchRegexp != "" {
		re := c.compiled[r.SearchRegexp]
		if re == nil {
			var err error
			if re, err = regexp.Compile(c.expand(r.SearchRegexp)); err != nil {
				return
			}
		}
		change = func(v string) string { return re.ReplaceAllString(v, replacement) }
	}
	only, ok := c.key(name)
	for key, values := range c.header {
		if _, fixed := fixedHeaders[key]; fixed || name != "*" && (!ok || key != only) {
			continue
		}
		changed := make([]string, len(values)) // the old ones are the client's
		for i, v := range values {
			changed[i] = change(v)
		}
		c.header[key] = changed
	}
}

func (h *HeaderOps) hasPlaceholders() bool {
	for _, headers := range []map[string][]string{h.Set, h.Add} {
		for name, values := range headers {
			if HasPlaceholder(name) || slices.ContainsFunc(values, HasPlaceholder) {
				return true
			}
		}
	}
	for name, list := range h.Replace {
		if HasPlaceholder(name) || slices.ContainsFunc(list, func(r HeaderReplacement) bool {
			return HasPlaceholder(r.Search) || HasPlaceholder(r.SearchRegexp) || HasPlaceholder(r.Replace)
		}) {
			return true
		}
	}
	return slices.ContainsFunc(h.Delete, HasPlaceholder)
}

// NamedByPlaceholder reports whether a placeholder stands for the name of a
// header.
func (h *HeaderOps) NamedByPlaceholder() bool {
	if h == nil {
		return false
	}
	names := slices.Concat(slices.Collect(maps.Keys(h.Set)), slices.Collect(maps.Keys(h.Add)), slices.Collect(maps.Keys(h.Replace)), h.Delete)
	return slices.ContainsFunc(names, HasPlaceholder)
}

// replacerOf is that of a request, which Caddy's server gave it. Without one,
// what a placeholder says of a request is empty.
func replacerOf(r *http.Request) *caddy.Replacer {
	if r != nil {
		if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
			return repl
		}
	}
	repl := caddy.NewReplacer()
	repl.Map(func(key string) (any, bool) { return "", strings.HasPrefix(key, "http.") })
	return repl
}

// sendableValue is a header's value without what no header can carry: a path or
// a file may hold a line break, which would fail the whole request.
func sendableValue(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// clientSecret matches the placeholders that hold what a client authenticates
// with, which never goes upstream.
var clientSecret = regexp.MustCompile(`(?i)\{http\.request\.(?:header\.(?:authorization|proxy-authorization|x-api-key|x-goog-api-key|api-key|cookie)|cookie\.[^{}]*|(?:orig_)?uri(?:_escaped)?|(?:orig_)?uri\.(?:prefixed_)?query(?:_escaped)?|(?:orig_)?uri\.query\.key)\}`)
