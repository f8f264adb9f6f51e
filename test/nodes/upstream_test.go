package nodes

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is a provider of Claude's protocol that does as it is told.
type upstream struct {
	URL   string
	calls atomic.Int64
	hold  atomic.Int64 // nanoseconds before each answer

	mu     sync.Mutex
	limits map[string]bool // keys that are answered 429
	echoes string          // what the headers and the words of a failure repeat
	last   []byte          // what it was asked last
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{limits: make(map[string]bool)}
	s := httptest.NewServer(u)
	t.Cleanup(s.Close)
	u.URL = s.URL
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.last = body
	limited, echo := u.limits[r.Header.Get("X-Api-Key")], u.echoes
	u.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if limited {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"type":"error","error":{"type":"rate_limit_error","message":"limited"}}`)
		return
	}
	if n := u.calls.Add(1); echo != "" && n%2 == 1 {
		w.Header().Set("X-Your-Key", echo)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key %s"}}`, echo)
		return
	}
	time.Sleep(time.Duration(u.hold.Load()))
	// $5 a million of Claude Haiku 4.5: 1,000 tokens are half a cent.
	fmt.Fprint(w, `{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":1000}}`)
}

func (u *upstream) limit(key string, on bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.limits[key] = on
}

// echo makes every second answer a failure that repeats a text.
func (u *upstream) echo(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.echoes = text
}

// was reports whether the last request held a text.
func (u *upstream) was(text string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return bytes.Contains(u.last, []byte(text))
}

// channel is a channel at the upstream.
func (u *upstream) channel(name, lines string) string {
	return fmt.Sprintf("channel %s {\nurl %s\nprotocol anthropic\n%s\n}\n", name, u.URL, lines)
}
