package control

import (
	"go.uber.org/zap"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/secrets"
)

// keptInFile reports whether the secret of a token is in its file: it is not
// where one is written.
func (s *Service) keptInFile(t *config.Token) bool {
	return t.SecretFile != "" && s.watched.ReplaceAll(t.Secret, "") == ""
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
			secret, err := s.secret(t.SecretPath())
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

// FilesChanged puts to use what files of secrets hold now. Keys that come from
// them are tried again where the old ones were refused.
func (st *State) FilesChanged(changes []secrets.FileChange) {
	used := changes[:0:0]
	for _, c := range changes {
		if c.Err != nil {
			st.Log().Warn("a file of a secret cannot be used; what it held before stays in use", zap.String("file", c.Path), zap.Error(c.Err))
			continue
		}
		st.Log().Info("a file of a secret has changed and is used", zap.String("file", c.Path))
		used = append(used, c)
	}
	service := st.Current()
	if len(used) == 0 || service == nil {
		return
	}
	service.RenewSecrets()
	st.Apply()
	renewed := make(map[health.Ref]bool)
	for _, c := range used {
		for _, ch := range service.gateway.Table().Channels {
			for i := range ch.Conf.Keys {
				if ch.Conf.KeyInFile(i, c.Path) {
					renewed[health.Ref{Channel: ch.Name, Key: ch.Keys[i].ID}] = true
				}
			}
		}
	}
	st.clearRefused(renewed)
}

// clearRefused ends the cooldowns of keys, named by channel and key, and those of
// their whole channels, that began because a key was refused.
func (st *State) clearRefused(keys map[health.Ref]bool) {
	channels := make(map[string]bool)
	for k := range keys {
		channels[k.Channel] = true
	}
	refused := make(map[health.Ref]bool)
	for _, e := range st.Routing.Tracker.Entries() {
		if e.Kind == ai.AuthFailed && (keys[health.Ref{Channel: e.Channel, Key: e.Key}] || e.Key == "" && channels[e.Channel]) {
			refused[e.Ref] = true
		}
	}
	st.Routing.Tracker.Clear(func(r health.Ref) bool { return refused[r] })
}
