package nodes

import (
	"bytes"
	"context"
	"encoding/json"
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

const (
	token    = "nodes-token-0123456789"
	password = "correct horse battery"
)

// program is the gateway, built once.
var program string

func TestMain(m *testing.M) { os.Exit(binary.Main(m, &program)) }

// node is one gateway process.
type node struct {
	t       *testing.T
	URL     string
	Admin   string // address of Caddy's admin endpoint
	dir     string
	cmd     *exec.Cmd
	log     *binary.Output
	login   string
	exited  chan error
	stopped bool
}

// start runs a gateway. store is the option's value, such as sqlite PATH; data
// is where its own files are, which nodes may share or not.
func start(t *testing.T, store, data, options string) *node {
	t.Helper()
	return startWith(t, "encryption_key the-key-of-all-nodes", store, data, options)
}

// startWith is start with other words for the encryption key.
func startWith(t *testing.T, key, store, data, options string) *node {
	t.Helper()
	n, file := prepare(t, key, store, data, options)
	n.run(file)
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			t.Logf("log of %s:\n%.6000s", n.URL, n.log)
		}
	})
	return n
}

// prepare writes the config of a gateway and does not run it.
func prepare(t *testing.T, key, store, data, options string) (n *node, file string) {
	t.Helper()
	n = &node{t: t, URL: "http://" + binary.FreeAddress(t), Admin: binary.FreeAddress(t), dir: data}
	config := fmt.Sprintf("{\nadmin %s\ndefault_bind 127.0.0.1\nauto_https off\npersist_config off\nccload {\nstore %s\n%s\nadmin_password %q\n%s\n}\n}\n%s {\nccload\nccload_admin /desk/*\n}\n",
		n.Admin, store, key, password, options, n.URL)
	file = filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return n, file
}

func (n *node) run(file string) {
	n.t.Helper()
	n.log, n.exited, n.stopped = new(binary.Output), make(chan error, 1), false
	n.cmd = exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	n.cmd.Env = binary.Env(n.dir)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	go func() { n.exited <- n.cmd.Wait() }()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(n.URL + "/health")
		if err == nil {
			resp.Body.Close()
			// The sites may be up a moment before the app is.
			if text, err := n.admin(http.MethodGet, "/ccload/status", nil); err == nil && len(text) > 0 {
				return
			}
		}
		select {
		case err := <-n.exited:
			n.t.Fatalf("the gateway ended: %v\n%s", err, n.log)
		default:
		}
		if time.Since(began) > 30*time.Second {
			n.t.Fatalf("the gateway does not start\n%s", n.log)
		}
	}
}

// again starts a gateway anew with the config it had.
func (n *node) again() {
	n.t.Helper()
	n.run(n.cmd.Args[3])
}

// stop ends the process as a service manager does.
func (n *node) stop() { n.end(syscall.SIGTERM) }

// kill ends it as the kernel does when memory is out.
func (n *node) kill() { n.end(syscall.SIGKILL) }

func (n *node) end(s syscall.Signal) {
	if n.stopped {
		return
	}
	n.stopped = true
	_ = n.cmd.Process.Signal(s)
	select {
	case <-n.exited:
	case <-time.After(30 * time.Second):
		_ = n.cmd.Process.Kill()
		<-n.exited
		n.t.Errorf("the gateway does not end:\n%.4000s", n.log)
	}
}

// admin asks Caddy's admin endpoint.
func (n *node) admin(method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequest(method, "http://"+n.Admin+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	return text, err
}

// look asks Caddy's admin endpoint for something.
func look[T any](n *node, path string) T {
	n.t.Helper()
	text, err := n.admin(http.MethodGet, path, nil)
	var v T
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		n.t.Fatalf("GET %s: %v", path, err)
	}
	return v
}

// api asks the dashboard's API, with a login.
func (n *node) api(method, path, body string, into any) int {
	n.t.Helper()
	if n.login == "" && path != "login" {
		n.api(http.MethodPost, "login", fmt.Sprintf(`{"password":%q}`, password), nil)
	}
	req, err := http.NewRequest(method, n.URL+"/desk/api/"+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if n.login != "" {
		req.AddCookie(&http.Cookie{Name: "ccload_session", Value: n.login})
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		n.login = c.Value
	}
	text, _ := io.ReadAll(resp.Body)
	if into != nil {
		envelope := struct {
			Data any `json:"data"`
		}{into}
		if err := json.Unmarshal(text, &envelope); err != nil || resp.StatusCode >= 300 {
			n.t.Fatalf("%s %s: status %d, %v: %.500s", method, path, resp.StatusCode, err, text)
		}
	}
	return resp.StatusCode
}

// reply is what a client got.
type reply struct {
	status int
	id     string // of the call
	body   string
	err    error

	retryAfter string
}

// call asks for a small answer.
func (n *node) call(ctx context.Context, secret string) reply {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL+"/v1/messages", strings.NewReader(`{"model":"claude-haiku-4-5","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("X-Api-Key", secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header.Get("X-Ccload-Request-Id"), string(text), err, resp.Header.Get("Retry-After")}
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}

// within waits for something to become true, at most so long, and says how long
// it took.
func within(t *testing.T, most time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if is() {
			return time.Since(began)
		}
		if time.Since(began) > most {
			t.Fatalf("not within %v: %s", most, what)
		}
	}
}
