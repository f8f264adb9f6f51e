package nodes

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/internal/testdb"
)

// databases are those that nodes may share.
var databases = map[string]func(t *testing.T) (option string){
	"sqlite": func(t *testing.T) string { return "sqlite " + filepath.Join(t.TempDir(), "shared.db") },
	"mysql":  func(t *testing.T) string { return "mysql " + testdb.MySQL(t) },
}

// onEach runs a test with three nodes on each kind of database.
func onEach(t *testing.T, options string, check func(t *testing.T, nodes []*node)) {
	t.Helper()
	for name, make := range databases {
		t.Run(name, func(t *testing.T) {
			store := make(t)
			var nodes []*node
			for range 3 {
				nodes = append(nodes, start(t, store, t.TempDir(), options))
			}
			check(t, nodes)
		})
	}
}

// soon is how quickly one node has to know what another did.
const soon = 2 * time.Second

// TestNodesShareWhatIsStored: what one is given all have, at once, without a
// reload.
func TestNodesShareWhatIsStored(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "", func(t *testing.T, nodes []*node) {
		nodes[0].api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"one","urls":[{"url":%q}],"protocols":["anthropic"],"keys":[{"key":"sk-one-0123456789abcd"}]}`, u.URL), nil)
		var made struct{ Secret string }
		nodes[1].api(http.MethodPost, "tokens", `{"name":"laptop"}`, &made)
		for i, n := range nodes {
			took := within(t, soon, "a token is known everywhere", func() bool { return n.call(t.Context(), made.Secret).status == 200 })
			t.Logf("node %d serves after %v", i, took)
		}
		// A login counts everywhere, and so does its end.
		nodes[2].login = nodes[0].login
		if status := nodes[2].api(http.MethodGet, "channels", "", nil); status != 200 {
			t.Errorf("a login of another node is answered %d", status)
		}
		nodes[1].api(http.MethodDelete, "tokens/laptop", "", nil)
		for _, n := range nodes {
			within(t, soon, "a token is revoked everywhere", func() bool { return n.call(t.Context(), made.Secret).status == 401 })
		}
	})
}

// TestNodesShareRests: a 429 that one node meets cools the key on all, and so
// it is when a person ends it.
func TestNodesShareRests(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "token t "+token+"\n"+u.channel("one", "key sk-bad-0123456789abcd sk-good-0123456789abcd"), func(t *testing.T, nodes []*node) {
		u.limit("sk-bad-0123456789abcd", true)
		within(t, 10*time.Second, "the bad key is tried", func() bool {
			nodes[0].call(t.Context(), token)
			return cooling(nodes[0]) == 1
		})
		for i, n := range nodes {
			took := within(t, soon, "the key cools down everywhere", func() bool { return cooling(n) == 1 })
			t.Logf("node %d knows after %v", i, took)
		}
		u.limit("sk-bad-0123456789abcd", false)
		if _, err := nodes[2].admin(http.MethodPost, "/ccload/cooling/clear", nil); err != nil {
			t.Fatal(err)
		}
		for i, n := range nodes {
			within(t, soon, fmt.Sprintf("the cooldown ends on node %d", i), func() bool { return cooling(n) == 0 })
		}
	})
}

func cooling(n *node) int {
	n.t.Helper()
	return look[struct{ Cooling int }](n, "/ccload/status").Cooling
}

// burst sends so many calls to all nodes in turn, some at a time, and counts the
// answers by status.
func burst(t *testing.T, nodes []*node, calls, atOnce int) map[int]int {
	t.Helper()
	var mu sync.Mutex
	var next atomic.Int64
	got := make(map[int]int)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= calls {
					return
				}
				r := nodes[i%len(nodes)].call(t.Context(), token)
				mu.Lock()
				got[r.status]++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return got
}

// TestNodesShareARate: sixty calls a minute are sixty, over all nodes, and all
// sixty may be had by one of them.
func TestNodesShareARate(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "token t "+token+" {\nrpm 60\n}\n"+u.channel("one", ""), func(t *testing.T, nodes []*node) {
		time.Sleep(3 * time.Second) // until they know each other
		u.calls.Store(0)
		got := burst(t, nodes[:1], 45, 3)
		if got[200] != 45 {
			t.Errorf("one node alone is answered %v, though nobody else asks", got)
		}
		more := burst(t, nodes, 90, 6)
		if served := u.calls.Load(); served != 60 {
			t.Errorf("%d calls were served in a minute, want 60; answers %v, then %v", served, got, more)
		}
	})
}

// TestNodesSharePlaces: four calls under way are four, over all nodes.
func TestNodesSharePlaces(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "token t "+token+" {\nmax_concurrency 4\n}\n"+u.channel("one", ""), func(t *testing.T, nodes []*node) {
		time.Sleep(3 * time.Second)
		u.calls.Store(0)
		u.hold.Store(int64(6 * time.Second))
		defer u.hold.Store(0)
		got := burst(t, nodes, 15, 15)
		if served := u.calls.Load(); served > 4 || served < 3 || got[200] != int(served) {
			t.Errorf("%d calls were under way at once, want 4: answers %v", served, got)
		}
	})
}

// TestNodesShareABudget: half a dollar is half a dollar, over all nodes: a call
// costs half a cent, so a hundred are served, and one reservation more at most.
func TestNodesShareABudget(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "token t "+token+" {\nbudget 0.5/day\n}\n"+u.channel("one", "provider anthropic\nkey sk-one-0123456789abcd"), func(t *testing.T, nodes []*node) {
		time.Sleep(3 * time.Second)
		u.calls.Store(0)
		got := burst(t, nodes, 150, 9)
		served := u.calls.Load()
		if served < 95 || served > 101 {
			t.Errorf("%d calls of half a cent were served of half a dollar: answers %v", served, got)
		}
		if served < 100 { // what others held in hand comes back
			within(t, 15*time.Second, "all of it is spent", func() bool {
				nodes[0].call(t.Context(), token)
				return u.calls.Load() >= 100
			})
		}
		for range 20 {
			for _, n := range nodes {
				n.call(t.Context(), token)
			}
		}
		if served := u.calls.Load(); served > 101 {
			t.Errorf("%d calls were served in the end", served)
		}
	})
}

// TestADeadNodeGivesItsShareBack: what a killed node had taken is there for the
// others when its lease has ended.
func TestADeadNodeGivesItsShareBack(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	onEach(t, "token t "+token+" {\nmax_concurrency 2\n}\n"+u.channel("one", ""), func(t *testing.T, nodes []*node) {
		u.hold.Store(int64(20 * time.Second))
		u.calls.Store(0)
		time.Sleep(3 * time.Second)
		for range 2 {
			go func() { // again, as clients do who are told to come back in a second
				for nodes[0].call(t.Context(), token).status == 429 {
					time.Sleep(100 * time.Millisecond)
				}
			}()
		}
		within(t, 10*time.Second, "both places are taken", func() bool { return u.calls.Load() == 2 })
		if r := nodes[1].call(t.Context(), token); r.status != 429 {
			t.Errorf("a third call is answered %d", r.status)
		}
		nodes[0].kill()
		u.hold.Store(0)
		took := within(t, 90*time.Second, "the places are free again", func() bool { return nodes[1].call(t.Context(), token).status == 200 })
		t.Logf("free after %v", took)
	})
}

// TestStreamsOfEventsEndWithTheirServer: a page that watches keeps neither a
// reload nor an exit waiting.
func TestStreamsOfEventsEndWithTheirServer(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	n := start(t, "sqlite "+filepath.Join(t.TempDir(), "ccload.db"), t.TempDir(), "token t "+token+"\n"+u.channel("one", priced))
	watch := func() (events <-chan string, ended <-chan time.Time) {
		n.api(http.MethodGet, "session", "", nil)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL+"/desk/api/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "ccload_session", Value: n.login})
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", resp, err)
		}
		lines, end := make(chan string, 1000), make(chan time.Time, 1)
		go func() {
			defer resp.Body.Close()
			for s := bufio.NewScanner(resp.Body); s.Scan(); {
				if kind, ok := strings.CutPrefix(s.Text(), "event: "); ok {
					lines <- kind
				}
			}
			end <- time.Now()
		}()
		return lines, end
	}
	see := func(events <-chan string, kind string) {
		t.Helper()
		for patience := time.After(5 * time.Second); ; {
			select {
			case got := <-events:
				if got == kind {
					return
				}
			case <-patience:
				t.Fatalf("there is no event %s", kind)
			}
		}
	}
	events, ended := watch()
	see(events, "snapshot")
	n.call(t.Context(), token)
	see(events, "calls")
	see(events, "metrics")
	n.api(http.MethodPost, "tokens", `{"name":"another"}`, nil)
	see(events, "channel")

	began := time.Now()
	config, err := n.admin(http.MethodGet, "/config/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, "http://"+n.Admin+"/load", bytes.NewReader(config))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cache-Control", "must-revalidate") // although nothing has changed
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	if took := (<-ended).Sub(began); took > 10*time.Second {
		t.Errorf("a reload took %v to end a stream", took)
	}
	events, ended = watch()
	see(events, "snapshot")
	began = time.Now()
	n.stop()
	if took := (<-ended).Sub(began); took > 5*time.Second {
		t.Errorf("an exit took %v to end a stream", took)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the exit took %v", took)
	}
}

// TestNodesThatStartAtOnce: nodes that do not know each other yet give out no
// more than there is, nor do those that are paused beyond their lease or come
// later.
func TestNodesThatStartAtOnce(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	for name, make := range databases {
		t.Run(name, func(t *testing.T) {
			store := make(t)
			options := "token t " + token + " {\nrpm 40\n}\n" + u.channel("one", "")
			nodes := [4]*node{}
			var all sync.WaitGroup
			for i := range nodes[:3] {
				all.Go(func() { nodes[i] = start(t, store, t.TempDir(), options) })
			}
			all.Wait()
			u.calls.Store(0)
			first := burst(t, nodes[:3], 60, 6)
			nodes[3] = start(t, store, t.TempDir(), options)
			second := burst(t, nodes[:], 60, 8)
			if served := u.calls.Load(); served != 40 {
				t.Errorf("%d calls were served in a minute, want 40; answers %v, then %v", served, first, second)
			}
		})
	}
}
