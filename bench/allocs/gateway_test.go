package allocs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload"
	_ "github.com/ccload/ccload/bench/internal/bareforward"
	"github.com/ccload/ccload/bench/internal/traffic"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ccload-allocs-")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"} {
		os.Setenv(name, dir)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const secret = "bench-token-0123456789abcdef"

// caddyServer is a server of a Caddy config whose other apps run, but which is
// called as a function.
type caddyServer struct {
	ctx    caddy.Context
	server *caddyhttp.Server
}

// newServer provisions a Caddyfile as Caddy does and starts its gateway, if it
// has one.
func newServer(tb testing.TB, config string) *caddyServer {
	tb.Helper()
	text, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		tb.Fatal(err)
	}
	var c caddy.Config
	if err := json.Unmarshal(text, &c); err != nil {
		tb.Fatal(err)
	}
	ctx, err := caddy.ProvisionContext(&c)
	if err != nil {
		tb.Fatal(err)
	}
	if app, err := ctx.AppIfConfigured("ccload"); err == nil && app != nil {
		gateway := app.(caddy.App)
		if err := gateway.Start(); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := gateway.Stop(); err != nil {
				tb.Error(err)
			}
			if c, ok := gateway.(caddy.CleanerUpper); ok {
				if err := c.Cleanup(); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	web, err := ctx.App("http")
	if err != nil {
		tb.Fatal(err)
	}
	for _, s := range web.(*caddyhttp.App).Servers {
		return &caddyServer{ctx, s}
	}
	tb.Fatal("the config has no server")
	return nil
}

const site = "\n}\nhttp://127.0.0.1:9 {\n\t%s\n}\n"

// newGateway has so many channels that all serve the models, and a token with
// budgets and limits; calls are logged in SQLite.
func newGateway(tb testing.TB, upstream, protocol string, channels, keys int) *caddyServer {
	tb.Helper()
	var c strings.Builder
	fmt.Fprintf(&c, "{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\n", filepath.Join(tb.TempDir(), "ccload.db"))
	for i := range channels {
		fmt.Fprintf(&c, "channel c%d {\nurl http://%s\nprotocol %s\nrpm 100000000\nmax_concurrency 100000\nkey", i, upstream, protocol)
		for k := range keys {
			fmt.Fprintf(&c, " sk-%d-%d", i, k)
		}
		c.WriteString("\n}\n")
	}
	fmt.Fprintf(&c, "token bench %s {\nbudget 900000000/day 900000000/month 900000000/total\nrpm 100000000\nmax_concurrency 100000\n}\n}", secret)
	return newServer(tb, c.String()+fmt.Sprintf(site, "ccload"))
}

// newBare only forwards.
func newBare(tb testing.TB, upstream string) *caddyServer {
	tb.Helper()
	return newServer(tb, "{\nadmin off\nauto_https off\npersist_config off"+fmt.Sprintf(site, "bench_forward "+upstream))
}

// startUpstream answers as a scenario says, on loopback, without allocating.
func startUpstream(tb testing.TB, s *traffic.Scenario) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ln.Close() })
	go traffic.Serve(ln, s) // ends with the listener
	return ln.Addr().String()
}

// sink is a client that takes everything and remembers how it began.
type sink struct {
	header http.Header
	status int
	length int
	begin  [512]byte
}

func (s *sink) Header() http.Header  { return s.header }
func (s *sink) WriteHeader(code int) { s.status = code }
func (s *sink) Flush()               {}

func (s *sink) Write(b []byte) (int, error) {
	if s.length < len(s.begin) {
		copy(s.begin[s.length:], b)
	}
	s.length += len(b)
	return len(b), nil
}

// bodies makes the body of the n-th call.
type bodies func(n int64) []byte

// numbered gives a body whose marks are replaced by the number of the call.
func numbered(body string) bodies {
	write := traffic.NewRequest("127.0.0.1", "/", secret, 1, body).Writer()
	return func(n int64) []byte {
		raw := write(n)
		return raw[len(raw)-len(body):]
	}
}

// caller calls a server again and again.
type caller struct {
	tb     testing.TB
	server *caddyServer
	path   string
	body   bodies
	base   context.Context
	next   int64
	logged bool    // whether calls are logged at all
	first  float64 // how many were, before
}

// written is how many calls are in the log.
func (c *caller) written() float64 {
	if !c.logged {
		return 0
	}
	families, err := c.server.ctx.GetMetricsRegistry().Gather()
	if err != nil {
		c.tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "ccload_journal_written_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	c.tb.Fatal("there is no ccload_journal_written_total")
	return 0
}

func (c *caddyServer) caller(tb testing.TB, path, body string) *caller {
	base := context.WithValue(tb.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
	base = context.WithValue(base, http.ServerContextKey, &http.Server{})
	one := &caller{tb: tb, server: c, path: path, body: numbered(body), base: base}
	if app, err := c.ctx.AppIfConfigured("ccload"); err == nil && app != nil {
		one.logged = true
		one.first = one.written()
	}
	return one
}

// call makes one call.
func (c *caller) call() {
	body := c.body(c.next)
	c.next++
	r, err := http.NewRequestWithContext(c.base, http.MethodPost, "http://127.0.0.1:9"+c.path, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
	r.RemoteAddr, r.RequestURI = "127.0.0.1:4321", c.path
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Anthropic-Version", "2023-06-01")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "bench")
	w := &sink{header: make(http.Header)}
	c.server.server.ServeHTTP(w, r)
	if w.status != http.StatusOK || w.length == 0 {
		c.tb.Fatalf("status %d: %s", w.status, w.begin[:min(w.length, len(w.begin))])
	}
}
