package command_test

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/command"
)

// TestDemoKeepsToItself: the demo listens on loopback only, opens no admin
// endpoint that a gateway on this machine may have, and keeps its files in its
// folder.
func TestDemoKeepsToItself(t *testing.T) {
	folder := t.TempDir()
	config, err := command.DemoConfig(folder, 8123)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Admin   struct{ Disabled bool }
		Storage struct{ Root string }
		Apps    struct {
			HTTP struct {
				Servers map[string]struct{ Listen []string }
			}
			CCLoad struct {
				Store struct{ Path string }
			}
		}
	}
	if err := json.Unmarshal(config, &c); err != nil {
		t.Fatal(err)
	}
	var listen []string
	for _, s := range c.Apps.HTTP.Servers {
		listen = append(listen, s.Listen...)
	}
	if got := strings.Join(listen, " "); got != "127.0.0.1:8123" || !c.Admin.Disabled {
		t.Errorf("listens on %s, admin endpoint off: %t", got, c.Admin.Disabled)
	}
	for _, path := range []string{c.Storage.Root, c.Apps.CCLoad.Store.Path} {
		if !strings.HasPrefix(path, folder) {
			t.Errorf("%q is not below the folder", path)
		}
	}
}

// TestDemoTakesAFreePort: beside a running gateway it goes on with the next
// port, and says so where there is none.
func TestDemoTakesAFreePort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	if got, err := command.FreePort(port, 200); err != nil || got <= port {
		t.Errorf("port %d, %v", got, err)
	}
	if _, err := command.FreePort(port, 1); err == nil || !strings.Contains(err.Error(), "free") {
		t.Errorf("the error is %v", err)
	}
}

// TestHistoryIsLifelike: the made-up history is marked as such, has every
// outcome that the dashboard explains, and the store takes all of it.
func TestHistoryIsLifelike(t *testing.T) {
	now := time.Now()
	records := command.History(now, 1)
	if len(records) < 2000 {
		t.Fatalf("only %d calls", len(records))
	}
	ids := make(map[string]bool)
	seen := make(map[string]int)
	for _, r := range records {
		if ids[r.ID] || r.UserAgent != command.HistoryAgent || r.Time.After(now) || len(r.Attempts) == 0 {
			t.Fatalf("%s: seen before, not marked, in the future or without attempts", r.ID)
		}
		ids[r.ID] = true
		switch {
		case r.Outcome != ai.OK:
			seen[r.Outcome.String()]++
		case len(r.Attempts) > 1:
			seen["after failover"]++
		default:
			seen["at once"]++
		}
		if r.Channel != "" && (r.Cost.Unpriced || r.Cost.Amount <= 0) {
			t.Errorf("%s of %s costs %+v", r.ID, r.Model, r.Cost)
		}
	}
	if seen["after failover"] < 100 || seen["at once"] < 10*seen["client_gone"] || seen["client_gone"] == 0 {
		t.Errorf("outcomes: %v", seen)
	}
	if err := command.WriteHistory(t.Context(), filepath.Join(t.TempDir(), "demo.db"), now); err != nil {
		t.Error(err)
	}
}
