package ccload

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ccload/ccload/ai"
)

// TestPlaceholdersAndAccessLog: other directives and the access log see the
// call.
func TestPlaceholdersAndAccessLog(t *testing.T) {
	t.Parallel()
	logFile := filepath.Join(t.TempDir(), "access.log")
	s := fake(t)
	config := `{
	admin off
	auto_https off
	persist_config off
	ccload {
		store sqlite ` + filepath.Join(t.TempDir(), "ccload.db") + `
		` + channelAt("only", s, "key mk-ok", "model mine theirs") + `
		token tests ` + testToken + `
	}
}
http://127.0.0.1:9 {
	log {
		output file ` + logFile + `
		format filter {
			request>headers>X-Api-Key delete
			request>headers>X-Goog-Api-Key delete
			request>uri query {
				replace key REDACTED
			}
		}
	}
	log_append served_by {http.ccload.channel}
	log_append tokens {http.ccload.output_tokens}
	log_append became {http.ccload.outcome}
	ccload
}
`
	g := startGateway(t, config)
	g.askModel(ai.Anthropic, "mine", true).want(t, http.StatusOK)
	var line struct {
		ServedBy string `json:"served_by"`
		Tokens   any    `json:"tokens"`
		Became   string `json:"became"`
		Ccload   struct {
			RequestID     string `json:"request_id"`
			Token         string `json:"token"`
			Model         string `json:"model"`
			UpstreamModel string `json:"upstream_model"`
			Channel       string `json:"channel"`
			Outcome       string `json:"outcome"`
			OutputTokens  int    `json:"output_tokens"`
			Stream        bool   `json:"stream"`
		} `json:"ccload"`
	}
	text := eventually(t, func() (string, bool) {
		b, _ := os.ReadFile(logFile)
		return string(b), strings.Contains(string(b), "\n")
	})
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	c := line.Ccload
	if line.ServedBy != "only" || line.Became != "ok" || c.Token != "tests" || c.Model != "mine" || c.UpstreamModel != "theirs" ||
		c.Channel != "only" || c.OutputTokens == 0 || !c.Stream || !strings.HasPrefix(c.RequestID, "req_") {
		t.Errorf("the log line says %+v in %s", line, text)
	}
	for _, place := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("X-Api-Key", testToken) },
		func(r *http.Request) { r.Header.Set("X-Goog-Api-Key", testToken) },
		func(r *http.Request) { r.URL.RawQuery = "key=" + testToken },
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testToken) },
	} {
		g.askModel(ai.Anthropic, "mine", false, func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Del("X-Api-Key") }, place).
			want(t, http.StatusOK)
	}
	text = eventually(t, func() (string, bool) {
		b, _ := os.ReadFile(logFile)
		return string(b), strings.Count(string(b), "\n") == 5
	})
	if strings.Contains(text, testToken) {
		t.Errorf("the token is in the access log: %s", text)
	}
}

// TestMetrics: what is counted, with bounded labels.
func TestMetrics(t *testing.T) {
	t.Parallel()
	bad, s := fake(t), fake(t)
	g := newGateway(t, channelAt("metrics-bad", bad, "key mk-429", "priority 2")+channelAt("metrics-good", s, "key mk-ok"), "")
	g.askModel(ai.Gemini, "metrics-model", true).want(t, http.StatusOK)
	g.askModel(ai.Gemini, "metrics-model", false).want(t, http.StatusOK)
	registry := prometheus.NewRegistry()
	if err := collectors.Register(registry); err != nil {
		t.Fatal(err)
	}
	if err := collectors.Register(registry); err != nil {
		t.Fatalf("registering again, as a reload does: %v", err)
	}
	text := eventually(t, func() (string, bool) {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range families {
			for _, m := range f.GetMetric() {
				all.WriteString(f.GetName() + " " + m.String() + "\n")
			}
		}
		return all.String(), strings.Count(all.String(), `value:"metrics-good"`) >= 4
	})
	for _, want := range []string{
		"ccload_requests_total", "ccload_attempts_total", "ccload_time_to_first_content_seconds", "ccload_request_duration_seconds",
		"ccload_tokens_total", "ccload_inflight_requests", "ccload_cooling", "ccload_journal_depth", "ccload_journal_lost_total",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if !strings.Contains(text, `value:"metrics-bad"`) {
		t.Error("failed attempts are not counted")
	}
}

// TestSecretsStaySecret: neither upstream keys nor client tokens are in the
// database, its journal, or what the admin API shows.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const key = "sk-very-secret-upstream-key-4711"
	db := filepath.Join(t.TempDir(), "ccload.db")
	s := fake(t)
	s.SetPlan(nil)
	g := newGatewayAt(t, db, channelAt("only", s, "key "+key), "")
	g.ask(ai.Anthropic, true, func(r *http.Request) { r.URL.RawQuery = "key=" + testToken }).want(t, http.StatusOK)
	g.ask(ai.Anthropic, false, func(r *http.Request) { r.Header.Set("X-Fakeai", "mk-401") })
	g.ask(ai.OpenAI, false, func(r *http.Request) { r.Header.Set("Authorization", "Bearer wrong-"+testToken) }).want(t, http.StatusUnauthorized)
	shown, err := json.Marshal(map[string]any{"channels": g.app.control.Channels(g.record(g.ask(ai.Gemini, false)).Time), "status": g.app.control.Status(t.Context())})
	if err != nil {
		t.Fatal(err)
	}
	g.close()
	found := string(shown)
	files, _ := filepath.Glob(db + "*")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found += string(b)
	}
	for _, secret := range []string{key, testToken} {
		if strings.Contains(found, secret) {
			t.Errorf("%q was found", secret)
		}
	}
	if !strings.Contains(string(shown), "4711") {
		t.Error("the key's last four are not shown")
	}
}

// TestHealthCheckEndsARest: an active check finds a recovered channel before a
// client needs it.
func TestHealthCheckEndsARest(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok", "models m", "health_check 10s m"), "max_wait off")
	s.SetDown(true)
	g.ask(ai.OpenAI, false)
	if len(g.cooling()) == 0 {
		t.Fatal("nothing rests")
	}
	s.SetDown(false)
	before := s.Total()
	if o := g.app.gateway.Check(t.Context(), "only"); o.Kind != ai.OK {
		t.Fatalf("the check says %s: %s", o.Kind, o.Message)
	}
	if s.Total() != before+1 || len(g.cooling()) > 0 {
		t.Errorf("after the check %v rest", g.cooling())
	}
}

// startGateway starts a whole Caddyfile.
func startGateway(t *testing.T, config string) *testGateway {
	t.Helper()
	g := &testGateway{t: t, config: config}
	server, app := provision(t, config)
	g.app = app
	if err := app.Start(); err != nil {
		t.Fatalf("starting the app: %v", err)
	}
	g.server = httptest.NewServer(server)
	g.URL = g.server.URL
	t.Cleanup(g.close)
	return g
}
