package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
)

func TestRatiosAreOfTheSameRound(t *testing.T) {
	round := func(cpu, calls int) load.Sample {
		return load.Sample{CPU: time.Duration(cpu) * time.Microsecond, Calls: int64(calls)}
	}
	// The machine gets slower by ten: the ratio is the same for all that.
	samples := [][]load.Sample{{round(200, 10), round(2000, 10)}, {round(100, 10), round(500, 5)}}
	r := cpu("ratio", 0, 1, 1.5)(samples)
	if !slices.Equal(r.rounds, []float64{2, 2}) {
		t.Errorf("%v", r.rounds)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		row  row
		want []string
	}{
		{row{"c", "w", "×", 0.95, []float64{1.5, 0.9, 0.8}}, []string{"c", "w", "≤ 0.95 ×", "0.90 ×", "0.80 ×", "1.50 ×", "met"}},
		{row{"c", "w", "×", 0.85, []float64{0.9, 0.75}}, []string{"c", "w", "≤ 0.85 ×", "0.82 ×", "0.75 ×", "0.90 ×", "met"}},
		{row{"c", "w", "MB", 120, []float64{121}}, []string{"c", "w", "≤ 120 MB", "121 MB", "121 MB", "121 MB", "missed"}},
		{row{"c", "w", "ms", none, []float64{-1}}, []string{"c", "w", "", "-1.00 ms", "-1.00 ms", "-1.00 ms", ""}},
		{row{"c", "w", "ms", 0, []float64{0.06}}, []string{"c", "w", "≤ 0.00 ms", "0.06 ms", "0.06 ms", "0.06 ms", "missed"}},
	} {
		if got := c.row.cells(); !slices.Equal(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

func TestTablesAreAligned(t *testing.T) {
	var b strings.Builder
	table(&b, []string{"none"}, nil)
	table(&b, []string{"a", "µs"}, [][]string{{"longer", "1"}})
	if want := "\n| a      | µs |\n| ------ | -- |\n| longer | 1  |\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}

func TestLanesAreDrivenInAlternatingOrder(t *testing.T) {
	if got := slices.Collect(seq(3, false)); !slices.Equal(got, []int{0, 1, 2}) {
		t.Error(got)
	}
	if got := slices.Collect(seq(3, true)); !slices.Equal(got, []int{2, 1, 0}) {
		t.Error(got)
	}
}
