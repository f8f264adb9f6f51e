package protocol

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
)

// Routes finds the endpoint of a request among those of several formats. It is
// built once and only read.
type Routes struct {
	literal map[string][]row
	pattern []row
}

// row is one endpoint and whose it is.
type row struct {
	format         Format
	endpoint       *Endpoint
	prefix, suffix string // around the path's variable, if it has one
}

// Match is what a request's method and path come to.
type Match struct {
	// Format is the format of the path, nil if no endpoint has it.
	Format Format
	// Endpoint is nil if the path does not take the method.
	Endpoint *Endpoint
	// Value is the {model} or {id} of the path, decoded.
	Value string
	// Path is the path as the endpoint's documentation has it, decoded. It is
	// another than the client's where that came of a wrong base URL.
	Path string
	// Short says that the path leaves the version out, as in /messages: it may
	// as well be that of another site.
	Short bool
}

// NewRoutes makes the route table of formats.
func NewRoutes(formats []Format) *Routes {
	t := &Routes{literal: make(map[string][]row)}
	for _, f := range formats {
		endpoints := f.Endpoints()
		for i := range endpoints {
			ep := &endpoints[i]
			r := row{format: f, endpoint: ep}
			var variable bool
			if r.prefix, r.suffix, variable = ep.around(); variable {
				t.pattern = append(t.pattern, r)
			} else {
				t.literal[ep.Path] = append(t.literal[ep.Path], r)
			}
		}
	}
	return t
}

// Find looks up a request's method and path, which is decoded once, as
// net/http does. Paths that come of a wrong base URL are found too: slashes too
// many, a version twice (/v1/v1/messages), an endpoint where the base belongs
// (/v1/messages/v1/messages), and no version at all.
func (t *Routes) Find(method, path string) Match {
	first := t.find(method, path)
	if first.Endpoint != nil || path == "" || path[0] != '/' {
		return first
	}
	for _, other := range t.meant(method, path) {
		m := t.find(method, other.path)
		m.Short = other.short
		if m.Endpoint != nil {
			return m
		}
		if first.Format == nil {
			first = m
		}
	}
	return first
}

// guess is a path that a client may have meant.
type guess struct {
	path  string
	short bool
}

// versions are those of the formats' paths.
var versions = [...]string{"/v1beta", "/v1"}

// meant lists what may be meant by a path that no endpoint has.
func (t *Routes) meant(method, path string) []guess {
	var list []guess
	clean := cleanSlashes(path)
	if clean != path {
		list = append(list, guess{path: clean})
	}
	if len(clean) < 2 {
		return list
	}
	// The base URL is an endpoint already, and the client adds it once more.
	for literal := range t.literal {
		if rest, ok := strings.CutPrefix(clean, literal); ok && strings.HasPrefix(rest, "/") {
			if whole := "/v1" + rest; versionOf(rest) == "" && t.literal[whole] != nil {
				list = append(list, guess{path: whole})
			} else if t.literal[rest] != nil {
				list = append(list, guess{path: rest})
			}
		}
	}
	short := versionOf(clean) == ""
	for rest := clean; versionOf(rest) != ""; {
		rest = rest[len(versionOf(rest)):]
		if versionOf(rest) != "" {
			list = append(list, guess{path: rest})
		}
	}
	if short {
		order := versions
		if method != http.MethodPost { // a list of models, which is OpenAI's elsewhere too
			order[0], order[1] = order[1], order[0]
		}
		for _, v := range order {
			list = append(list, guess{path: v + clean, short: true})
		}
	}
	return list
}

// versionOf is the version that a path begins with, and that something
// follows; empty if there is none.
func versionOf(path string) string {
	for _, v := range versions {
		if strings.HasPrefix(path, v) && len(path) > len(v) && path[len(v)] == '/' {
			return v
		}
	}
	return ""
}

// cleanSlashes makes one slash of several, and takes those at the end away.
func cleanSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// find looks up a path as it is. Of several patterns that fit, the one with the
// longest literal part wins.
func (t *Routes) find(method, path string) Match {
	m := Match{Path: path}
	rows, literal := t.literal[path]
	for _, r := range rows {
		if m.Format == nil {
			m.Format = r.format
		}
		if r.endpoint.serves(method) {
			m.Format, m.Endpoint = r.format, r.endpoint
			return m
		}
	}
	if literal {
		return m
	}
	best := -1
	for _, r := range t.pattern {
		value, ok := r.value(path)
		served := r.endpoint.serves(method)
		if !ok || !served && r.suffix == "" && strings.Contains(value, ":") { // another action on a model than those that are known
			continue
		}
		if m.Format == nil {
			m.Format = r.format
		}
		if n := len(r.prefix) + len(r.suffix); served && n > best {
			best = n
			m.Format, m.Endpoint, m.Value = r.format, r.endpoint, value
		}
	}
	return m
}

// value is the variable part of a path, if the path is of that form.
func (r *row) value(path string) (string, bool) {
	if len(path) <= len(r.prefix)+len(r.suffix) || !strings.HasPrefix(path, r.prefix) || !strings.HasSuffix(path, r.suffix) {
		return "", false
	}
	value := path[len(r.prefix) : len(path)-len(r.suffix)]
	return value, !r.endpoint.hasID() || ValidID(value)
}

// Allowed lists the methods that a path takes, for the Allow header.
func (t *Routes) Allowed(path string) []string {
	var methods []string
	for _, r := range t.literal[path] {
		methods = append(methods, r.endpoint.Methods...)
	}
	for i := range t.pattern {
		if _, ok := t.pattern[i].value(path); ok && len(t.literal[path]) == 0 {
			methods = append(methods, t.pattern[i].endpoint.Methods...)
		}
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// serves reports whether an endpoint takes a method.
func (ep *Endpoint) serves(method string) bool {
	if slices.Contains(ep.Methods, method) {
		return true
	}
	// Only what is answered here can do without its body.
	list := ep.Operation == ai.ListModels || ep.Operation == ai.GetModel
	return list && method == http.MethodHead
}
