package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/bench/internal/load"
	"github.com/ccload/ccload/bench/internal/proc"
	"github.com/ccload/ccload/bench/internal/traffic"
	"github.com/ccload/ccload/store"
)

// grown is a gateway of a size, beside others that run at the same time.
type grown struct {
	label    string
	channels int
	tokens   int
	rows     int
}

func growthChannels(r *rig, name string) error {
	return r.grow(name, []grown{{"1 channel", 1, 1, 0}, {"100 channels", 100, 1, 0}, {"5000 channels", 5000, 1, 0}})
}

func growthTokens(r *rig, name string) error {
	return r.grow(name, []grown{{"1 token", 1, 1, 0}, {"1000 tokens", 1, 1000, 0}, {"100000 tokens", 1, 100_000, 0}})
}

func growthRows(r *rig, name string) error {
	if r.rows <= 0 {
		r.report.note("%s: left out, it wants -rows", name)
		return nil
	}
	return r.grow(name, []grown{{"empty log", 1, 1, 0}, {fmt.Sprintf("%d calls in the log", r.rows), 1, 1, r.rows}})
}

// flat is what cost may grow by and count as flat: the noise of such ratios.
const flat = 1.05

// grow compares gateways of several sizes with the first.
func (r *rig) grow(name string, sizes []grown) error {
	c := loadCase{shape: load.Shape{Conns: 16, Window: window}, rounds: 5}
	plain := &r.scenarios[0]
	for i, g := range sizes {
		ports, err := proc.FreePorts(2)
		if err != nil {
			return err
		}
		db := filepath.Join(r.dir, fmt.Sprintf("%s-%d.db", name, i))
		if err := fillLog(db, g.rows); err != nil {
			return fmt.Errorf("filling the request log: %w", err)
		}
		config := gatewayConfig{
			address: ports[0], admin: ports[1], db: db,
			channels: serving(g.channels, 1, plain, r.addrs["upstream"][0], plain.Model()),
		}
		p, err := r.grownGateway(fmt.Sprintf("%s-%d", name, i), &config, g.tokens)
		if err != nil {
			return err
		}
		defer r.stop(p)
		l := r.lane(g.label, "plain", p, ports[0], messages, "")
		l.Request = traffic.NewRequest(ports[0], messages, clientToken, g.tokens, traffic.Message(plain.Model(), false, smallSize))
		c.lanes = append(c.lanes, l)
		if i > 0 {
			c.checks = append(c.checks, cpu(over(g.label, sizes[0].label), i, 0, flat))
		}
		c.checks = append(c.checks, memory("memory with "+g.label, i, none))
	}
	time.Sleep(time.Second) // what starts late is not the first round's
	return r.measure(name, c)
}

// grownGateway starts a gateway with so many tokens, which are written into the
// JSON config: the Caddyfile adapter takes minutes for 100,000.
func (r *rig) grownGateway(name string, config *gatewayConfig, tokens int) (*proc.Process, error) {
	file := filepath.Join(r.dir, name+".Caddyfile")
	if err := os.WriteFile(file, []byte(config.text()), 0o600); err != nil {
		return nil, err
	}
	text, err := exec.Command(r.gateway, "adapt", "--config", file).Output()
	if err != nil {
		return nil, fmt.Errorf("adapting %s: %w", file, err)
	}
	var c map[string]any
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	app := c["apps"].(map[string]any)["ccload"].(map[string]any)
	first := app["tokens"].([]any)[0].(map[string]any)
	list := make([]any, tokens)
	for i := range list {
		one := maps.Clone(first)
		one["name"], one["secret"] = fmt.Sprintf("bench-%d", i), secretOf(i)
		list[i] = one
	}
	app["tokens"] = list
	if text, err = json.Marshal(c); err != nil {
		return nil, err
	}
	file = filepath.Join(r.dir, name+".json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	return r.launch(name, config.address, r.gateway, "run", "--config", file)
}

// fillLog writes calls of the last day into a database, as the gateway would.
func fillLog(path string, rows int) error {
	if rows == 0 {
		return nil
	}
	s := &store.SQLite{Path: path}
	if err := s.Provision(caddy.Context{}); err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.Open(ctx); err != nil {
		return err
	}
	defer s.Close()
	begun := time.Now().Add(-24 * time.Hour)
	usage := ai.Usage{Input: 51234, CachedInput: 48000, Output: 734, Reported: true}
	target := ai.Target{Channel: "plain-0000", URL: "http://127.0.0.1", Key: "k0000001", Model: "claude-opus-4-8"}
	const batch = 500
	records := make([]*ai.Record, 0, batch)
	for i := range rows {
		noise := uint64(i) * 0x9e3779b97f4a7c15 // ids that do not grow, as the gateway's do not
		records = append(records, &ai.Record{
			ID: fmt.Sprintf("req_%016x%08x", noise, i), Time: begun.Add(time.Duration(i) * 24 * time.Hour / time.Duration(rows)),
			Protocol: ai.Anthropic, Operation: ai.Generate, Model: target.Model, UpstreamModel: target.Model, Token: fmt.Sprintf("token-%d", i%20),
			Channel: target.Channel, Status: 200, Duration: 9 * time.Second, RequestBytes: 98123, AnswerBytes: 18123, Usage: usage,
			ClientIP: "192.0.2.1", UserAgent: "bench", Candidates: []ai.Candidate{{Channel: target.Channel, Reason: ai.Eligible}},
			Attempts: []ai.Attempt{{Target: target, Duration: 8 * time.Second, Outcome: ai.Outcome{Kind: ai.OK, Status: 200}, Usage: usage, Why: "only one"}},
		})
		if len(records) == batch || i == rows-1 {
			if err := s.WriteCalls(ctx, records); err != nil {
				return err
			}
			records = records[:0]
		}
	}
	return nil
}
