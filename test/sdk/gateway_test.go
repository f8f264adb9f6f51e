package sdk

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	token = "sdk-test-token-0123456789"
	model = "demo-model"
)

// base is the address of the gateway under test.
var base string

// caddyfile has a channel that always answers 429 in front of one that works,
// so that every call also shows a failover.
const caddyfile = `{
	admin off
	auto_https off
	persist_config off
	ccload {
		store sqlite %[1]s/test.db
		channel busy {
			provider demo
			key mk-429-ra5
			priority 1
		}
		channel works {
			provider demo
			key mk-calls1
			models %[3]s demo-*
		}
		channel anthropic-only {
			provider demo
			protocol anthropic
			key mk-think-calls1-signed
			models to-anthropic
		}
		channel openai-only {
			provider demo
			protocol openai
			key mk-think-calls1-signed
			models to-openai
		}
		channel responses-only {
			provider demo
			protocol responses
			key mk-think-calls1-signed
			models to-responses
		}
		channel gemini-only {
			provider demo
			protocol gemini
			key mk-think-calls1-signed
			models to-gemini
		}
		channel thinks {
			provider demo
			key mk-ok-l900
			models thinks-well
		}
		channel fails {
			url %[5]s
			key mk-ok
			models thinks-badly
		}
		token sdk %[2]s
	}
}
http://127.0.0.1:%[4]d {
	ccload {
		expose_route
		keepalive_after 200ms
	}
}
`

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run builds the gateway, starts it on a free loopback port and stops it when
// the tests are done.
func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "ccload-sdk-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "caddy")
	build := exec.Command("go", "build", "-o", binary, "./cmd/caddy")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building the gateway: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return 1, err
	}
	failing := httptest.NewServer(http.HandlerFunc(thinksBadly))
	defer failing.Close()
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, fmt.Appendf(nil, caddyfile, dir, token, model, port, failing.URL), 0o600); err != nil {
		return 1, err
	}
	var log bytes.Buffer
	gateway := exec.Command(binary, "run", "--config", config, "--adapter", "caddyfile")
	gateway.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"), "XDG_CONFIG_HOME="+filepath.Join(dir, "data"), "HOME="+dir)
	gateway.Stdout, gateway.Stderr = &log, &log
	if err := gateway.Start(); err != nil {
		return 1, err
	}
	defer func() {
		_ = gateway.Process.Signal(os.Interrupt)
		_ = gateway.Wait()
	}()
	base = fmt.Sprintf("http://127.0.0.1:%d", port)
	if !healthy(base) {
		return 1, fmt.Errorf("the gateway did not come up:\n%s", log.String())
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, "--- the gateway's log:\n"+log.String())
	}
	return code, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func healthy(base string) bool {
	for range 100 {
		resp, err := http.Get(base + "/health")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// route asks the middleware of an SDK for what a call's answer headers say.
type route struct{ channel string }

func (r *route) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		r.channel = resp.Header.Get("X-Ccload-Channel")
	}
	return resp, err
}

func (r *route) check(t *testing.T) {
	t.Helper()
	if r.channel != "works" {
		t.Errorf("served by channel %q, want the one that works", r.channel)
	}
}

func notEmpty(t *testing.T, what, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		t.Errorf("%s is empty", what)
	}
}

func positive(t *testing.T, what string, n int64) {
	t.Helper()
	if n <= 0 {
		t.Errorf("%s is %d", what, n)
	}
}
