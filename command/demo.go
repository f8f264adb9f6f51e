package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/examples"
	"github.com/ccload/ccload/secrets"
)

// demoPort is where the demo listens if nobody else does, and demoPorts how many
// ports from there on it tries.
const (
	demoPort  = 8080
	demoPorts = 20
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Starts a gateway with made-up providers and traffic: everything works without a key",
		Long: `Starts a gateway on 127.0.0.1:8080, or the next port that is free, with
accounts at made-up providers that misbehave by turns, some hours of made-up
history, and light traffic. It prints a link that logs you in to the dashboard.

It keeps everything in a temporary folder, which goes with it, and touches no
other gateway of this machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, cmd.OutOrStdout())
		},
	}
}

// runDemo serves the demo until the context ends.
func runDemo(ctx context.Context, out io.Writer) error {
	folder, err := os.MkdirTemp("", "ccload-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	// Keys, tokens and spools of the demo are its own.
	if err := os.Setenv("XDG_DATA_HOME", folder); err != nil {
		return err
	}
	port, err := freePort(demoPort, demoPorts)
	if err != nil {
		return err
	}
	adapted, err := demoConfig(folder, port)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "Writing some hours of made-up history …\n")
	if err := writeHistory(ctx, filepath.Join(folder, "demo.db"), time.Now()); err != nil {
		return fmt.Errorf("writing the history of the demo: %w", err)
	}
	if err := caddy.Load(adapted, true); err != nil {
		return fmt.Errorf("starting the gateway on port %d: %w", port, err)
	}
	if err := greet(out, port); err != nil {
		return errors.Join(err, caddy.Stop())
	}
	var background sync.WaitGroup
	background.Go(func() { makeTraffic(ctx, port) })
	<-ctx.Done()
	background.Wait()
	return caddy.Stop()
}

// greet says where the demo is, and how to look and call.
func greet(out io.Writer, port int) error {
	app, err := caddy.ActiveContext().AppIfConfigured("ccload")
	if err != nil {
		return err
	}
	gateway, ok := app.(admin.App)
	if !ok {
		return fmt.Errorf("the app ccload is a %T", app)
	}
	token, err := demoToken("laptop")
	if err != nil {
		return err
	}
	link := gateway.Operator().Shared().MakeLoginLink(time.Now())
	address := "http://127.0.0.1:" + strconv.Itoa(port)
	if port != demoPort {
		fmt.Fprintf(out, "Port %d is taken, so the demo is on port %d.\n", demoPort, port)
	}
	fmt.Fprint(out, "\nThe dashboard, which this link opens once within ten minutes:\n\n")
	for _, l := range link.Links {
		if strings.HasPrefix(l, address) {
			fmt.Fprintf(out, "  %s\n", l)
		}
	}
	password, err := secrets.ReadSecret((&config.App{AdminPasswordFile: config.DefaultSecretFile}).AdminPasswordPath())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
Its password, for another login: %s

A call:

  curl %s/v1/messages -H 'x-api-key: %s' \
    -d '{"model":"claude-sonnet-4-6","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}'

Nothing here is real: accounts at made-up providers answer, and run into rate
limits, errors inside 200, slow answers and cut streams by turns. The history is
made up too; its calls have the user agent %q.
Everything goes when you press Ctrl+C.
`, password, address, token, historyAgent)
	return err
}

// demoToken is the secret of a token of the demo.
func demoToken(name string) (string, error) {
	secret, err := secrets.ReadSecret((&config.Token{Name: name, SecretFile: config.DefaultSecretFile}).SecretPath())
	if err != nil {
		return "", fmt.Errorf("reading the token %q of the demo: %w", name, err)
	}
	return secret, nil
}

// freePort is the first port of loopback from one on where nobody listens.
func freePort(from, count int) (int, error) {
	for port := from; port < from+count; port++ {
		ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return port, ln.Close()
		}
	}
	return 0, fmt.Errorf("no port of 127.0.0.1 from %d to %d is free: stop what listens there", from, from+count-1)
}

// demoConfig is the demo's config, on a port, with everything that it keeps in a
// folder. Only errors are logged, so that what the demo prints can be read.
func demoConfig(folder string, port int) ([]byte, error) {
	adapter := caddyconfig.GetAdapter("caddyfile")
	if adapter == nil {
		return nil, errors.New("this build of Caddy has no Caddyfile adapter")
	}
	text := strings.ReplaceAll(string(examples.Demo), ":8080", ":"+strconv.Itoa(port))
	adapted, _, err := adapter.Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return nil, err
	}
	var c struct {
		Admin   map[string]any            `json:"admin"`
		Logging json.RawMessage           `json:"logging"`
		Storage map[string]any            `json:"storage"`
		Apps    map[string]map[string]any `json:"apps"`
	}
	if err := json.Unmarshal(adapted, &c); err != nil {
		return nil, err
	}
	c.Logging = json.RawMessage(`{"logs":{"default":{"level":"ERROR"}}}`)
	c.Storage = map[string]any{"module": "file_system", "root": filepath.Join(folder, "caddy")}
	c.Admin["config"] = map[string]any{"persist": false}
	c.Apps["ccload"]["store"] = map[string]any{"store": "sqlite", "path": filepath.Join(folder, "demo.db")}
	return json.Marshal(c)
}
