package ccload

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// This file is what the dashboard's API may change of tokens and aliases.

// TokenConfigs implements admin.Operator.
func (a *App) TokenConfigs() []admin.TokenConfig {
	made := a.state.control.Stored.Load().all().tokens
	list := make([]admin.TokenConfig, 0, len(a.Tokens)+len(made))
	for _, t := range a.Tokens {
		shown := showToken(t, "", declared)
		shown.SecretFile = ""
		if keptInFile(t) {
			shown.SecretFile = t.SecretPath()
		}
		list = append(list, shown)
	}
	for _, t := range made {
		list = append(list, showStoredToken(t))
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
	return a.saveToken(ctx, who, name, func(*draft) (admin.TokenConfig, error) { return in, nil })
}

// ChangeToken implements admin.Operator.
func (a *App) ChangeToken(ctx context.Context, who admin.Actor, name string, change func(admin.TokenConfig) (admin.TokenConfig, error)) (admin.TokenConfig, error) {
	return a.saveToken(ctx, who, name, func(d *draft) (admin.TokenConfig, error) {
		was, err := d.tokenDrawer().was(name, name)
		if err != nil {
			return admin.TokenConfig{}, err
		}
		return change(showStoredToken(was))
	})
}

// saveToken saves what given says that a token shall be.
func (a *App) saveToken(ctx context.Context, who admin.Actor, name string, given func(d *draft) (admin.TokenConfig, error)) (admin.TokenConfig, error) {
	var is, secret string
	err := a.edit(ctx, who, func(d *draft) error {
		in, err := given(d)
		if err != nil {
			return err
		}
		is = in.Name
		secret, err = d.saveToken(name, &in)
		return err
	})
	if err != nil {
		return admin.TokenConfig{}, err
	}
	s := a.state.control.Stored.Load().token(is)
	if s == nil {
		return admin.TokenConfig{}, nil // removed by somebody meanwhile
	}
	shown := showStoredToken(s)
	shown.Secret = secret // this once
	return shown, nil
}

func showStoredToken(t *storedToken) admin.TokenConfig {
	shown := showToken(t.Conf, t.LastFour, stored)
	shown.Created, shown.Updated = t.Created, t.Updated
	return shown
}

// saveToken puts a token into the draft as the API was given it, and returns
// its secret if it was made here.
func (d *draft) saveToken(name string, in *admin.TokenConfig) (made string, err error) {
	var was *storedToken
	if at := d.tokenDrawer().at(name); name != "" && at >= 0 {
		was = d.tokens[at]
	}
	conf := in.Token
	wrong := func(field, problem string) error {
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, field, "token %q: %s", in.Name, problem)
	}
	switch {
	case conf.Name == config.Anonymous:
		return "", wrong("token.name", "the token that admits everyone can only be declared in the config, where it is seen: token anonymous")
	case config.HasPlaceholder(conf.Secret):
		return "", wrong("token.secret", "secret: is a placeholder, which only the config may hold")
	case in.NewSecret, was == nil && conf.Secret == "" && conf.SecretHash == "":
		conf.Secret, conf.SecretHash = newSecret(), ""
		made = conf.Secret
	}
	hint := ""
	switch {
	case conf.Secret != "":
		if err := conf.Validate(); err != nil { // of the secret as it was written
			return "", err
		}
		hint = secrets.LastFour(conf.Secret)
		conf.SecretHash, conf.Secret = config.HashSecret(conf.Secret), ""
	case conf.SecretHash == "" && was != nil:
		conf.SecretHash, hint = was.Conf.SecretHash, was.LastFour
	}
	return made, d.putToken(name, &conf, hint)
}

// RemoveTokens implements admin.Operator.
func (a *App) RemoveTokens(ctx context.Context, who admin.Actor, names []string) error {
	return a.edit(ctx, who, func(d *draft) error { return each(names, d.removeToken) })
}

// AliasConfigs implements admin.Operator.
func (a *App) AliasConfigs() []admin.AliasConfig {
	made := a.state.control.Stored.Load().all().aliases
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
	if s := a.state.control.Stored.Load().alias(in.Name); s != nil {
		in.Created, in.Updated = s.Created, s.Updated
	}
	return in, nil
}

// RemoveAliases implements admin.Operator.
func (a *App) RemoveAliases(ctx context.Context, who admin.Actor, names []string) error {
	return a.edit(ctx, who, func(d *draft) error { return each(names, d.removeAlias) })
}
