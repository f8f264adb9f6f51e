package ccload

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/vault"
)

// This file is the tokens whose secrets are kept in files of their own.

// secretFileOf is where the secret of a token is kept, "" if in no file.
func secretFileOf(t *config.Token) string {
	path := caddy.NewReplacer().ReplaceAll(t.SecretFile, "")
	if t.SecretFile == "" {
		return ""
	}
	if path == "" || path == config.DefaultSecretFile {
		path = url.PathEscape(t.Name)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(caddy.AppDataDir(), "ccload", "tokens", path)
}

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
		file := secretFileOf(t)
		_, made, err := vault.ReadOrMakeSecret(file, newSecret)
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
			secret, err := vault.ReadSecret(secretFileOf(t))
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

func tokenShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show <name>",
		Short: "Prints the secret of a token that is kept in a file",
		Long: `Prints the secret of a token whose secret is kept in a file (the option
secret_file). Of all others only a hash is kept, which cannot be shown.`,
		Example: "caddy ccload token show quickstart",
		Args:    cobra.ExactArgs(1),
	}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, err := findSecretFile(cmd, args[0])
		if err != nil {
			return err
		}
		secret, err := vault.ReadSecret(file)
		if err != nil {
			return fmt.Errorf("the secret of the token %q cannot be read: %w", args[0], err)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
		return err
	}
	return cmd
}

// findSecretFile is the file with the secret of a token: as a running gateway
// says, or where it is if nothing else is configured.
func findSecretFile(cmd *cobra.Command, name string) (string, error) {
	usual := secretFileOf(&config.Token{Name: name, SecretFile: config.DefaultSecretFile})
	var list []admin.TokenConfig
	if err := ask(cmd, http.MethodGet, "/ccload/tokens", nil, &list); err != nil {
		if _, missing := os.Stat(usual); missing == nil {
			return usual, nil
		}
		return "", err
	}
	for i := range list {
		switch t := &list[i]; {
		case t.Name != name:
		case t.SecretFile == "":
			return "", fmt.Errorf("only a hash of the secret of the token %q is kept, which cannot be shown", name)
		default:
			return t.SecretFile, nil
		}
	}
	return "", fmt.Errorf("there is no token %q; caddy ccload token list lists them", name)
}
