package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// print writes what was measured, and the goals beside it.
func (b *bench) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range b.outcomes {
		o := &b.outcomes[i]
		fmt.Fprintf(t, "\n%s\n", o.name)
		fmt.Fprint(t, "  \trequests\tper s\tCPU µs\t× proxy\tlatency p50\tp99\tadded p50\tadded p99\tevent late p99\tmost\tMB\n")
		for k := range o.results {
			o.line(t, k)
		}
	}
	fmt.Fprintf(t, "\nmemory before any request\n  gateway\t%d MB\n  reverse_proxy\t%d MB\n  net/http\t%d MB\n", b.idle[0]>>10, b.idle[1]>>10, b.idle[2]>>10)
	t.Flush()
	b.printGoals(w)
}

// line is one lane of a case.
func (o *outcome) line(w io.Writer, k int) {
	r := &o.results[k]
	p50, p99 := quantile(r.latencies, 0.5), quantile(r.latencies, 0.99)
	fmt.Fprintf(w, "  %s\t%d\t%.0f\t", o.lanes[k].label, r.requests, float64(r.requests)/r.took.Seconds())
	if o.lanes[k].proc != nil {
		fmt.Fprintf(w, "%.0f", r.cpuPerRequest())
	}
	fmt.Fprintf(w, "\t%s\t%s\t%s\t", o.toProxy(k), short(p50), short(p99))
	if d := o.direct; d >= 0 && d != k {
		direct := o.results[d].latencies
		fmt.Fprintf(w, "%s\t%s\t", short(p50-quantile(direct, 0.5)), short(p99-quantile(direct, 0.99)))
	} else {
		fmt.Fprint(w, "\t\t")
	}
	if len(r.late) > 0 {
		fmt.Fprintf(w, "%s\t%s\t", short(quantile(r.late, 0.99)), short(slices.Max(r.late)))
	} else {
		fmt.Fprint(w, "\t\t")
	}
	if r.peak > 0 {
		fmt.Fprintf(w, "%d", r.peak>>10)
	}
	fmt.Fprintln(w)
}

// toProxy is the CPU time of a lane as a multiple of the reverse_proxy's.
func (o *outcome) toProxy(k int) string {
	base := slices.IndexFunc(o.lanes, func(l lane) bool { return l.label == "reverse_proxy" })
	if base < 0 || o.lanes[k].proc == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", o.results[k].cpuPerRequest()/o.results[base].cpuPerRequest())
}

// printGoals is the table that counts.
func (b *bench) printGoals(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\ncase\tgoal\treached\trounds\t\n")
	wrong := false // answers of the case at hand
	row := func(name, what, got, rounds string, met bool) {
		verdict := "met"
		switch {
		case wrong:
			verdict = "WRONG ANSWERS"
		case !met:
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, what, got, rounds, verdict)
	}
	for i := range b.outcomes {
		o := &b.outcomes[i]
		wrong = slices.ContainsFunc(o.results, func(r result) bool { return r.bad > 0 })
		for _, g := range o.goals {
			if g.other != nil {
				what, got, met := g.other(o.results)
				row(o.name, what, got, "", met)
				continue
			}
			of, to := &o.results[g.of], &o.results[g.to]
			ratio := of.cpuPerRequest() / to.cpuPerRequest()
			row(o.name, fmt.Sprintf("CPU of %s ≤ %.2f × %s", o.lanes[g.of].label, g.most, o.lanes[g.to].label),
				fmt.Sprintf("%.2f", ratio), spread(of.rounds, to.rounds), ratio <= g.most)
		}
	}
	wrong = false
	ratio := float64(b.idle[0]) / float64(b.idle[1])
	row("idle", "memory ≤ 1.20 × reverse_proxy", fmt.Sprintf("%.2f", ratio), "", ratio <= 1.2)
	t.Flush()
}

// spread is the least and the greatest ratio of single rounds.
func spread(of, to []float64) string {
	if len(of) < 2 {
		return ""
	}
	var list []float64
	for i := range of {
		list = append(list, of[i]/to[i])
	}
	return fmt.Sprintf("%.2f to %.2f", slices.Min(list), slices.Max(list))
}

// short is a duration as a person reads it.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Millisecond || d <= -10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond || d <= -time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
