package control

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// maxNote bounds what may be noted of a key, in bytes.
const maxNote = 512

// ChannelConfigs implements admin.Operator.
func (s *Service) ChannelConfigs() []admin.ChannelConfig {
	made := s.state.stored.Load().all().channels
	list := make([]admin.ChannelConfig, 0, len(s.declared.Channels)+len(made))
	for _, c := range s.declared.Channels {
		conf, _ := c.Replaced(func(text string) string { return s.watched.ReplaceAll(text, "") })
		keys := make([]storedKey, len(conf.Keys))
		for i, k := range conf.Keys {
			keys[i].Secret = k
		}
		shown := showChannel(conf, keys, declared)
		for i := range conf.Keys {
			shown.Keys[i].Fingerprint = access.Fingerprint(conf.KeyIdentity(i))
		}
		list = append(list, shown)
	}
	for _, c := range made {
		list = append(list, showStored(c))
	}
	return list
}

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

// SaveChannel implements admin.Operator.
func (s *Service) SaveChannel(ctx context.Context, who admin.Actor, name string, in admin.ChannelConfig) (admin.ChannelConfig, error) {
	if err := s.apply(ctx, who, func(cs *changeSet) error { return cs.saveChannel(name, &in) }); err != nil {
		return admin.ChannelConfig{}, err
	}
	if is := s.state.stored.Load().channel(in.Name); is != nil {
		return showStored(is), nil
	}
	return admin.ChannelConfig{}, nil // removed by somebody meanwhile
}

// ChangeChannels implements admin.Operator.
func (s *Service) ChangeChannels(ctx context.Context, who admin.Actor, names []string, change func(admin.ChannelConfig) (admin.ChannelConfig, error)) ([]admin.ChannelConfig, error) {
	var after []string
	err := s.apply(ctx, who, func(cs *changeSet) error {
		after = after[:0]
		return each(names, func(name string) error {
			col := cs.channelCollection()
			was, err := col.existing(name, name)
			if err != nil {
				return err
			}
			is, err := change(showStored(was))
			if err != nil {
				return err
			}
			before := len(cs.trail)
			err = cs.saveChannel(name, &is)
			if len(cs.trail) > before || len(names) == 1 {
				after = append(after, is.Name)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	list := make([]admin.ChannelConfig, 0, len(after))
	for _, name := range after {
		if is := s.state.stored.Load().channel(name); is != nil {
			list = append(list, showStored(is))
		} else {
			list = append(list, admin.ChannelConfig{}) // removed by somebody meanwhile
		}
	}
	return list, nil
}

// saveChannel puts a channel into the change set as the API was given it.
func (cs *changeSet) saveChannel(name string, in *admin.ChannelConfig) error {
	conf := in.Channel
	conf.HeaderUp = conf.HeaderUp.Clone()
	var was *storedChannel
	var before *config.Channel
	var has []storedKey
	if at := cs.channelCollection().index(name); name != "" && at >= 0 {
		was = cs.channels[at]
		before, has = was.Conf, was.Keys
	}
	if err := unmask(&conf, before); err != nil {
		return err
	}
	keys, err := keysOf(in.Keys, has, conf.Name)
	if err != nil {
		return err
	}
	if err := staysHome(cs.who, was, in, &conf); err != nil {
		return err
	}
	return cs.putChannel(name, &conf, keys)
}

func showStored(s *storedChannel) admin.ChannelConfig {
	shown := showChannel(s.Conf, s.Keys, stored)
	shown.Created, shown.Updated = s.Created, s.Updated
	return shown
}

// keysOf reads the keys of a channel: new ones, and those that stay, by
// their fingerprint. nil: they stay as they are.
func keysOf(in []admin.KeyConfig, has []storedKey, channel string) ([]storedKey, error) {
	if in == nil {
		return nil, nil
	}
	keys := make([]storedKey, 0, len(in))
	seen := make(map[string]bool, len(in))
	wrong := func(i int, problem string, args ...any) error {
		args = append([]any{channel, i + 1}, args...)
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "channel.keys", "channel %q: keys #%d: "+problem, args...)
	}
	for i, k := range in {
		key := storedKey{Secret: strings.TrimSpace(k.Key), Note: k.Note, Disabled: k.Disabled}
		if key.Secret == "" {
			at := slices.IndexFunc(has, func(h storedKey) bool { return access.Fingerprint(h.Secret) == k.Fingerprint })
			if k.Fingerprint == "" || at < 0 {
				return nil, wrong(i, "has neither a key nor the fingerprint of one the channel has")
			}
			key.Secret = has[at].Secret
		}
		switch {
		case seen[key.Secret]:
			return nil, wrong(i, "stands there twice: remove it")
		case len(key.Note) > maxNote:
			return nil, wrong(i, "has a note of more than %d bytes", maxNote)
		case strings.ContainsFunc(key.Secret, func(r rune) bool { return r <= ' ' || r > '~' }):
			return nil, wrong(i, "holds a space, a line break or a character that no header can carry: was it copied whole?")
		}
		seen[key.Secret] = true
		keys = append(keys, key)
	}
	return keys, nil
}

// RemoveChannels implements admin.Operator.
func (s *Service) RemoveChannels(ctx context.Context, who admin.Actor, names []string) error {
	return s.apply(ctx, who, func(cs *changeSet) error { return each(names, cs.removeChannel) })
}

// TestChannel implements admin.Operator.
func (s *Service) TestChannel(ctx context.Context, who admin.Actor, q admin.TestQuestion) ([]admin.TestAnswer, error) {
	answers, err := s.gateway.TestChannel(ctx, q)
	if err != nil {
		return nil, err
	}
	return answers, s.state.note(ctx, who, "test", store.KindChannel, q.Channel)
}
