package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ccload/ccload/test/binary"
)

const token = "faults-token-0123456789"

// program is the gateway, built once.
var program string

func TestMain(m *testing.M) { os.Exit(binary.Main(m, &program)) }

// long reports whether the measured cases take their time.
func long() bool { return os.Getenv("CCLOAD_FAULTS") == "long" }

// gateway is one gateway process.
type gateway struct {
	t     *testing.T
	url   string
	admin string
}

// start runs a gateway. channels are lines of its options, handler of its
// directive.
func start(t *testing.T, channels, handler string) *gateway {
	t.Helper()
	dir := t.TempDir()
	g := &gateway{t: t, url: "http://" + binary.FreeAddress(t), admin: binary.FreeAddress(t)}
	config := fmt.Sprintf("{\nadmin %s\ndefault_bind 127.0.0.1\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\nencryption_key the-key-of-this-test\ntoken tests %s\n%s\n}\n}\n%s {\nccload {\n%s\n}\n}\n",
		g.admin, filepath.Join(dir, "ccload.db"), token, channels, g.url, handler)
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	log := new(binary.Output)
	cmd := exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = binary.Env(dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
		if t.Failed() {
			t.Logf("the gateway's log:\n%.4000s", log.String())
		}
	})
	for range 1500 {
		if a := g.do(http.MethodGet, "http://"+g.admin+"/ccload/status", ""); a.status == http.StatusOK {
			return g
		}
		select {
		case <-exited:
			t.Fatalf("the gateway ended:\n%s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the gateway does not start")
	return nil
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

func (g *gateway) do(method, address, body string) answer {
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text), err}
}

// chat asks for a chat completion.
func (g *gateway) chat(stream bool) answer {
	return g.do(http.MethodPost, g.url+"/v1/chat/completions", fmt.Sprintf(`{"model":"m","stream":%t,"messages":[{"role":"user","content":"hi"}]}`, stream))
}

// cooling is what Caddy's admin endpoint says that cools down.
func (g *gateway) cooling() (list []struct {
	Kind        string    `json:"kind"`
	Until       time.Time `json:"until"`
	StatedUntil time.Time `json:"stated_until"`
},
) {
	g.t.Helper()
	a := g.do(http.MethodGet, "http://"+g.admin+"/ccload/cooling", "")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		g.t.Fatalf("%v: %s", err, a.body)
	}
	return list
}

// upstream is a provider that answers as it is told.
type upstream struct {
	url   string
	asked atomic.Int64
}

func newUpstream(t *testing.T, answer func(n int64, w http.ResponseWriter, r *http.Request)) *upstream {
	t.Helper()
	u := new(upstream)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(u.asked.Add(1)-1, w, r)
	}))
	t.Cleanup(s.Close)
	u.url = s.URL
	return u
}

func (u *upstream) channel(name string, lines ...string) string {
	return fmt.Sprintf("channel %s {\nurl %s\nprotocol openai\n%s\n}\n", name, u.url, strings.Join(lines, "\n"))
}

// good answers well, streamed if that is asked for.
func good(_ int64, w http.ResponseWriter, r *http.Request) {
	var asked struct{ Stream bool }
	_ = json.NewDecoder(r.Body).Decode(&asked)
	if !asked.Stream {
		says(200, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`)(0, w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`)
}

func says(status int, body string, header ...string) func(int64, http.ResponseWriter, *http.Request) {
	return func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func fails(status int) func(int64, http.ResponseWriter, *http.Request) {
	return says(status, `{"error":{"message":"it did not work"}}`)
}

// reset ends the connection without a byte.
func reset(_ int64, w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// calls makes n calls, a few at a time, and counts those that failed.
func (g *gateway) calls(n, together int) (failed int64) {
	var wait sync.WaitGroup
	var left, bad atomic.Int64
	left.Store(int64(n))
	for range together {
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				if g.chat(false).status != http.StatusOK {
					bad.Add(1)
				}
			}
		})
	}
	wait.Wait()
	return bad.Load()
}
