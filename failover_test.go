package ccload

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// upstreamOf starts an upstream that answers as it is told. answer is told how
// many requests came before.
func upstreamOf(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (address string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var keys []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		n := len(keys)
		keys = append(keys, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), keys...)
	}
}

const chatAnswer = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`

func says(status int, body string, header ...string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestAttemptsAreSpentWhereTheyCount: how many attempts a channel of many keys
// gets that all meet the same, with and without another channel.
func TestAttemptsAreSpentWhereTheyCount(t *testing.T) {
	t.Parallel()
	limit := says(429, `{"error":{"message":"Too Many Requests","type":"rate_limit_error"}}`)
	quota := says(429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`)
	refused := says(401, `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`)
	tests := []struct {
		name     string
		answer   func(int, http.ResponseWriter, *http.Request)
		keys     int
		others   bool
		most     int // max_attempts
		attempts int // at the channel of many keys
		status   int
	}{
		{"limits, another channel", limit, 30, true, 6, 2, 200},
		{"limits, another channel, two attempts", limit, 30, true, 2, 1, 200},
		{"limits, another channel, one attempt", limit, 30, true, 1, 1, 429},
		{"limits, another channel, two keys", limit, 2, true, 6, 2, 200},
		{"limits, no other channel", limit, 30, false, 6, 6, 429},
		{"limits, no other channel, few keys", limit, 3, false, 6, 3, 429},
		{"quota, another channel", quota, 30, true, 6, 5, 200},
		{"quota, no other channel", quota, 30, false, 6, 6, 429},
		{"refused, another channel", refused, 30, true, 6, 5, 200},
		{"refused, another channel, few keys", refused, 3, true, 6, 3, 200},
		{"refused, no other channel", refused, 30, false, 6, 6, 502},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bad, asked := upstreamOf(t, test.answer)
			options := "channel many {\nurl " + bad + "\nprotocol openai\npriority 20\n"
			for i := range test.keys {
				options += fmt.Sprintf("key key-number-%04d\n", i)
			}
			options += "}\n"
			if test.others {
				good, _ := upstreamOf(t, says(200, chatAnswer))
				options += "channel other {\nurl " + good + "\nprotocol openai\nkey key-of-the-other\npriority 10\n}\n"
			}
			g := newGateway(t, options, fmt.Sprintf("max_attempts %d\nmax_wait off", test.most))
			a := g.ask(ai.OpenAI, false).want(t, test.status)
			if n := len(asked()); n != test.attempts {
				t.Errorf("%d attempts at the channel of many keys, want %d", n, test.attempts)
			}
			if test.status == 429 && a.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		})
	}
}

// TestTranslatedFailuresAreRepeated: a sole channel of another protocol gets the
// second try that one of the client's own gets, and what is told when it cools down.
func TestTranslatedFailuresAreRepeated(t *testing.T) {
	t.Parallel()
	for _, client := range ai.Protocols {
		for _, upstream := range ai.Protocols {
			for _, status := range []int{500, 502, 503, 529} {
				t.Run(fmt.Sprintf("%s/%s/%d", client, upstream, status), func(t *testing.T) {
					t.Parallel()
					s := fake(t, fmt.Sprintf("mk-%d", status), "mk-ok")
					g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nkey k-0123456789\n}\n", s.URL, upstream), "")
					a := g.ask(client, false).want(t, http.StatusOK)
					if rec := g.record(a); len(rec.Attempts) != 2 {
						t.Errorf("%d attempts", len(rec.Attempts))
					}
					down := fake(t)
					g = newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nkey mk-%d\n}\n", down.URL, upstream, status), "max_wait off")
					for range 2 { // also while it cools down
						if a := g.ask(client, false); a.Status < 500 || a.Header.Get("Retry-After") == "" {
							t.Errorf("status %d, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.Body)
						}
					}
				})
			}
		}
	}
}

// TestRepeatedInPlace: which failures of a channel are tried once more in place.
func TestRepeatedInPlace(t *testing.T) {
	t.Parallel()
	reset := func(_ int, w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	status := func(code int, header ...string) func(int, http.ResponseWriter, *http.Request) {
		return says(code, `{"error":{"message":"it did not work"}}`, header...)
	}
	tests := []struct {
		name         string
		answer       func(int, http.ResponseWriter, *http.Request)
		alone, among int // attempts if nobody else is left, and if another channel is
	}{
		{"500", status(500), 2, 2},
		{"502", status(502), 2, 2},
		{"503", status(503), 2, 1},
		{"529", status(529), 2, 1},
		{"reset", reset, 2, 1},
		{"504", status(504), 1, 1},
		{"524", status(524), 1, 1},
		{"408 inside", says(200, `{"error":{"message":"timed out","code":408}}`), 1, 1},
		{"Retry-After beyond patience", status(503, "Retry-After", "30"), 1, 1},
		{"usage with the error", says(500, `{"error":{"message":"it did not work"},"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}`), 1, 1},
	}
	for _, test := range tests {
		for _, others := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", test.name, others), func(t *testing.T) {
				t.Parallel()
				bad, asked := upstreamOf(t, func(n int, w http.ResponseWriter, r *http.Request) {
					if n == 0 {
						test.answer(n, w, r)
						return
					}
					says(200, chatAnswer)(n, w, r)
				})
				options := "channel only {\nurl " + bad + "\nprotocol openai\npriority 20\nkey key-0123456789\n}\n"
				want := test.alone
				if others {
					good, _ := upstreamOf(t, says(200, chatAnswer))
					options += "channel other {\nurl " + good + "\nprotocol openai\nkey key-of-the-other\npriority 10\n}\n"
					want = test.among
				}
				g := newGateway(t, options, "max_wait 50ms")
				a := g.ask(ai.OpenAI, false)
				if n := len(asked()); n != want {
					t.Errorf("%d attempts, want %d", n, want)
				}
				if good := want == 2 || others; good != (a.Status == 200) {
					t.Errorf("status %d", a.Status)
				}
				if want == 2 && len(g.cooling()) > 0 {
					t.Errorf("cooling: %v", g.cooling())
				}
			})
		}
	}
}

// TestSignsOfLife: a stream whose upstream thinks for long hears something; how
// it ends is told in it, and in the record as it was.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	const after = 60 * time.Millisecond
	late := func(s string) func(*http.Request) string { return func(*http.Request) string { return s } }
	tests := []struct {
		name    string
		then    func(*http.Request) string // a scenario of the fake provider, after a while; "": the status below
		status  int
		good    bool
		outcome ai.Kind
	}{
		{"a stream", late("mk-ok"), 200, true, ai.OK},
		{"an error of the upstream", nil, 500, false, ai.ServerError},
		{"the caller's fault", nil, 400, false, ai.InvalidRequest},
		{"a limit", nil, 429, false, ai.RateLimited},
		{"a whole answer instead of a stream", late("whole"), 200, true, ai.OK},
	}
	kinds := []struct {
		client ai.Protocol
		array  bool
	}{{ai.Anthropic, false}, {ai.OpenAI, false}, {ai.Responses, false}, {ai.Gemini, false}, {ai.Gemini, true}}
	for _, kind := range kinds {
		for _, upstream := range ai.Protocols {
			for _, test := range tests {
				t.Run(fmt.Sprintf("%s %t/%s/%s", kind.client, kind.array, upstream, test.name), func(t *testing.T) {
					t.Parallel()
					s := fake(t)
					address, _ := upstreamOf(t, func(_ int, w http.ResponseWriter, r *http.Request) {
						time.Sleep(3 * after) // it thinks
						if test.then == nil {
							says(test.status, fmt.Sprintf(`{"error":{"message":"no","type":"of status %d"}}`, test.status))(0, w, r)
							return
						}
						forward(t, w, r, s.URL, upstream, test.then(r) == "whole")
					})
					g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nkey mk-ok\n}\n", address, upstream),
						fmt.Sprintf("keepalive_after %s\nmax_attempts 1\nexpose_route", after))
					path, body := generation(kind.client, "m", true)
					if kind.array {
						path = strings.TrimSuffix(path, "?alt=sse")
					}
					a := g.post(path, body)
					if a.Status != http.StatusOK {
						t.Fatalf("status %d: %s", a.Status, a.Body)
					}
					sign := map[ai.Protocol]string{ai.Anthropic: "event: ping\n", ai.OpenAI: ": ", ai.Responses: ": ", ai.Gemini: "\r\n"}[kind.client]
					if !strings.HasPrefix(a.Body, sign) {
						t.Errorf("no sign of life at the beginning of %q", clipped(a.Body))
					}
					if kind.array && !json.Valid([]byte(a.Body)) {
						t.Errorf("no JSON: %q", a.Body)
					}
					if says := strings.Contains(strings.ReplaceAll(a.Body, `"error":null`, ""), `"error"`) || strings.Contains(a.Body, "event: error"); says == test.good {
						t.Errorf("error %t: %s", says, a.Body)
					}
					if ended := strings.Contains(a.Body, endMarkers[kind.client]); ended != test.good {
						t.Errorf("end marker %t: %s", ended, a.Body)
					}
					if (a.Err == nil) != test.good {
						t.Errorf("the connection ends with %v", a.Err)
					}
					if rec := g.record(a); rec.Outcome != test.outcome || !test.good && rec.Status < 400 {
						t.Errorf("recorded as %s, %d", rec.Outcome, rec.Status)
					}
				})
			}
		}
	}
}

// forward answers with what the fake provider says to the same request.
func forward(t *testing.T, w http.ResponseWriter, r *http.Request, base string, p ai.Protocol, whole bool) {
	path, body := generation(p, "m", !whole)
	if strings.Contains(r.URL.Path, ":stream") && r.URL.RawQuery == "" {
		path = strings.TrimSuffix(path, "?alt=sse")
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if r.Context().Err() == nil {
			t.Error(err)
		}
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// TestFailoverAfterSignsOfLife: headers and signs are no content.
func TestFailoverAfterSignsOfLife(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			bad, _ := upstreamOf(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				time.Sleep(200 * time.Millisecond) // it thinks
				says(503, `{"error":{"message":"no"}}`)(0, w, r)
			})
			good := fake(t)
			g := newGateway(t, fmt.Sprintf("channel bad {\nurl %s\nprotocol %s\nkey key-0123456789\npriority 20\n}\n", bad, p)+
				channelAt("backup", good, "key mk-ok"), "keepalive_after 50ms")
			a := g.ask(p, true).want(t, http.StatusOK)
			if !strings.Contains(a.Body, "Hello") || !strings.Contains(a.Body, endMarkers[p]) || a.Err != nil {
				t.Errorf("%v: %s", a.Err, a.Body)
			}
			if rec := g.record(a); rec.Channel != "backup" || rec.Outcome != ai.OK {
				t.Errorf("served by %q, %s", rec.Channel, rec.Outcome)
			}
			if a := g.ask(p, false).want(t, http.StatusOK); strings.HasPrefix(a.Body, ":") || strings.HasPrefix(a.Body, "event") {
				t.Errorf("a call that is not streamed got %s", a.Body)
			}
		})
	}
}

// TestGivenUpIsPaidFor: what an upstream was sent it bills, also if its answer
// is not waited for, by us or by the client.
func TestGivenUpIsPaidFor(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		for _, scenario := range []string{"mk-hang", "mk-hanghdr", "mk-silent"} {
			t.Run(string(p)+"/"+scenario, func(t *testing.T) {
				t.Parallel()
				bad, good := fake(t), fake(t)
				g := newGateway(t, channelAt("bad", bad, "key "+scenario, "priority 20")+channelAt("backup", good, "key mk-ok"),
					"first_content_timeout 300ms")
				rec := g.record(g.askModel(p, "gpt-5-mini", true).want(t, http.StatusOK))
				given := rec.Attempts[0]
				if given.Outcome.Kind != ai.Timeout || given.Usage.Input == 0 || given.Usage.Estimated == given.Usage.Reported || given.Cost.Amount <= 0 {
					t.Errorf("given up: %s, %+v, cost %+v", given.Outcome.Kind, given.Usage, given.Cost)
				}
				if rec.Cost.Amount != given.Cost.Amount+rec.Attempts[1].Cost.Amount {
					t.Errorf("the call costs %d, its attempts %d and %d", rec.Cost.Amount, given.Cost.Amount, rec.Attempts[1].Cost.Amount)
				}

				g = newGateway(t, channelAt("only", bad, "key "+scenario), "first_content_timeout 300ms")
				rec = g.record(g.askModel(p, "gpt-5-mini", true).want(t, http.StatusGatewayTimeout))
				if rec.Usage.Input == 0 || rec.Usage.Estimated == rec.Usage.Reported || rec.Cost.Amount <= 0 {
					t.Errorf("the call: %+v, cost %+v", rec.Usage, rec.Cost)
				}
			})
		}
	}
}
