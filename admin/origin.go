package admin

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/access"
)

// What a browser sees of the address that a request came to: other handlers may
// have cut its path, and a proxy in front may have sent another host.

// clientAddress is where a request comes from, as Caddy's trusted_proxies say.
func clientAddress(r *http.Request) string {
	if ip, ok := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ok && ip != "" {
		return ip
	}
	return peerAddress(r)
}

// peerAddress is the other end of the connection: a client, or a proxy.
func peerAddress(r *http.Request) string { return access.HostOf(r.RemoteAddr) }

// forwarded is the first value of a header that only a proxy in front may set,
// as Caddy's trusted_proxies name it. The first is the outermost proxy's.
func forwarded(r *http.Request, name string) string {
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); !trusted {
		return ""
	}
	value, _, _ := strings.Cut(r.Header.Get(name), ",")
	return strings.TrimSpace(value)
}

// byTLS reports whether the browser speaks https, to Caddy or to a proxy in
// front of it.
func byTLS(r *http.Request) bool {
	switch strings.ToLower(forwarded(r, "X-Forwarded-Proto")) {
	case "https":
		return true
	case "http":
		return false
	}
	return r.TLS != nil
}

// basePath is where the dashboard lives for a browser, without a slash at its
// end: what stood before the part of the path that is ours, below. Where other
// handlers have rewritten that part too, nothing can be said and it is "".
func basePath(r *http.Request, below string) string {
	seen := r.URL.Path
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		seen = original.URL.Path
	}
	base, ok := strings.CutSuffix(strings.TrimSuffix(seen, "/"), strings.TrimSuffix(below, "/"))
	if !ok {
		return ""
	}
	base = strings.TrimSuffix(forwardedPrefix(r)+base, "/")
	// A semicolon would end the attribute of a cookie.
	return strings.ReplaceAll((&url.URL{Path: base}).EscapedPath(), ";", "%3B")
}

// baseKey is the context's key of what basePath has found.
type baseKey struct{}

// baseOf is where the dashboard lives for the browser that asks.
func baseOf(r *http.Request) string {
	base, _ := r.Context().Value(baseKey{}).(string)
	return base
}

// forwardedPrefix is the part of the path that a proxy in front has cut.
func forwardedPrefix(r *http.Request) string {
	prefix := strings.TrimRight(forwarded(r, "X-Forwarded-Prefix"), "/")
	if !strings.HasPrefix(prefix, "/") || strings.HasPrefix(prefix, "//") || strings.ContainsAny(prefix, "?#\\\r\n") {
		return ""
	}
	if plain, err := url.PathUnescape(prefix); err == nil {
		return plain
	}
	return prefix
}

// checkSite refuses what a browser sends on behalf of another site. The site
// may be known by the host that Caddy sees, or by the one that a trusted proxy
// in front was asked for.
func (h *Handler) checkSite(r *http.Request) error {
	err := h.crossOrigin.Check(r)
	host := forwarded(r, "X-Forwarded-Host")
	if err == nil || host == "" {
		return err
	}
	hosts := []string{host}
	if port := forwarded(r, "X-Forwarded-Port"); port != "" {
		hosts = append(hosts, net.JoinHostPort(host, port))
	}
	for _, host := range hosts {
		asked := *r // only read
		asked.Host = host
		if h.crossOrigin.Check(&asked) == nil {
			return nil
		}
	}
	return err
}
