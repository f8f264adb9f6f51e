package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// TokenConfigs implements admin.Operator.
func (s *Service) TokenConfigs() []admin.TokenConfig {
	made := s.state.stored.Load().all().tokens
	list := make([]admin.TokenConfig, 0, len(s.declared.Tokens)+len(made))
	for _, t := range s.declared.Tokens {
		shown := showToken(t, "", declared)
		shown.SecretFile = ""
		if s.keptInFile(t) {
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
func (s *Service) SaveToken(ctx context.Context, who admin.Actor, name string, in admin.TokenConfig) (admin.TokenConfig, error) {
	return s.saveToken(ctx, who, name, func(*changeSet) (admin.TokenConfig, error) { return in, nil })
}

// ChangeToken implements admin.Operator.
func (s *Service) ChangeToken(ctx context.Context, who admin.Actor, name string, change func(admin.TokenConfig) (admin.TokenConfig, error)) (admin.TokenConfig, error) {
	return s.saveToken(ctx, who, name, func(cs *changeSet) (admin.TokenConfig, error) {
		was, err := cs.tokenCollection().existing(name, name)
		if err != nil {
			return admin.TokenConfig{}, err
		}
		return change(showStoredToken(was))
	})
}

// saveToken saves what given says that a token shall be.
func (s *Service) saveToken(ctx context.Context, who admin.Actor, name string, given func(cs *changeSet) (admin.TokenConfig, error)) (admin.TokenConfig, error) {
	var is, secret string
	err := s.apply(ctx, who, func(cs *changeSet) error {
		in, err := given(cs)
		if err != nil {
			return err
		}
		is = in.Name
		secret, err = cs.saveToken(name, &in)
		return err
	})
	if err != nil {
		return admin.TokenConfig{}, err
	}
	saved := s.state.stored.Load().token(is)
	if saved == nil {
		return admin.TokenConfig{}, nil // removed by somebody meanwhile
	}
	shown := showStoredToken(saved)
	shown.Secret = secret // this once
	return shown, nil
}

func showStoredToken(t *storedToken) admin.TokenConfig {
	shown := showToken(t.Conf, t.LastFour, stored)
	shown.Created, shown.Updated = t.Created, t.Updated
	return shown
}

// saveToken puts a token into the change set as the API was given it, and
// returns its secret if it was made here.
func (cs *changeSet) saveToken(name string, in *admin.TokenConfig) (made string, err error) {
	var was *storedToken
	if at := cs.tokenCollection().index(name); name != "" && at >= 0 {
		was = cs.tokens[at]
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
	return made, cs.putToken(name, &conf, hint)
}

// RemoveTokens implements admin.Operator.
func (s *Service) RemoveTokens(ctx context.Context, who admin.Actor, names []string) error {
	return s.apply(ctx, who, func(cs *changeSet) error { return each(names, cs.removeToken) })
}
