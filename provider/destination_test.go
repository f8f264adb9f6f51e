package provider_test

import (
	"testing"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

func TestStray(t *testing.T) {
	at := func(urls ...string) *config.Channel {
		c := &config.Channel{Name: "c"}
		for _, u := range urls {
			c.URLs = append(c.URLs, config.URL{URL: u})
		}
		return c
	}
	by := func(proxy string) *config.Channel {
		c := at("https://a.example")
		c.Proxy = proxy
		return c
	}
	of := func(name string) *config.Channel { return &config.Channel{Name: "c", Provider: name} }
	trusting := at("https://a.example")
	trusting.TLSInsecureSkipVerify = true
	for _, c := range []struct {
		what    string
		was, is *config.Channel
		field   string
	}{
		{"nothing", at("https://a.example"), at("https://a.example"), ""},
		{"the path", at("https://a.example/v1"), at("https://a.example/other"), ""},
		{"the usual port written out", at("https://a.example"), at("https://A.example.:443/v1"), ""},
		{"http to https", at("http://a.example"), at("https://a.example"), ""},
		{"http to https on one port", at("http://a.example:8080"), at("https://a.example:8080"), ""},
		{"https to http", at("https://a.example"), at("http://a.example"), "urls"},
		{"http to https on another port", at("http://a.example"), at("https://a.example:8443"), "urls"},
		{"the host", at("https://a.example"), at("https://b.example"), "urls"},
		{"a host below it", at("https://a.example"), at("https://a.example.evil.example"), "urls"},
		{"the port", at("https://a.example"), at("https://a.example:8443"), "urls"},
		{"one more", at("https://a.example"), at("https://a.example", "https://b.example"), "urls"},
		{"one less", at("https://a.example", "https://b.example"), at("https://b.example"), ""},
		{"of a vendor, to elsewhere", of("anthropic"), at("https://b.example"), "urls"},
		{"of a vendor, its address written out", of("anthropic"), at("https://api.anthropic.com/v1"), ""},
		{"to a vendor", at("https://a.example"), of("anthropic"), "provider"},
		{"to another vendor", of("openai"), of("anthropic"), "provider"},
		{"a proxy", by(""), by("socks5://p.example:1080"), "proxy"},
		{"another proxy", by("http://p.example:3128"), by("http://q.example:3128"), "proxy"},
		{"another port of it", by("http://p.example:3128"), by("http://p.example:3129"), "proxy"},
		{"another scheme of it", by("http://p.example:3128"), by("socks5://p.example:3128"), "proxy"},
		{"the proxy to https", by("http://p.example:3128"), by("https://p.example:3128"), ""},
		{"another password of it", by("http://u:a@p.example:3128"), by("http://u:b@p.example:3128"), ""},
		{"no proxy", by("http://p.example:3128"), by(config.ProxyOff), "proxy"},
		{"TLS of anybody", at("https://a.example"), trusting, "tls_insecure_skip_verify"},
		{"TLS again", trusting, at("https://a.example"), ""},
	} {
		if field, to := provider.Stray(c.was, c.is); field != c.field || (field == "") != (to == "") && field != "proxy" {
			t.Errorf("%s: %q to %q, want %q", c.what, field, to, c.field)
		}
	}
}
