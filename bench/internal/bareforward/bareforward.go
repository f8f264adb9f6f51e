// Package bareforward is a Caddy handler, bench_forward, that does nothing but
// forward: what a handler in Caddy costs at least.
package bareforward

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/bench/internal/forward"
)

func init() {
	caddy.RegisterModule(&handler{})
	httpcaddyfile.RegisterHandlerDirective("bench_forward", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		h.Next()
		if !h.NextArg() {
			return nil, h.ArgErr()
		}
		return &handler{Upstream: h.Val()}, nil
	})
	httpcaddyfile.RegisterDirectiveOrder("bench_forward", httpcaddyfile.Before, "reverse_proxy")
}

// handler forwards to an upstream.
type handler struct {
	Upstream string `json:"upstream,omitempty"` // host and port

	forward   http.Handler
	transport *http.Transport
}

// CaddyModule implements caddy.Module.
func (*handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.bench_forward", New: func() caddy.Module { return new(handler) }}
}

// Provision implements caddy.Provisioner.
func (h *handler) Provision(caddy.Context) error {
	if h.Upstream == "" {
		return errors.New("bench_forward: which upstream? give a host and port")
	}
	h.transport = forward.NewTransport()
	h.forward = forward.Handler(h.transport, h.Upstream)
	return nil
}

// Cleanup implements caddy.CleanerUpper.
func (h *handler) Cleanup() error {
	h.transport.CloseIdleConnections()
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	h.forward.ServeHTTP(w, r)
	return nil
}
