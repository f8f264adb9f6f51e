package nodes

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// written is what of a stored call tells whether the account is right.
type written struct {
	ID      string
	Outcome string
	Cost    struct {
		USD float64 `json:"usd"`
	}
	Usage struct {
		Input     int64
		Output    int64
		Estimated bool
	}
}

// allCalls are all calls that a gateway knows.
func allCalls(n *node) map[string]written {
	n.t.Helper()
	all := make(map[string]written)
	for before := ""; ; {
		var page struct {
			Calls []written
			Next  string
		}
		n.api("GET", "calls?limit=500&before="+before, "", &page)
		for _, c := range page.Calls {
			if _, twice := all[c.ID]; twice {
				n.t.Errorf("%s is listed twice", c.ID)
			}
			all[c.ID] = c
		}
		if before = page.Next; before == "" {
			return all
		}
	}
}

// killWithin starts a gateway again and kills it at once, while it recovers what
// the one before left.
func (n *node) killWithin(d time.Duration) {
	n.t.Helper()
	cmd := exec.Command(program, n.cmd.Args[1:]...)
	cmd.Env = n.cmd.Env
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	time.Sleep(d)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// TestKillsLoseNoAnsweredCall: the process is killed at about 600 calls a
// second, and again while it recovers. What clients saw answered is stored, but
// for those that were being answered that very moment; calls under way are
// stored as interrupted; calls, statistics and budgets say the same.
// CCLOAD_TEST_KILLS is how often it is killed, 3 if it is not set.
func TestKillsLoseNoAnsweredCall(t *testing.T) {
	t.Parallel()
	kills := 3
	if text := os.Getenv("CCLOAD_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	u := newUpstream(t)
	u.hold.Store(int64(5 * time.Millisecond)) // so that there are always calls under way
	n := start(t, "sqlite "+filepath.Join(t.TempDir(), "ccload.db"), t.TempDir(), "token t "+token+" {\nbudget 100000/day\n}\n"+u.channel("one", priced))
	const clients = 8
	answered := make(map[string]bool)
	lost, interrupted := 0, 0
	for round := range kills {
		before := u.calls.Load()
		l := startLoad(n, clients, 8*time.Millisecond)
		time.Sleep(time.Second + rand.N(500*time.Millisecond))
		n.kill()
		l.end()
		asked := u.calls.Load() - before
		for id := range l.good {
			answered[id] = true
		}
		for range round % 3 {
			n.killWithin(rand.N(400 * time.Millisecond))
		}
		n.again()
		n.login = ""
		all := allCalls(n)
		spent, cut := 0.0, 0
		for id, c := range all {
			spent += c.Cost.USD
			switch {
			case c.Outcome == "interrupted":
				if cut++; answered[id] || c.Usage.Input == 0 || !c.Usage.Estimated || c.Cost.USD == 0 {
					t.Errorf("an interrupted call: %+v; a client saw it answered: %v", c, answered[id])
				}
			case c.Outcome != "ok":
				t.Errorf("a call is stored as %+v", c)
			}
		}
		gone := 0
		for id := range answered {
			if _, there := all[id]; !there {
				gone++
			}
		}
		t.Logf("kill %d: clients got %d of %d calls, %d are not stored, %d are interrupted", round+1, len(l.good), asked, gone-lost, cut-interrupted)
		if gone-lost > 1 {
			t.Errorf("%d calls that clients got are not stored", gone-lost)
		}
		if cut-interrupted > clients {
			t.Errorf("%d calls are interrupted, only %d can have been under way", cut-interrupted, clients)
		}
		lost, interrupted = gone, cut
		calls, counted := sums(n)
		if calls != len(all) {
			t.Errorf("%d calls are stored, the statistics say %d", len(all), calls)
		}
		if diff := counted - spent; diff > 1e-6 || diff < -1e-6 {
			t.Errorf("%g is spent by the calls, %g by the budget", spent, counted)
		}
	}
	if interrupted == 0 {
		t.Error("no call was under way at any kill")
	}
	if lost > max(1, kills/10) {
		t.Errorf("%d calls that clients got are lost by %d kills", lost, kills)
	}
	names, _ := filepath.Glob(filepath.Join(n.dir, "caddy", "ccload", "journal", "*", "*", "*.damaged"))
	if len(names) > 0 {
		t.Errorf("a kill left damage: %v", names)
	}
}

// TestTheDiskOfTheJournal: a journal that cannot be made, or whose disk is full,
// fails no call and stands in status.
func TestTheDiskOfTheJournal(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	problem := func(n *node) string {
		return look[struct {
			Journal struct{ Problem string }
		}](n, "/ccload/status").Journal.Problem
	}
	check := func(t *testing.T, n *node) {
		for i := range 300 {
			if r := n.call(t.Context(), token); r.status != 200 {
				t.Fatalf("call %d is answered %d: %s", i, r.status, r.body)
			}
		}
		within(t, 10*time.Second, "status tells of it", func() bool { return problem(n) != "" })
		within(t, 60*time.Second, "all is written", func() bool { return look[status](n, "/ccload/status").Journal.Depth == 0 })
		if calls := len(allCalls(n)); calls != 300 {
			t.Errorf("%d of 300 calls are stored", calls)
		}
	}
	t.Run("no folder", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "caddy"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		n := startWith(t, "", "sqlite "+filepath.Join(t.TempDir(), "ccload.db"), dir, "token t "+token+"\n"+u.channel("one", priced))
		check(t, n)
	})
	t.Run("full", func(t *testing.T) {
		dir := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).CombinedOutput(); err != nil {
			t.Skipf("a small file system cannot be mounted here: %v: %s", err, cmp.Or(string(out), "no output"))
		}
		t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
		n := start(t, "sqlite "+filepath.Join(t.TempDir(), "ccload.db"), dir, "token t "+token+"\n"+u.channel("one", priced))
		if err := os.WriteFile(filepath.Join(dir, "rest"), make([]byte, 128<<10), 0o600); err == nil {
			t.Fatal(fmt.Errorf("%s is not full", dir))
		}
		check(t, n)
		if err := os.Remove(filepath.Join(dir, "rest")); err != nil {
			t.Fatal(err)
		}
		within(t, 20*time.Second, "it is written again", func() bool { return problem(n) == "" })
	})
}
