package ccload

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// TestStoreThatVanishes: calls go on, their records wait on disk, and the next
// process writes them and knows what was spent.
func TestStoreThatVanishes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	good := upstream(t, answers(claude(1_000_000, 0))) // $5
	options := channelURL("own", good)
	g := newGatewayAt(t, db, options, "")
	g.record(g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK))
	for _, name := range []string{db, db + "-wal", db + "-shm"} {
		_ = os.Remove(name)
	}
	var ids []string
	for range 20 {
		a := g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
		ids = append(ids, a.Header.Get("X-Ccload-Request-Id"))
	}
	eventually(t, func() (bool, bool) { return true, g.app.control.Status(t.Context()).Journal.Spooled == 20 })
	if lost := g.app.control.Status(t.Context()).Journal.Lost; lost != 0 {
		t.Errorf("%d records are lost", lost)
	}
	g.close()
	g = newGatewayAt(t, db, options, "")
	// The journal still has the call that had been written to what vanished.
	for _, b := range g.app.control.Budgets(time.Now()) {
		if b.Total.Spent != 105*ai.Dollar {
			t.Errorf("%s %s has spent %s, want $105", b.Kind, b.Name, b.Total.Spent)
		}
	}
	for _, id := range ids {
		g.recordOf(id)
	}
	if s := g.app.control.Status(t.Context()).Journal; s.Spooled != 0 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

// TestReloadForgetsNothing: a new config finds what the old one knew, a broken
// one changes nothing, and streams of the old one go on to their end.
func TestReloadForgetsNothing(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	bad, s := fake(t), fake(t)
	options := channelAt("bad", bad, "key mk-401", "priority 5") + channelAt("good", s, "key mk-n30-g50")
	old := newGatewayAt(t, db, options, "")
	old.ask(ai.Anthropic, false).want(t, http.StatusOK)
	if len(old.cooling()) == 0 {
		t.Fatal("nothing rests")
	}

	const streams = 200
	var started, complete atomic.Int64
	var wait sync.WaitGroup
	for range streams {
		wait.Go(func() {
			path, body := generation(ai.Anthropic, "m", true)
			req, _ := http.NewRequest(http.MethodPost, old.URL+path, strings.NewReader(body))
			req.Header.Set("X-Api-Key", testToken)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Errorf("starting a stream: %v", err)
				return
			}
			defer resp.Body.Close()
			started.Add(1)
			lines := bufio.NewScanner(resp.Body)
			for lines.Scan() {
				if strings.Contains(lines.Text(), "message_stop") {
					complete.Add(1)
					return
				}
			}
			t.Errorf("a stream ended early: %v", lines.Err())
		})
	}
	for started.Load() < streams && !t.Failed() {
		time.Sleep(time.Millisecond)
	}

	if _, err := provisionContext(strings.Replace(old.config, "priority 5", "priority 5\nprovider nobody", 1)); err == nil {
		t.Error("a broken config was accepted")
	}
	fresh := newGatewayAt(t, db, options, "")
	if fresh.app.state != old.app.state {
		t.Fatal("the new config has a state of its own")
	}
	// As Caddy does it: stop and clean up the old config while calls run.
	if err := old.app.Stop(); err != nil {
		t.Error(err)
	}
	if err := old.app.Cleanup(); err != nil {
		t.Error(err)
	}
	before := bad.Total()
	fresh.ask(ai.Anthropic, false).want(t, http.StatusOK)
	if bad.Total() != before {
		t.Error("the new config forgot that a key rests")
	}
	wait.Wait()
	if complete.Load() != streams {
		t.Errorf("%d of %d streams are complete", complete.Load(), streams)
	}
	old.server.Close()
	old.server = nil
}

// TestRestartForgetsNothing: what cools down, and what was called, is read back.
func TestRestartForgetsNothing(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	bad, s := fake(t), fake(t)
	options := channelAt("bad", bad, "key mk-quota", "priority 5") + channelAt("good", s, "key mk-ok")
	g := newGatewayAt(t, db, options, "")
	a := g.ask(ai.Responses, false).want(t, http.StatusOK)
	rested := g.cooling()
	g.close()
	if len(rested) == 0 {
		t.Fatal("nothing rests")
	}

	g = newGatewayAt(t, db, options, "")
	if got := g.cooling(); strings.Join(got, ";") != strings.Join(rested, ";") {
		t.Errorf("after the restart %v rest, before it %v", got, rested)
	}
	g.ask(ai.Responses, false).want(t, http.StatusOK)
	if n := bad.Total(); n != 1 {
		t.Errorf("the resting key was asked %d times", n)
	}
	rec := g.recordOf(a.Header.Get("X-Ccload-Request-Id"))
	if rec.Channel != "good" || len(rec.Attempts) != 2 || rec.Attempts[0].Target.Channel != "bad" {
		t.Errorf("the record is %+v", rec)
	}
}
