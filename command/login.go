package command

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

func loginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Prints a link that logs you in to the dashboard once",
		Long: `Prints a link that logs you in to the dashboard of the running gateway as
operator. It is good for one login within ten minutes.`,
		Args: cobra.NoArgs,
	}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var link admin.LoginLink
		if err := ask(cmd, http.MethodPost, "/ccload/login", nil, &link); err != nil {
			return err
		}
		return printLink(cmd.OutOrStdout(), &link)
	}
	return cmd
}

// printLink prints the addresses of a login link, one in a line.
func printLink(w io.Writer, link *admin.LoginLink) error {
	if len(link.Links) == 0 {
		return fmt.Errorf("no site of the running config serves a dashboard: add ccload_admin to one")
	}
	for _, address := range link.Links {
		if _, err := fmt.Fprintln(w, address); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "One login, until %s.\n", link.Expires.Local().Format(time.TimeOnly))
	return err
}

func passwordCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "password",
		Short: "Prints the admin password that is kept in a file",
		Long: `Prints the password of the dashboard where it is kept in a file (the option
admin_password_file). One that is written in the config is not shown.`,
		Args: cobra.NoArgs,
	}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		file, err := findPasswordFile(cmd)
		if err != nil {
			return err
		}
		password, err := secrets.ReadSecret(file)
		if err != nil {
			return fmt.Errorf("the admin password cannot be read: %w", err)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), password)
		return err
	}
	return cmd
}

// findPasswordFile is the file of the admin password: as a running gateway says,
// or where it is if nothing else is configured.
func findPasswordFile(cmd *cobra.Command) (string, error) {
	var source admin.PasswordSource
	if err := ask(cmd, http.MethodGet, "/ccload/password", nil, &source); err != nil {
		usual := (&config.App{AdminPasswordFile: config.DefaultSecretFile}).AdminPasswordPath()
		if _, missing := os.Stat(usual); missing == nil {
			return usual, nil
		}
		return "", err
	}
	switch {
	case source.File != "":
		return source.File, nil
	case source.Set:
		return "", fmt.Errorf("the admin password is written in the config (admin_password), or in the variable that it names, and is not shown: caddy ccload login prints a link that logs in")
	}
	return "", fmt.Errorf("there is no admin password: add admin_password or admin_password_file to the ccload options")
}
