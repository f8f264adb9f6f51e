package tokens

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestAccuracy prints how well requests are counted that the weights were not
// fitted on, and fails where that has become worse.
func TestAccuracy(t *testing.T) { report(t) }

func report(t *testing.T) {
	t.Helper()
	type cell struct{ name, part string }
	ratios := make(map[cell][]float64)
	c := New()
	for _, r := range loadCorpus(t) {
		if !r.clean || !r.heldOut() {
			continue
		}
		n := c.Request(r.protocol, r.model, r.body)
		ratio := float64(n.Tokens) / float64(r.tokens)
		w := newWalk(c, familyOf(normal(r.model)))
		w.request(r.protocol, r.body)
		kind := "text"
		if w.f[fHasTools] > 0 {
			kind = "tools"
		} else if w.f[fHasSchema] > 0 {
			kind = "schema"
		}
		w.release()
		size := "<100"
		switch {
		case r.tokens >= 2000:
			size = ">=2000"
		case r.tokens >= 500:
			size = "<2000"
		case r.tokens >= 100:
			size = "<500"
		}
		whole := n.Family
		if strings.HasPrefix(whole, "claude") && whole != "claude-5" {
			whole = "claude"
		}
		for _, k := range []cell{{whole, ""}, {whole, kind}, {whole, size}, {n.Family, ""}} {
			if k == (cell{n.Family, ""}) && whole == n.Family && k != (cell{whole, ""}) {
				continue
			}
			ratios[k] = append(ratios[k], ratio)
		}
		if whole == n.Family {
			k := cell{whole, ""}
			ratios[k] = ratios[k][:len(ratios[k])-1]
		}
	}
	names := make([]cell, 0, len(ratios))
	for k := range ratios {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b cell) int { return strings.Compare(a.name+" "+a.part, b.name+" "+b.part) })
	var table strings.Builder
	fmt.Fprintf(&table, "%-12s %-8s %5s %12s %14s %10s %8s\n", "family", "part", "n", "median ratio", "median accuracy", "within 7%", "exact")
	for _, k := range names {
		ratio, accuracy, within, exact := summary(ratios[k])
		fmt.Fprintf(&table, "%-12s %-8s %5d %12.3f %14.1f%% %9.1f%% %7.1f%%\n", k.name, k.part, len(ratios[k]), ratio, 100*accuracy, 100*within, 100*exact)
	}
	t.Log("\n" + table.String())
}

func summary(ratios []float64) (median, accuracy, within, exact float64) {
	r := slices.Clone(ratios)
	slices.Sort(r)
	median = r[len(r)/2]
	errors := make([]float64, len(r))
	for i, v := range r {
		errors[i] = math.Abs(v - 1)
		if errors[i] <= 0.07 {
			within++
		}
		if errors[i] == 0 {
			exact++
		}
	}
	slices.Sort(errors)
	return median, 1 - errors[len(errors)/2], within / float64(len(r)), exact / float64(len(r))
}
