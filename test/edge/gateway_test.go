package edge

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const token = "edge-token-0123456789"

// patience is how long anything may take that must come; only what is broken
// takes so long.
const patience = 30 * time.Second

// binary is Caddy with the gateway, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ccload-edge-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "caddy")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/caddy")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is all of it.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// caddy is one process.
type caddy struct {
	t     *testing.T
	dir   string // its data
	admin string // address of its admin endpoint
	log   *output
}

// run starts Caddy with a Caddyfile, in which ADMIN stands for the address of
// the admin endpoint and DIR for the folder of its data. env is added to its
// environment.
func run(t *testing.T, caddyfile string, env ...string) *caddy {
	t.Helper()
	c := &caddy{t: t, dir: t.TempDir(), admin: freeAddress(t), log: new(output)}
	file := filepath.Join(c.dir, "Caddyfile")
	text := strings.NewReplacer("ADMIN", c.admin, "DIR", c.dir).Replace(caddyfile)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+c.dir, "XDG_CONFIG_HOME="+c.dir, "HOME="+c.dir)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdout, cmd.Stderr = c.log, c.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-exited
			t.Error("Caddy does not end")
		}
		if t.Failed() {
			t.Logf("Caddy's log:\n%.6000s", c.log)
		}
	})
	eventually(t, "Caddy serves", func() bool {
		select {
		case <-exited:
			t.Fatalf("Caddy ended:\n%s", c.log)
		default:
		}
		_, err := c.ask(http.MethodGet, "/config/", "")
		return err == nil && !strings.Contains(text, "ccload") || strings.Contains(c.log.String(), "the gateway is ready")
	})
	return c
}

// ask asks Caddy's admin endpoint.
func (c *caddy) ask(method, path, body string) (string, error) {
	req, err := http.NewRequest(method, "http://"+c.admin+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
	}
	return string(text), err
}

// start runs a gateway on plain HTTP with one channel at the upstream, and
// returns its address. server are lines of the global options, site of the site,
// before ccload.
func start(t *testing.T, u *upstream, server, site string) (*caddy, string) {
	t.Helper()
	address := "http://" + freeAddress(t)
	return run(t, options("auto_https off\n"+server, u)+address+" {\n"+site+"\nccload\n}\n"), address
}

// options are the global options of a gateway with one channel.
func options(more string, u *upstream) string {
	return fmt.Sprintf("{\nadmin ADMIN\ndefault_bind 127.0.0.1\npersist_config off\n%s\nccload {\nstore sqlite DIR/ccload.db\nencryption_key the-key-of-this-test\ntoken tests %s\n%s\n}\n}\n",
		more, token, u.channel("one"))
}

// freeAddress is an address on loopback where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	late := time.After(patience)
	for !is() {
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
