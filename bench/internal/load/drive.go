package load

import (
	"sync"
	"time"
)

// Shape is how the calls of a round come. One of Window and Each is set.
type Shape struct {
	Conns  int
	Window time.Duration // each connection sends one request after the other for so long
	Each   int           // or so many, connections beginning one millisecond after the other
	Rate   float64       // with a Window: calls a second over all connections, due at fixed moments; 0: as fast as answers come
}

// settle is the time a process gets to do what it has put off, such as writing
// its log, before its time is taken. The gateway's log waits 250 ms at most.
const settle = 400 * time.Millisecond

// Warm drives a lane without counting, so that connections are open, buffers
// have grown and caches are filled.
func (l *Lane) Warm(sh Shape) Sample {
	sh.Window, sh.Each, sh.Rate = 300*time.Millisecond, 0, 0
	if l.Gap > 0 { // a stream takes its time anyway
		sh.Conns = min(sh.Conns, 8)
	}
	var s Sample
	l.drive(sh, &s)
	return s
}

// Round drives a lane once.
func (l *Lane) Round(sh Shape) Sample {
	before := l.Proc.CPU()
	begun := time.Now()
	stop := l.Proc.WatchMemory()
	var s Sample
	l.drive(sh, &s)
	s.Took = time.Since(begun)
	time.Sleep(settle)
	s.Peak = stop()
	s.CPU = l.Proc.CPU() - before
	return s
}

// drive sends the load and adds up what came back.
func (l *Lane) drive(sh Shape, s *Sample) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range sh.Conns {
		c := l.client(i)
		wg.Go(func() {
			var own Sample
			switch {
			case sh.Each > 0: // a herd at the start would be all that is seen
				time.Sleep(time.Duration(i) * time.Millisecond)
				for range sh.Each {
					l.once(c, &own)
				}
			case sh.Rate > 0:
				for k := i; ; k += sh.Conns {
					due := time.Duration(float64(k) / sh.Rate * float64(time.Second))
					if due >= sh.Window {
						break
					}
					sleepUntil(begun.Add(due))
					l.once(c, &own)
				}
			default:
				for time.Since(begun) < sh.Window {
					l.once(c, &own)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			s.add(&own)
		})
	}
	wg.Wait()
}

// sleepUntil lets the system sleep for the last stretch: the runtime's own
// timers can be a millisecond late, which is more than what is measured.
func sleepUntil(t time.Time) {
	if d := time.Until(t); d > 3*time.Millisecond {
		time.Sleep(d - 2*time.Millisecond)
	}
	if d := time.Until(t); d > 0 {
		systemSleep(d)
	}
}
