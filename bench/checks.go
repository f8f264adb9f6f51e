package main

import (
	"fmt"
	"math"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
)

// none is the goal of what has none.
var none = math.NaN()

// cpu compares the CPU time for each call of two lanes, round by round.
func cpu(what string, of, to int, goal float64) check {
	return func(s [][]load.Sample) row {
		return paired(what, "×", goal, s, of, to, func(a, b *load.Sample) float64 { return a.CPUPerCall() / b.CPUPerCall() })
	}
}

// added compares the latency of two lanes at a quantile, in milliseconds.
func added(what string, of, to int, q, goal float64) check {
	return func(s [][]load.Sample) row {
		return paired(what, "ms", goal, s, of, to, func(a, b *load.Sample) float64 {
			return milliseconds(load.Quantile(a.Latencies, q) - load.Quantile(b.Latencies, q))
		})
	}
}

// noise is what the clock of a busy machine cannot tell, for one event.
const noise = 2 * time.Millisecond

// later compares the lateness of events at the 99th percentile.
func later(what string, of, to int) check {
	return func(s [][]load.Sample) row {
		return paired(what, "ms", milliseconds(noise), s, of, to, func(a, b *load.Sample) float64 {
			return milliseconds(load.Quantile(a.Late, 0.99) - load.Quantile(b.Late, 0.99))
		})
	}
}

// slower compares the median latency of two lanes.
func slower(what string, of, to int, goal float64) check {
	return func(s [][]load.Sample) row {
		return paired(what, "×", goal, s, of, to, func(a, b *load.Sample) float64 {
			return float64(load.Quantile(a.Latencies, 0.5)) / float64(load.Quantile(b.Latencies, 0.5))
		})
	}
}

// memory is the peak of a lane's process, in MB.
func memory(what string, of int, goal float64) check {
	return func(s [][]load.Sample) row {
		return paired(what, "MB", goal, s, of, of, func(a, _ *load.Sample) float64 { return float64(a.Peak) / 1024 })
	}
}

// complete is how many of a lane's calls were not answered rightly.
func complete(what string, of int) check {
	return func(s [][]load.Sample) row {
		return paired(what, "streams", 0, s, of, of, func(a, _ *load.Sample) float64 { return float64(a.Bad) })
	}
}

// paired makes a row of one value for each round.
func paired(what, unit string, goal float64, s [][]load.Sample, of, to int, value func(a, b *load.Sample) float64) row {
	r := row{what: what, unit: unit, goal: goal}
	for k := range s[of] {
		r.rounds = append(r.rounds, value(&s[of][k], &s[to][k]))
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// over names a ratio of two lanes.
func over(of, to string) string { return fmt.Sprintf("CPU of %s / %s", of, to) }
