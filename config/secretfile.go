package config

import (
	"net/url"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
)

// SecretPath is where the secret of the token is kept, "" if in no file. A
// relative path is below the folder of tokens in Caddy's data directory.
func (t *Token) SecretPath() string {
	return secretPath(t.SecretFile, "tokens", url.PathEscape(t.Name))
}

// AdminPasswordPath is where the password of the dashboard is kept, "" if in no
// file. A relative path is below the folder ccload in Caddy's data directory.
func (a *App) AdminPasswordPath() string {
	return secretPath(a.AdminPasswordFile, "", "admin_password")
}

// secretPath is the path of a file of a secret that an option names; usual is
// its name where the option says no other.
func secretPath(option, folder, usual string) string {
	if option == "" {
		return ""
	}
	path := caddy.NewReplacer().ReplaceAll(option, "")
	if path == "" || path == DefaultSecretFile {
		path = usual
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(caddy.AppDataDir(), "ccload", folder, path)
}

// checkSecretFile checks the path of a file of a secret.
func checkSecretFile(field, path string) *Error {
	return checkThat(path == "" || plain(path) && !Invisible(path), field, "", "must be a path without line breaks, invisible characters, or spaces around it")
}
