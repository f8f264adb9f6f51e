package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

type behaviour = func(n int64, w http.ResponseWriter, r *http.Request)

// sometimes fails part of the time. What fails is drawn from a seed.
func sometimes(part float64, bad behaviour) behaviour {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return func(n int64, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		failed := random.Float64() < part
		mu.Unlock()
		if failed {
			bad(n, w, r)
			return
		}
		good(n, w, r)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key key-number-%04d\n", i)
	}
	return b.String()
}

// TestSoleChannelThatFailsSometimes: a gateway is never worse than none. Of a
// channel that fails three times in ten at most 12 % reach the client.
func TestSoleChannelThatFailsSometimes(t *testing.T) {
	n := 200
	if long() {
		n = 2000
	}
	for name, bad := range map[string]behaviour{"500": fails(500), "502": fails(502), "503": fails(503), "529": fails(529), "reset": reset} {
		for _, together := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s/%d at once", name, together), func(t *testing.T) {
				t.Parallel()
				u := newUpstream(t, sometimes(0.3, bad))
				g := start(t, u.channel("only", "key key-0123456789"), "")
				n := n
				if together == 1 {
					n /= 2
				}
				failed := g.calls(n, together)
				t.Logf("%d of %d calls failed, %d attempts", failed, n, u.asked.Load())
				if float64(failed) > 0.12*float64(n) {
					t.Errorf("%d of %d calls failed", failed, n)
				}
				if most := 1.42*float64(n) + 12; float64(u.asked.Load()) > most {
					t.Errorf("the upstream was asked %d times for %d calls", u.asked.Load(), n)
				}
			})
		}
	}
}

// TestDeadSoleChannel: many clients that call all the time are a few probes.
func TestDeadSoleChannel(t *testing.T) {
	lasts, most := 10*time.Second, int64(8)
	if long() {
		lasts, most = time.Minute, 14
	}
	for name, bad := range map[string]behaviour{"500": fails(500), "503": fails(503), "504": fails(504), "reset": reset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t, bad)
			g := start(t, u.channel("only", "key key-0123456789"), "max_wait 500ms")
			if a := g.chat(false); a.status < 500 {
				t.Errorf("status %d", a.status)
			}
			end := time.Now().Add(lasts)
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					for time.Now().Before(end) {
						if a := g.chat(false); a.status < 500 || a.header.Get("Retry-After") == "" {
							t.Errorf("status %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
							return
						}
						time.Sleep(20 * time.Millisecond) // a client's loop
					}
				})
			}
			wait.Wait()
			t.Logf("asked %d times", u.asked.Load())
			if n := u.asked.Load(); n > most {
				t.Errorf("the dead upstream was asked %d times in %s", n, lasts)
			}
		})
	}
}

// TestFaults is one line for each case: what the first channel does, how many
// keys it has, and what 40 calls and the upstreams see of it.
func TestFaults(t *testing.T) {
	limit := says(429, `{"error":{"message":"Too Many Requests","type":"rate_limit_error"}}`)
	quota := says(429, `{"error":{"message":"The usage limit has been reached","type":"usage_limit_reached"}}`, "Retry-After", "1587827")
	tests := []struct {
		name   string
		first  behaviour
		keys   int
		failed int64 // of 40 calls, another channel being free
		most   int64 // attempts at the first channel; 0: any number
	}{
		{"30 limited keys", limit, 30, 0, 0},
		{"9 limited keys", limit, 9, 0, 0},
		{"30 used-up keys", quota, 30, 0, 30},
		{"30 refused keys", fails(401), 30, 0, 30},
		{"500", fails(500), 1, 0, 2},
		{"503", fails(503), 1, 0, 1},
		{"529", fails(529), 1, 0, 1},
		{"504", fails(504), 1, 0, 1},
		{"524", fails(524), 1, 0, 1},
		{"reset", reset, 1, 0, 1},
		{"an empty answer", says(200, ""), 1, 0, 1},
		{"a page", says(200, "<!doctype html><title>Hello</title>", "Content-Type", "text/html"), 1, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			first, second := newUpstream(t, test.first), newUpstream(t, good)
			g := start(t, first.channel("first", "priority 20", manyKeys(test.keys))+second.channel("second", "key key-of-the-second"), "")
			if failed := g.calls(40, 1); failed != test.failed {
				t.Errorf("%d of 40 calls failed", failed)
			}
			if n := first.asked.Load(); test.most > 0 && n > test.most {
				t.Errorf("the first channel was asked %d times", n)
			}
		})
	}
}

// TestStatedQuota: a quota that is said to be back in eighteen days is probed in
// an hour, and both are told.
func TestStatedQuota(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, says(429, `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":1587827}}`))
	g := start(t, u.channel("only", "key key-0123456789"), "")
	if a := g.chat(false); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	list := g.cooling()
	if len(list) != 1 || time.Until(list[0].Until) > time.Hour || time.Until(list[0].StatedUntil) < 18*24*time.Hour {
		t.Errorf("cooling: %+v", list)
	}
}

// TestSignOfLife: a client hears something of a stream whose upstream thinks.
func TestSignOfLife(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]behaviour{"good": good, "bad": fails(503)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t, func(n int64, w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second) // it thinks
				then(n, w, r)
			})
			g := start(t, u.channel("only", "key key-0123456789"), "keepalive_after 300ms\nmax_attempts 1")
			a := g.chat(true)
			if a.status != http.StatusOK || !strings.HasPrefix(a.body, ":") {
				t.Errorf("status %d: %q", a.status, a.body)
			}
			if ended := strings.HasSuffix(a.body, "data: [DONE]\n\n"); ended != (name == "good") || (a.err == nil) != ended {
				t.Errorf("%v after %q", a.err, a.body)
			}
		})
	}
}
