package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lane is one way the load of a case can go.
type lane struct {
	label    string   // column of the report
	proc     *process // whose time is taken; nil: nobody's
	addr     string
	requests func(n int64) []byte // the n-th request
	want     []byte               // the right answer's body, or
	contains []byte               // what stands in it, where it has an id of its own
	gap      time.Duration        // between events, if their lateness matters
}

// result adds up what a lane showed over all rounds.
type result struct {
	requests  int64
	bad       int64
	firstBad  string
	cpu       time.Duration
	took      time.Duration
	latencies []time.Duration
	late      []time.Duration
	peak      int64 // KB resident, at most
	rounds    []float64
}

// cpuPerRequest is in microseconds.
func (r *result) cpuPerRequest() float64 {
	if r.requests == 0 {
		return 0
	}
	return float64(r.cpu.Microseconds()) / float64(r.requests)
}

// settle is the time a process gets to do what it has put off, such as writing
// its log, before its time is taken.
const settle = 400 * time.Millisecond

// warmUp is the number of the first request that does not count; those that do
// begin at 0.
const warmUp = 1 << 40

// round drives a lane once: conns connections, each sending one request after
// the other, for a time or for a number of requests each.
func (l *lane) round(conns int, window time.Duration, each int, r *result) {
	if each == 0 { // so that upstream connections are open and buffers have grown
		l.drive(conns, 200*time.Millisecond, 0, new(result), warmUp)
	}
	before := l.proc.cpu()
	begun := time.Now()
	stop := l.proc.watchMemory()
	var one result
	l.drive(conns, window, each, &one, r.requests)
	r.took += time.Since(begun)
	time.Sleep(settle)
	r.peak = max(r.peak, stop())
	one.cpu = l.proc.cpu() - before
	r.rounds = append(r.rounds, one.cpuPerRequest())
	r.requests += one.requests
	r.cpu += one.cpu
	if r.bad == 0 {
		r.firstBad = one.firstBad
	}
	r.bad += one.bad
	r.latencies = append(r.latencies, one.latencies...)
	r.late = append(r.late, one.late...)
}

// drive sends the load and adds up what came back.
func (l *lane) drive(conns int, window time.Duration, each int, r *result, from int64) {
	var next atomic.Int64
	next.Store(from)
	var mu sync.Mutex
	var wg sync.WaitGroup
	until := time.Now().Add(window)
	for i := range conns {
		wg.Go(func() {
			if each > 0 { // a herd at the start would be all that is seen
				time.Sleep(time.Duration(i) * time.Millisecond)
			}
			c := &client{addr: l.addr}
			defer c.close()
			var own result
			for n := 0; (each > 0 && n < each) || (each == 0 && time.Now().Before(until)); n++ {
				l.once(c, next.Add(1)-1, &own)
			}
			mu.Lock()
			defer mu.Unlock()
			r.requests += own.requests
			r.bad += own.bad
			if own.bad > 0 {
				r.firstBad = own.firstBad
			}
			r.latencies = append(r.latencies, own.latencies...)
			r.late = append(r.late, own.late...)
		})
	}
	wg.Wait()
}

func (l *lane) once(c *client, n int64, r *result) {
	sent := time.Now()
	rp, err := c.do(l.requests(n), l.gap)
	r.requests++
	switch {
	case err != nil:
		c.close()
		r.bad++
		r.firstBad = err.Error()
	case rp.status != 200 || !l.right(c.body):
		r.bad++
		r.firstBad = fmt.Sprintf("status %d: %.300s", rp.status, c.body)
	default:
		r.latencies = append(r.latencies, time.Since(sent))
		r.late = append(r.late, rp.late...)
	}
}

// quantile of durations, which it sorts.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

// message is a whole HTTP request for a generation.
func message(host, body string) []byte { return post(host, "/v1/messages", body) }

// right reports whether an answer is the right one.
func (l *lane) right(body []byte) bool {
	if len(l.contains) > 0 {
		return bytes.Contains(body, l.contains)
	}
	return bytes.Equal(body, l.want)
}

func post(host, path, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "POST "+path+" HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\nAuthorization: Bearer %s\r\nAnthropic-Version: 2023-06-01\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		host, clientToken, len(body), body)
	return []byte(b.String())
}
