package config

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// checkTransport refuses what a transport module would not heed.
func (c *Channel) checkTransport() *Error {
	if len(c.TransportRaw) == 0 {
		return nil
	}
	refuse := func(field, instead string) *Error {
		return &Error{Field: field, Problem: "has no effect where the channel has a transport of its own: " + instead}
	}
	var module struct {
		Protocol string `json:"protocol"`
	}
	switch err := json.Unmarshal(c.TransportRaw, &module); {
	case err != nil || module.Protocol == "":
		return &Error{Field: "transport", Problem: `must name its module, as in {"protocol":"http"}`}
	case c.Proxy != "":
		return refuse("proxy", "write network_proxy inside transport, or remove one of both")
	case c.TLSInsecureSkipVerify:
		return refuse("tls_insecure_skip_verify", "write it inside transport, or remove one of both")
	}
	return nil
}

// ProvisionTransport makes the channel's transport, if it has one. It lives
// until ctx is cancelled, and must not be cancelled before the last call that
// uses it has ended.
func (c *Channel) ProvisionTransport(ctx caddy.Context) error {
	if len(c.TransportRaw) == 0 {
		return nil
	}
	fail := func(problem string) error {
		return &Error{Thing: "channel", Name: c.Name, Field: "transport", Problem: problem}
	}
	raw := c.TransportRaw
	mod, err := ctx.LoadModule(c, "TransportRaw")
	c.TransportRaw = raw // Caddy forgets what it has read, and the dashboard shows its name
	if err != nil {
		return fail(err.Error())
	}
	rt, ok := mod.(http.RoundTripper)
	if !ok {
		return fail(fmt.Sprintf("the module %T sends no requests", mod))
	}
	if secure, ok := rt.(interface{ TLSEnabled() bool }); ok && secure.TLSEnabled() {
		for _, u := range c.URLs {
			if strings.HasPrefix(u.URL, "http://") {
				return fail("has settings for TLS, and the url " + showURL(u.URL) + " uses none: write https://")
			}
		}
	}
	c.transport = transport{rt}
	return nil
}

// Transport is the transport that the config gives the channel, nil for the
// gateway's own.
func (c *Channel) Transport() http.RoundTripper { return c.transport }

// transport gives a module what it finds in requests of Caddy's reverse proxy.
// Connections are shared by all calls, so placeholders of one call mean nothing
// here, and what a module notes of a request is no business of the client's.
type transport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer())
	ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, make(map[string]any))
	return t.RoundTripper.RoundTrip(r.WithContext(ctx))
}
