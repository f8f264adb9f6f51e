package ccload

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	ccaddyfile "github.com/ccload/ccload/caddyfile"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/selection"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("ccload", parseApp)
	httpcaddyfile.RegisterHandlerDirective("ccload", parseHandler)
	// After everything that checks, changes or refuses a request, before what
	// answers whatever is left: the handler takes AI paths only.
	// The dashboard is asked first: nothing below its prefix is an AI path.
	httpcaddyfile.RegisterDirective("ccload_admin", parseAdmin)
	httpcaddyfile.RegisterDirectiveOrder("ccload_admin", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("ccload", httpcaddyfile.Before, "respond")
}

// parseApp reads a global options block; several add up. The words are in the
// tables of package caddyfile.
func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if earlier, ok := existing.(httpcaddyfile.App); ok {
		if err := json.Unmarshal(earlier.Value, app); err != nil {
			return nil, d.WrapErr(err)
		}
		again := *d
		again.Next()
		caddy.Log().Named("ccload").Warn("the global option ccload stands there again: both count, and the second adds channels, tokens and aliases to the first; an option that may be given once is refused in the second",
			zap.String("again_at", again.File()+":"+strconv.Itoa(again.Line())))
	}
	if _, err := ccaddyfile.ReadApp(d, ccaddyfile.Into(&app.App), ccaddyfile.Check(provider.Check)); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "ccload", Value: caddyconfig.JSON(app, nil)}, nil
}

// parseHandler reads the directive.
func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	err := handler.UnmarshalCaddyfile(h.Dispenser)
	return handler, err
}

// UnmarshalCaddyfile reads the directive's block:
//
//	ccload [<matcher>] {
//		lb_policy             <policy> [<args...>]
//		max_body              <size>
//		body_timeout          <duration>|off
//		max_attempts          <n>
//		max_wait              <duration>|off
//		total_timeout         <duration>|off
//		connect_timeout       <duration>|off
//		header_timeout        <duration>|off
//		first_content_timeout auto|<duration>|off
//		idle_timeout          <duration>|off
//		keepalive_after       <duration>|off
//		expose_route
//		allow_origins         <origins...>
//		fuzzy_models
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return ccaddyfile.ReadHandler(d, &h.Handler, ccaddyfile.Table{
		"lb_policy": ccaddyfile.Custom(func(d *caddyfile.Dispenser) (err error) {
			h.LBPolicyRaw, err = selection.UnmarshalPolicy(d)
			return err
		}),
	})
}

// parseAdmin reads the directive that serves the dashboard's API:
//
//	ccload_admin [<prefix>/*]
//
// The default prefix is /ccload. The prefix is stripped by the handler itself.
// With /* it is at the site's root, and leaves the gateway's paths to ccload.
func parseAdmin(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // the directive's name
	handler := &admin.Handler{Prefix: admin.DefaultPrefix}
	if h.NextArg() {
		prefix, ok := strings.CutPrefix(strings.TrimSuffix(h.Val(), "*"), "/")
		prefix = strings.TrimSuffix(prefix, "/")
		if !ok || strings.ContainsAny(prefix, "*{}?#") {
			return nil, h.Errf("ccload_admin: %q is no prefix of a path: write it like /ccload/*", h.Val())
		}
		handler.Prefix = "/" + prefix
	}
	if extra := h.RemainingArgs(); len(extra) > 0 {
		return nil, h.Errf("ccload_admin: takes one prefix, and has %q after it", extra[0])
	}
	for h.NextBlock(0) {
		return nil, h.Errf("ccload_admin: has no options, remove %q and its braces", h.Val())
	}
	match := caddy.ModuleMap{"path": caddyconfig.JSON(caddyhttp.MatchPath(handler.Paths()), nil)}
	return h.NewRoute(match, handler), nil
}
