package edge

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ccload/ccload/test/binary"
)

const token = "edge-token-0123456789"

// patience is how long anything may take that must come; only what is broken
// takes so long.
const patience = 30 * time.Second

// program is Caddy with the gateway, built once.
var program string

func TestMain(m *testing.M) { os.Exit(binary.Main(m, &program)) }

// caddy is one process.
type caddy struct {
	t     *testing.T
	dir   string // its data
	admin string // address of its admin endpoint
	log   *binary.Output
}

// run starts Caddy with a Caddyfile, in which ADMIN stands for the address of
// the admin endpoint and DIR for the folder of its data. env is added to its
// environment.
func run(t *testing.T, caddyfile string, env ...string) *caddy {
	t.Helper()
	c := &caddy{t: t, dir: t.TempDir(), admin: binary.FreeAddress(t), log: new(binary.Output)}
	file := filepath.Join(c.dir, "Caddyfile")
	text := strings.NewReplacer("ADMIN", c.admin, "DIR", c.dir).Replace(caddyfile)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = binary.Env(c.dir, env...)
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
	address := "http://" + binary.FreeAddress(t)
	return run(t, options("auto_https off\n"+server, u)+address+" {\n"+site+"\nccload\n}\n"), address
}

// options are the global options of a gateway with one channel.
func options(more string, u *upstream) string {
	return fmt.Sprintf("{\nadmin ADMIN\ndefault_bind 127.0.0.1\npersist_config off\n%s\nccload {\nstore sqlite DIR/ccload.db\nencryption_key the-key-of-this-test\ntoken tests %s\n%s\n}\n}\n",
		more, token, u.channel("one"))
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
