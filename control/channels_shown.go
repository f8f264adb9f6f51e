package control

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// showChannel is a channel without its secrets.
func showChannel(c *config.Channel, keys []storedKey, from string) admin.ChannelConfig {
	shown := admin.ChannelConfig{Channel: *c, Keys: []admin.KeyConfig{}, Origin: from}
	shown.Channel.Keys = nil
	shown.Proxy = secrets.RedactProxy(c.Proxy)
	shown.HeaderUp = shownHeaders(c.HeaderUp)
	shown.TransportRaw = shownTransport(c.TransportRaw)
	for _, k := range keys {
		shown.Keys = append(shown.Keys, admin.KeyConfig{
			Fingerprint: access.Fingerprint(k.Secret), LastFour: secrets.LastFour(k.Secret), Note: k.Note, Disabled: k.Disabled,
		})
	}
	return shown
}

// shownTransport keeps the name of a transport: its settings may name files and
// the password of a proxy.
func shownTransport(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var module struct {
		Protocol string `json:"protocol"`
	}
	_ = json.Unmarshal(raw, &module) // it was read before
	shown, _ := json.Marshal(module) // a text always can
	return shown
}

// shownHeaders keeps the names of headers and hides their values.
func shownHeaders(h *config.HeaderOps) *config.HeaderOps {
	if h == nil {
		return nil
	}
	shown := h.Clone()
	shown.Set, shown.Add = secrets.RedactValues(h.Set), secrets.RedactValues(h.Add)
	for _, list := range shown.Replace {
		for i := range list {
			for _, text := range replacementTexts(&list[i]) {
				if *text != "" {
					*text = admin.Masked
				}
			}
		}
	}
	return shown
}

// replacementTexts are the texts of a replacement that may be secrets.
func replacementTexts(r *config.HeaderReplacement) [3]*string {
	return [3]*string{&r.Search, &r.SearchRegexp, &r.Replace}
}

// unmask puts back what was given back masked.
func unmask(c, was *config.Channel) error {
	if strings.Contains(c.Proxy, admin.Masked) {
		if was == nil || c.Proxy != secrets.RedactProxy(was.Proxy) {
			return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "channel.proxy", "proxy: the password is masked, and there is none to keep: write it")
		}
		c.Proxy = was.Proxy
	}
	if c.HeaderUp == nil {
		return nil
	}
	for name, list := range c.HeaderUp.Replace {
		for i := range list {
			for j, text := range replacementTexts(&list[i]) {
				if *text != admin.Masked {
					continue
				}
				if was == nil || was.HeaderUp == nil || len(was.HeaderUp.Replace[name]) <= i {
					return noMasked(name)
				}
				*text = *replacementTexts(&was.HeaderUp.Replace[name][i])[j]
			}
		}
	}
	put := func(headers map[string][]string, old func(*config.HeaderOps) map[string][]string) error {
		for name, values := range headers {
			for i, v := range values {
				if v != admin.Masked {
					continue
				}
				if was == nil || was.HeaderUp == nil || len(old(was.HeaderUp)[name]) <= i {
					return noMasked(name)
				}
				values[i] = old(was.HeaderUp)[name][i]
			}
		}
		return nil
	}
	if err := put(c.HeaderUp.Set, func(h *config.HeaderOps) map[string][]string { return h.Set }); err != nil {
		return err
	}
	return put(c.HeaderUp.Add, func(h *config.HeaderOps) map[string][]string { return h.Add })
}

// noMasked says that a header's value is masked which the channel does not have.
func noMasked(name string) error {
	return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "channel.header_up", "header_up %s: the value is masked, and there is none to keep: write it", name)
}
