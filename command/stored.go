package command

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/transfer"
)

// Commands that look at and change what is stored, by asking the admin endpoint
// of a running gateway: it puts changes to use at once.

// addressFlag lets a command find the running gateway.
func addressFlag(cmd *cobra.Command) {
	cmd.Flags().String("address", caddy.DefaultAdminListen, "address of the running instance's admin endpoint")
}

// ask asks the gateway that the command's flags name, and reads its JSON.
func ask(cmd *cobra.Command, method, path string, body []byte, into any) error {
	address, _ := cmd.Flags().GetString("address")
	text, err := askAdmin(cmd.Context(), method, address, path, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

func tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token create|list|show|revoke", Short: "Makes, lists, shows and revokes client tokens"}
	cmd.AddCommand(tokenCreateCommand(), tokenListCommand(), tokenShowCommand(), tokenRevokeCommand())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

func tokenCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "create <name> [flags]",
		Short:   "Makes a client token and prints its secret, which is never shown again",
		Example: "caddy ccload token create laptop --models 'claude-*' --daily 5",
		Args:    cobra.ExactArgs(1),
	}
	addressFlag(cmd)
	flags := cmd.Flags()
	flags.StringSlice("models", nil, "names or patterns of models it may use; default: all")
	flags.StringSlice("channels", nil, "channels it may use; default: all")
	flags.Int("rpm", 0, "requests per minute; 0: no limit")
	flags.Int("max-concurrency", 0, "requests under way; 0: no limit")
	flags.Float64("daily", 0, "US dollars it may spend in a day; 0: no limit")
	flags.Float64("monthly", 0, "US dollars it may spend in a month; 0: no limit")
	flags.Float64("total", 0, "US dollars it may spend at all; 0: no limit")
	flags.String("expires", "", "last day (YYYY-MM-DD, UTC) or moment (RFC 3339) it may be used; default: never")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t := admin.TokenConfig{Token: config.Token{Name: args[0]}}
		t.Models, _ = flags.GetStringSlice("models")
		t.Channels, _ = flags.GetStringSlice("channels")
		t.RPM, _ = flags.GetInt("rpm")
		t.MaxConcurrency, _ = flags.GetInt("max-concurrency")
		t.Budget.Day, _ = flags.GetFloat64("daily")
		t.Budget.Month, _ = flags.GetFloat64("monthly")
		t.Budget.Total, _ = flags.GetFloat64("total")
		t.Expires, _ = flags.GetString("expires")
		body, err := json.Marshal(t)
		if err != nil {
			return err
		}
		var made admin.TokenConfig
		if err := ask(cmd, http.MethodPost, "/ccload/tokens", body, &made); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
		return err
	}
	return cmd
}

func tokenListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Lists client tokens, without their secrets", Args: cobra.NoArgs}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var list []admin.TokenConfig
		if err := ask(cmd, http.MethodGet, "/ccload/tokens", nil, &list); err != nil {
			return err
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tFROM\tENDS IN\tSTATE\tEXPIRES\tMODELS")
		for i := range list {
			t := &list[i]
			state := "in use"
			if t.Disabled {
				state = "switched off"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.Origin, cmp.Or(t.LastFour, "-"), state, cmp.Or(t.Expires, "never"), cmp.Or(strings.Join(t.Models, " "), "all"))
		}
		return table.Flush()
	}
	return cmd
}

func tokenRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "revoke <name>", Short: "Removes a client token: whoever uses it is refused at once", Args: cobra.ExactArgs(1)}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var done admin.Removed
		if err := ask(cmd, http.MethodDelete, "/ccload/tokens/"+url.PathEscape(args[0]), nil, &done); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "the token %q is revoked\n", args[0])
		return err
	}
	return cmd
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import <file>",
		Short: "Takes channels, tokens and aliases from a file",
		Long: `Takes channels, tokens and aliases from a file into a running gateway: JSON or
CSV as export writes it, or a file of another system: the CSV export or the
SQLite file of the original ccLoad, config.yaml of LiteLLM or CLIProxyAPI,
channels of new-api or one-api as JSON or their SQLite file, group exports of
GPT-Load, config.json of claude-code-router, or a config of Portkey. What is
there under the same name is replaced. What cannot be used is told of, and the
rest is taken.`,
		Example: "caddy ccload import litellm.yaml --dry-run\ncaddy ccload import litellm.yaml --to-caddyfile > Caddyfile",
		Args:    cobra.ExactArgs(1),
	}
	addressFlag(cmd)
	cmd.Flags().Bool("dry-run", false, "only say what would be done")
	cmd.Flags().Bool("env", false, "take keys that the file names by an environment variable from the environment of this command")
	cmd.Flags().Bool("to-caddyfile", false, "print the same as a Caddyfile, and ask no gateway; secrets of the file are in it")
	cmd.MarkFlagsMutuallyExclusive("to-caddyfile", "env")
	cmd.MarkFlagsMutuallyExclusive("to-caddyfile", "dry-run")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if to, _ := cmd.Flags().GetBool("to-caddyfile"); to {
			return importToCaddyfile(cmd, args[0])
		}
		query, data, err := importQuery(args[0])
		if env, _ := cmd.Flags().GetBool("env"); env && err == nil {
			query, data, err = importWithEnvironment(cmd, args[0])
		}
		if err != nil {
			return err
		}
		if dry, _ := cmd.Flags().GetBool("dry-run"); dry {
			query.Set("dry_run", "true")
		}
		var result admin.ImportResult
		if err := ask(cmd, http.MethodPost, "/ccload/import?"+query.Encode(), data, &result); err != nil {
			return err
		}
		printImport(cmd.OutOrStdout(), &result)
		if n := len(result.Problems); n > 0 {
			return fmt.Errorf("%d things of the file cannot be used, see above", n)
		}
		return nil
	}
	return cmd
}

// maxSent is how large a file is sent to the gateway; a larger one, which can
// only be a database with a long log, it has to read itself.
const maxSent = 16 << 20

func importQuery(path string) (query url.Values, data []byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > maxSent {
		path, err = filepath.Abs(path)
		return url.Values{"path": {path}}, nil, err
	}
	data, err = os.ReadFile(path)
	return url.Values{"name": {filepath.Base(path)}}, data, err
}

// importToCaddyfile prints a file as a Caddyfile, and what is to be said of it
// to the standard error.
func importToCaddyfile(cmd *cobra.Command, path string) error {
	file, err := transfer.ReadPath(cmd.Context(), path)
	if err != nil {
		return err
	}
	printFile(cmd.ErrOrStderr(), file)
	unwritten, err := transfer.WriteCaddyfile(cmd.OutOrStdout(), &file.Set)
	if n := unwritten + len(file.Problems); n > 0 && err == nil {
		return fmt.Errorf("%d things of the file cannot be used, see above", n)
	}
	return err
}

// importWithEnvironment reads a file here, where the variables are set that it
// names, and sends it as ours.
func importWithEnvironment(cmd *cobra.Command, path string) (url.Values, []byte, error) {
	file, err := transfer.ReadPath(cmd.Context(), path)
	if err != nil {
		return nil, nil, err
	}
	file.Resolve(os.LookupEnv)
	file.Storable()
	printFile(cmd.OutOrStdout(), file)
	var b bytes.Buffer
	err = transfer.WriteJSON(&b, &file.Set)
	return url.Values{"name": {filepath.Base(path)}}, b.Bytes(), err
}

// printFile says what is to be said of a file that was read here.
func printFile(w io.Writer, file *transfer.File) {
	r := &admin.ImportResult{Format: file.Format, Notes: file.Notes}
	for _, l := range file.Lines {
		r.Lines = append(r.Lines, admin.ImportLine(l))
	}
	for _, p := range file.Problems {
		r.Problems = append(r.Problems, admin.ImportProblem(p))
	}
	printImportNotes(w, r)
}

func printImport(w io.Writer, r *admin.ImportResult) {
	for _, c := range r.Changes {
		if c.Action != "same" {
			fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s %s %q %s", c.Action, c.Kind, c.Name, strings.Join(c.Fields, ", "))))
		}
	}
	printImportNotes(w, r)
	done := "taken"
	if r.DryRun {
		done = "nothing was changed, it was a dry run"
	}
	fmt.Fprintf(w, "%s: %d new, %d changed, %d the same (%s)\n", r.Format, r.Added, r.Changed, r.Same, done)
}

// printImportNotes prints what became of the file's things.
func printImportNotes(w io.Writer, r *admin.ImportResult) {
	for _, l := range r.Lines {
		fmt.Fprintln(w, importLine(&l))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", note)
	}
	for _, p := range r.Problems {
		where := ""
		if p.Line > 0 {
			where = fmt.Sprintf("line %d: ", p.Line)
		}
		fmt.Fprintf(w, "problem: %s%s\n", where, p.Message)
	}
}

// importLine writes what became of one thing.
func importLine(l *admin.ImportLine) string {
	text := l.From + " -> " + cmp.Or(l.Becomes, "not taken over")
	if l.Line > 0 {
		text = fmt.Sprintf("line %d: ", l.Line) + text
	}
	if l.Note != "" {
		text += " (" + l.Note + ")"
	}
	return text
}

func exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export [--format json|csv | --caddyfile] [--secrets] [--output <file>]",
		Short:   "Writes the stored channels, tokens and aliases to a file",
		Example: "caddy ccload export --secrets --output backup.json",
		Args:    cobra.NoArgs,
	}
	addressFlag(cmd)
	flags := cmd.Flags()
	flags.String("format", "json", "json, or csv, which holds channels only")
	flags.Bool("caddyfile", false, "a Caddyfile that declares what is stored; without --secrets, keys and tokens are placeholders in it")
	cmd.MarkFlagsMutuallyExclusive("format", "caddyfile")
	flags.Bool("secrets", false, "with upstream keys and the hashes of client tokens")
	flags.StringP("output", "o", "", "file to write, readable by its owner only; default: print it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		format, _ := flags.GetString("format")
		if asCaddyfile, _ := flags.GetBool("caddyfile"); asCaddyfile {
			format = "caddyfile"
		}
		query := url.Values{"format": {format}}
		method := http.MethodGet
		if secrets, _ := flags.GetBool("secrets"); secrets {
			query.Set("secrets", "true")
			method = http.MethodPost
		}
		address, _ := flags.GetString("address")
		text, err := askAdmin(cmd.Context(), method, address, "/ccload/export?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		if file, _ := flags.GetString("output"); file != "" {
			return secrets.WritePrivate(file, text)
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

func rotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Seals all stored secrets with a new encryption key",
		Long: `Seals all stored secrets with the first key of encryption_key. Where none is
configured, a new key is made and put first into the key file in Caddy's data
directory; the older ones stay there to open backups.`,
		Args: cobra.NoArgs,
	}
	addressFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var done admin.Rotation
		if err := ask(cmd, http.MethodPost, "/ccload/rotate", nil, &done); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "the secrets of %d channels are sealed with key %s\n", done.Channels, done.Key)
		return err
	}
	return cmd
}
