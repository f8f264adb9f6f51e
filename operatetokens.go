package ccload

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
)

// This file is what the dashboard's API may change of tokens and aliases.

// TokenConfigs implements admin.Operator.
func (a *App) TokenConfigs() []admin.TokenConfig {
	made := a.state.stored.Load().all().tokens
	list := make([]admin.TokenConfig, 0, len(a.Tokens)+len(made))
	for _, t := range a.Tokens {
		list = append(list, showToken(t, "", declared))
	}
	for _, t := range made {
		shown := showToken(t.Conf, t.LastFour, stored)
		shown.Created, shown.Updated = t.Created, t.Updated
		list = append(list, shown)
	}
	return list
}

func showToken(t *config.Token, lastFour, from string) admin.TokenConfig {
	shown := admin.TokenConfig{Token: *t, LastFour: lastFour, Origin: from}
	shown.Secret, shown.SecretHash = "", ""
	return shown
}

// newSecret makes the secret of a token: 24 random bytes.
func newSecret() string {
	raw := make([]byte, 24)
	rand.Read(raw)
	return "sk-ccload-" + hex.EncodeToString(raw)
}

// SaveToken implements admin.Operator.
func (a *App) SaveToken(ctx context.Context, who admin.Actor, name string, in admin.TokenConfig) (admin.TokenConfig, error) {
	secret := in.Secret
	if config.HasPlaceholder(secret) {
		return admin.TokenConfig{}, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "token.secret", "token %q: secret: is a placeholder, which only the config may hold", in.Name)
	}
	made := in.NewSecret || name == "" && secret == "" && in.SecretHash == "" && in.Name != config.Anonymous
	if made {
		secret = newSecret()
	}
	err := a.edit(ctx, who, func(d *draft) error {
		conf := in.Token
		conf.Secret = secret
		hint := ""
		switch was := d.base.token(name); {
		case secret != "":
			if err := conf.Validate(); err != nil { // of the secret as it was written
				return err
			}
			conf.Secret, conf.SecretHash, hint = "", config.HashSecret(secret), lastFour(secret)
		case conf.SecretHash == "" && was != nil:
			conf.SecretHash, hint = was.Conf.SecretHash, was.LastFour
		case conf.Name == config.Anonymous:
			return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "token.name", "the token that admits everyone can only be declared in the config, where it is seen: token anonymous")
		}
		return d.putToken(name, &conf, hint)
	})
	if err != nil {
		return admin.TokenConfig{}, err
	}
	s := a.state.stored.Load().token(in.Name)
	if s == nil {
		return admin.TokenConfig{}, nil
	}
	shown := showToken(s.Conf, s.LastFour, stored)
	shown.Created, shown.Updated = s.Created, s.Updated
	if made {
		shown.Secret = secret // this once
	}
	return shown, nil
}

// RemoveTokens implements admin.Operator.
func (a *App) RemoveTokens(ctx context.Context, who admin.Actor, names []string) error {
	return a.edit(ctx, who, func(d *draft) error { return each(names, d.removeToken) })
}

// AliasConfigs implements admin.Operator.
func (a *App) AliasConfigs() []admin.AliasConfig {
	made := a.state.stored.Load().all().aliases
	list := make([]admin.AliasConfig, 0, len(a.Aliases)+len(made))
	for _, l := range a.Aliases {
		list = append(list, admin.AliasConfig{Alias: *l, Origin: declared})
	}
	for _, l := range made {
		list = append(list, admin.AliasConfig{Alias: *l.Conf, Origin: stored, Created: l.Created, Updated: l.Updated})
	}
	return list
}

// SaveAlias implements admin.Operator.
func (a *App) SaveAlias(ctx context.Context, who admin.Actor, name string, in admin.AliasConfig) (admin.AliasConfig, error) {
	err := a.edit(ctx, who, func(d *draft) error {
		conf := in.Alias
		return d.putAlias(name, &conf)
	})
	if err != nil {
		return admin.AliasConfig{}, err
	}
	in.Origin = stored
	if s := a.state.stored.Load().alias(in.Name); s != nil {
		in.Created, in.Updated = s.Created, s.Updated
	}
	return in, nil
}

// RemoveAliases implements admin.Operator.
func (a *App) RemoveAliases(ctx context.Context, who admin.Actor, names []string) error {
	return a.edit(ctx, who, func(d *draft) error { return each(names, d.removeAlias) })
}
