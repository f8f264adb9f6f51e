package admin

import (
	"context"
	"fmt"
	"net/http"
	pathpkg "path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/internal/writetimeout"
)

func init() {
	caddy.RegisterModule(new(Handler))
}

// DefaultPrefix is where the handler is mounted if nothing else is said.
const DefaultPrefix = "/ccload"

// Handler serves the dashboard: its pages, and the API behind them, which is
// what the operator sees and changes after a login. See its description at
// api/openapi.json.
//
// It keeps no state of its own: what lives longer than a config belongs to the
// ccload app.
type Handler struct {
	// Prefix is the path below which it is served, without a slash at its end.
	// Default /ccload. With "/" it is at the root of its site, where it takes
	// what is its own only: /, /api/* and /assets/*.
	Prefix string `json:"prefix,omitempty"`

	log *zap.Logger
	op  Operator
	mux *http.ServeMux
	// crossOrigin refuses what a browser sends on behalf of another site.
	crossOrigin *http.CrossOriginProtection
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.ccload_admin",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision finds the app and prepares the routes. It touches neither disk nor
// network.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log = ctx.Logger()
	app, err := ctx.App("ccload")
	if err != nil {
		return err
	}
	a, ok := app.(App)
	if !ok {
		return fmt.Errorf("the app ccload is a %T, which has no dashboard", app)
	}
	h.op = a.Operator()
	h.build()
	return nil
}

// build prepares the routes.
func (h *Handler) build() {
	if h.Prefix == "" {
		h.Prefix = DefaultPrefix
	}
	h.Prefix = "/" + strings.Trim(h.Prefix, "/")
	if h.Prefix == "/" {
		h.Prefix = ""
	}
	h.crossOrigin = http.NewCrossOriginProtection()
	h.mux = http.NewServeMux()
	for i := range routes {
		route := &routes[i]
		h.mux.Handle(route.method+" /api/"+route.path, endpoint{h, route})
	}
	h.mux.Handle("GET /assets/{version}/{name}", http.HandlerFunc(h.asset))
	h.mux.Handle("GET /{$}", http.HandlerFunc(h.document))
	h.mux.Handle("/", http.HandlerFunc(h.unknown))
}

// ownPaths are what is served below the prefix.
var ownPaths = []string{"/", "/api/*", "/assets/*"}

// Paths are matchers of what is served. At the root of a site that is not
// everything: other handlers have their paths there too.
func (h *Handler) Paths() []string {
	if strings.Trim(h.Prefix, "/") == "" {
		return ownPaths
	}
	return []string{h.Prefix, h.Prefix + "/*"}
}

// ownPath reports whether a path below the root is one of ours.
func ownPath(path string) bool {
	return path == "/" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/assets/")
}

// ServeHTTP serves what is below the prefix.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	path, below := strings.CutPrefix(r.URL.Path, h.Prefix)
	if !below || path != "" && path[0] != '/' || h.Prefix == "" && !ownPath(path) {
		return next.ServeHTTP(w, r)
	}
	header := w.Header()
	for name, value := range securityHeaders {
		header.Set(name, value)
	}
	inner := r.Clone(context.WithValue(r.Context(), baseKey{}, basePath(r, path)))
	inner.URL.Path = path
	if path == "" {
		inner.URL.Path = "/"
	}
	if raw, ok := strings.CutPrefix(r.URL.RawPath, h.Prefix); ok {
		inner.URL.RawPath = raw
	}
	odd := path != "" && path != "/" && pathpkg.Clean(path) != strings.TrimSuffix(path, "/")
	if odd || inner.URL.RawPath != "" && inner.URL.RawPath[0] != '/' {
		h.unknown(w, inner) // the mux would redirect to where it is, without the prefix
		return nil
	}
	if h.checkSite(r) == nil {
		if strings.HasPrefix(path, "/api/") { // live events, the playground's answers, exports
			defer writetimeout.Lift(w, r)()
		}
		h.mux.ServeHTTP(w, inner)
	} else {
		writeProblem(w, Problemf(http.StatusForbidden, CodeForbidden, "", "a page of another site may not do this"))
	}
	return nil
}

// securityHeaders stand in every answer.
var securityHeaders = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// unknown answers paths that are none of ours, and methods that a path does not
// take.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := h.mux.Handler(other); pattern != "" && pattern != "/" && pathpkg.Clean(r.URL.Path) == r.URL.Path {
			allowed = append(allowed, method)
		}
	}
	if allowed != nil {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, Problemf(http.StatusMethodNotAllowed, "method_not_allowed", "", "this takes %s", strings.Join(allowed, ", ")))
		return
	}
	h.nothing(w, r)
}

// nothing answers where there is nothing.
func (h *Handler) nothing(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, Problemf(http.StatusNotFound, CodeNotFound, "", "there is nothing here; %s/api/openapi.json describes what there is", baseOf(r)))
}

// NewShared returns a state of the dashboard where nobody is logged in.
func NewShared(sessions SessionStore, hub *Hub) *Shared {
	return &Shared{Sessions: NewSessions(sessions), Throttle: NewThrottle(), Peers: access.NewGuessing(peerFree), Hub: hub}
}

// Shared is what belongs to the dashboard and outlives configs: logins, live
// events and the health of channels. The app keeps it.
type Shared struct {
	Sessions *Sessions
	Throttle *Throttle        // by the client's address; it refuses
	Peers    *access.Guessing // by the other end of the connection; it delays
	Hub      *Hub
	Pulse    Pulse
	Version  string     // of the program
	Codes    LoginCodes // that log an operator in once

	dashboards atomic.Pointer[[]string] // addresses at which it is found

	failures failureLimit // of what is noted

	mu      sync.Mutex
	servers map[*http.Server]chan struct{} // closed when the server shuts down
}

// endpoint is a route that is served.
type endpoint struct {
	h     *Handler
	route *route
}

// ServeHTTP finds out who asks, whether they may, and what the answer is.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{w: w, r: r, op: e.h.op, base: baseOf(r), route: e.route, log: e.h.log}
	if err := q.identify(); err != nil { //nolint:contextcheck // it takes the request's
		e.h.fail(w, r, err)
		return
	}
	if err := q.authorise(); err != nil {
		e.h.fail(w, r, err)
		return
	}
	if err := q.checkQuery(); err != nil {
		e.h.fail(w, r, err)
		return
	}
	answer, err := e.route.handle(q)
	switch {
	case err != nil:
		e.h.fail(w, r, err)
	case q.answered:
	default:
		writeAnswer(w, e.route.goodStatus(), answer)
	}
}

// fail answers an error, and tells the log of those that are not the caller's.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		h.log.Error("serving the dashboard's API", zap.String("path", r.URL.Path), zap.String("code", p.Code), zap.Error(err))
	}
	writeProblem(w, p)
}

// stopOf is closed when the server that a request came by shuts down, so that
// neither a reload nor an exit waits for streams of events.
func (s *Shared) stopOf(r *http.Request) <-chan struct{} {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stop := s.servers[server]; stop != nil {
		return stop
	}
	if s.servers == nil {
		s.servers = make(map[*http.Server]chan struct{})
	}
	stop := make(chan struct{})
	s.servers[server] = stop
	server.RegisterOnShutdown(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.servers[server] != nil {
			close(stop)
			delete(s.servers, server)
		}
	})
	return stop
}

// serverTime is the time of an answer.
func serverTime() time.Time { return time.Now().UTC() }

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
