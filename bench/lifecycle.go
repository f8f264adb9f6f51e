package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// repeat measures something of both, in alternating order.
func (p *pair) repeat(rounds int, gateway, plain func(k int) (time.Duration, error)) (ours, theirs, difference row, err error) {
	if p.r.long {
		rounds *= 3
	}
	if p.r.rounds > 0 {
		rounds = p.r.rounds
	}
	ours.unit, theirs.unit, difference.unit = "ms", "ms", "ms"
	ours.goal, theirs.goal, difference.goal = none, none, none
	for k := range rounds {
		var took [2]time.Duration
		for i := range seq(2, k%2 == 1) {
			if took[i], err = []func(int) (time.Duration, error){gateway, plain}[i](k); err != nil {
				return ours, theirs, difference, err
			}
		}
		ours.rounds = append(ours.rounds, milliseconds(took[0]))
		theirs.rounds = append(theirs.rounds, milliseconds(took[1]))
		difference.rounds = append(difference.rounds, milliseconds(took[0]-took[1]))
	}
	return ours, theirs, difference, nil
}

// tell reports the three rows of a comparison.
func (r *rig) tell(name, what string, ours, theirs, difference row, goal float64) {
	ours.what, theirs.what, difference.what = what+" of gateway", what+" of plain Caddy", what+", gateway minus plain Caddy"
	difference.goal = goal
	for _, w := range []row{ours, theirs, difference} {
		r.report.add(name, w)
	}
}

func coldStart(r *rig, name string) error {
	p, err := r.newPair(name)
	if err != nil {
		return err
	}
	if err := p.storeChannels(); err != nil {
		return err
	}
	start := func(f func() (time.Duration, error)) func(int) (time.Duration, error) {
		return func(int) (time.Duration, error) {
			defer p.stop()
			return f()
		}
	}
	ours, theirs, difference, err := p.repeat(7, start(p.startGateway), start(p.startPlain))
	if err != nil {
		return err
	}
	r.tell(name, "time to the first answer", ours, theirs, difference, 150)
	return nil
}

func reload(r *rig, name string) error {
	p, err := r.newPair(name)
	if err != nil {
		return err
	}
	if err := p.storeChannels(); err != nil {
		return err
	}
	defer p.stop()
	if _, err := p.startGateway(); err != nil {
		return err
	}
	if _, err := p.startPlain(); err != nil {
		return err
	}
	load := func(admin, config string) (time.Duration, error) {
		begun := time.Now()
		_, err := post("http://"+admin+"/load", "text/caddyfile", []byte(config))
		return time.Since(begun), err
	}
	ours, theirs, difference, err := p.repeat(9, func(k int) (time.Duration, error) {
		p.config.handler = fmt.Sprintf("max_attempts %d", 5+k%2) // Caddy does nothing about a config it has
		return load(p.config.admin, p.config.text())
	}, func(k int) (time.Duration, error) {
		return load(p.admin, p.plainConfig(k+1))
	})
	if err != nil {
		return err
	}
	r.tell(name, "time of a reload", ours, theirs, difference, 50)
	return nil
}

func idle(r *rig, name string) error {
	p, err := r.newPair(name)
	if err != nil {
		return err
	}
	s := &r.scenarios[0]
	p.config.channels = serving(1, 1, s, r.addrs["upstream"][0], s.Model())
	rounds := 3
	if r.rounds > 0 {
		rounds = r.rounds
	}
	ours := row{what: "memory of gateway", unit: "MB", goal: none}
	theirs := row{what: "memory of plain Caddy", unit: "MB", goal: none}
	ratio := row{what: "memory of gateway / plain Caddy", unit: "×", goal: 1.1}
	for range rounds {
		if _, err = p.startGateway(); err == nil {
			_, err = p.startPlain()
		}
		if err != nil {
			p.stop()
			return err
		}
		time.Sleep(3 * time.Second)
		a, b := float64(p.gateway.Memory())/1024, float64(p.other.Memory())/1024
		p.stop()
		ours.rounds, theirs.rounds, ratio.rounds = append(ours.rounds, a), append(theirs.rounds, b), append(ratio.rounds, a/b)
	}
	for _, w := range []row{ours, theirs, ratio} {
		r.report.add(name, w)
	}
	return nil
}

// binarySize compares stripped binaries, built as xcaddy builds them.
func binarySize(r *rig, name string) error {
	var size [2]float64
	for i, pkg := range []string{"./cmd/caddy", "./bench/barecaddy"} {
		file := filepath.Join(r.dir, fmt.Sprintf("stripped-%d", i))
		if err := build(file, pkg, "-ldflags=-s -w", "-tags=nobadger,nomysql,nopgx"); err != nil {
			return err
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		size[i] = float64(info.Size()) / 1e6
	}
	r.report.add(name, row{what: "stripped binary, gateway minus plain Caddy", unit: "MB", goal: 18, rounds: []float64{size[0] - size[1]}})
	r.report.add(name, row{what: "stripped binary of plain Caddy", unit: "MB", goal: none, rounds: []float64{size[1]}})
	return nil
}
