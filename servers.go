package ccload

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
)

// This file reads the servers of Caddy's HTTP app: where the handlers are found,
// what their sites are called, and what would cut or show too much.

// warnOfServers warns of settings of Caddy that would cut long answers or show
// what should be secret.
func (a *App) warnOfServers() {
	web := a.web()
	if web == nil {
		return
	}
	if web.GracePeriod > 0 {
		a.logger.Warn("grace_period is set: at exit, answers that take longer are cut",
			zap.Duration("grace_period", time.Duration(web.GracePeriod)))
	}
	for name, server := range web.Servers {
		if believesClients(server) {
			a.logger.Warn("trusted_proxies without trusted_proxies_strict takes the leftmost address of X-Forwarded-For, which a client may make up: whoever guesses passwords or tokens is slowed down by proxy only, and may have others slowed down",
				zap.String("server", name), zap.String("remedy", "write trusted_proxies_strict into the servers option"))
		}
		if server.Logs != nil {
			// Caddy copies the request for its log before any handler sees it,
			// and how the log is encoded is not ours to see: a hint, no warning.
			a.logger.Info("the server keeps an access log; Caddy leaves Authorization out of it, but not the other places where clients put tokens",
				zap.String("server", name),
				zap.String("remedy", "filter X-Api-Key, X-Goog-Api-Key and ?key= in the log's format, as examples/compose/Caddyfile does"))
		}
	}
}

// warnOfSites warns of handlers that are there and of no use: a dashboard that
// nobody can log in to as operator, and a handler behind another that takes all
// that it could serve.
func (a *App) warnOfSites() {
	if len(a.sites.dashboard) > 0 && a.control.Password() == nil && a.AdminPassword == "" && a.AdminPasswordFile == "" {
		a.logger.Warn("ccload_admin is served, but there is no admin password, so nobody can log in as operator",
			zap.Strings("dashboard", a.sites.dashboard),
			zap.String("remedy", "write admin_password or admin_password_file into the ccload options"))
	}
	if web := a.web(); web != nil {
		for _, server := range web.Servers {
			for _, base := range basesOf(server)[:1] {
				a.warnOfShadowed(server.Routes, base, nil)
			}
		}
	}
}

// warnOfShadowed looks among routes for handlers that are never asked.
func (a *App) warnOfShadowed(routes caddyhttp.RouteList, b base, hosts []string) {
	var taken bool // by a handler that is asked for everything
	prefixes := make(map[string]bool)
	for i := range routes {
		at := hosts
		if asked := hostsOf(routes[i].MatcherSets); asked != nil {
			at = asked
		}
		for _, handler := range routes[i].Handlers {
			again := ""
			switch h := handler.(type) {
			case *caddyhttp.Subroute:
				a.warnOfShadowed(h.Routes, b, at)
			case *Handler:
				if taken {
					again = "ccload"
				}
				taken = taken || len(routes[i].MatcherSets) == 0
			case *admin.Handler:
				if prefixes[h.Prefix] {
					again = "ccload_admin"
				}
				prefixes[h.Prefix] = true
			}
			if again != "" {
				a.logger.Warn(again+" stands twice in a site: the first serves, and the second is never asked",
					zap.Strings("site", b.each(at, "")), zap.String("remedy", "remove one, or give them matchers that differ"))
			}
		}
	}
}

// believesClients reports whether a server takes the address of a client from
// what the client itself may have written, the leftmost of X-Forwarded-For.
// Caddy forgets how trusted_proxies were written once it has loaded them, so
// its own field is looked at; a test holds that it is there.
func believesClients(server *caddyhttp.Server) bool {
	proxies := reflect.ValueOf(server).Elem().FieldByName("trustedProxies")
	return server.TrustedProxiesStrict == 0 && proxies.IsValid() && proxies.Kind() == reflect.Interface && !proxies.IsNil()
}

// web is Caddy's HTTP app, nil if the config has none.
func (a *App) web() *caddyhttp.App {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil
	}
	web, _ := app.(*caddyhttp.App)
	return web
}

// nameSites gives the gateway's sites the hosts of the routes that lead to them,
// or the addresses of their server where no host is asked for.
func (a *App) nameSites() {
	web := a.web()
	if web == nil {
		return
	}
	names := make(map[*Handler][]string)
	for _, server := range web.Servers {
		visitHandlers(server.Routes, server.Listen, func(h *Handler, hosts []string) { names[h] = append(names[h], hosts...) })
	}
	for h, hosts := range names {
		h.site.SetNames(hosts)
	}
}

// visitHandlers finds the ccload handlers among routes, with the hosts that lead
// to them.
func visitHandlers(routes caddyhttp.RouteList, hosts []string, visit func(*Handler, []string)) {
	for i := range routes {
		within := hosts
		if asked := hostsOf(routes[i].MatcherSets); asked != nil {
			within = asked
		}
		for _, h := range routes[i].Handlers {
			switch h := h.(type) {
			case *Handler:
				visit(h, within)
			case *caddyhttp.Subroute:
				visitHandlers(h.Routes, within, visit)
			}
		}
	}
}

// hostsOf lists the hosts that any of some matchers asks for.
func hostsOf(sets caddyhttp.MatcherSets) []string {
	var hosts []string
	for _, set := range sets {
		for _, m := range set {
			switch m := m.(type) {
			case caddyhttp.MatchHost:
				hosts = append(hosts, m...)
			case *caddyhttp.MatchHost:
				hosts = append(hosts, *m...)
			}
		}
	}
	return hosts
}

// announcer announces the gateway once the whole config serves.
type announcer struct{ app *App }

// Handle implements caddyevents.Handler.
func (n announcer) Handle(context.Context, caddy.Event) error {
	n.app.announce()
	return nil
}

// findSites looks up where clients and people find the gateway.
func (a *App) findSites() {
	if web := a.web(); web != nil {
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
		if asked := hostsOf(routes[i].MatcherSets); asked != nil {
			at = asked
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
