package main

import (
	"fmt"
	"log"
	"strings"
	"time"
)

// benchCase is one kind of load.
type benchCase struct {
	name   string
	conns  int
	window time.Duration // of one round
	each   int           // or: requests of each connection
	rounds int
	lanes  []lane
	goals  []goal
	direct int // index of the lane without a proxy; -1: none
}

// goal is what a case is to show.
type goal struct {
	of, to int // lanes; CPU per request of the first, as a ratio to the second
	most   float64
	// other goals than ratios, told from the results; nil: a ratio
	other func(results []result) (what, got string, met bool)
}

// outcome is a case that was measured.
type outcome struct {
	benchCase
	results []result
}

// measure drives all lanes of a case in turn, round after round, and returns
// how many answers were wrong.
func (b *bench) measure(c benchCase) (bad int) {
	log.Printf("%s …", c.name)
	o := outcome{benchCase: c, results: make([]result, len(c.lanes))}
	for range c.rounds {
		for i := range c.lanes {
			stop := b.profile(&c, &c.lanes[i], &o.results[i])
			c.lanes[i].round(c.conns, c.window, c.each, &o.results[i])
			stop()
		}
	}
	for i := range o.results {
		if r := &o.results[i]; r.bad > 0 {
			log.Printf("%s, %s: %d of %d answers were wrong, e.g. %s", c.name, c.lanes[i].label, r.bad, r.requests, r.firstBad)
			bad += int(r.bad)
		}
	}
	b.outcomes = append(b.outcomes, o)
	return bad
}

// always is the same request again and again.
func always(host, body string) func(int64) []byte {
	request := message(host, body)
	return func(int64) []byte { return request }
}

// lanes are the ways to a scenario: gateway, reverse_proxy, net/http, direct.
func (b *bench) lanes(scenario string, size int) []lane {
	for i := range b.scenarios {
		s := &b.scenarios[i]
		if s.name != scenario {
			continue
		}
		body := requestBody("bench-"+s.name, s.stream, size)
		list := []lane{
			{label: "gateway", proc: b.gateway, addr: b.address},
			{label: "reverse_proxy", proc: b.plain, addr: b.plains[i]},
			{label: "net/http", proc: b.floor, addr: b.floors[i]},
			{label: "direct", addr: b.upstreams[i]},
		}
		for k := range list {
			list[k].requests, list[k].want, list[k].gap = always(list[k].addr, body), []byte(s.body()), s.gap
		}
		return list
	}
	panic("no scenario " + scenario)
}

// asking is a lane with another request.
func (l lane) asking(label string, requests func(int64) []byte) lane {
	l.label, l.requests = label, requests
	return l
}

const (
	smallBody = 1 << 10
	bigBody   = 200 << 10
)

// cases are what is measured, with the goals of the project.
func (b *bench) cases() []benchCase {
	window, rounds := 2200*time.Millisecond, 3
	if b.short {
		window, rounds = 900*time.Millisecond, 1
	}
	plain := b.lanes("plain", smallBody)
	big := b.lanes("plain", bigBody)
	rewritten := big[0].asking("rewritten", always(b.address, requestBody("bench-rewritten", false, bigBody)))
	translated := func(size int) lane {
		l := plain[0].asking("translated", func(int64) []byte { return nil })
		fill := strings.Repeat("Tell me about load balancing, please. ", size/38+1)[:size-100]
		request := post(b.address, "/v1/chat/completions", fmt.Sprintf(`{"model":"bench-plain","max_tokens":1024,"messages":[{"role":"user","content":%q}]}`, fill))
		l.requests = func(int64) []byte { return request }
		l.want, l.contains = nil, []byte(`"completion_tokens":140`)
		return l
	}
	many := plain[0].asking("200 channels", always(b.address, requestBody("bench-many", false, smallBody)))
	failing := plain[0].asking("failing over", func(n int64) []byte {
		// Each call names another model, so that what rests after one failure is
		// never what the next call asks for.
		return message(b.address, requestBody(fmt.Sprintf("fail-%d", n), false, smallBody))
	})
	return []benchCase{
		// First, before the others have left their garbage in memory.
		{
			name: "paced stream, 1000 at a time", conns: 1000, each: 1, rounds: 1, direct: -1,
			lanes: b.lanes("wide", smallBody)[:3],
			goals: []goal{{of: 0, to: 1, most: 0.9}, {other: noLater}, {other: allComplete}, {other: fits}},
		},
		{
			name: "1 KB call, 16 at a time", conns: 16, window: window, rounds: rounds, direct: 3, lanes: plain,
			goals: []goal{{of: 0, to: 1, most: 1.0}},
		},
		{
			name: "1 KB call, one at a time", conns: 1, window: window / 2, rounds: rounds, direct: 3, lanes: plain,
		},
		{
			name: "200 KB body, 8 at a time", conns: 8, window: window, rounds: rounds, direct: 4,
			lanes: []lane{big[0], rewritten, big[1], big[2], big[3]},
			goals: []goal{{of: 0, to: 2, most: 1.1}, {of: 1, to: 2, most: 1.1}},
		},
		{
			name: "1 KB call, translated, 16 at a time", conns: 16, window: window, rounds: rounds, direct: -1,
			lanes: []lane{translated(smallBody), plain[0], plain[1]},
		},
		{
			name: "200 KB body, translated, 8 at a time", conns: 8, window: window, rounds: rounds, direct: -1,
			lanes: []lane{translated(bigBody), big[0], big[2]},
		},
		{
			name: "stream of 200 events at once, 8 at a time", conns: 8, window: window, rounds: rounds, direct: 3,
			lanes: b.lanes("burst", smallBody), goals: []goal{{of: 0, to: 1, most: 1.1}},
		},
		{
			name: "paced stream, 100 at a time", conns: 100, each: 1, rounds: min(2, rounds), direct: -1,
			lanes: b.lanes("paced", smallBody)[:3], goals: []goal{{of: 0, to: 1, most: 0.9}, {other: noLater}},
		},
		{
			name: "200 channels of 5 keys, 16 at a time", conns: 16, window: window, rounds: rounds, direct: -1,
			lanes: []lane{many, plain[0]}, goals: []goal{{of: 0, to: 1, most: 1.05}},
		},
		{
			name: "failover after a soft error, one at a time", conns: 1, window: window / 2, rounds: rounds, direct: 2,
			lanes: []lane{failing, plain[0], plain[3]}, goals: []goal{{other: oneRoundTrip}},
		},
	}
}

// noLater asks that events are not later than through the plain proxy, at the
// 99th percentile, but for what the clock of a busy machine cannot tell.
func noLater(r []result) (what, got string, met bool) {
	const noise = 2 * time.Millisecond
	ours, plain := quantile(r[0].late, 0.99), quantile(r[1].late, 0.99)
	return "events no later than reverse_proxy's (p99)", fmt.Sprintf("%s against %s", short(ours), short(plain)), ours <= plain+noise
}

func allComplete(r []result) (what, got string, met bool) {
	return "all streams complete", fmt.Sprintf("%d of %d", r[0].requests-r[0].bad, r[0].requests), r[0].bad == 0
}

func fits(r []result) (what, got string, met bool) {
	const most = 180 << 10
	return "at most 180 MB", fmt.Sprintf("%d MB", r[0].peak>>10), r[0].peak <= most
}

// oneRoundTrip asks that a failover costs no more time than a call that meets
// no failure and one more of the same.
func oneRoundTrip(r []result) (what, got string, met bool) {
	failing, good := quantile(r[0].latencies, 0.5), quantile(r[1].latencies, 0.5)
	return "at most one more call's time (p50)", fmt.Sprintf("%s against %s", short(failing), short(good)), failing <= 2*good
}
