package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
	"github.com/ccload/ccload/bench/internal/proc"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// rig is everything that runs.
type rig struct {
	options
	dir    string
	bare   string // file of Caddy without the gateway
	report report

	scenarios []traffic.Scenario
	addrs     map[string][]string // addresses by process, then by scenario
	address   string              // of the gateway
	admin     string              // of the gateway's admin endpoint

	upstream, nethttp, forwarding, plain, main *proc.Process

	mu      sync.Mutex
	running []*proc.Process
	closing sync.Once
}

// newRig makes the folder and builds what is measured.
func newRig(o options) (*rig, error) {
	dir, err := os.MkdirTemp("", "ccload-bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{options: o, dir: dir, bare: filepath.Join(dir, "barecaddy"), scenarios: traffic.Scenarios(o.long)}
	err = build(r.bare, "./bench/barecaddy")
	if err == nil && r.gateway == "" {
		r.gateway = filepath.Join(dir, "caddy")
		err = build(r.gateway, "./cmd/caddy")
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// build compiles a program of this repository.
func build(to, pkg string, flags ...string) error {
	args := append(append([]string{"build", "-trimpath", "-o", to}, flags...), pkg)
	cmd := exec.Command("go", args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s (bench is run from the top of the repository): %w", pkg, err)
	}
	return nil
}

// start starts the processes that most cases share.
func (r *rig) start() error {
	n := len(r.scenarios)
	ports, err := proc.FreePorts(4*n + 2)
	if err != nil {
		return err
	}
	r.addrs = make(map[string][]string)
	for i, name := range []string{"upstream", "nethttp", "forwarding", "plain"} {
		r.addrs[name] = ports[i*n : (i+1)*n]
	}
	r.address, r.admin = ports[4*n], ports[4*n+1]
	up := r.addrs["upstream"]
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if r.upstream, err = r.launch("upstream", up[n-1], self, append([]string{"upstream", fmt.Sprintf("-long=%v", r.long)}, up...)...); err != nil {
		return err
	}
	args := []string{"proxy"}
	for i := range n {
		args = append(args, r.addrs["nethttp"][i]+"="+up[i])
	}
	if r.nethttp, err = r.launch("nethttp", r.addrs["nethttp"][n-1], self, args...); err != nil {
		return err
	}
	if r.forwarding, err = r.caddy("forwarding", r.bare, r.addrs["forwarding"][n-1], proxyConfig("off", "bench_forward", r.addrs["forwarding"], up)); err != nil {
		return err
	}
	if r.plain, err = r.caddy("plain", r.gateway, r.addrs["plain"][n-1], proxyConfig("off", "reverse_proxy", r.addrs["plain"], up)); err != nil {
		return err
	}
	c := r.mainConfig()
	if r.main, err = r.caddy("gateway", r.gateway, r.address, c.text()); err != nil {
		return err
	}
	time.Sleep(time.Second) // what starts late, such as reading the store, is not the first case's
	return nil
}

// Numbers of the case with many channels.
const (
	manyChannels = 200
	manyKeys     = 5
)

// Models that are served by other channels than their scenario's own.
const (
	manyModel      = "claude-opus-4-8-bench-many"
	rewrittenModel = "claude-opus-4-8-bench-alias"
	failingModel   = "claude-opus-4-8-fail-" // and a number
)

// mainConfig has two channels for failover, many for the case with many, and
// one for each other scenario.
func (r *rig) mainConfig() gatewayConfig {
	g := gatewayConfig{address: r.address, admin: r.admin, db: filepath.Join(r.dir, "main.db")}
	plain := &r.scenarios[0]
	for i := range r.scenarios {
		s, up := &r.scenarios[i], r.addrs["upstream"][i]
		if s.Soft {
			g.channels = append(g.channels,
				channel{name: "soft", upstream: up, protocol: "anthropic", lines: []string{"models " + failingModel + "*", "priority 10"}},
				channel{name: "backup", upstream: r.addrs["upstream"][0], protocol: "anthropic", lines: []string{"models " + failingModel + "*"}})
			continue
		}
		g.channels = append(g.channels, serving(1, 2, s, up, s.Model())...)
	}
	many := serving(manyChannels, manyKeys, plain, r.addrs["upstream"][0], manyModel)
	for i := range many {
		many[i].name = "many-" + many[i].name
	}
	g.channels = append(g.channels, many...)
	g.channels = append(g.channels, channel{
		name: "alias", upstream: r.addrs["upstream"][0], protocol: "anthropic", lines: []string{"model " + rewrittenModel + " " + plain.Model()},
	})
	return g
}

// launch starts a process, remembers to stop it and waits until it listens.
func (r *rig) launch(name, listens, binary string, args ...string) (*proc.Process, error) {
	p, err := proc.Launch(r.dir, name, binary, args...)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.running = append(r.running, p)
	r.mu.Unlock()
	if listens == "" {
		return p, nil
	}
	return p, p.AwaitPort(listens)
}

// caddy starts a Caddy with a Caddyfile and waits until it listens, or not if
// listens is empty.
func (r *rig) caddy(name, binary, listens, config string) (*proc.Process, error) {
	file := filepath.Join(r.dir, name+".Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return r.launch(name, listens, binary, "run", "--adapter", "caddyfile", "--config", file)
}

// stop ends a process before the others.
func (r *rig) stop(p *proc.Process) {
	r.mu.Lock()
	r.running = slices.DeleteFunc(r.running, func(q *proc.Process) bool { return p == q })
	r.mu.Unlock()
	p.Stop()
}

func (r *rig) close() {
	r.closing.Do(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, p := range slices.Backward(r.running) {
			p.Stop()
		}
		if r.keep {
			fmt.Fprintln(os.Stderr, "bench: files are in", r.dir)
			return
		}
		os.RemoveAll(r.dir)
	})
}

// scenario finds a scenario and its place.
func (r *rig) scenario(name string) (int, *traffic.Scenario) {
	for i := range r.scenarios {
		if r.scenarios[i].Name == name {
			return i, &r.scenarios[i]
		}
	}
	panic("no scenario " + name)
}

// lane goes through one of the processes to a scenario.
func (r *rig) lane(label, scenario string, p *proc.Process, addr, path, body string) *load.Lane {
	_, s := r.scenario(scenario)
	return &load.Lane{Label: label, Proc: p, Addr: addr, Request: traffic.NewRequest(addr, path, clientToken, 1, body), Want: []byte(s.Body()), Gap: s.Gap}
}

// Labels of lanes.
const (
	gatewayLane = "gateway"
	plainLane   = "reverse_proxy"
	bareLane    = "bare handler in Caddy"
	nethttpLane = "net/http"
	directLane  = "direct"
)

// lanes are the ways to a scenario with the same request, by label.
func (r *rig) lanes(scenario, path, body string, labels ...string) []*load.Lane {
	i, _ := r.scenario(scenario)
	list := make([]*load.Lane, 0, len(labels))
	for _, label := range labels {
		var p *proc.Process
		var addr string
		switch label {
		case gatewayLane:
			p, addr = r.main, r.address
		case plainLane:
			p, addr = r.plain, r.addrs["plain"][i]
		case bareLane:
			p, addr = r.forwarding, r.addrs["forwarding"][i]
		case nethttpLane:
			p, addr = r.nethttp, r.addrs["nethttp"][i]
		case directLane:
			addr = r.addrs["upstream"][i]
		}
		list = append(list, r.lane(label, scenario, p, addr, path, body))
	}
	return list
}
