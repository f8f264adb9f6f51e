package ccload

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// TestOneBadChannel is what happens, in every protocol, when the preferred
// channel misbehaves and another could serve. "served" is who answered; a
// scenario that is the caller's fault is answered as upstream said it.
func TestOneBadChannel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario string
		streams  string // "both", "plain", "stream"
		status   int
		served   string
		kind     ai.Kind
		cools    ai.Scope // ScopeNone: nothing cools
	}{
		{"mk-400", "both", 400, "", ai.InvalidRequest, ai.ScopeNone},
		{"mk-401", "both", 200, "backup", ai.AuthFailed, ai.ScopeKey},
		{"mk-402", "both", 200, "backup", ai.QuotaExhausted, ai.ScopeKey},
		{"mk-403", "both", 200, "backup", ai.AuthFailed, ai.ScopeKey},
		{"mk-405", "both", 200, "backup", ai.NoSuchEndpoint, ai.ScopeURLProtocol},
		{"mk-nomodel", "both", 200, "backup", ai.NoSuchModel, ai.ScopeModel},
		{"mk-413", "both", 413, "", ai.InvalidRequest, ai.ScopeNone},
		{"mk-422", "both", 422, "", ai.InvalidRequest, ai.ScopeNone},
		{"mk-context", "both", 400, "", ai.ContextLength, ai.ScopeNone},
		{"mk-filter", "both", 400, "", ai.ContentFilter, ai.ScopeNone},
		{"mk-prefill", "both", 400, "", ai.InvalidRequest, ai.ScopeNone},
		{"mk-429", "both", 200, "backup", ai.RateLimited, ai.ScopeKey},
		{"mk-429-ra30", "both", 200, "backup", ai.RateLimited, ai.ScopeKey},
		{"mk-rate-rd30", "both", 200, "backup", ai.RateLimited, ai.ScopeKey},
		{"mk-quota", "both", 200, "backup", ai.QuotaExhausted, ai.ScopeKey},
		{"mk-1308-ra60", "both", 200, "backup", ai.QuotaExhausted, ai.ScopeKey},
		{"mk-500", "both", 200, "backup", ai.ServerError, ai.ScopeURLModel},
		{"mk-502", "both", 200, "backup", ai.ServerError, ai.ScopeURLModel},
		{"mk-503", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-529", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-err200", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-err200big", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-err200huge", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-err200text", "both", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-err200-rate", "both", 200, "backup", ai.RateLimited, ai.ScopeKey},
		{"mk-err200-1308-ra60", "both", 200, "backup", ai.QuotaExhausted, ai.ScopeKey},
		{"mk-html", "both", 200, "backup", ai.BadAnswer, ai.ScopeURLModel},
		{"mk-empty", "both", 200, "backup", ai.Empty, ai.ScopeURLModel},
		{"mk-hollow", "both", 200, "backup", ai.Empty, ai.ScopeURLModel},
		{"mk-half", "plain", 200, "backup", ai.Truncated, ai.ScopeURLModel},
		{"mk-sseerr", "stream", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-sseerr-rate", "stream", 200, "backup", ai.RateLimited, ai.ScopeKey},
		{"mk-sseerr-1308-ra60", "stream", 200, "backup", ai.QuotaExhausted, ai.ScopeKey},
		{"mk-ssestart", "stream", 200, "backup", ai.Overloaded, ai.ScopeURLModel},
		{"mk-pings", "stream", 200, "backup", ai.Empty, ai.ScopeURLModel},
		{"mk-drop", "both", 200, "backup", ai.NetworkError, ai.ScopeURL},
		{"mk-reset", "both", 200, "backup", ai.NetworkError, ai.ScopeURL},
		{"mk-cut", "plain", 200, "backup", ai.Truncated, ai.ScopeURLModel},
	}
	for _, p := range ai.Protocols {
		for _, test := range tests {
			for _, stream := range []bool{false, true} {
				if (test.streams == "plain" && stream) || (test.streams == "stream" && !stream) {
					continue
				}
				t.Run(string(p)+"/"+test.scenario+map[bool]string{true: "/stream", false: "/plain"}[stream], func(t *testing.T) {
					t.Parallel()
					bad, good := fake(t), fake(t)
					g := newGateway(t, channelAt("bad", bad, "key "+test.scenario, "priority 20")+
						channelAt("backup", good, "key mk-ok", "priority 10"), "expose_route")
					a := g.ask(p, stream).want(t, test.status)
					if a.Err != nil {
						t.Fatalf("the answer was cut: %v", a.Err)
					}
					rec := g.record(a)
					if rec.Channel != test.served {
						t.Errorf("served by %q, want %q", rec.Channel, test.served)
					}
					if got := rec.Attempts[0].Outcome; got.Kind != test.kind {
						t.Errorf("first attempt was %s (%s, rule %s), want %s", got.Kind, got.Message, got.Rule, test.kind)
					}
					wantCooling(t, g, test.cools, test.kind)
					if test.status >= 400 {
						if !strings.Contains(a.Body, "error") {
							t.Errorf("not the upstream's own error: %s", clipped(a.Body))
						}
					} else if !strings.Contains(a.Body, "Hello") || strings.Contains(strings.ReplaceAll(a.Body, " ", ""), `"error":{`) {
						t.Errorf("the client saw the error: %s", clipped(a.Body))
					}
				})
			}
		}
	}
}

func wantCooling(t *testing.T, g *testGateway, scope ai.Scope, kind ai.Kind) {
	t.Helper()
	got := g.cooling()
	if scope == ai.ScopeNone {
		if len(got) > 0 {
			t.Errorf("cools %v, want nothing", got)
		}
		return
	}
	// A limit may speak of the key or of the model on it.
	want := scope.String() + " bad " + kind.String()
	narrower := ai.ScopeKeyModel.String() + " bad " + kind.String()
	if !slices.Contains(got, want) && (scope != ai.ScopeKey || !slices.Contains(got, narrower)) {
		t.Errorf("cools %v, want %s", got, want)
	}
}

// TestOtherKeyFirst: what speaks of one key is tried with the channel's other
// key before another channel is.
func TestOtherKeyFirst(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"mk-401", "mk-402", "mk-403", "mk-429", "mk-quota", "mk-err200-rate"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			bad, good := fake(t), fake(t)
			g := newGateway(t, channelAt("bad", bad, "key "+scenario+" mk-ok", "priority 20")+
				channelAt("backup", good, "key mk-ok-u2"), "")
			for range 4 {
				a := g.ask(ai.Anthropic, false).want(t, http.StatusOK)
				if rec := g.record(a); rec.Channel != "bad" {
					t.Errorf("served by %q", rec.Channel)
				}
			}
			if n := bad.Counts()[scenario]; n > 1 {
				t.Errorf("the bad key was asked %d times", n)
			}
			if good.Total() > 0 {
				t.Errorf("the backup was asked")
			}
		})
	}
}

// TestOnlyChannelFails: the client gets an error in its own shape, never one
// that speaks of a key as if it were its own token.
func TestOnlyChannelFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario   string
		status     int
		retryAfter bool
	}{
		{"mk-401", http.StatusBadGateway, true},
		{"mk-403", http.StatusBadGateway, true},
		{"mk-500", http.StatusBadGateway, true},
		{"mk-429-ra20", http.StatusTooManyRequests, true},
		{"mk-quota", http.StatusTooManyRequests, true},
		{"mk-529", http.StatusServiceUnavailable, true},
		{"mk-drop", http.StatusBadGateway, true},
		{"mk-html", http.StatusBadGateway, true},
		{"mk-empty", http.StatusBadGateway, true},
	}
	for _, p := range ai.Protocols {
		for _, test := range tests {
			t.Run(string(p)+"/"+test.scenario, func(t *testing.T) {
				t.Parallel()
				s := fake(t)
				g := newGateway(t, channelAt("only", s, "key "+test.scenario), "")
				for i := range 2 { // the second one while it cools down
					a := g.ask(p, i == 1)
					if i == 0 {
						a.want(t, test.status)
					} else if a.Status < 429 {
						t.Fatalf("status %d while it cools down", a.Status)
					}
					message := errorShape(t, p, a.Body)
					if strings.Contains(message, s.URL) || strings.Contains(a.Body, test.scenario) || strings.Contains(message, "dial") {
						t.Errorf("the message tells of the upstream: %s", message)
					}
					if test.retryAfter && a.Header.Get("Retry-After") == "" {
						t.Errorf("no Retry-After with %d: %s", a.Status, message)
					}
				}
			})
		}
	}
}
