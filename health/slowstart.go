package health

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// leastWindow bounds the pause: a target that fails and fails is asked every
	// 32 s by calls that have nobody else.
	leastWindow = 1.0 / 128
	// wideWindow needs no bounds any more.
	wideWindow = 64
	// slowPace is how long it takes until a call is admitted at a window of one
	// after a failure; at a half it takes twice as long, and so on: half a second
	// after the first failure, so that calls which wait outlast a short outage.
	slowPace = 250 * time.Millisecond
)

// SlowStart says how many calls may try a target at once while everything that
// could serve them rests, and while such a target comes back: one at first,
// twice as many with each success and half as many with each failure. Less than
// one means one after a pause. A call is inside until its answer has proved
// itself or failed.
//
// The zero value is ready for use. While a target is well it costs one load.
type SlowStart struct {
	on atomic.Bool

	mu      sync.Mutex
	window  float64
	inside  int
	reopens time.Time // after a failure, for calls that ignore a cooldown
}

// On reports whether calls have to be admitted though nothing rests: the target
// has failed and is coming back.
func (s *SlowStart) On() bool { return s.on.Load() }

// Admit lets a call in if there is room. forced says that the target still
// rests, so that the call is made in spite of that. proved is how many of the
// calls inside take no room, because they have outlived failures. Every call
// that was admitted ends with Leave.
func (s *SlowStart) Admit(forced bool, proved int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside >= int(max(s.current(), 1))+proved || forced && s.reopens.After(now) {
		return false
	}
	s.inside++
	return true
}

// Enter lets a call in whatever the room: it has waited long enough.
func (s *SlowStart) Enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside++
}

// Leave ends what Admit or Enter began.
func (s *SlowStart) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
}

// Succeeded widens the window.
func (s *SlowStart) Succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window, s.reopens = 2*max(s.current(), 1), time.Time{}
	if s.window >= wideWindow {
		s.window = 0
		s.on.Store(false)
	}
}

// Failed narrows it.
func (s *SlowStart) Failed(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = max(s.current()/2, leastWindow)
	s.on.Store(true)
	if s.window < 1 {
		s.reopens = now.Add(time.Duration(float64(slowPace) / s.window))
	}
}

// Opens says when it is worth asking again for admission in spite of a
// cooldown: now if a call is inside whose outcome may change everything.
func (s *SlowStart) Opens(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside > 0 || !s.reopens.After(now) {
		return now
	}
	return s.reopens
}

func (s *SlowStart) current() float64 {
	if s.window == 0 {
		return 1
	}
	return s.window
}
