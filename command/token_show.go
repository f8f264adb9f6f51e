package command

import (
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

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
		secret, err := secrets.ReadSecret(file)
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
	usual := (&config.Token{Name: name, SecretFile: config.DefaultSecretFile}).SecretPath()
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
