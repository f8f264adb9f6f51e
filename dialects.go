package ccload

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

// formats lists the wire formats the gateway speaks. A new one is a package
// below protocol and a line here.
var formats = []protocol.Format{
	anthropic.Format{},
	openai.Format{},
	responses.Format{},
	gemini.Format{},
}

// formatOf returns the wire format of a protocol, nil if there is none.
func formatOf(p ai.Protocol) protocol.Format {
	for _, f := range formats {
		if f.ID() == p {
			return f
		}
	}
	return nil
}

// route is one row of the route table: an endpoint and whose it is.
type route struct {
	format         protocol.Format
	endpoint       *protocol.Endpoint
	prefix, suffix string // around the path's variable part, if it has one
}

// routeTable finds the endpoint of a path. It is built once and only read.
type routeTable struct {
	literal map[string][]route
	pattern []route
}

// routes is the gateway's route table.
var routes = newRouteTable(formats)

func newRouteTable(formats []protocol.Format) *routeTable {
	t := &routeTable{literal: make(map[string][]route)}
	for _, f := range formats {
		endpoints := f.Endpoints()
		for i := range endpoints {
			ep := &endpoints[i]
			r := route{format: f, endpoint: ep}
			switch before, after, variable := strings.Cut(ep.Path, "{"); {
			case variable:
				r.prefix = before
				_, r.suffix, _ = strings.Cut(after, "}")
				t.pattern = append(t.pattern, r)
			case strings.HasSuffix(ep.Path, "/*"):
				r.prefix = strings.TrimSuffix(ep.Path, "*")
				t.pattern = append(t.pattern, r)
			default:
				t.literal[ep.Path] = append(t.literal[ep.Path], r)
			}
		}
	}
	return t
}

// match is the result of a look-up in the route table.
type match struct {
	route
	variable string // the {model} or {id} of the path
	known    bool   // the path is the gateway's, whatever the method
}

// find looks up a request's method and path. With known false the path is not
// the gateway's; with known true and no endpoint the method is wrong.
// Of several patterns that fit, the one with the longest literal part wins.
func (t *routeTable) find(method, path string) match {
	var m match
	for _, r := range t.literal[path] {
		m.known = true
		if m.format == nil {
			m.format = r.format
		}
		if serves(r.endpoint, method) {
			m.route = r
			return m
		}
	}
	if m.known {
		return m
	}
	best := -1
	for _, r := range t.pattern {
		literal := len(r.prefix) + len(r.suffix)
		if len(path) <= literal || !strings.HasPrefix(path, r.prefix) || !strings.HasSuffix(path, r.suffix) {
			continue
		}
		variable := path[len(r.prefix) : len(path)-len(r.suffix)]
		served := serves(r.endpoint, method)
		if !served && strings.Contains(variable, ":") {
			continue // another action on a model than those that are known
		}
		m.known = true
		if m.format == nil {
			m.format = r.format
		}
		if literal > best && served {
			best = literal
			m.route = r
			m.variable = variable
		}
	}
	return m
}

func serves(ep *protocol.Endpoint, method string) bool {
	if slices.Contains(ep.Methods, method) {
		return true
	}
	// Only what is answered here can do without its body.
	list := ep.Operation == ai.ListModels || ep.Operation == ai.GetModel
	return list && method == http.MethodHead
}

// allowed lists the methods a path takes, for the Allow header.
func (t *routeTable) allowed(path string) string {
	var methods []string
	for _, r := range t.literal[path] {
		methods = append(methods, r.endpoint.Methods...)
	}
	for _, r := range t.pattern {
		if strings.HasPrefix(path, r.prefix) && strings.HasSuffix(path, r.suffix) {
			methods = append(methods, r.endpoint.Methods...)
		}
	}
	return strings.Join(methods, ", ")
}
