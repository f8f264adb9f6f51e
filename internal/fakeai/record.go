package fakeai

import (
	"maps"
	"net/http"
	"slices"
	"sync"
)

// maxKept bounds the bodies that are remembered, in bytes.
const maxKept = 64 << 20

// requestLog remembers the last requests and counts all of them.
type requestLog struct {
	keep int

	mu       sync.Mutex
	requests []*Request
	bytes    int
	total    int
	inFlight int
	byKey    map[string]int
	turns    map[string]int
}

func (l *requestLog) arrived(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey == nil {
		l.byKey = make(map[string]int)
	}
	l.total++
	l.inFlight++
	l.byKey[r.Key]++
	r.Number, r.OfKey = l.total, l.byKey[r.Key]
	l.requests = append(l.requests, r)
	l.bytes += len(r.Body)
	for len(l.requests) > l.keep || (l.bytes > maxKept && len(l.requests) > 1) {
		l.bytes -= len(l.requests[0].Body)
		l.requests = slices.Delete(l.requests, 0, 1)
	}
}

func (l *requestLog) ended(r *Request, hr *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	r.Ended = true
	r.Gone = hr.Context().Err() != nil
}

// turn counts the requests that a limited scenario is meant for: those that ask
// for the same one, or for none if the plan made it up. A GET does not use it
// up.
func (l *requestLog) turn(r *Request, b Behaviour) int {
	if (b.First == 0 && b.Percent == 0) || r.Method == http.MethodGet {
		return 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turns == nil {
		l.turns = make(map[string]int)
	}
	l.turns[r.Scenario]++
	return l.turns[r.Scenario]
}

// reported notes what an answer says it used.
func (l *requestLog) reported(r *Request, note func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	note(r)
}

// Requests are the last requests that arrived, oldest first. Their headers and
// bodies are shared and must not be changed.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	list := make([]Request, len(s.log.requests))
	for i, r := range s.log.requests {
		list[i] = *r
	}
	return list
}

// Last is the request that arrived last; the zero Request if there was none.
func (s *Server) Last() Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if n := len(s.log.requests); n > 0 {
		return *s.log.requests[n-1]
	}
	return Request{}
}

// Total is how many requests have arrived since the start or the last Forget.
func (s *Server) Total() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.total
}

// Counts is how many requests have arrived with each key.
func (s *Server) Counts() map[string]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return maps.Clone(s.log.byKey)
}

// InFlight is how many requests are being answered.
func (s *Server) InFlight() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.inFlight
}

// Forget starts counting and remembering anew, scenarios for the first so many
// requests included. Stored responses stay.
func (s *Server) Forget() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.requests, s.log.bytes, s.log.total, s.log.byKey, s.log.turns = nil, 0, 0, nil, nil
}
