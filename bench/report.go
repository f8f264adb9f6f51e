package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/bench/internal/load"
)

// report collects what cases show.
type report struct {
	lanes []laneRow
	rows  []row
	notes []string
	wrong int64
}

// row is a value that was measured once in each round, and its goal.
type row struct {
	name   string // of the case
	what   string
	unit   string
	goal   float64 // at most; NaN: there is none
	rounds []float64
}

// laneRow is what one lane showed over all rounds.
type laneRow struct {
	name, label string
	hasCPU      bool
	samples     []load.Sample
}

func (p *report) add(name string, r row) {
	r.name = name
	p.rows = append(p.rows, r)
}

func (p *report) lane(name, label string, hasCPU bool, samples []load.Sample) {
	p.lanes = append(p.lanes, laneRow{name, label, hasCPU, samples})
}

// note is a line below the tables.
func (p *report) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// bad tells of wrong answers.
func (p *report) bad(name, label string, s *load.Sample) {
	if s.Bad > 0 {
		logger.Printf("%s, %s: %d of %d answers were wrong, e.g. %s", name, label, s.Bad, s.Calls, s.FirstBad)
		p.wrong += s.Bad
	}
}

// print writes both tables, which are Markdown that is readable as it stands.
func (p *report) print(w io.Writer) {
	lanes := make([][]string, len(p.lanes))
	for i := range p.lanes {
		lanes[i] = p.lanes[i].cells()
	}
	table(w, []string{"case", "lane", "calls", "per s", "CPU µs/call", "p50 ms", "p99 ms", "events late p99 ms", "peak MB"}, lanes)
	rows := make([][]string, len(p.rows))
	for i := range p.rows {
		rows[i] = p.rows[i].cells()
	}
	table(w, []string{"case", "what", "goal", "median", "least", "most", "verdict"}, rows)
	for _, n := range p.notes {
		fmt.Fprintf(w, "\n%s\n", n)
	}
}

func (l *laneRow) cells() []string {
	var all load.Sample
	var took time.Duration
	used := make([]float64, 0, len(l.samples))
	for i := range l.samples {
		s := &l.samples[i]
		all.Calls += s.Calls
		all.Latencies = append(all.Latencies, s.Latencies...)
		all.Late = append(all.Late, s.Late...)
		all.Peak = max(all.Peak, s.Peak)
		took += s.Took
		used = append(used, s.CPUPerCall())
	}
	cells := []string{
		l.name, l.label, strconv.FormatInt(all.Calls, 10), fmt.Sprintf("%.0f", float64(all.Calls)/took.Seconds()), "",
		fmt.Sprintf("%.2f", milliseconds(load.Quantile(all.Latencies, 0.5))), fmt.Sprintf("%.2f", milliseconds(load.Quantile(all.Latencies, 0.99))), "", "",
	}
	if l.hasCPU {
		cells[4], cells[8] = fmt.Sprintf("%.0f", median(used)), strconv.FormatInt(all.Peak>>10, 10)
	}
	if len(all.Late) > 0 {
		cells[7] = fmt.Sprintf("%.2f", milliseconds(load.Quantile(all.Late, 0.99)))
	}
	return cells
}

func (r *row) cells() []string {
	number := func(v float64) string {
		if r.unit == "%" || r.unit == "MB" || r.unit == "streams" {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + r.unit
		}
		return fmt.Sprintf("%.2f %s", v, r.unit)
	}
	goal, verdict := "", ""
	m := median(r.rounds)
	if !math.IsNaN(r.goal) {
		goal, verdict = "≤ "+number(r.goal), "met"
		if m > r.goal {
			verdict = "missed"
		}
	}
	return []string{r.name, r.what, goal, number(m), number(slices.Min(r.rounds)), number(slices.Max(r.rounds)), verdict}
}

// median of numbers, of which there is at least one.
func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// table writes a Markdown table whose columns are aligned, or nothing if it has
// no rows.
func table(w io.Writer, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	width := make([]int, len(head))
	for _, r := range append([][]string{head}, rows...) {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	line := func(cells []string, pad string) {
		for i := range width {
			fmt.Fprintf(w, "| %s%s ", cells[i], strings.Repeat(pad, width[i]-utf8.RuneCountInString(cells[i])))
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w)
	line(head, " ")
	line(make([]string, len(width)), "-")
	for _, r := range rows {
		line(r, " ")
	}
}
