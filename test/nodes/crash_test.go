package nodes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// load calls nodes until it is ended, and keeps what the clients got.
type load struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.Mutex
	good   map[string]bool // ids of calls that were answered well, as a client saw it
	others map[string]int  // how often something else came
}

func startLoad(n *node, clients int, pause time.Duration) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel, good: make(map[string]bool), others: make(map[string]int)}
	for range clients {
		l.wait.Go(func() {
			for ctx.Err() == nil {
				r := n.call(context.WithoutCancel(ctx), token) // to its end: who hangs up pays less
				l.mu.Lock()
				switch {
				case r.status == 200 && r.err == nil:
					l.good[r.id] = true
				case ctx.Err() == nil:
					l.others[fmt.Sprintf("%d %.80v %.200s", r.status, r.err, r.body)]++
				}
				l.mu.Unlock()
				time.Sleep(pause)
			}
		})
	}
	return l
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.good)
}

func (l *load) end() {
	l.cancel()
	l.wait.Wait()
}

// stored are the ids of all calls that a gateway knows, and what they cost.
func stored(n *node) (ids map[string]bool, usd float64) {
	n.t.Helper()
	ids = make(map[string]bool)
	for before := ""; ; {
		var page struct {
			Calls []struct {
				ID   string
				Cost struct {
					USD float64 `json:"usd"`
				}
			}
			Next string
		}
		n.api("GET", "calls?limit=500&before="+before, "", &page)
		for _, c := range page.Calls {
			if ids[c.ID] {
				n.t.Errorf("%s is listed twice", c.ID)
			}
			ids[c.ID] = true
			usd += c.Cost.USD
		}
		if before = page.Next; before == "" {
			return ids, usd
		}
	}
}

// sums are what the statistics and the budgets say of all calls.
func sums(n *node) (calls int, spent float64) {
	n.t.Helper()
	var s struct {
		Rows []struct {
			Calls int
			Cost  float64 `json:"cost_usd"`
		}
	}
	n.api("GET", "statistics", "", &s)
	for _, r := range s.Rows {
		calls += r.Calls
	}
	for _, b := range look[[]struct {
		Kind  string
		Total struct {
			Spent float64 `json:"spent_usd"`
		}
	}](n, "/ccload/budgets") {
		if b.Kind == "token" {
			spent = b.Total.Spent
		}
	}
	return calls, spent
}

// isWhole checks that calls, statistics and money say the same.
func isWhole(n *node, ids map[string]bool, want float64) {
	n.t.Helper()
	calls, spent := sums(n)
	if calls != len(ids) {
		n.t.Errorf("%d calls are stored, the statistics say %d", len(ids), calls)
	}
	if spent < want-1e-6 || spent > want+1e-6 {
		n.t.Errorf("%d calls are stored, which cost %g; %g were spent", len(ids), want, spent)
	}
}

func missing(of, in map[string]bool) (n int) {
	for id := range of {
		if !in[id] {
			n++
		}
	}
	return n
}

const priced = "provider anthropic\nkey sk-one-0123456789abcd"

// TestAKilledProcessLosesNoWrittenCall: the process is killed under load, again
// and again. What it said was written is there, calls, statistics and money
// agree, and what a client got and is not there is of the last moments only.
func TestAKilledProcessLosesNoWrittenCall(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	for name, make := range databases {
		t.Run(name, func(t *testing.T) {
			n := start(t, make(t), t.TempDir(), "token t "+token+"\n"+u.channel("one", priced))
			seen := map[string]bool{}
			recovered := 0 // of an earlier process's calls, which this one has written too
			for round := range 3 {
				l := startLoad(n, 8, 0)
				time.Sleep(time.Duration(1500+400*round) * time.Millisecond)
				written := look[status](n, "/ccload/status").Journal.Written
				before := l.count()
				time.Sleep(50 * time.Millisecond)
				n.kill()
				l.end()
				n.again()
				n.login = ""
				ids, cost := stored(n)
				isWhole(n, ids, cost)
				if len(ids) < len(seen)+written-recovered {
					t.Errorf("%d calls are stored; %d were before, and %d were said to be written", len(ids), len(seen), written-recovered)
				}
				recovered = look[status](n, "/ccload/status").Journal.Written
				if lost := missing(l.good, ids); lost > l.count()-before+before/2 {
					t.Errorf("%d of %d calls that clients got are not stored", lost, l.count())
				} else {
					t.Logf("round %d: clients got %d, %d were not written yet", round, l.count(), lost)
				}
				if gone := missing(seen, ids); gone > 0 {
					t.Errorf("%d calls of earlier rounds are gone", gone)
				}
				seen = ids
			}
		})
	}
}

type status struct {
	Journal struct{ Depth, Spooled, Written, Lost int }
}

// TestACleanStopLosesNothing: every call that a client got is there after a
// stop under load.
func TestACleanStopLosesNothing(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	for name, make := range databases {
		t.Run(name, func(t *testing.T) {
			n := start(t, make(t), t.TempDir(), "token t "+token+"\n"+u.channel("one", priced))
			l := startLoad(n, 8, 0)
			time.Sleep(2 * time.Second)
			n.stop()
			l.end()
			n.again()
			ids, cost := stored(n)
			isWhole(n, ids, cost)
			if lost := missing(l.good, ids); lost > 0 || len(ids) == 0 {
				t.Errorf("%d of %d calls are lost", lost, l.count())
			}
		})
	}
}

// TestSecretsAreNowhere: neither the database nor its log, the spool, the log of
// the process nor what it shows hold a key or a token, whatever was done with
// them; upstream's own words included.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	dir := t.TempDir()
	n := start(t, "sqlite "+filepath.Join(dir, "ccload.db"), dir, "")
	const key, proxyPass, header = "sk-ant-KEYKEYKEY-0123456789", "proxypassword-0123456789", "header-value-0123456789"
	u.echo(key)
	n.api("PUT", "settings", `{"capture":{"enabled":true}}`, nil)
	n.api("POST", "channels", fmt.Sprintf(`{"name":"one","urls":[{"url":%q}],"protocols":["anthropic"],"keys":[{"key":%q}],"header_up":{"set":{"X-Extra":[%q]}}}`, u.URL, key, header), new(any))
	n.api("POST", "channels", fmt.Sprintf(`{"name":"two","priority":-1,"urls":[{"url":%q}],"protocols":["anthropic"],"keys":[{"key":"%s-two"}],"proxy":"http://user:%s@127.0.0.1:9"}`, u.URL, key, proxyPass), new(any))
	var made struct{ Secret string }
	n.api("POST", "tokens", `{"name":"laptop"}`, &made)
	for range 3 {
		n.call(t.Context(), made.Secret)
		n.call(t.Context(), made.Secret+"-wrong")
	}
	n.api("POST", "channels/one/test", `{"models":["m"]}`, new(any))
	n.api("POST", "rotate", `{}`, new(any))
	var shown strings.Builder
	for _, path := range []string{"channels", "tokens", "calls", "audit", "export", "cooling", "settings", "status", "catalogue"} {
		var v any
		n.api("GET", path, "", &v)
		fmt.Fprintf(&shown, "%v", v)
	}
	metrics, err := n.admin("GET", "/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"an upstream key": key, "a proxy's password": proxyPass, "a header": header, "a client token": made.Secret, "the login": n.login, "the admin password": password}
	find := func(where string, text []byte) {
		for what, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
	find("what is shown", []byte(shown.String()))
	find("the metrics", metrics)
	time.Sleep(time.Second) // until captures are written
	look := func(when string) (files int) {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			find(when+" "+filepath.Base(path), text)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return files
	}
	if files := look("running"); files < 4 {
		t.Errorf("only %d files were looked at", files)
	}
	n.kill()
	look("killed")
	find("the log", []byte(n.log.String()))
	if n.log.String() == "" {
		t.Error("there is no log")
	}
}

// TestAGatewayNeedsNoKeyFileForWhatIsDeclared: where Caddy's data directory
// cannot be written, what is declared is served, and a channel cannot be stored.
func TestAGatewayNeedsNoKeyFileForWhatIsDeclared(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	dir := t.TempDir()
	// A file where the folder would have to be stops whatever user runs this.
	if err := os.WriteFile(filepath.Join(dir, "caddy"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := startWith(t, "", "sqlite "+filepath.Join(t.TempDir(), "ccload.db"), dir, "token t "+token+"\n"+u.channel("one", priced))
	if r := n.call(t.Context(), token); r.status != 200 {
		t.Errorf("a call is answered %d: %s", r.status, r.body)
	}
	if status := n.api("POST", "channels", `{"name":"two","provider":"openai","keys":[{"key":"sk-two-0123456789abcd"}]}`, nil); status != 503 {
		t.Errorf("storing a channel is answered %d", status)
	}
	if status := n.api("POST", "tokens", `{"name":"two"}`, nil); status != 201 {
		t.Errorf("storing a token is answered %d", status)
	}
}
