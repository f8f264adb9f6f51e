package health

import (
	"sync/atomic"
	"time"
)

// flights remembers when some of the attempts under way began: as many as it has
// places for, which is enough to tell whether a target still takes its time
// over requests while others fail at once. It takes no lock.
type flights struct {
	began [8]atomic.Int64 // unix nanoseconds; 0: nothing

	// longest is how long the longest failure of late took, and when it was.
	longest, longestAt atomic.Int64
}

// Flight is an attempt under way. The zero Flight is none.
type Flight struct {
	history *History
	place   int // from 1; 0: it was not remembered
	began   time.Time
}

// Begin notes that an attempt is under way until End or Failed.
func (h *History) Begin(now time.Time) Flight {
	if h == nil {
		return Flight{}
	}
	f := Flight{history: h, began: now}
	value := now.UnixNano()
	for i := range h.flights.began {
		if p := &h.flights.began[i]; p.Load() == 0 && p.CompareAndSwap(0, value) {
			f.place = i + 1
			break
		}
	}
	return f
}

// Began is when the attempt began.
func (f *Flight) Began() time.Time { return f.began }

// End ends the attempt, if that was not done before.
func (f *Flight) End() {
	if f.place > 0 {
		f.history.flights.began[f.place-1].Store(0)
		f.place = 0
	}
}

// Failed ends an attempt that failed, and notes how long that took.
func (f *Flight) Failed(now time.Time) {
	f.End()
	if f.history == nil {
		return
	}
	s, took := &f.history.flights, now.Sub(f.began)
	if took >= s.longestFailure(now) {
		s.longest.Store(int64(took))
		s.longestAt.Store(now.UnixNano())
	}
}

// longestFailure is how long the longest failure of late took, 0 if there was
// none. A longer one is remembered longer.
func (s *flights) longestFailure(now time.Time) time.Duration {
	took := time.Duration(s.longest.Load())
	if now.UnixNano()-s.longestAt.Load() > int64(max(recentFor, 2*took)) {
		return 0
	}
	return took
}

// outlivedBy is by how much an attempt must outlast the longest failure, beside
// a quarter of it.
const outlivedBy = 25 * time.Millisecond

// Outlived counts attempts under way, begun within the last 30 s, that have
// lasted longer than failures of late did: where a dead target fails, those
// would have failed as well. Of many it counts a few.
func (h *History) Outlived(now time.Time) (n int) {
	if h == nil {
		return 0
	}
	failure := h.flights.longestFailure(now)
	least, most := now.Add(-failure-failure/4-outlivedBy).UnixNano(), now.Add(-recentFor).UnixNano()
	for i := range h.flights.began {
		if v := h.flights.began[i].Load(); v != 0 && v <= least && v >= most {
			n++
		}
	}
	return n
}
