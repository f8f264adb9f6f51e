// Package load drives HTTP load along lanes, each of which is one way from the
// client to the same upstream, and measures latency, the lateness of events and
// what the process in between used.
package load

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/bench/internal/proc"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// Lane is one way the load of a case can go. It is used by one round at a time.
type Lane struct {
	Label    string
	Proc     *proc.Process // whose CPU and memory are taken; nil: nobody's
	Addr     string
	Request  *traffic.Request
	Want     []byte        // the right answer's body, or
	Contains []byte        // what stands in it, where it has an id of its own
	Gap      time.Duration // between events, if their lateness matters

	next    atomic.Int64 // number of the next request
	clients []*client    // connections, kept from round to round
}

// Sample is what one round of a lane showed.
type Sample struct {
	Calls, Bad int64
	FirstBad   string
	CPU        time.Duration // of the lane's process
	Took       time.Duration
	Latencies  []time.Duration // of right answers, from sending to the last byte
	Late       []time.Duration // of events, behind the upstream's schedule
	Peak       int64           // KiB resident, at most
}

// CPUPerCall is in microseconds; 0 without calls.
func (s *Sample) CPUPerCall() float64 {
	if s.Calls == 0 {
		return 0
	}
	return float64(s.CPU.Nanoseconds()) / 1e3 / float64(s.Calls)
}

// Close closes the lane's connections.
func (l *Lane) Close() {
	for _, c := range l.clients {
		c.close()
	}
	l.clients = nil
}

// client returns the i-th connection.
func (l *Lane) client(i int) *client {
	for len(l.clients) <= i {
		l.clients = append(l.clients, &client{addr: l.Addr})
	}
	c := l.clients[i]
	if c.request == nil {
		c.request = l.Request.Writer()
	}
	return c
}

// Once makes one call, of which neither CPU nor memory is taken.
func (l *Lane) Once() Sample {
	var s Sample
	l.once(l.client(0), &s)
	return s
}

// once makes one call.
func (l *Lane) once(c *client, s *Sample) {
	request := c.request(l.next.Add(1) - 1)
	sent := time.Now()
	rp, err := c.do(request, l.Gap)
	s.Calls++
	switch {
	case err != nil:
		c.close()
		s.Bad++
		s.FirstBad = err.Error()
	case rp.status != 200 || !l.right(c.body):
		s.Bad++
		s.FirstBad = fmt.Sprintf("status %d: %.300s", rp.status, c.body)
	default:
		s.Latencies = append(s.Latencies, time.Since(sent))
		s.Late = append(s.Late, rp.late...)
	}
}

// right reports whether an answer is the right one.
func (l *Lane) right(body []byte) bool {
	if len(l.Contains) > 0 {
		return bytes.Contains(body, l.Contains)
	}
	return bytes.Equal(body, l.Want)
}

// add adds what one connection saw.
func (s *Sample) add(o *Sample) {
	s.Calls += o.Calls
	s.Bad += o.Bad
	if s.FirstBad == "" {
		s.FirstBad = o.FirstBad
	}
	s.Latencies = append(s.Latencies, o.Latencies...)
	s.Late = append(s.Late, o.Late...)
}

// Quantile of durations, which it sorts; 0 of none.
func Quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}
