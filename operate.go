package ccload

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file is what the dashboard's API may change: the app as admin.Operator.

// maxNote bounds what may be noted of a key, in bytes.
const maxNote = 512

// ChannelConfigs implements admin.Operator.
func (a *App) ChannelConfigs() []admin.ChannelConfig {
	made := a.state.control.Stored.Load().all().channels
	list := make([]admin.ChannelConfig, 0, len(a.App.Channels)+len(made))
	replacer := caddy.NewReplacer()
	for _, c := range a.App.Channels {
		conf, _ := c.Replaced(func(s string) string { return replacer.ReplaceAll(s, "") })
		keys := make([]storedKey, len(conf.Keys))
		for i, k := range conf.Keys {
			keys[i].Secret = k
		}
		list = append(list, showChannel(conf, keys, declared))
	}
	for _, c := range made {
		list = append(list, showStored(c))
	}
	return list
}

// all is what is stored, nothing before it was read.
func (s *storedConfig) all() *storedConfig {
	if s == nil {
		return new(storedConfig)
	}
	return s
}

// showChannel is a channel without its secrets.
func showChannel(c *config.Channel, keys []storedKey, from string) admin.ChannelConfig {
	shown := admin.ChannelConfig{Channel: *c, Keys: []admin.KeyConfig{}, Origin: from}
	shown.Channel.Keys = nil
	shown.Proxy = secrets.RedactProxy(c.Proxy)
	shown.HeaderUp = shownHeaders(c.HeaderUp)
	for _, k := range keys {
		shown.Keys = append(shown.Keys, admin.KeyConfig{
			Fingerprint: access.Fingerprint(k.Secret), LastFour: secrets.LastFour(k.Secret), Note: k.Note, Disabled: k.Disabled,
		})
	}
	return shown
}

// shownHeaders keeps the names of headers and hides their values.
func shownHeaders(h *config.HeaderOps) *config.HeaderOps {
	if h == nil {
		return nil
	}
	return &config.HeaderOps{Set: secrets.RedactValues(h.Set), Add: secrets.RedactValues(h.Add), Delete: h.Delete}
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
	put := func(headers map[string][]string, old func(*config.HeaderOps) map[string][]string) error {
		for name, values := range headers {
			for i, v := range values {
				if v != admin.Masked {
					continue
				}
				if was == nil || was.HeaderUp == nil || len(old(was.HeaderUp)[name]) <= i {
					return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "channel.header_up", "header_up %s: the value is masked, and there is none to keep: write it", name)
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

// SaveChannel implements admin.Operator.
func (a *App) SaveChannel(ctx context.Context, who admin.Actor, name string, in admin.ChannelConfig) (admin.ChannelConfig, error) {
	if err := a.edit(ctx, who, func(d *draft) error { return d.saveChannel(name, &in) }); err != nil {
		return admin.ChannelConfig{}, err
	}
	if s := a.state.control.Stored.Load().channel(in.Name); s != nil {
		return showStored(s), nil
	}
	return admin.ChannelConfig{}, nil // removed by somebody meanwhile
}

// ChangeChannels implements admin.Operator.
func (a *App) ChangeChannels(ctx context.Context, who admin.Actor, names []string, change func(admin.ChannelConfig) (admin.ChannelConfig, error)) ([]admin.ChannelConfig, error) {
	var after []string
	err := a.edit(ctx, who, func(d *draft) error {
		after = after[:0]
		return each(names, func(name string) error {
			w := d.channelDrawer()
			was, err := w.was(name, name)
			if err != nil {
				return err
			}
			is, err := change(showStored(was))
			if err != nil {
				return err
			}
			before := len(d.trail)
			err = d.saveChannel(name, &is)
			if len(d.trail) > before || len(names) == 1 {
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
		if s := a.state.control.Stored.Load().channel(name); s != nil {
			list = append(list, showStored(s))
		} else {
			list = append(list, admin.ChannelConfig{}) // removed by somebody meanwhile
		}
	}
	return list, nil
}

// saveChannel puts a channel into the draft as the API was given it.
func (d *draft) saveChannel(name string, in *admin.ChannelConfig) error {
	conf := in.Channel
	conf.HeaderUp = conf.HeaderUp.Clone()
	var was *storedChannel
	var before *config.Channel
	var has []storedKey
	if at := d.channelDrawer().at(name); name != "" && at >= 0 {
		was = d.channels[at]
		before, has = was.Conf, was.Keys
	}
	if err := unmask(&conf, before); err != nil {
		return err
	}
	keys, err := keysOf(in.Keys, has, conf.Name)
	if err != nil {
		return err
	}
	if err := staysHome(d.who, was, in, &conf); err != nil {
		return err
	}
	return d.putChannel(name, &conf, keys)
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
func (a *App) RemoveChannels(ctx context.Context, who admin.Actor, names []string) error {
	return a.edit(ctx, who, func(d *draft) error { return each(names, d.removeChannel) })
}

func each[T any](list []T, do func(T) error) error {
	for _, v := range list {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

// Settings implements admin.Operator.
func (a *App) Settings() admin.SettingsConfig {
	whole, _ := merged(&a.App, a.state.control.Stored.Load())
	s := admin.SettingsConfig{Settings: config.Settings{Retention: whole.Retention, Capture: whole.Capture}, Declared: []string{}}
	if a.Retention != nil {
		s.Declared = append(s.Declared, "retention")
	}
	if a.Capture != nil {
		s.Declared = append(s.Declared, "capture")
	}
	return s
}

// SaveSettings implements admin.Operator.
func (a *App) SaveSettings(ctx context.Context, who admin.Actor, s config.Settings) (admin.SettingsConfig, error) {
	for _, name := range a.Settings().Declared {
		if name == "retention" && s.Retention != nil || name == "capture" && s.Capture != nil {
			return admin.SettingsConfig{}, admin.Problemf(http.StatusConflict, admin.CodeDeclared, name, "%s is declared in the config, and is changed there", name)
		}
	}
	err := a.edit(ctx, who, func(d *draft) error { return d.putSettings(s) })
	return a.Settings(), err
}

// Rest implements admin.Operator.
func (a *App) Rest(ctx context.Context, who admin.Actor, which health.Ref, until time.Time) error {
	now := time.Now()
	ch := a.registry.Load().byName[which.Channel]
	switch {
	case which.Scope == ai.ScopeNone:
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "scope", "scope is missing; there are %v", ai.Scopes()[1:])
	case which.Scope == ai.ScopeGroup && which.Group == "":
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "group", "which group shall rest?")
	case which.Scope != ai.ScopeGroup && ch == nil:
		return admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "channel", "there is no channel %q", which.Channel)
	case !until.After(now) || until.After(now.Add(366*24*time.Hour)):
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "until", "until must be a moment within the next year")
	}
	if err := a.state.routing.Board.Rest(health.Entry{Ref: which, Until: until, Kind: ai.RateLimited, Rule: "by hand", Message: "rests because " + who.Name + " said so", Since: now}); err != nil {
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "", "%s", err.Error())
	}
	return a.state.store.Note(ctx, store.AuditEntry{
		Time: now, Actor: who.Name, Address: who.Address, Action: "rest", Kind: which.Scope.String(), Name: which.Channel + which.Group, Fields: []string{},
	})
}

// EndRests implements admin.Operator.
func (a *App) EndRests(ctx context.Context, who admin.Actor, which health.Ref) (int, error) {
	n := a.ClearCooling(which)
	if n == 0 {
		return 0, nil
	}
	return n, a.state.store.Note(ctx, store.AuditEntry{
		Time: time.Now(), Actor: who.Name, Address: who.Address, Action: "clear", Kind: "cooling", Name: which.Channel + which.Group, Fields: []string{},
	})
}

// Audit implements admin.Operator.
func (a *App) Audit(ctx context.Context, before int64, limit int) ([]admin.AuditEntry, error) {
	list, err := a.state.store.Audit(ctx, before, limit)
	shown := make([]admin.AuditEntry, len(list))
	for i, e := range list {
		shown[i] = admin.AuditEntry(e)
	}
	return shown, err
}

// TokenOf implements admin.Operator.
func (a *App) TokenOf(secret string) (admin.Holder, bool) {
	if secret == "" {
		return admin.Holder{}, false
	}
	t, err := a.registry.Load().tokens.Lookup(secret, time.Now())
	if err != nil || t.Name() == config.Anonymous {
		return admin.Holder{}, false
	}
	return admin.Holder{Name: t.Name(), Secret: t.SecretID()}, true
}

// HolderOf implements admin.Operator.
func (a *App) HolderOf(name string) (admin.Holder, bool) {
	t := a.registry.Load().tokens.ByName(name)
	if t == nil || t.Disabled() || t.Expired(time.Now()) || t.SecretID() == "" {
		return admin.Holder{}, false
	}
	return admin.Holder{Name: name, Secret: t.SecretID()}, true
}
