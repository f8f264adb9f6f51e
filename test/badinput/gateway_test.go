package badinput

import (
	"context"
	"encoding/json"
	"io"
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

	"github.com/ccload/ccload/test/binary"
)

const (
	password = "the-password-of-this-test"
	// secret is in every input that may hold one, and in no answer.
	secret = "sk-SECRET-0123456789abcdef"
)

// program is the gateway, built once.
var program string

func TestMain(m *testing.M) { os.Exit(binary.Main(m, &program)) }

// run runs the binary in a folder to its end. It is an error of the test if that
// takes longer than anybody waits.
func run(t *testing.T, dir string, env []string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = binary.Env(dir, env...)
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

// gateway is one gateway process.
type gateway struct {
	t     *testing.T
	dir   string
	site  string // its address
	admin string // host and port of Caddy's admin endpoint
	log   *binary.Output
	http  *http.Client
	end   func()
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
	g := &gateway{t: t, dir: t.TempDir(), admin: binary.FreeAddress(t), log: new(binary.Output)}
	address := binary.FreeAddress(t)
	g.site = "http://" + address
	jar, _ := cookiejar.New(nil)
	g.http = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	cmd := exec.Command(program, "run", "--config", write(t, g.dir, options, site, g.admin, address), "--adapter", "caddyfile")
	cmd.Env = binary.Env(g.dir, env...)
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
