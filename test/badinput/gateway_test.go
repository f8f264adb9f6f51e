package badinput

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	password = "the-password-of-this-test"
	// secret is in every input that may hold one, and in no answer.
	secret = "sk-SECRET-0123456789abcdef"
)

// binary is the gateway, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ccload-badinput-")
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

// run runs the binary in a folder to its end. It is an error of the test if that
// takes longer than anybody waits.
func run(t *testing.T, dir string, env []string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "HOME="+dir), env...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%q does not end:\n%s", args, clip(string(out)))
	}
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// clean checks what holds of every message.
func clean(t *testing.T, output string) {
	t.Helper()
	for _, bad := range []string{secret, "panic:", "goroutine ", "runtime error", ".go:", "SIGSEGV"} {
		if strings.Contains(output, bad) {
			t.Errorf("the output has %q:\n%s", bad, clip(output))
		}
	}
}

func clip(s string) string { return s[:min(len(s), 4000)] }

// buffer is a log that is written while it is read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// gateway is one gateway process.
type gateway struct {
	t     *testing.T
	dir   string
	site  string // its address
	admin string // host and port of Caddy's admin endpoint
	log   *buffer
	http  *http.Client
	end   func()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// write writes a Caddyfile whose global options and site are given, and returns
// its path. ADMIN and SITE stand for addresses.
func write(t *testing.T, dir, options, site, admin, address string) string {
	t.Helper()
	text := "{\nadmin " + admin + "\nauto_https off\npersist_config off\n" + options + "\n}\nhttp://" + address + " {\nbind 127.0.0.1\n" + site + "\n}\n"
	path := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs a gateway until the test ends.
func start(t *testing.T, options, site string, env ...string) *gateway {
	t.Helper()
	g := &gateway{t: t, dir: t.TempDir(), admin: freeAddress(t), log: new(buffer)}
	address := freeAddress(t)
	g.site = "http://" + address
	jar, _ := cookiejar.New(nil)
	g.http = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	cmd := exec.Command(binary, "run", "--config", write(t, g.dir, options, site, g.admin, address), "--adapter", "caddyfile")
	cmd.Env = append(append(os.Environ(), "XDG_DATA_HOME="+g.dir, "XDG_CONFIG_HOME="+g.dir, "HOME="+g.dir), env...)
	cmd.Dir = g.dir
	cmd.Stdout, cmd.Stderr = g.log, g.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	g.end = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
	})
	t.Cleanup(g.end)
	for range 1500 {
		if status, _ := g.do(http.MethodGet, "http://"+g.admin+"/ccload/status", ""); status == http.StatusOK {
			return g
		}
		select {
		case <-exited:
			t.Fatalf("the gateway ended:\n%s", clip(g.log.String()))
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the gateway does not start")
	return nil
}

// do asks and returns status and text; 0 if nobody answers.
func (g *gateway) do(method, address, body string, header ...string) (status int, text string) {
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	all, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all)
}

// api asks the dashboard's API.
func (g *gateway) api(method, path, body string) (status int, text string) {
	return g.do(method, g.site+"/ccload/api/"+path, body)
}

// login logs in with something, such as {"password":"…"}.
func (g *gateway) login(with string) (status int, text string) {
	return g.api(http.MethodPost, "login", with)
}

// stored is all that the store has, to see that it is unchanged.
func (g *gateway) stored() string {
	g.t.Helper()
	status, text := g.do(http.MethodPost, "http://"+g.admin+"/ccload/export?format=json&secrets=true", "")
	if status != http.StatusOK {
		g.t.Fatalf("export: %d %s", status, text)
	}
	return text
}

// cli runs a command that asks the gateway.
func (g *gateway) cli(args ...string) (output string, code int) {
	g.t.Helper()
	return run(g.t, g.dir, nil, append(append([]string{"ccload"}, args...), "--address", g.admin)...)
}

func toJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
