package main

import (
	"slices"

	"github.com/ccload/ccload/bench/internal/load"
)

// benchCase is something that can be chosen by name.
type benchCase struct {
	name, about string
	run         func(r *rig, name string) error
}

// loadCase is a load that is driven through lanes in turn.
type loadCase struct {
	shape  load.Shape
	rounds int
	lanes  []*load.Lane
	checks []check
	share  bool // tell where the CPU time of the first lane goes
}

// check makes rows of the report out of the samples of all lanes, by lane and
// round.
type check func(samples [][]load.Sample) row

// measure drives all lanes of a case in turn, round after round in alternating
// order, so that neither what comes first nor a machine that gets busier favours
// one.
func (r *rig) measure(name string, c loadCase) error {
	if r.long {
		c.rounds *= 3
		c.shape.Window *= 2
	}
	if r.rounds > 0 {
		c.rounds = r.rounds
	}
	samples := make([][]load.Sample, len(c.lanes))
	for i, l := range c.lanes {
		defer l.Close()
		warm := l.Warm(c.shape)
		r.report.bad(name, l.Label, &warm)
		samples[i] = make([]load.Sample, 0, c.rounds)
	}
	for k := range c.rounds {
		order := slices.Collect(seq(len(c.lanes), k%2 == 1))
		for _, i := range order {
			samples[i] = append(samples[i], c.lanes[i].Round(c.shape))
		}
	}
	for i, l := range c.lanes {
		for k := range samples[i] {
			r.report.bad(name, l.Label, &samples[i][k])
		}
		r.report.lane(name, l.Label, l.Proc != nil, samples[i])
	}
	for _, check := range c.checks {
		r.report.add(name, check(samples))
	}
	if c.share || r.profiles != "" {
		for _, l := range c.lanes {
			if l.Proc != r.main {
				continue
			}
			if err := r.shares(name, l, c.shape, c.share && l == c.lanes[0]); err != nil {
				logger.Printf("%s: no profile: %v", name, err)
			}
		}
	}
	return nil
}

// seq gives 0 to n-1, or backwards.
func seq(n int, backwards bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if backwards {
				i = n - 1 - i
			}
			if !yield(i) {
				return
			}
		}
	}
}
