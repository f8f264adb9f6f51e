package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/internal/fastjson"
)

const (
	// liveQueue is how many events one who watches may be behind.
	liveQueue = 64
	// liveEnd is how long a stream that ends may write still. It is less than a
	// second, so that an HTTP server need not wait for who reads nothing.
	liveEnd = 500 * time.Millisecond
)

// liveFrame is an event as one viewer gets it.
type liveFrame struct {
	seq  uint64
	kind string
	data []byte
}

// liveWatcher is one stream. Its fields are guarded by the hub's lock.
type liveWatcher struct {
	token string
	queue []liveFrame
	stale bool          // it has missed something and needs a snapshot
	wake  chan struct{} // has something when there is something to send
}

// push adds an event to a stream. Of one that is too far behind, nothing is
// kept but that it needs a snapshot.
func (v *liveWatcher) push(f liveFrame) {
	switch {
	case v.stale:
	case len(v.queue) >= liveQueue:
		v.overflow()
	default:
		v.queue = append(v.queue, f)
	}
	v.awaken()
}

func (v *liveWatcher) overflow() {
	v.queue, v.stale = nil, true
	v.awaken()
}

func (v *liveWatcher) awaken() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// take returns what is to be sent to a stream next, if there is something.
func (h *Hub) take(v *liveWatcher) (liveFrame, bool, error) {
	h.mu.Lock()
	if !v.stale {
		defer h.mu.Unlock()
		if len(v.queue) == 0 {
			return liveFrame{}, false, nil
		}
		f := v.queue[0]
		v.queue = v.queue[1:]
		return f, true, nil
	}
	v.stale = false
	seq := h.next()
	h.mu.Unlock()
	var shown any
	if h.o.Snapshot != nil {
		shown = h.o.Snapshot(v.token)
	}
	data, err := fastjson.Marshal(shown)
	if err != nil {
		return liveFrame{}, false, fmt.Errorf("the snapshot of live events cannot be encoded: %w", err)
	}
	return liveFrame{seq, "snapshot", data}, true, nil
}

// ServeSSE streams events until the client leaves, ctx ends (the session's end
// should be its deadline), the hub is closed, or one of the channels stop is,
// such as that of an HTTP server that shuts down. The token is that of
// HubOptions. Who may not watch now is answered with 503. The error is that the
// snapshot cannot be encoded, in which case nothing may have been sent yet, or
// that the server cannot stream; it is none that the client leaves.
func (h *Hub) ServeSSE(w http.ResponseWriter, r *http.Request, token string, stop ...<-chan struct{}) error {
	v, err := h.join(token, r.Header.Get("Last-Event-ID"))
	if err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		return json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
	}
	defer h.leave(v)
	first, some, err := h.take(v)
	if err != nil {
		return err
	}
	s := &liveStream{w: w, control: http.NewResponseController(w), epoch: h.epoch, patience: h.pace.write, ended: make(chan struct{})}
	defer s.watch(r.Context(), append(stop, h.closed))()
	return s.run(h, v, first, some)
}

// liveStream writes one stream.
type liveStream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	epoch    string
	patience time.Duration

	mu    sync.Mutex // so that a deadline is not set again after the end
	ended chan struct{}
}

// errLiveEnded says that a stream is over, for whatever reason. That a client
// has left or reads nothing is not the gateway's error, and it reconnects.
var errLiveEnded = errors.New("the stream has ended")

// run writes events until the stream ends, beginning with the first if there
// is some.
func (s *liveStream) run(h *Hub, v *liveWatcher, f liveFrame, some bool) error {
	header := s.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	// A server's limit for reading requests would end the stream.
	_ = s.control.SetReadDeadline(time.Time{}) // where that cannot be set, it does
	s.w.WriteHeader(http.StatusOK)
	heartbeat := time.NewTicker(h.pace.heartbeat)
	defer heartbeat.Stop()
	err := s.write("retry: 1000\n\n")
	for err == nil {
		if some {
			err = s.write(fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", s.epoch, f.seq, f.kind, f.data))
		} else {
			select {
			case <-s.ended:
				return nil
			case <-v.wake:
			case <-heartbeat.C:
				err = s.write(": still here\n\n")
			}
		}
		if err == nil {
			f, some, err = h.take(v)
		}
	}
	if errors.Is(err, errLiveEnded) {
		return nil
	}
	return err
}

// write sends a text at once. It takes no longer than the patience. The error
// is errLiveEnded, unless the server cannot stream at all.
func (s *liveStream) write(text string) error {
	if err := s.extend(); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return errLiveEnded
	}
	err := s.control.Flush()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errLiveEnded
	}
	return err
}

// extend gives the next write its time, unless the stream has ended.
func (s *liveStream) extend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
		return errLiveEnded
	default:
	}
	err := s.control.SetWriteDeadline(time.Now().Add(s.patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errLiveEnded
	}
	return nil
}

// watch ends the stream when ctx or one of the channels does, even while it
// writes to somebody who reads nothing. The function it returns stops that: the
// writer must not be touched after its handler has returned.
func (s *liveStream) watch(ctx context.Context, stops []<-chan struct{}) (release func()) {
	finished := make(chan struct{})
	var group sync.WaitGroup
	for _, stop := range append(stops, ctx.Done()) {
		if stop == nil {
			continue
		}
		group.Go(func() {
			select {
			case <-stop:
				s.end()
			case <-finished:
			}
		})
	}
	return func() {
		close(finished)
		group.Wait()
	}
}

// end makes the writer return soon.
func (s *liveStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
	default:
		close(s.ended)
		_ = s.control.SetWriteDeadline(time.Now().Add(liveEnd)) // without deadlines, the next write ends it
	}
}
