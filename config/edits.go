package config

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// sorted walks a map in the order of its keys, so that of several mistakes the
// same one is reported every time.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// HeaderOps are changes of request headers: first headers are deleted, then
// set, then added, then parts of values are replaced. The credential, the host
// and what belongs to the connection cannot be changed by them, also where a
// wildcard or a placeholder stands for their name. Names and values in the
// config may hold Caddy's placeholders,
// which are replaced for each request, as in {http.request.header.X-Team},
// {http.request.remote.host} or {env.NAME}; those that hold the client's
// credential are refused. Values that are stored by the API are sent as they are
// written.
type HeaderOps struct {
	// Set replaces a header, or creates it.
	Set map[string][]string `json:"set,omitempty"`
	// Add adds a value beside those that are there.
	Add map[string][]string `json:"add,omitempty"`
	// Delete removes headers. A * at the beginning, at the end or at both stands
	// for any text, as in X-Acme-*; * alone is every header.
	Delete []string `json:"delete,omitempty"`
	// Replace replaces parts of the values of a header, or of all headers where
	// its name is *.
	Replace map[string][]HeaderReplacement `json:"replace,omitempty"`
}

// HeaderReplacement replaces each match in a value.
type HeaderReplacement struct {
	// Search is the text to look for. Either it or SearchRegexp is given.
	Search string `json:"search,omitempty"`
	// SearchRegexp is the regular expression (RE2) to look for.
	SearchRegexp string `json:"search_regexp,omitempty"`
	// Replace is what stands there instead; $1 is the first group of
	// SearchRegexp. Default: nothing.
	Replace string `json:"replace,omitempty"`
}

// Clone returns a copy that shares nothing. That of nil is nil.
func (h *HeaderOps) Clone() *HeaderOps {
	if h == nil {
		return nil
	}
	copied := func(headers map[string][]string) map[string][]string {
		clone := maps.Clone(headers)
		for name, values := range clone {
			clone[name] = slices.Clone(values)
		}
		return clone
	}
	replace := maps.Clone(h.Replace)
	for name, list := range replace {
		replace[name] = slices.Clone(list)
	}
	return &HeaderOps{Set: copied(h.Set), Add: copied(h.Add), Delete: slices.Clone(h.Delete), Replace: replace}
}

// fixedHeaders are the headers that header_up may not touch, and where their
// value comes from instead.
var fixedHeaders = map[string]string{
	"Authorization":       "the credential is the channel's key, and auth says how it is sent",
	"X-Api-Key":           "the credential is the channel's key, and auth says how it is sent",
	"X-Goog-Api-Key":      "the credential is the channel's key, and auth says how it is sent",
	"Api-Key":             "the credential is the channel's key, and auth says how it is sent",
	"Proxy-Authorization": "the proxy's credential stands in its address, as in http://user:password@host:port",
	"Host":                "the host is that of the channel's url",
	"Content-Length":      "it follows from the body",
	"Content-Encoding":    "the body is sent as it is",
	"Accept-Encoding":     "answers are read on their way, and compressed for the client by Caddy's encode",
	"Transfer-Encoding":   "it belongs to the connection",
	"Connection":          "it belongs to the connection",
	"Keep-Alive":          "it belongs to the connection",
	"Te":                  "it belongs to the connection",
	"Trailer":             "it belongs to the connection",
	"Upgrade":             "it belongs to the connection",
}

// Validate checks names and values.
func (h *HeaderOps) Validate() error { return first("", "", h.check()) }

func (h *HeaderOps) check() *Error {
	if h == nil {
		return nil
	}
	for name, values := range sorted(h.Set) {
		if p := checkHeader(name, values...); p != nil {
			return p
		}
	}
	for name, values := range sorted(h.Add) {
		if p := checkHeader(name, values...); p != nil {
			return p
		}
	}
	if p := checkEach(h.Delete, checkDeleted); p != nil {
		return p
	}
	for name, list := range sorted(h.Replace) {
		for i := range list {
			if p := list[i].check(name); p != nil {
				return p
			}
		}
	}
	return nil
}

// checkDeleted checks a name to delete, of which a * may be a part.
func checkDeleted(name string) *Error {
	part := strings.TrimSuffix(strings.TrimPrefix(name, "*"), "*")
	switch {
	case part == "" && (name == "*" || name == "**"):
		return nil
	case part != name && isToken(part):
		return nil // what must stay is spared
	}
	return checkHeader(name)
}

func (r *HeaderReplacement) check(name string) *Error {
	if name == "*" {
		name = "All"
	}
	if p := checkHeader(name, r.Search, r.SearchRegexp, r.Replace); p != nil {
		return p
	}
	if (r.Search == "") == (r.SearchRegexp == "") {
		return &Error{Field: "header_up", Value: name, Problem: "must look for either a text (search) or a regular expression (search_regexp)"}
	}
	_, err := regexp.Compile(r.SearchRegexp)
	return checkThat(err == nil, "header_up", name, "looks for what is no regular expression: see the syntax of RE2")
}

// checkHeader checks one header. Its values are not shown: they may be secret.
func checkHeader(name string, values ...string) *Error {
	fail := func(problem string) *Error {
		return &Error{Field: "header_up", Value: name, Problem: problem}
	}
	if HasPlaceholder(name) {
		if p := checkClosed("header_up", "", name); p != nil {
			return p
		}
		if clientSecret.MatchString(name) {
			return &Error{Field: "header_up", Problem: "names a header by a placeholder of the client's credential, which never goes upstream"}
		}
	} else if !isToken(name) {
		shown := name[:len(name)-len(strings.TrimLeft(name, tokenLetters))] // without a value in the wrong place
		return &Error{Field: "header_up", Value: quote(shown), Problem: "is no header name: letters, digits and hyphens, as in X-Request-Source"}
	}
	if why, fixed := fixedHeaders[http.CanonicalHeaderKey(name)]; fixed {
		return fail("cannot be changed: " + why)
	}
	for _, v := range values {
		if strings.ContainsAny(v, "\r\n\x00") {
			return fail("has a value with a line break or NUL in it: write it on one line")
		}
		if p := checkClosed("header_up", name, v); p != nil {
			return p
		}
		if clientSecret.MatchString(v) {
			return fail("holds a placeholder of the client's credential, which never goes upstream")
		}
	}
	return nil
}

// tokenLetters is what a header's name consists of. A * could be in it, but
// stands for several headers elsewhere in Caddy and is not that here.
const tokenLetters = "!#$%&'+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" //nolint:gosec // letters, no credential

func isToken(s string) bool { return s != "" && strings.TrimLeft(s, tokenLetters) == "" }

// BodyField is one field to set in a JSON body.
type BodyField struct {
	// Path is a top-level name or a dotted path; a number is an index.
	Path string `json:"path"`
	// Value is any JSON value. It is sent with the very bytes written here.
	Value json.RawMessage `json:"value"`
}

// Validate checks path and value.
func (f BodyField) Validate() error { return first("", "", f.check()) }

func (f BodyField) check() *Error {
	if p := checkBodyPath("body_set", f.Path); p != nil {
		return p
	}
	return checkThat(json.Valid(f.Value), "body_set", quote(f.Path), "has no JSON value")
}

const (
	maxBodyPath  = 256
	maxBodyEdits = 64
)

// checkBodyPath checks one path. The gateway decides by stream how it reads the
// answer, and by model what the token may use and what it costs, so nothing may
// change these after that.
func checkBodyPath(field, path string) *Error {
	first, _, _ := strings.Cut(path, ".")
	switch {
	case path == "":
		return &Error{Field: field, Problem: "holds an empty path: write a field's name, as in max_tokens"}
	case len(path) > maxBodyPath || !plain(path):
		return &Error{Field: field, Value: quote(path), Problem: fmt.Sprintf("must be at most %d bytes without line breaks or other control characters", maxBodyPath)}
	case slices.Contains(strings.Split(path, "."), ""):
		return &Error{Field: field, Value: quote(path), Problem: "has an empty part between its dots"}
	case first == "stream":
		return &Error{Field: field, Value: quote(path), Problem: "cannot be changed: the client reads the answer as it asked for it"}
	case path == "model" && field == "body_remove":
		return &Error{Field: field, Value: quote(path), Problem: "cannot be removed: write a model line to ask for another"}
	case first == "model":
		return &Error{Field: field, Value: quote(path), Problem: "cannot be changed here, where nobody would price and record it: write a model line to ask for another"}
	}
	return nil
}

func checkBodyEdits(set []BodyField, remove []string) *Error {
	if len(set)+len(remove) > maxBodyEdits {
		return &Error{Field: "body_set", Problem: fmt.Sprintf("must be at most %d together with body_remove", maxBodyEdits)}
	}
	for i, f := range set {
		if p := f.check(); p != nil {
			return p
		}
		if slices.ContainsFunc(set[:i], func(g BodyField) bool { return g.Path == f.Path }) {
			return &Error{Field: "body_set", Value: quote(f.Path), Problem: "is set twice: keep one of them"}
		}
	}
	for _, path := range remove {
		if p := checkBodyPath("body_remove", path); p != nil {
			return p
		}
		if slices.ContainsFunc(set, func(f BodyField) bool { return f.Path == path }) {
			return &Error{Field: "body_remove", Value: quote(path), Problem: "is set by body_set: keep one of both"}
		}
	}
	return nil
}
