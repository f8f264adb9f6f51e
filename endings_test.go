package ccload

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/protocol/sse"
)

// endMarkers is what only a complete stream of a protocol may end with.
var endMarkers = map[ai.Protocol]string{
	ai.Anthropic: "message_stop", ai.OpenAI: "[DONE]", ai.Responses: "response.completed", ai.Gemini: "finishReason",
}

// TestBrokenAfterCommit: a stream that breaks after its first content cannot
// be replaced. It is ended by the protocol's error event and a cut connection,
// never by an end marker, and the target cools down.
func TestBrokenAfterCommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario string
		kind     ai.Kind
		upstream bool // the error event is the upstream's own
	}{
		{"mk-cut-n10", ai.Truncated, false},
		{"mk-rst-n10-g5", ai.Truncated, false},
		{"mk-noend-n10", ai.Truncated, false},
		{"mk-stall-n10", ai.Timeout, false},
		{"mk-ssemid-n10", ai.Overloaded, true},
		{"mk-broken-n10", ai.SoftError, false},
	}
	for _, p := range ai.Protocols {
		for _, test := range tests {
			t.Run(string(p)+"/"+test.scenario, func(t *testing.T) {
				t.Parallel()
				bad, good := fake(t), fake(t)
				g := newGateway(t, channelAt("bad", bad, "key "+test.scenario, "priority 20")+channelAt("backup", good, "key mk-ok"),
					"idle_timeout 300ms")
				a := g.ask(p, true).want(t, http.StatusOK)
				if strings.Contains(a.Body, endMarkers[p]) {
					t.Errorf("a broken stream has an end marker:\n%s", a.Body)
				}
				if !strings.Contains(a.Body, "error") {
					t.Errorf("a broken stream has no error event:\n%s", a.Body)
				}
				if test.kind == ai.SoftError {
					wholeEvents(t, p, a.Body)
				}
				if !test.upstream && a.Err == nil {
					t.Error("the connection was not cut: a client that ignores error events takes the stream for complete")
				}
				if good.Total() > 0 {
					t.Error("another channel was asked after the client had content")
				}
				rec := g.record(a)
				if rec.Outcome != test.kind {
					t.Errorf("the call is %s (%s), want %s", rec.Outcome, rec.Message, test.kind)
				}
				if len(g.cooling()) == 0 {
					t.Error("nothing rests")
				}
			})
		}
	}
}

// wholeEvents fails if a client is given an event that it cannot read.
func wholeEvents(t *testing.T, p ai.Protocol, stream string) {
	t.Helper()
	events := 0
	var scanner sse.Scanner
	_ = scanner.Feed([]byte(stream), func(ev sse.Event) bool {
		events++
		if !json.Valid(ev.Data) {
			t.Errorf("the client got %q", ev.Data)
		}
		return true
	})
	if events < 3 {
		t.Errorf("only %d events of %s:\n%s", events, p, stream)
	}
}

// TestBrokenFirstEvent: nothing was given yet, so the call goes elsewhere.
func TestBrokenFirstEvent(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			bad, good := fake(t), fake(t)
			g := newGateway(t, channelAt("bad", bad, "key mk-brokenfirst", "priority 20")+channelAt("backup", good, "key mk-ok"), "")
			a := g.ask(p, true).want(t, http.StatusOK)
			rec := g.record(a)
			if rec.Channel != "backup" || rec.Attempts[0].Outcome.Kind != ai.SoftError {
				t.Errorf("served by %q after %s (%s)", rec.Channel, rec.Attempts[0].Outcome.Kind, rec.Attempts[0].Outcome.Message)
			}
		})
	}
}

// TestGoodEndings: what looks odd and is complete all the same.
func TestGoodEndings(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		for _, scenario := range []string{
			"mk-ok", "mk-open", "mk-rstend", "mk-big", "mk-crlf", "mk-comments", "mk-gzip", "mk-br", "mk-zstd", "mk-deflate",
			"mk-think", "mk-badutf8",
		} {
			t.Run(string(p)+"/"+scenario, func(t *testing.T) {
				t.Parallel()
				s := fake(t)
				g := newGateway(t, channelAt("only", s, "key "+scenario), "")
				a := g.ask(p, true).want(t, http.StatusOK)
				if a.Err != nil {
					t.Fatalf("the answer was cut: %v", a.Err)
				}
				if !strings.Contains(a.Body, endMarkers[p]) {
					t.Errorf("no end marker in\n%s", clipped(a.Body))
				}
				rec := g.record(a)
				if rec.Outcome != ai.OK || len(g.cooling()) > 0 {
					t.Errorf("the call is %s, %v rest", rec.Outcome, g.cooling())
				}
				if want := s.Last().Usage; rec.Usage.Input != want.Input || rec.Usage.Output != want.Output || rec.Usage.CachedInput != want.CachedInput {
					t.Errorf("usage %+v, want %+v", rec.Usage, want)
				}
			})
		}
	}
}

// TestSilenceFailsOver: no headers, no content.
func TestSilenceFailsOver(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		for _, scenario := range []string{"mk-hang", "mk-hanghdr", "mk-silent", "mk-l5000"} {
			t.Run(string(p)+"/"+scenario, func(t *testing.T) {
				t.Parallel()
				bad, good := fake(t), fake(t)
				g := newGateway(t, channelAt("bad", bad, "key "+scenario, "priority 20")+channelAt("backup", good, "key mk-ok"),
					"first_content_timeout 1s\nidle_timeout 10s")
				a := g.ask(p, true).want(t, http.StatusOK)
				rec := g.record(a)
				if rec.Channel != "backup" || rec.Attempts[0].Outcome.Kind != ai.Timeout {
					t.Errorf("served by %q after %s", rec.Channel, rec.Attempts[0].Outcome.Kind)
				}
				if n := bad.Total(); n != 1 {
					t.Errorf("the silent channel was asked %d times", n)
				}
			})
		}
	}
}

// TestClientHangsUp: it is nobody's fault, the upstream is let go at once, and
// what was used so far is kept.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := fake(t)
			g := newGateway(t, channelAt("only", s, "key mk-n500-g20"), "")
			ctx, cancel := context.WithCancel(t.Context())
			path, body := generation(p, "m", true)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Api-Key", testToken)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewScanner(resp.Body)
			for range 12 {
				lines.Scan()
			}
			cancel()
			rec := g.recordOf(resp.Header.Get("X-Ccload-Request-Id"))
			if rec.Outcome != ai.ClientGone || rec.Status != gateway.StatusClientGone {
				t.Errorf("the call is %s, %d", rec.Outcome, rec.Status)
			}
			if len(g.cooling()) > 0 {
				t.Errorf("%v rest because a client hung up", g.cooling())
			}
			if p == ai.Anthropic && rec.Usage.Input == 0 {
				t.Error("the usage of the beginning is lost")
			}
			if n := eventually(t, func() (int, bool) { n := s.InFlight(); return int(n), n == 0 }); n > 0 {
				t.Error("the upstream is still sending")
			}
		})
	}
}

// TestBrokenArrayElement: Gemini's array form has no place for an error within
// an element; the cut tells.
func TestBrokenArrayElement(t *testing.T) {
	t.Parallel()
	g := newGateway(t, channelAt("bad", fake(t), "key mk-broken-n3"), "")
	a := g.post("/v1beta/models/m:streamGenerateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`).want(t, http.StatusOK)
	if a.Err == nil {
		t.Errorf("the stream ends as if it were complete:\n%s", clipped(a.Body))
	}
	if rec := g.record(a); rec.Outcome != ai.SoftError && rec.Outcome != ai.Truncated {
		t.Errorf("the call is %s", rec.Outcome)
	}
}

// TestExitEndsCallsHonestly: calls that outlive the grace period of a process
// that exits get an error event, are recorded with what they used, and blame
// nobody.
func TestExitEndsCallsHonestly(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := fake(t)
			g := newGateway(t, channelAt("only", s, "key mk-n500-g20"), "")
			go func() {
				eventually(t, func() (bool, bool) { // the client has something of it
					list := g.app.state.gateway.Running.List("", 1).Calls
					return true, len(list) == 1 && list[0].AnswerBytes > 1000
				})
				g.app.endCalls()
			}()
			a := g.ask(p, true).want(t, http.StatusOK)
			if a.Err == nil || strings.Contains(a.Body, endMarkers[p]) || !strings.Contains(a.Body, "shutting down") {
				t.Errorf("ends with %v:\n%s", a.Err, clipped(a.Body[max(0, len(a.Body)-500):]))
			}
			rec := g.record(a)
			if rec.Outcome != ai.Timeout || rec.Usage.Output == 0 || len(g.cooling()) > 0 {
				t.Errorf("the call is %s, used %+v; %v rest", rec.Outcome, rec.Usage, g.cooling())
			}
		})
	}
}
