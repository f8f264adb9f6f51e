package selection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
	"github.com/ccload/ccload/selection/policytest"
)

func request(header, value string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/messages", nil)
	if header != "" {
		r.Header.Set(header, value)
	}
	vars := map[string]any{caddyhttp.ClientIPVarKey: "192.0.2.7"}
	return r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
}

// The policies of Caddy choose among channels as they do among upstreams.
func TestCaddysPoliciesWork(t *testing.T) {
	for config, check := range map[string]func(map[int]int) bool{
		`{"policy":"first"}`:                     func(got map[int]int) bool { return got[0] == 60 },
		`{"policy":"round_robin"}`:               func(got map[int]int) bool { return got[0] == 20 && got[1] == 20 && got[2] == 20 },
		`{"policy":"random"}`:                    func(got map[int]int) bool { return len(got) == 3 },
		`{"policy":"header","field":"X-Tenant"}`: func(got map[int]int) bool { return len(got) == 1 },
		`{"policy":"client_ip_hash"}`:            func(got map[int]int) bool { return len(got) == 1 },
		`{"policy":"uri_hash"}`:                  func(got map[int]int) bool { return len(got) == 1 },
		`{"policy":"cookie"}`:                    func(got map[int]int) bool { return len(got) > 1 },
		`{"policy":"query","key":"absent"}`:      func(got map[int]int) bool { return len(got) > 1 },
		`{"policy":"header","field":"Absent","fallback":{"policy":"ccload_weighted"}}`: func(got map[int]int) bool {
			return got[0] == 10 && got[1] == 20 && got[2] == 30 // weights 1, 2, 3 arrive through Caddy's policy
		},
	} {
		policy := load(t, config)
		state := selection.NewState()
		got := make(map[int]int)
		why := ""
		for seed := range uint64(60) {
			s := policytest.Input(3, seed)
			s.State, s.HTTP = state, request("X-Tenant", "acme")
			got[selection.Choose(policy, s)]++
			why = s.Why
		}
		if !check(got) || got[-1] != 0 {
			t.Errorf("%s: %v", config, got)
		}
		if !strings.HasPrefix(why, "chosen by ") && !strings.HasPrefix(why, "weighted") {
			t.Errorf("%s: why: %q", config, why)
		}
	}
}

func TestCookiesOfACaddyPolicyReachTheClient(t *testing.T) {
	policy := load(t, `{"policy":"cookie","name":"lb"}`)
	s := policytest.Input(3, 1)
	w := httptest.NewRecorder()
	s.HTTP, s.Writer = request("", ""), w
	first := selection.Choose(policy, s)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	for seed := range uint64(20) {
		s := policytest.Input(3, seed)
		s.HTTP = request("Cookie", cookies[0].Name+"="+cookies[0].Value)
		if got := selection.Choose(policy, s); got != first {
			t.Fatalf("with the cookie: %d, not %d", got, first)
		}
	}
}

func TestPriorityOverACaddyPolicy(t *testing.T) {
	policy := load(t, `{"policy":"ccload_priority","then":{"policy":"first"}}`)
	s := policytest.Input(5, 1) // 1 and 3 have the higher priority
	s.HTTP = request("", "")
	if got := selection.Choose(policy, s); got != 1 {
		t.Errorf("chose %d, want 1", got)
	}
	if want := "highest priority 1; chosen by first"; s.Why != want {
		t.Errorf("why: %q, want %q", s.Why, want)
	}
}

// Thinking about a call must not move the counter of a policy that keeps one.
func TestExplainingDoesNotAskOthers(t *testing.T) {
	policy := load(t, `{"policy":"round_robin"}`)
	ask := func(n int, explain bool) (int, string) {
		s := policytest.Input(n, 1)
		s.Explain = explain
		i := selection.Choose(policy, s)
		return i, s.Why
	}
	before, _ := ask(3, false)
	if i, why := ask(3, true); i != -1 || !strings.Contains(why, "round_robin") {
		t.Errorf("explained as %d, %q", i, why)
	}
	if i, _ := ask(1, true); i != 0 {
		t.Errorf("of one candidate: %d", i)
	}
	if after, _ := ask(3, false); after != (before+1)%3 {
		t.Errorf("first %d, then %d", before, after)
	}
}

// selfish returns an upstream it was not offered.
type selfish struct{}

func (selfish) Select(reverseproxy.UpstreamPool, *http.Request, http.ResponseWriter) *reverseproxy.Upstream {
	return &reverseproxy.Upstream{Dial: "elsewhere:1"}
}

// picky is a policy of somebody else that knows situations.
type picky struct{ selfish }

func (picky) Choose(s *selection.Input) int {
	s.Why = "because"
	for i, c := range s.Candidates {
		if keys := s.Keys(i, nil); c.Weight == 3 && keys[0].ID == fmt.Sprintf("%s-0", strings.TrimPrefix(c.Name, "channel-")) {
			s.Key = keys[0].ID
			return i
		}
	}
	return 99
}

func TestPoliciesOfOthers(t *testing.T) {
	if got := selection.Choose(selfish{}, policytest.Input(3, 1)); got != -1 {
		t.Errorf("an upstream that was not offered: %d", got)
	}
	s := policytest.Input(6, 1)
	if got := selection.Choose(picky{}, s); got != 2 || s.Why != "because" || s.Key != "2-0" {
		t.Errorf("%d %q %q", got, s.Why, s.Key)
	}
	if got := selection.Choose(picky{}, policytest.Input(1, 1)); got != -1 {
		t.Errorf("out of range: %d", got)
	}
}

// nested is a policy of somebody else, below one of ours.
type nested struct {
	caddy.Module
	picky
}

func (nested) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID: "http.reverse_proxy.selection_policies.test_picky", New: func() caddy.Module { return new(nested) },
	}
}

func init() { caddy.RegisterModule(nested{}) }

func TestPoliciesOfOthersNested(t *testing.T) {
	policy := load(t, `{"policy":"ccload_priority","then":{"policy":"test_picky"}}`)
	s := policytest.Input(6, 1)
	// Of 1, 3 and 5, which have the higher priority, 5 has weight 3.
	if got := selection.Choose(policy, s); got != 5 || s.Key != "5-0" {
		t.Errorf("%d %q", got, s.Key)
	}
}

// proxy is a stock reverse_proxy with a policy, and servers that count.
func proxy(t *testing.T, policy string, n int) (serve func(*http.Request) int, hits []atomic.Int64, servers []*httptest.Server) {
	t.Helper()
	hits = make([]atomic.Int64, n)
	upstreams := make([]map[string]string, n)
	for i := range n {
		servers = append(servers, httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits[i].Add(1) })))
		t.Cleanup(servers[i].Close)
		u, _ := url.Parse(servers[i].URL)
		upstreams[i] = map[string]string{"dial": u.Host}
	}
	config, _ := json.Marshal(map[string]any{
		"upstreams": upstreams,
		"load_balancing": map[string]any{
			"selection_policy": json.RawMessage(policy), "retries": 3,
		},
		"health_checks": map[string]any{"passive": map[string]any{"fail_duration": "1m"}},
	})
	handler := provision(t, config)
	return func(r *http.Request) int {
		w := httptest.NewRecorder()
		repl := caddy.NewReplacer()
		r = caddyhttp.PrepareRequest(r, repl, w, new(caddyhttp.Server))
		if err := handler.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })); err != nil {
			t.Error(err)
		}
		return w.Code
	}, hits, servers
}

// provision makes a stock reverse_proxy.
func provision(t *testing.T, config []byte) *reverseproxy.Handler {
	t.Helper()
	ctx, err := caddy.ProvisionContext(&caddy.Config{Admin: &caddy.AdminConfig{Disabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	mod, err := ctx.LoadModuleByID("http.handlers.reverse_proxy", config)
	if err != nil {
		t.Fatal(err)
	}
	handler := mod.(*reverseproxy.Handler)
	t.Cleanup(func() { handler.Cleanup() })
	return handler
}

func TestInAStockReverseProxy(t *testing.T) {
	for name, policy := range policies {
		if strings.HasSuffix(name, "first") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			serve, hits, servers := proxy(t, policy, 3)
			for i := range 60 {
				r := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
				r.Header.Set("Session-Id", fmt.Sprint("session ", i))
				if code := serve(r); code != http.StatusOK {
					t.Fatalf("status %d", code)
				}
			}
			for i := range hits {
				if n := hits[i].Load(); n < 8 || name == "weighted" && n != 20 {
					t.Errorf("upstream %d got %d of 60 calls", i, n)
				}
			}
			servers[0].Close()
			for i := range 30 { // dial errors are retried elsewhere, then the upstream is not available
				r := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
				r.Header.Set("Session-Id", fmt.Sprint("session ", i))
				if code := serve(r); code != http.StatusOK {
					t.Fatalf("with an upstream down: status %d", code)
				}
			}
		})
	}
}

func TestAffinityInAStockReverseProxy(t *testing.T) {
	serve, hits, _ := proxy(t, `{"policy":"ccload_affinity"}`, 3)
	for range 30 {
		r := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
		r.Header.Set("X-Claude-Code-Session-Id", "one and the same")
		serve(r)
	}
	for i := range hits {
		if n := hits[i].Load(); n != 0 && n != 30 {
			t.Errorf("upstream %d got %d of one session's 30 calls", i, n)
		}
	}
}

// Caddy limits the calls of an upstream; those at the limit are not available.
func TestFullUpstreamsAreNotSelected(t *testing.T) {
	for name, config := range policies {
		if strings.HasSuffix(name, "first") {
			continue
		}
		policy := load(t, config)
		busy := &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "busy:1", MaxRequests: -1}
		free := &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "free:1"}
		full := &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "full:1", MaxRequests: 1}
		release := occupy(t, full)
		for i := range 50 {
			r := request("Session-Id", fmt.Sprint(i))
			if got := policy.Select(reverseproxy.UpstreamPool{full, busy, free}, r, nil); got == full || got == nil {
				t.Fatalf("%s: selected %v", name, got)
			}
		}
		if got := policy.Select(reverseproxy.UpstreamPool{full}, request("", ""), nil); got != nil {
			t.Errorf("%s: selected a full upstream", name)
		}
		release()
	}
}

// occupy keeps one request in flight at an upstream, by the only way there is:
// a reverse proxy that is waiting for its answer.
func occupy(t *testing.T, u *reverseproxy.Upstream) (release func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(entered) })
		<-leave
	}))
	address, _ := url.Parse(server.URL)
	config := fmt.Sprintf(`{"upstreams":[{"dial":%q}]}`, address.Host)
	handler := provision(t, []byte(config))
	u.Host = handler.Upstreams[0].Host
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := httptest.NewRecorder()
		r := caddyhttp.PrepareRequest(httptest.NewRequest(http.MethodGet, "http://example.com/", nil), caddy.NewReplacer(), w, new(caddyhttp.Server))
		handler.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
	}()
	<-entered
	return func() {
		close(leave)
		<-done
		server.Close()
	}
}

// A call without a conversation in a world without keys works, too.
func TestSituationsWithGaps(t *testing.T) {
	for name, config := range policies {
		policy := load(t, config)
		for _, call := range []*ai.Call{nil, {}, {Conversation: 7}} {
			s := &selection.Input{Call: call, Candidates: policytest.Input(3, 1).Candidates}
			if i := selection.Choose(policy, s); i < 0 {
				t.Errorf("%s: nobody for %+v", name, call)
			}
		}
	}
}
