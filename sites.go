package ccload

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

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
