// Package command is "caddy ccload": it shows a demo, and asks a running gateway
// over Caddy's admin endpoint.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "ccload",
		Usage: "demo|login|password|explain|reprice|token|import|export|rotate|health",
		Short: "Tools of the ccload AI gateway",
		Long: `
demo     starts a gateway with made-up providers that misbehave, some hours of
         made-up history and light traffic: see everything work without a key.
login    prints a link that logs you in to the dashboard once.
password prints the admin password where it is kept in a file.
explain  asks a running gateway where a call would go, and why.
reprice  lets a running gateway price its stored calls anew.
token    makes, lists, shows and revokes client tokens of a running gateway.
import   takes channels, tokens and aliases from a file: ours, or one of the
         original ccLoad, LiteLLM, new-api, one-api, GPT-Load, CLIProxyAPI,
         claude-code-router or Portkey; or prints it as a Caddyfile.
export   writes what is stored to a file, or as a Caddyfile.
rotate   seals all stored secrets with a new encryption key.
health   ends with 0 if a gateway serves, for health checks.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(demoCommand(), explainCommand(), repriceCommand(), loginCommand(), passwordCommand(), tokenCommand(), importCommand(), exportCommand(), rotateCommand(), healthCommand())
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		},
	})
}

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain --model <name> [--protocol <name>] [--token <name>] [--conversation <text>] [--site <host>]",
		Short:   "Tells where a call would go now, and why others are left out",
		Example: "caddy ccload explain --model claude-sonnet-4-6",
	}
	flags := cmd.Flags()
	flags.String("model", "", "the model a client would ask for (required)")
	flags.String("protocol", config.ProtocolNames[0], "the client's wire format: "+strings.Join(config.ProtocolNames, ", "))
	flags.String("token", "", "name of the client token; default: one that may use everything")
	flags.String("conversation", "", "any text that stands for a conversation")
	flags.String("site", "", "a host of the site that would be asked; needed where sites choose differently")
	flags.String("address", caddy.DefaultAdminListen, "address of the running instance's admin endpoint")
	flags.Bool("json", false, "print the answer as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		get := func(name string) string { s, _ := flags.GetString(name); return s }
		if get("model") == "" {
			return errors.New("which model? add --model NAME")
		}
		query := url.Values{"model": {get("model")}, "protocol": {get("protocol")}}
		for _, name := range []string{"token", "conversation", "site"} {
			if v := get(name); v != "" {
				query.Set(name, v)
			}
		}
		text, err := askAdmin(cmd.Context(), http.MethodGet, get("address"), "/ccload/explain?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		if asJSON, _ := flags.GetBool("json"); asJSON {
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}
		var e admin.Explanation
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		printExplanation(cmd.OutOrStdout(), &e)
		return nil
	}
	return cmd
}

func repriceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reprice [--since <day>]",
		Short: "Prices stored calls anew, by the prices known now for their days",
		Long: `Prices stored calls anew, by the prices that are known now for the moments
they were made, and corrects what tokens and channels have spent. For calls that
were made before their price was known, or with a wrong one.`,
		Example: "caddy ccload reprice --since 2026-11-01",
	}
	flags := cmd.Flags()
	flags.String("since", "", "a day (YYYY-MM-DD, UTC) or a moment (RFC 3339); default: all calls")
	flags.String("address", caddy.DefaultAdminListen, "address of the running instance's admin endpoint")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		if since, _ := flags.GetString("since"); since != "" {
			query.Set("since", since)
		}
		address, _ := flags.GetString("address")
		text, err := askAdmin(cmd.Context(), http.MethodPost, address, "/ccload/reprice?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		var done struct {
			Changed int `json:"changed"`
		}
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d calls cost something else now\n", done.Changed)
		return err
	}
	return cmd
}

// adminPatience is how long an answer of the admin endpoint may take: pricing
// millions of calls anew takes minutes.
const adminPatience = 30 * time.Minute

// maxAnswer bounds an answer of the admin endpoint.
const maxAnswer = 64 << 20

// askAdmin asks a running instance's admin endpoint.
func askAdmin(ctx context.Context, method, address, path string, body []byte) ([]byte, error) {
	client := http.Client{Timeout: adminPatience}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("is the gateway running, with its admin endpoint at %s? %w", address, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		var said struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(text, &said) == nil && said.Error != "" {
			return nil, fmt.Errorf("the gateway says: %s", said.Error)
		}
		return nil, fmt.Errorf("the gateway says: %s", strings.TrimSpace(string(text)))
	}
	return text, nil
}

func printExplanation(w io.Writer, e *admin.Explanation) {
	if e.Next != nil {
		fmt.Fprintf(w, "%s (%s) would go to channel %s at %s as %s", e.Model, e.Protocol, e.Next.Channel, e.Next.URL, e.Next.Model)
		if e.Next.Key != "" {
			fmt.Fprintf(w, ", key %s", e.Next.Key)
		}
		fmt.Fprintf(w, "\nbecause %s\n", e.Why)
	} else {
		fmt.Fprintf(w, "%s (%s): %s\n", e.Model, e.Protocol, e.Problem)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range e.Candidates {
		until := ""
		if !c.Until.IsZero() {
			until = "until " + c.Until.Local().Format(time.TimeOnly)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", c.Channel, c.Reason, c.Detail, until)
	}
	_ = table.Flush() // a terminal that is gone is nobody to tell
	if len(e.NotServing) > 0 {
		fmt.Fprintf(w, "  do not serve it: %s\n", strings.Join(e.NotServing, ", "))
	}
}
