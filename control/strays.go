package control

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
)

// This file keeps stored keys where they belong: whoever holds a login may
// write keys, and must not be able to read them by sending them to a place of
// their own.

// staysHome refuses that secrets which a channel has go where they did not go
// before, unless whoever asks has given the admin password with it. given is
// what was asked for, and is what comes of it.
func staysHome(who admin.Actor, was *storedChannel, given *admin.ChannelConfig, is *config.Channel) error {
	if was == nil || who.Confirmed || !keepsSecrets(was, given) {
		return nil
	}
	if is.Validate() != nil {
		return nil //nolint:nilerr // it is not saved, and told of with the field that is wrong
	}
	field, to := provider.Stray(was.Conf, is)
	if field == "" {
		return nil
	}
	return admin.Problemf(http.StatusForbidden, admin.CodeConfirm, "channel."+field,
		"channel %q: %s: its stored keys and headers would go to %s, where they did not go before: give them anew with this change, or the admin password",
		is.Name, field, cmp.Or(to, "its addresses by no proxy"))
}

// keepsSecrets reports whether a channel that is given keeps keys or headers of
// the one there was, instead of being given them anew.
func keepsSecrets(was *storedChannel, given *admin.ChannelConfig) bool {
	if given.Keys == nil && len(was.Keys) > 0 || slices.ContainsFunc(given.Keys, func(k admin.KeyConfig) bool { return k.Key == "" }) {
		return true
	}
	if given.HeaderUp == nil {
		return false
	}
	for _, list := range given.HeaderUp.Replace {
		for i := range list {
			for _, text := range replacementTexts(&list[i]) {
				if *text == admin.Masked {
					return true
				}
			}
		}
	}
	for _, headers := range []map[string][]string{given.HeaderUp.Set, given.HeaderUp.Add} {
		for _, values := range headers {
			if slices.Contains(values, admin.Masked) {
				return true
			}
		}
	}
	return false
}

// noPeril refuses addresses where clouds keep credentials, unless the channel
// says that it means them. Whoever writes the config may reach them anyway;
// whoever uses the dashboard need not.
func noPeril(c *config.Channel) error {
	if c.AllowPrivateAddresses {
		return nil
	}
	refuse := func(field, host string) error {
		return &config.Error{
			Thing: "channel", Name: c.Name, Field: field, Value: host,
			Problem: "is a link-local, unspecified or metadata address, which gives credentials away to whoever asks: set allow_private_addresses if that is meant",
		}
	}
	for _, u := range c.URLs {
		if base, err := u.Parse(); err == nil && relay.Perilous(base.Host()) {
			return refuse("urls", base.Host())
		}
	}
	if proxy, err := url.Parse(c.Proxy); err == nil && relay.Perilous(proxy.Host) {
		return refuse("proxy", proxy.Host)
	}
	return nil
}
