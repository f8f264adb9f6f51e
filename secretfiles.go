package ccload

import (
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// This file is the tokens whose secrets are kept in files of their own.

// keptInFile reports whether the secret of a token is in its file: it is not
// where one is written.
func keptInFile(t *config.Token) bool {
	return t.SecretFile != "" && caddy.NewReplacer().ReplaceAll(t.Secret, "") == ""
}

// makeSecretFiles makes the files of secrets that are not there. A token whose
// file cannot be made is not used, and the others are.
func (a *App) makeSecretFiles() {
	for _, t := range a.Tokens {
		if !keptInFile(t) {
			continue
		}
		file := t.SecretPath()
		_, made, err := secrets.ReadOrMakeSecret(file, newSecret)
		switch {
		case err != nil:
			a.logger.Error("the secret of a token cannot be kept in its file, so nobody can use the token", zap.String("token", t.Name), zap.String("file", file), zap.Error(err))
		default:
			a.logger.Info("a token's secret is in a file; caddy ccload token show prints it",
				zap.String("token", t.Name), zap.String("file", file), zap.Bool("made", made))
		}
	}
}

// withSecrets is the config with the secrets that are kept in files. A token
// whose file is not there or cannot be read is left out: makeSecretFiles tells
// of it.
func (a *App) withSecrets() *config.App {
	all := a.App
	all.Tokens = make([]*config.Token, 0, len(a.Tokens))
	for _, t := range a.Tokens {
		if keptInFile(t) {
			secret, err := secrets.ReadSecret(t.SecretPath())
			if err != nil {
				continue
			}
			known := *t
			known.Secret, known.SecretFile = secret, ""
			t = &known
		}
		all.Tokens = append(all.Tokens, t)
	}
	return &all
}
