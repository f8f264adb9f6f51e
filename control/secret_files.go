package control

import (
	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// keptInFile reports whether the secret of a token is in its file: it is not
// where one is written.
func (s *Service) keptInFile(t *config.Token) bool {
	return t.SecretFile != "" && s.replacer.ReplaceAll(t.Secret, "") == ""
}

// MakeSecretFiles makes the files of secrets that are not there. A token whose
// file cannot be made is not used, and the others are.
func (s *Service) MakeSecretFiles() {
	s.makePasswordFile()
	for _, t := range s.declared.Tokens {
		if !s.keptInFile(t) {
			continue
		}
		file := t.SecretPath()
		_, made, err := secrets.ReadOrMakeSecret(file, newSecret)
		switch {
		case err != nil:
			s.log.Error("the secret of a token cannot be kept in its file, so nobody can use the token", zap.String("token", t.Name), zap.String("file", file), zap.Error(err))
		default:
			s.log.Info("a token's secret is in a file; caddy ccload token show prints it",
				zap.String("token", t.Name), zap.String("file", file), zap.Bool("made", made))
		}
	}
}

// withSecrets is the config with the secrets that are kept in files. A token
// whose file is not there or cannot be read is left out: MakeSecretFiles tells
// of it.
func (s *Service) withSecrets() *config.App {
	all := *s.declared
	all.Tokens = make([]*config.Token, 0, len(s.declared.Tokens))
	for _, t := range s.declared.Tokens {
		if s.keptInFile(t) {
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
