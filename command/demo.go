package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/examples"
	"github.com/ccload/ccload/internal/demo"
	"github.com/ccload/ccload/secrets"
)

// demoAddress is where the quickstart listens, and demoToken the name of its
// token.
const (
	demoAddress = "127.0.0.1:8080"
	demoToken   = "quickstart"
)

// demoRequests is one request per protocol, as a client would send it.
var demoRequests = []struct{ title, path, header, body string }{
	{"Anthropic Messages", "/v1/messages", "x-api-key: %s", `{"model":"demo-model","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`},
	{"OpenAI Chat Completions", "/v1/chat/completions", "Authorization: Bearer %s", `{"model":"demo-model","stream":true,"messages":[{"role":"user","content":"Hi"}]}`},
	{"OpenAI Responses", "/v1/responses", "Authorization: Bearer %s", `{"model":"demo-model","stream":true,"input":"Hi"}`},
	{"Gemini", "/v1beta/models/demo-model:streamGenerateContent?alt=sse", "x-goog-api-key: %s", `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`},
}

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Starts the gateway on " + demoAddress + " with a made-up provider: everything works without a key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, cmd.OutOrStdout())
		},
	}
}

// runDemo starts the quickstart config, shows a call in each protocol and what
// the gateway says of it, and serves until the context ends.
func runDemo(ctx context.Context, out io.Writer) error {
	adapter := caddyconfig.GetAdapter("caddyfile")
	if adapter == nil {
		return errors.New("this build of Caddy has no Caddyfile adapter")
	}
	adapted, _, err := adapter.Adapt(examples.Quickstart, map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "ccload-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if adapted, err = demoConfig(adapted, folder); err != nil {
		return err
	}
	if err := caddy.Load(adapted, true); err != nil {
		return fmt.Errorf("starting the gateway on %s: %w", demoAddress, err)
	}
	token := os.Getenv("CCLOAD_TOKEN")
	if token == "" {
		if token, err = secrets.ReadSecret((&config.Token{Name: demoToken, SecretFile: config.DefaultSecretFile}).SecretPath()); err != nil {
			return fmt.Errorf("reading the token that clients of the demo send: %w", err)
		}
	}
	fmt.Fprintf(out, "\nThe gateway is on http://%s. Its token, which clients send, is\n\n  %s\n\nIts first demo channel always answers 429, so the first call fails over to the\nsecond, and while the first rests the next calls go to the second at once. The\nheaders of an answer say which way it went.\n\n", demoAddress, token)
	for _, r := range demoRequests {
		fmt.Fprintf(out, "%s\n  curl -N 'http://%s%s' -H '%s' -H 'content-type: application/json' -d '%s'\n",
			r.title, demoAddress, r.path, fmt.Sprintf(r.header, token), r.body)
		said, err := demoCall(ctx, r.path, token, r.body)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  -> %s\n\n", said)
	}
	fmt.Fprintf(out, "Why a call went where it went:  caddy ccload explain --model %s\n", demo.Models[0])
	fmt.Fprintf(out, "What was called:                curl http://%s/ccload/calls\n", caddy.DefaultAdminListen)
	fmt.Fprintf(out, "What rests, and why:            curl http://%s/ccload/channels\n\nPress Ctrl+C to stop.\n", caddy.DefaultAdminListen)
	<-ctx.Done()
	return caddy.Stop()
}

// demoConfig keeps the log to errors, so that the tour can be read, and the
// tour out of what a gateway on this machine remembers.
func demoConfig(config []byte, folder string) ([]byte, error) {
	var c struct {
		Admin   map[string]any            `json:"admin"`
		Logging json.RawMessage           `json:"logging"`
		Apps    map[string]map[string]any `json:"apps"`
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, err
	}
	c.Logging = json.RawMessage(`{"logs":{"default":{"level":"ERROR"}}}`)
	c.Admin["config"] = map[string]any{"persist": false}
	c.Apps["ccload"]["store"] = map[string]any{"store": "sqlite", "path": filepath.Join(folder, "demo.db")}
	return json.Marshal(c)
}

// demoCall makes one of the demo's calls and says what came of it.
func demoCall(ctx context.Context, path, token, body string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+demoAddress+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{Proxy: nil, DialContext: new(net.Dialer).DialContext, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("calling the gateway: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return fmt.Sprintf("%d, %d bytes streamed, served by channel %s at attempt %s, request %s", resp.StatusCode, len(text),
		resp.Header.Get("X-Ccload-Channel"), resp.Header.Get("X-Ccload-Attempts"), resp.Header.Get("X-Ccload-Request-Id")), nil
}
