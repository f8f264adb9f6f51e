package control

import (
	"crypto/rand"
	"errors"
	"io/fs"

	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// readPassword reads the admin password from its option, or from its file if
// that is there already; nil if there is none.
func (s *Service) readPassword() (*admin.Password, error) {
	text := s.watched.ReplaceAll(s.declared.AdminPassword, "")
	if text == "" && s.PasswordFile() != "" {
		var err error
		text, err = s.secret(s.PasswordFile())
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // it is made at the start
		}
		if err != nil {
			return nil, err
		}
	}
	if text == "" {
		if s.declared.AdminPassword != "" {
			s.log.Warn("admin_password is empty here, so nobody can log in: set the variable or file it comes from, or add admin_password_file",
				zap.String("empty", config.EmptyPlaceholders(s.declared.AdminPassword, func(text string) string { return s.watched.ReplaceAll(text, "") })))
		}
		return nil, nil
	}
	return admin.ParsePassword(text)
}

// PasswordFile implements admin.Operator.
func (s *Service) PasswordFile() string {
	if s.watched.ReplaceAll(s.declared.AdminPassword, "") != "" {
		return ""
	}
	return s.declared.AdminPasswordPath()
}

// makePasswordFile makes the file of the admin password if it is not there.
// Without it nobody can log in, and calls are served all the same.
func (s *Service) makePasswordFile() {
	file := s.PasswordFile()
	if file == "" || s.Password() != nil {
		return
	}
	text, made, err := secrets.ReadOrMakeSecret(file, rand.Text)
	if err == nil {
		var password *admin.Password
		if password, err = admin.ParsePassword(text); err == nil {
			s.password.Store(password)
		}
	}
	if err != nil {
		s.log.Error("the admin password cannot be kept in its file, so nobody can log in", zap.String("file", file), zap.Error(err))
		return
	}
	if made {
		s.log.Info("made a password for the dashboard; caddy ccload password prints it", zap.String("file", file))
	}
}
