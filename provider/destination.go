package provider

import (
	"net/url"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
)

// Stray returns the first way in which a channel's keys would go where they did
// not go before: to another scheme, host or port, by another proxy or other
// TLS. field is the setting that says so and to the new place; both are empty
// if there is none. From http to https of the same host is none.
//
// Both channels must be valid. Of a channel without addresses the vendor's own
// count, all of them.
func Stray(was, is *config.Channel) (field, to string) {
	before := origins(was)
	for _, origin := range origins(is) {
		if !slices.Contains(before, origin) && !slices.Contains(before, plainOf(origin)) {
			if len(is.URLs) == 0 {
				return "provider", origin
			}
			return "urls", origin
		}
	}
	if old, proxy := proxyOf(was), proxyOf(is); proxy != old && plainOf(proxy) != old {
		return "proxy", proxy
	}
	if is.TLSInsecureSkipVerify && !was.TLSInsecureSkipVerify {
		return "tls_insecure_skip_verify", "whoever answers in the upstream's place"
	}
	return "", ""
}

// origins are the schemes, hosts and ports to which a channel sends its keys.
func origins(c *config.Channel) []string {
	var list []string
	add := func(u config.URL) {
		if base, err := u.Parse(); err == nil {
			list = append(list, base.Origin())
		} else {
			list = append(list, u.URL) // as it stands there: something else is something else
		}
	}
	for _, u := range c.URLs {
		add(u)
	}
	if len(c.URLs) == 0 {
		preset, _ := Get(c.Provider)
		for i := range preset.Endpoints {
			add(config.URL{URL: preset.Endpoints[i].URL})
		}
	}
	return list
}

// plainOf is the http address of a host whose https address is given, on the
// same port, or both on the usual one.
func plainOf(origin string) string {
	rest, ok := strings.CutPrefix(origin, "https://")
	if !ok {
		return origin
	}
	if host, usual := strings.CutSuffix(rest, ":443"); usual {
		return "http://" + host + ":80"
	}
	return "http://" + rest
}

// proxyOf is the origin of a channel's proxy, or the setting itself where it
// is no address.
func proxyOf(c *config.Channel) string {
	u, err := url.Parse(c.Proxy)
	if err != nil || u.Host == "" {
		return c.Proxy
	}
	return config.OriginOf(u)
}
