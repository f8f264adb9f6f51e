package ccload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

const testToken = "test-token-0123456789"

func TestMain(m *testing.M) {
	// Caddy writes an autosaved config and sweeps its storage otherwise.
	dir, err := os.MkdirTemp("", "ccload-test-")
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

// testGateway is a gateway under test: the real modules, provisioned from a
// Caddyfile as Caddy does it, behind a real loopback server.
type testGateway struct {
	t      *testing.T
	URL    string
	app    *App
	config string
	server *httptest.Server
}

// newGateway starts a gateway. options are the lines of the ccload options
// block, handler those of the directive.
func newGateway(t *testing.T, options, handler string) *testGateway {
	t.Helper()
	return newGatewayAt(t, filepath.Join(t.TempDir(), "ccload.db"), options, handler)
}

func newGatewayAt(t *testing.T, db, options, handler string) *testGateway {
	t.Helper()
	if !strings.Contains(options, "token ") {
		options += "\ntoken tests " + testToken
	}
	config := fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload {\n%s\n}\nrespond \"next handler\" 299\n}\n", db, options, handler)
	return startGateway(t, config)
}

// close ends the gateway as Caddy ends a config.
func (g *testGateway) close() {
	if g.server == nil {
		return
	}
	g.server.CloseClientConnections()
	g.server.Close()
	g.server = nil
	g.app.idleWithin(5 * time.Second)
	if err := g.app.Stop(); err != nil {
		g.t.Errorf("stopping: %v", err)
	}
	if err := g.app.Cleanup(); err != nil {
		g.t.Errorf("cleaning up: %v", err)
	}
}

// provision adapts and provisions a Caddyfile.
func provision(t *testing.T, config string) (*caddyhttp.Server, *App) {
	t.Helper()
	ctx, err := provisionContext(config)
	if err != nil {
		t.Fatalf("%v\n%s", err, config)
	}
	web, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	app, err := ctx.App("ccload")
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range web.(*caddyhttp.App).Servers {
		return server, app.(*App)
	}
	t.Fatal("the config has no server")
	return nil, nil
}

// provisioning keeps Caddy's own globals free of races: it provisions one
// config at a time too.
var provisioning sync.Mutex

func provisionContext(config string) (caddy.Context, error) {
	provisioning.Lock()
	defer provisioning.Unlock()
	text, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return caddy.Context{}, fmt.Errorf("adapting: %w", err)
	}
	var c caddy.Config
	if err := json.Unmarshal(text, &c); err != nil {
		return caddy.Context{}, err
	}
	return caddy.ProvisionContext(&c)
}

// fake starts a fake provider that ends with the test.
func fake(t *testing.T, scenarios ...string) *fakeai.Server {
	t.Helper()
	o := fakeai.Options{}
	if len(scenarios) > 0 {
		o.Plan = fakeai.InTurn(scenarios...)
	}
	s, err := fakeai.Start("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// channelAt writes a channel of all protocols at a server.
func channelAt(name string, s *fakeai.Server, lines ...string) string {
	return fmt.Sprintf("channel %s {\nurl %s\nprotocol anthropic openai responses gemini\n%s\n}\n", name, s.URL, strings.Join(lines, "\n"))
}

// answer is what a client got.
type answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error // of reading the body: a cut connection
}

// ask sends a generation in a protocol, as its client would.
func (g *testGateway) ask(p ai.Protocol, stream bool, change ...func(*http.Request)) answer {
	g.t.Helper()
	return g.askModel(p, "m", stream, change...)
}

func (g *testGateway) askModel(p ai.Protocol, model string, stream bool, change ...func(*http.Request)) answer {
	g.t.Helper()
	path, body := generation(p, model, stream)
	return g.post(path, body, change...)
}

// generation is a path and a body that ask for a generation.
func generation(p ai.Protocol, model string, stream bool) (path, body string) {
	switch p {
	case ai.Anthropic:
		return "/v1/messages", fmt.Sprintf(`{"model":%q,"max_tokens":64,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`, model, stream)
	case ai.OpenAI:
		return "/v1/chat/completions", fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`, model, stream)
	case ai.Responses:
		return "/v1/responses", fmt.Sprintf(`{"model":%q,"stream":%t,"input":"hi"}`, model, stream)
	}
	if stream {
		return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`
	}
	return "/v1beta/models/" + model + ":generateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`
}

func (g *testGateway) post(path, body string, change ...func(*http.Request)) answer {
	g.t.Helper()
	return g.do(http.MethodPost, path, body, change...)
}

func (g *testGateway) do(method, path, body string, change ...func(*http.Request)) answer {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, g.URL+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	req.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(req)
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return answer{Err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text), Err: err}
}

// want fails the test if an answer's status is another.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %v\n%s", a.Status, status, a.Err, clipped(a.Body))
	}
	return a
}

func clipped(s string) string { return s[:min(len(s), 2000)] }

// record waits for the ledger and returns the record of an answer's call.
func (g *testGateway) record(a answer) *ai.Record {
	g.t.Helper()
	id := a.Header.Get("X-Ccload-Request-Id")
	if id == "" {
		g.t.Fatalf("the answer has no request id: %+v", a)
	}
	return g.recordOf(id)
}

func (g *testGateway) recordOf(id string) *ai.Record {
	g.t.Helper()
	var rec *ai.Record
	var err error
	for range 100 { // the answer may be at the client before the call is settled
		if rec, err = g.app.control.Call(g.t.Context(), id); err == nil {
			return rec
		}
		time.Sleep(20 * time.Millisecond)
	}
	g.t.Fatalf("call %s: %v", id, err)
	return nil
}

// cooling lists what cools down, as "scope channel kind".
func (g *testGateway) cooling() []string {
	var list []string
	for _, e := range g.app.state.control.Cooling() {
		list = append(list, fmt.Sprintf("%s %s %s", e.Scope, e.Channel, e.Kind))
	}
	return list
}

// errorShape checks that a body is an error in a protocol's shape, and returns
// its message.
func errorShape(t *testing.T, p ai.Protocol, body string) string {
	t.Helper()
	var e struct {
		Type  string `json:"type"`
		Error struct {
			Type    string `json:"type"`
			Code    any    `json:"code"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&e); err != nil {
		t.Fatalf("no JSON error: %v\n%s", err, clipped(body))
	}
	ok := e.Error.Message != ""
	switch p {
	case ai.Anthropic:
		ok = ok && e.Type == "error" && e.Error.Type != ""
	case ai.Gemini:
		_, number := e.Error.Code.(float64)
		ok = ok && number && e.Error.Status != ""
	default:
		ok = ok && e.Error.Type != ""
	}
	if !ok {
		t.Fatalf("not an error in the shape of %s: %s", p, clipped(body))
	}
	return e.Error.Message
}

// eventually looks until there is something to see, for five seconds.
func eventually[T any](t *testing.T, look func() (T, bool)) T {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		v, ok := look()
		if ok || time.Now().After(deadline) {
			return v
		}
		time.Sleep(10 * time.Millisecond)
	}
}
