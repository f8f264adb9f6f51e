package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
)

// This file decides what pages of other sites may do with the gateway.

// allowsOrigin reports whether allow_origins names an origin.
func (s *Site) allowsOrigin(origin string) bool {
	return slices.ContainsFunc(s.AllowOrigins, func(allowed string) bool {
		return allowed == config.AnyOrigin || strings.EqualFold(allowed, origin)
	})
}

// refuseCrossSite refuses what a page of another site sends where no header
// holds the credential: browsers send such requests without asking, so anybody
// who knows a token that is no secret, or needs none, could let visitors of
// their page spend. A credential in a header needs a preflight, which only
// allow_origins answers.
func (s *Site) refuseCrossSite(r *http.Request) error {
	if access.HeaderCredential(r) != "" || !crossSite(r) || s.allowsOrigin(r.Header.Get("Origin")) {
		return nil
	}
	return &protocol.RequestError{
		Status: http.StatusForbidden, Code: "cross_site_request",
		Message: "a page of another site may call this gateway only with its token in a header, or if allow_origins of this site names it",
	}
}

// crossSite reports whether a browser says that a request comes from a page of
// another site. Programs that are no browsers say nothing of the kind.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site":
		return true
	case "same-origin":
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	scheme, host, ok := strings.Cut(origin, "://")
	return !ok || withoutPort(host, scheme) != withoutPort(r.Host, scheme)
}

// withoutPort is a host in lower case, without a port that its scheme implies.
func withoutPort(host, scheme string) string {
	host = strings.ToLower(host)
	switch scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

// Preflight answers the question that a browser asks before a page of another
// site may call with headers of its own. It reports whether it was one.
func (s *Site) Preflight(w http.ResponseWriter, r *http.Request, m *Match) bool {
	origin := r.Header.Get("Origin")
	if r.Method != http.MethodOptions || origin == "" || r.Header.Get("Access-Control-Request-Method") == "" || len(s.AllowOrigins) == 0 {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Access-Control-Request-Method")
	header.Add("Vary", "Access-Control-Request-Headers")
	if !s.allowsOrigin(origin) {
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	header.Set("Access-Control-Allow-Methods", strings.Join(routes.Allowed(m.path), ", "))
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		header.Set("Access-Control-Allow-Headers", asked) // SDKs have many; what goes up is chosen elsewhere
	}
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
