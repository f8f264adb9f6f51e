package ccload

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// This file is about requests whose path is not quite one of the gateway's.

// unrouted hands a request to the next handler. One below /v1 or /v1beta that
// nobody takes is of a client that speaks to an AI service: Caddy's empty 200
// would tell it nothing.
func (h *Handler) unrouted(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(w, r)
	if err != nil || !belowVersion(r.URL.Path) {
		return err
	}
	if nobody, _ := caddyhttp.GetVar(r.Context(), "unhandled").(bool); !nobody {
		return nil
	}
	caddyhttp.SetVar(r.Context(), "unhandled", false)
	h.site.UnknownEndpoint(w, r)
	return nil
}

// belowVersion reports whether a path is one of an AI service.
func belowVersion(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.HasPrefix(path, "/") && (first == "v1" || first == "v1beta")
}
