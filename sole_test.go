package ccload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/ai"
)

func init() { caddy.RegisterModule(pretended{}) }

// pretended is a transport that needs no network, for tests in which the clock
// is the test's. Its name finds the upstream.
type pretended struct {
	Name string `json:"name,omitempty"`
}

// pretendedUpstreams are the upstreams of the tests that run, by name.
var pretendedUpstreams sync.Map

func (pretended) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.ccload_pretended", New: func() caddy.Module { return new(pretended) }}
}

func (p *pretended) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.Args(&p.Name) {
		return d.ArgErr()
	}
	return nil
}

func (p *pretended) RoundTrip(r *http.Request) (*http.Response, error) {
	upstream, ok := pretendedUpstreams.Load(p.Name)
	if !ok {
		return nil, errors.New("no such upstream")
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return upstream.(func(*http.Request) (*http.Response, error))(r)
}

// answerOf is an answer as a transport gives it.
func answerOf(r *http.Request, status int, body string) (*http.Response, error) {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// lasting waits as a network does.
func lasting(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// soleGateway starts a gateway of which a test calls the handler itself.
func soleGateway(t *testing.T, options, handler string) (*caddyhttp.Server, *App) {
	t.Helper()
	config := fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\ntoken tests %s\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload {\n%s\n}\n}\n",
		filepath.Join(t.TempDir(), "ccload.db"), testToken, options, handler)
	server, app := provision(t, config)
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	return server, app
}

// callOnce makes a call without a network.
func callOnce(server http.Handler, p ai.Protocol, stream bool) *httptest.ResponseRecorder {
	path, body := generation(p, "m", stream)
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:9"+path, bytes.NewReader([]byte(body)))
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

// trouble is a way to fail, as a transport sees it.
type trouble struct {
	name string
	fail func(*http.Request) (*http.Response, error)
	// once says that the call is not repeated: it may have cost something, or took
	// as long as it may.
	once bool
}

func statusTrouble(status int, once bool) trouble {
	return trouble{name: strconv.Itoa(status), once: once, fail: func(r *http.Request) (*http.Response, error) {
		return answerOf(r, status, fmt.Sprintf(`{"error":{"message":"status %d"}}`, status))
	}}
}

var troubles = []trouble{
	{name: "reset", fail: func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}},
	{name: "refused", fail: func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}},
	{name: "closed", fail: func(*http.Request) (*http.Response, error) { return nil, io.EOF }},
	{name: "silent", once: true, fail: func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}},
	statusTrouble(500, false), statusTrouble(502, false), statusTrouble(503, false), statusTrouble(504, true), statusTrouble(529, false),
}

// soles are the ways to be the only one left: nobody else is configured, the
// other keys are refused, the other address is dead.
var soles = []struct{ name, options string }{
	{"channel", "url https://sole.test\nprotocol openai\nkey k-0123456789"},
	{"key", "url https://sole.test\nprotocol openai\nkey k-0123456789 refused-0123456789"},
	{"address", "url https://sole.test https://dead.test\nprotocol openai\nkey k-0123456789"},
	{"other protocol", "url https://sole.test\nprotocol anthropic\nkey k-0123456789"},
}

// soleUpstream answers after a while, but for what fails.
type soleUpstream struct {
	t     *testing.T
	takes time.Duration // an answer; failures come at once
	fails func(sinceStart time.Duration, draw float64) bool
	how   trouble

	asked  atomic.Int64
	mu     sync.Mutex
	random *rand.Rand
	start  time.Time
}

func (u *soleUpstream) answer(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Host == "dead.test":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case strings.Contains(r.Header.Get("Authorization"), "refused"):
		return answerOf(r, http.StatusUnauthorized, `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`)
	}
	u.asked.Add(1)
	u.mu.Lock()
	draw := u.random.Float64()
	u.mu.Unlock()
	if u.fails(time.Since(u.start), draw) {
		return u.how.fail(r)
	}
	if err := lasting(r.Context(), u.takes); err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.URL.Path, "/messages") {
		return answerOf(r, http.StatusOK, claude(3, 1))
	}
	return answerOf(r, http.StatusOK, chatAnswer)
}

// serve starts a gateway before the upstream, has callers call, and counts the
// statuses that they get. next says after how many calls of its own, and how
// long after the start, a caller calls again.
func (u *soleUpstream) serve(options string, callers int, next func(calls int, since time.Duration) bool) map[int]int {
	t := u.t
	name := strings.NewReplacer(" ", "-", "/", "-").Replace(t.Name())
	u.random, u.start = rand.New(rand.NewPCG(1, 2)), time.Now()
	pretendedUpstreams.Store(name, u.answer)
	defer pretendedUpstreams.Delete(name)
	server, app := soleGateway(t, fmt.Sprintf("channel only {\n%s\ntransport ccload_pretended %s\n}", options, name), "keepalive_after off\nheader_timeout 10s")
	statuses := make(map[int]int)
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for calls := 0; next(calls, time.Since(u.start)); calls++ {
				w := callOnce(server, ai.OpenAI, false)
				u.mu.Lock()
				statuses[w.Code]++
				u.mu.Unlock()
				if w.Code == http.StatusOK {
					continue
				}
				if w.Header().Get("Retry-After") == "" && w.Code == http.StatusServiceUnavailable {
					t.Errorf("503 without Retry-After: %s", w.Body)
				}
				time.Sleep(time.Second) // a client does not hammer after an error
			}
		})
	}
	wait.Wait()
	app.idleWithin(5 * time.Second)
	if err := errors.Join(app.Stop(), app.Cleanup()); err != nil {
		t.Error(err)
	}
	return statuses
}

// failures counts the calls that failed.
func failures(statuses map[int]int) (failed int) {
	for status, n := range statuses {
		if status != http.StatusOK {
			failed += n
		}
	}
	return failed
}

// warmCaddy makes what Caddy makes once per process, outside of the bubbles in
// which tests have a clock of their own.
func warmCaddy(t *testing.T) {
	provision(t, "{\nadmin off\nauto_https off\n}\nhttp://127.0.0.1:9 {\nrespond ok\n}\n")
}

// TestSoleTarget: of the only target that is left and that fails three times in
// ten, at most 12 % of the failures reach clients where calls may be repeated,
// and otherwise no more than there are: whatever the failure, however many call
// at once and however slow the answers are.
func TestSoleTarget(t *testing.T) {
	warmCaddy(t)
	for _, sole := range soles {
		for _, how := range troubles {
			for _, callers := range []int{1, 16, 200} {
				for _, takes := range []time.Duration{0, 8 * time.Second} {
					if sole.name != "channel" && sole.name != "address" && (takes > 0 || callers != 16) {
						continue // what an address is like decides
					}
					t.Run(fmt.Sprintf("%s/%s/%d callers/%s", sole.name, how.name, callers, takes), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							u := &soleUpstream{t: t, takes: takes, how: how, fails: func(_ time.Duration, draw float64) bool { return draw < 0.3 }}
							each := max(150/callers, 2)
							statuses := u.serve(sole.options, callers, func(calls int, _ time.Duration) bool { return calls < each })
							most := 0.12
							if how.once {
								most = 0.38 // three in ten, and the chance of 150 draws
							}
							failed := failures(statuses)
							if part := float64(failed) / float64(failed+statuses[http.StatusOK]); part > most {
								t.Errorf("%.1f %% of the calls failed: %v", 100*part, statuses)
							}
						})
					})
				}
			}
		}
	}
}

// TestSoleTargetIsAway: calls that wait outlast two seconds without an upstream;
// of those that it surprises each caller loses one at most. A dead one is asked a few times a minute,
// however many call.
func TestSoleTargetIsAway(t *testing.T) {
	warmCaddy(t)
	for _, test := range []struct {
		name     string
		from, to time.Duration
		takes    time.Duration
		asked    int64 // 0: any number, but few calls may fail
	}{
		{"at the start", 0, 2 * time.Second, 100 * time.Millisecond, 0},
		{"in the middle", 10 * time.Second, 12 * time.Second, 100 * time.Millisecond, 0},
		{"at the start, slow", 0, 2 * time.Second, 8 * time.Second, 0},
		{"dead", 0, time.Hour, 0, 16},
	} {
		for _, how := range []string{"reset", "refused", "500", "503"} {
			for _, callers := range []int{1, 16, 200} {
				t.Run(fmt.Sprintf("%s/%s/%d callers", test.name, how, callers), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						u := &soleUpstream{t: t, takes: test.takes, fails: func(since time.Duration, _ float64) bool {
							return since >= test.from && since < test.to
						}}
						u.how = troubles[slices.IndexFunc(troubles, func(tr trouble) bool { return tr.name == how })]
						lasts := 20 * time.Second
						if test.asked > 0 {
							lasts = time.Minute
						}
						pace := time.Duration(callers) * 5 * time.Millisecond
						statuses := u.serve(soles[0].options, callers, func(_ int, since time.Duration) bool {
							time.Sleep(pace)
							return since < lasts
						})
						if failed := failures(statuses); test.asked == 0 && failed > callers+1 {
							t.Errorf("%d calls failed: %v", failed, statuses)
						}
						if n := u.asked.Load(); test.asked > 0 && n > test.asked {
							t.Errorf("asked %d times", n)
						}
					})
				})
			}
		}
	}
}
