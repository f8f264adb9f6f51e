package command_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload"
	"github.com/ccload/ccload/command"
	"github.com/ccload/ccload/examples"
)

// TestQuickstartListensOnLoopback: nobody else may come to a gateway with a
// known token, not even to a port that would answer 401.
func TestQuickstartListensOnLoopback(t *testing.T) {
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(examples.Quickstart, map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	config, err := command.DemoConfig(adapted, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range [][]byte{adapted, config} {
		var c struct {
			Admin struct{ Listen string }
			Apps  struct {
				HTTP struct {
					Servers map[string]struct{ Listen []string }
				}
			}
		}
		if err := json.Unmarshal(config, &c); err != nil {
			t.Fatal(err)
		}
		listen := []string{c.Admin.Listen}
		for _, s := range c.Apps.HTTP.Servers {
			listen = append(listen, s.Listen...)
		}
		if got := strings.Join(listen, " "); got != "127.0.0.1:2019 "+command.DemoAddress {
			t.Errorf("listens on %s", got)
		}
	}
}
