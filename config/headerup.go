package config

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// Apply makes the changes. r is the client's request, nil for what the gateway
// asks by itself. With placeholders, those of Caddy in values are replaced;
// unknown ones stay as they are, and those of a request are empty where there is
// none. A nil h changes nothing.
func (h *HeaderOps) Apply(header http.Header, r *http.Request, placeholders bool) {
	if h == nil {
		return
	}
	expand := func(values []string) []string { return slices.Clip(values) } // whoever adds to it makes a copy
	if placeholders && h.hasPlaceholders() {
		repl := replacerOf(r)
		expand = func(values []string) []string {
			expanded := make([]string, len(values))
			for i, v := range values {
				expanded[i] = sendableValue(repl.ReplaceKnown(v, ""))
			}
			return expanded
		}
	}
	for _, name := range h.Delete {
		header.Del(name)
	}
	for name, values := range h.Set {
		header[http.CanonicalHeaderKey(name)] = expand(values)
	}
	for name, values := range h.Add {
		key := http.CanonicalHeaderKey(name)
		header[key] = append(slices.Clone(header[key]), expand(values)...)
	}
}

func (h *HeaderOps) hasPlaceholders() bool {
	for _, headers := range []map[string][]string{h.Set, h.Add} {
		for _, values := range headers {
			if slices.ContainsFunc(values, HasPlaceholder) {
				return true
			}
		}
	}
	return false
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
