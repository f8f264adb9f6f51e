package control

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
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
