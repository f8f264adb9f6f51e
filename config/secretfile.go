package config

import (
	"net/url"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
)

// SecretPath is where the secret of the token is kept, "" if in no file. A
// relative path is below the folder of tokens in Caddy's data directory.
func (t *Token) SecretPath() string {
	if t.SecretFile == "" {
		return ""
	}
	path := caddy.NewReplacer().ReplaceAll(t.SecretFile, "")
	if path == "" || path == DefaultSecretFile {
		path = url.PathEscape(t.Name)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(caddy.AppDataDir(), "ccload", "tokens", path)
}
