package ccload

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
)

// announcer announces the gateway once the whole config serves.
type announcer struct{ app *App }

// Handle implements caddyevents.Handler.
func (n announcer) Handle(context.Context, caddy.Event) error {
	n.app.announce()
	return nil
}

// findSites looks up where clients and people find the gateway.
func (a *App) findSites() {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return
	}
	if web, ok := app.(*caddyhttp.App); ok {
		a.sites = addressesOf(web)
	}
	a.control.Shared().SetDashboards(a.sites.dashboard)
}

// announce tells in one line of the log where clients and people find the
// gateway, so that whoever starts it for the first time can go on.
func (a *App) announce() {
	found := a.sites
	if len(found.clients)+len(found.dashboard) == 0 {
		return
	}
	fields := []zap.Field{zap.Strings("clients", found.clients)}
	if len(found.dashboard) > 0 {
		login := "with the admin password, or with a client token to see its own numbers; caddy ccload login prints a link"
		if file := a.control.PasswordFile(); a.control.Password() == nil {
			login = "with a client token, to see its own numbers; the option admin_password lets its holder see and change everything"
		} else if file != "" {
			login = "caddy ccload login prints a link, caddy ccload password the password, which is in " + file
		}
		fields = append(fields, zap.Strings("dashboard", found.dashboard), zap.String("login", login))
	}
	a.logger.Info("the gateway is ready", fields...)
}

// base is where a server listens.
type base struct{ scheme, host, port string }

// at is the address of a path at a host; "" stands for where it listens.
func (b base) at(host, path string) string {
	return b.scheme + "://" + cmp.Or(host, b.host, "localhost") + b.port + path
}

// basesOf are the places where a server listens on TCP.
func basesOf(server *caddyhttp.Server) []base {
	var all []base
	for _, listen := range server.Listen {
		place, err := caddy.ParseNetworkAddress(listen)
		if err != nil || place.IsUnixNetwork() {
			continue
		}
		b := base{scheme: "http", host: place.Host, port: ":" + strconv.FormatUint(uint64(place.StartPort), 10)}
		usual := uint(caddyhttp.DefaultHTTPPort)
		if len(server.TLSConnPolicies) > 0 {
			b.scheme, usual = "https", caddyhttp.DefaultHTTPSPort
		}
		if place.StartPort == usual {
			b.port = ""
		}
		switch {
		case b.host == "0.0.0.0", b.host == "::":
			b.host = ""
		case strings.Contains(b.host, ":"):
			b.host = "[" + b.host + "]"
		}
		all = append(all, b)
	}
	return all
}

// addresses are where the handlers of a config are found.
type addresses struct{ clients, dashboard []string }

// addressesOf finds the handlers in the sites of a config.
func addressesOf(web *caddyhttp.App) addresses {
	var found addresses
	for _, server := range web.Servers {
		for _, base := range basesOf(server) {
			found.walk(server.Routes, base, nil, "")
		}
	}
	return addresses{inOrder(found.clients), inOrder(found.dashboard)}
}

// walk looks for the handlers in routes that are reached at hosts, below a path
// that is cut.
func (f *addresses) walk(routes caddyhttp.RouteList, b base, hosts []string, cut string) {
	for i := range routes {
		at := hosts
		for _, set := range routes[i].MatcherSets {
			for _, m := range set {
				if named, ok := m.(*caddyhttp.MatchHost); ok {
					at = *named
				}
			}
		}
		for _, handler := range routes[i].Handlers {
			switch h := handler.(type) {
			case *caddyhttp.Subroute:
				f.walk(h.Routes, b, at, cut)
			case *rewrite.Rewrite:
				cut += h.StripPathPrefix // for the routes behind it too
			case *Handler:
				f.clients = append(f.clients, b.each(at, cut)...)
			case *admin.Handler:
				f.dashboard = append(f.dashboard, b.each(at, cut+h.Prefix+"/")...)
			}
		}
	}
}

// each is the address of a path at each of the hosts.
func (b base) each(hosts []string, path string) []string {
	if len(hosts) == 0 {
		return []string{b.at("", path)}
	}
	all := make([]string, len(hosts))
	for i, host := range hosts {
		all[i] = b.at(host, path)
	}
	return all
}

// inOrder sorts a list and keeps each value once.
func inOrder(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
