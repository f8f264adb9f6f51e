package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// clientToken is what the load presents to the gateway.
const clientToken = "bench-token-0123456789abcdef"

// bench is everything that runs.
type bench struct {
	dir, binary string
	short       bool
	profiles    string // folder; empty: none are taken

	scenarios []scenario
	upstreams []string // addresses, by scenario
	plains    []string // of the reverse_proxy, by scenario
	floors    []string // of the net/http proxy, by scenario
	address   string   // of the gateway
	admin     string   // of the gateway, if profiles are taken

	upstream, gateway, plain, floor *process
	stopping                        sync.Once
	idle                            [3]int64 // KB resident before any request: gateway, reverse_proxy, net/http
	outcomes                        []outcome
}

// start starts the four processes.
func (b *bench) start() error {
	b.scenarios = scenarios(b.short)
	n := len(b.scenarios)
	ports, err := freePorts(3*n + 2)
	if err != nil {
		return err
	}
	b.upstreams, b.plains, b.floors, b.address, b.admin = ports[:n], ports[n:2*n], ports[2*n:3*n], ports[3*n], ports[3*n+1]
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{"upstream", fmt.Sprintf("-short=%v", b.short)}, b.upstreams...)
	if b.upstream, err = launch(b.dir, "upstream", self, args...); err != nil {
		return err
	}
	args = []string{"proxy"}
	for i := range n {
		args = append(args, b.floors[i]+"="+b.upstreams[i])
	}
	if b.floor, err = launch(b.dir, "nethttp", self, args...); err != nil {
		return err
	}
	if b.plain, err = b.caddy("reverse_proxy", b.plainConfig()); err != nil {
		return err
	}
	if b.gateway, err = b.caddy("gateway", b.gatewayConfig()); err != nil {
		return err
	}
	for i, wait := range []struct {
		p    *process
		addr string
	}{{b.upstream, b.upstreams[n-1]}, {b.floor, b.floors[n-1]}, {b.plain, b.plains[n-1]}, {b.gateway, b.address}} {
		if err := wait.p.awaitPort(wait.addr); err != nil {
			return fmt.Errorf("process %d: %w", i, err)
		}
	}
	time.Sleep(time.Second)
	b.idle = [3]int64{b.gateway.memory(), b.plain.memory(), b.floor.memory()}
	return nil
}

func (b *bench) stop() {
	b.stopping.Do(func() {
		for _, p := range []*process{b.gateway, b.plain, b.floor, b.upstream} {
			p.stop()
		}
	})
}

// caddy starts the binary with a Caddyfile.
func (b *bench) caddy(name, config string) (*process, error) {
	file := filepath.Join(b.dir, name+".Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return launch(b.dir, name, b.binary, "run", "--adapter", "caddyfile", "--config", file)
}

// globals are the options that both configs have.
const globals = `	auto_https off
	persist_config off
	log {
		level ERROR
	}
`

// plainConfig is a reverse_proxy for each scenario, without an access log.
func (b *bench) plainConfig() string {
	var c strings.Builder
	c.WriteString("{\n\tadmin off\n" + globals + "}\n")
	for i := range b.scenarios {
		fmt.Fprintf(&c, "http://%s {\n\treverse_proxy %s {\n\t\tflush_interval -1\n\t}\n}\n", b.plains[i], b.upstreams[i])
	}
	return c.String()
}

// Numbers of the case with many channels.
const (
	manyChannels = 200
	manyKeys     = 5
)

// gatewayConfig has a channel for each scenario, two for failover, and many
// for the case with many. All limits are set, and so high that none is met.
func (b *bench) gatewayConfig() string {
	var c strings.Builder
	admin := "off"
	if b.profiles != "" {
		admin = b.admin
	}
	fmt.Fprintf(&c, "{\n\tadmin %s\n%s\tccload {\n", admin, globals)
	fmt.Fprintf(&c, "\t\tstore sqlite %s\n", filepath.Join(b.dir, "ccload.db"))
	channel := func(name, upstream string, lines ...string) {
		fmt.Fprintf(&c, "\t\tchannel %s {\n\t\t\turl http://%s\n\t\t\tprotocol anthropic\n\t\t\trpm 100000000\n\t\t\tmax_concurrency 100000\n", name, upstream)
		for _, l := range lines {
			c.WriteString("\t\t\t" + l + "\n")
		}
		c.WriteString("\t\t}\n")
	}
	for i, s := range b.scenarios {
		if s.soft {
			continue
		}
		channel(s.name, b.upstreams[i], "key sk-"+s.name+"-1 sk-"+s.name+"-2", "models bench-"+s.name)
	}
	channel("rewritten", b.upstreams[0], "key sk-rewritten", "model bench-rewritten vendor/claude-bench-upstream")
	channel("soft", b.upstreams[len(b.upstreams)-1], "key sk-soft", "models fail-*", "priority 10")
	channel("backup", b.upstreams[0], "key sk-backup", "models fail-*")
	for i := range manyChannels {
		keys := make([]string, 1, 1+manyKeys)
		keys[0] = "key"
		for k := range manyKeys {
			keys = append(keys, fmt.Sprintf("sk-many-%d-%d", i, k))
		}
		channel(fmt.Sprintf("many-%03d", i), b.upstreams[0], strings.Join(keys, " "), "models bench-many")
	}
	fmt.Fprintf(&c, "\t\ttoken bench %s {\n\t\t\tmodels bench-* fail-*\n\t\t\trpm 100000000\n\t\t\tmax_concurrency 100000\n\t\t}\n", clientToken)
	fmt.Fprintf(&c, "\t}\n}\nhttp://%s {\n\tccload\n}\n", b.address)
	return c.String()
}
