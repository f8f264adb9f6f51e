package admin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of streams of events.
const (
	mostWatchers  = 200
	mostWaiting   = 64  // events that wait for one watcher
	ringSize      = 512 // events that can be had again
	mostCalls     = 100 // in one event
	callsEvery    = 250 * time.Millisecond
	metricsEvery  = time.Second
	silenceMost   = 15 * time.Second // then a comment says that somebody is there
	eventDeadline = 10 * time.Second // for writing one event
)

// HubOptions are where a Hub gets what it tells. They are asked without any
// lock held; token "" is the operator's view, any other the one of the holder
// of that client token.
type HubOptions struct {
	Snapshot func(token string) any
	Metrics  func(token string) any
}

// Hub tells watchers what happens, as Server-Sent Events: snapshot at the
// beginning, metrics each second, channel when something begins or ceases to
// rest or is changed, and calls, several together. Events have ids; who comes
// back with Last-Event-ID gets the channel and calls events it has missed, or a
// new snapshot if there were too many. Holders of client tokens are told of
// their own calls and numbers only. It is safe for concurrent use, and works
// only while somebody watches.
type Hub struct {
	options HubOptions
	epoch   string // of ids: those of another process mean nothing here
	count   atomic.Int32

	mu       sync.Mutex
	closed   bool
	watchers map[*watcher]bool
	seq      uint64
	ring     []event // the latest, oldest first
	calls    []liveCall
	leftOut  int           // calls of the next event that are not in it
	stop     chan struct{} // ends the hub's goroutine; nil while there is none
}

// event is one that was sent to whoever may see it.
type event struct {
	seq   uint64
	kind  string
	whole []byte            // for operators
	own   map[string][]byte // for holders, by token
}

// liveCall is a call that has ended.
type liveCall struct {
	token      string
	whole, own any
}

// watcher is one stream.
type watcher struct {
	token  string
	events chan []byte
	lost   bool          // it was too slow: it needs a new snapshot
	gone   chan struct{} // closed when the hub closes
}

// NewHub returns a hub that nobody watches.
func NewHub(o HubOptions) *Hub {
	raw := make([]byte, 6)
	rand.Read(raw)
	return &Hub{options: o, epoch: hex.EncodeToString(raw), watchers: make(map[*watcher]bool)}
}

// Watched reports whether anybody watches. It takes no lock.
func (h *Hub) Watched() bool { return h.count.Load() > 0 }

// PublishCall tells of a call that has ended: operators of whole, the holder of
// the token of own. Both are not changed any more.
func (h *Hub) PublishCall(token string, whole, own any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		return
	}
	if len(h.calls) >= mostCalls {
		h.leftOut++
		return
	}
	h.calls = append(h.calls, liveCall{token, whole, own})
}

// PublishChannel tells operators of a change.
func (h *Hub) PublishChannel(change any) {
	text, err := json.Marshal(change)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) > 0 {
		h.send(event{kind: "channel", whole: text})
	}
}

// callsEvent is the data of an event calls.
type callsEvent struct {
	Calls   []any `json:"calls"`
	LeftOut int   `json:"left_out,omitempty"`
}

// flushCalls sends the calls that wait as one event.
func (h *Hub) flushCalls() {
	h.mu.Lock()
	calls, leftOut := h.calls, h.leftOut
	h.calls, h.leftOut = nil, 0
	h.mu.Unlock()
	if len(calls) == 0 {
		return
	}
	whole, own := callsEvent{LeftOut: leftOut}, make(map[string]*callsEvent)
	for _, c := range calls {
		whole.Calls = append(whole.Calls, c.whole)
		mine := own[c.token]
		if mine == nil {
			mine = &callsEvent{LeftOut: min(leftOut, 1)} // that there are more, not of whom
			own[c.token] = mine
		}
		mine.Calls = append(mine.Calls, c.own)
	}
	e := event{kind: "calls", own: make(map[string][]byte, len(own))}
	var err error
	if e.whole, err = json.Marshal(whole); err != nil {
		return
	}
	for token, mine := range own {
		if text, err := json.Marshal(mine); err == nil && token != "" {
			e.own[token] = text
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send(e)
}

// send gives an event its number and hands it to whoever may see it. The lock
// is held.
func (h *Hub) send(e event) {
	h.seq++
	e.seq = h.seq
	if len(h.ring) == ringSize {
		copy(h.ring, h.ring[1:])
		h.ring = h.ring[:ringSize-1]
	}
	h.ring = append(h.ring, e)
	for w := range h.watchers {
		if data := e.visibleTo(w.token); data != nil {
			w.give(h.format(e.kind, e.seq, data))
		}
	}
}

// visibleTo is what a watcher may see of an event; nil is nothing.
func (e *event) visibleTo(token string) []byte {
	if token == "" {
		return e.whole
	}
	return e.own[token]
}

// give never waits: a watcher that is too slow begins anew.
func (w *watcher) give(text []byte) {
	select {
	case w.events <- text:
	default:
		w.lost = true
	}
}

// format writes an event.
func (h *Hub) format(kind string, seq uint64, data []byte) []byte {
	return fmt.Appendf(nil, "id: %s-%d\nevent: %s\ndata: %s\n\n", h.epoch, seq, kind, data)
}

// run sends calls and metrics until nobody watches.
func (h *Hub) run(stop <-chan struct{}) {
	calls, metrics := time.NewTicker(callsEvery), time.NewTicker(metricsEvery)
	defer calls.Stop()
	defer metrics.Stop()
	for {
		select {
		case <-stop:
			return
		case <-calls.C:
			h.flushCalls()
		case <-metrics.C:
			h.sendMetrics()
		}
	}
}

// sendMetrics tells each watcher its numbers. They are not kept for those who
// come back.
func (h *Hub) sendMetrics() {
	h.mu.Lock()
	list := make(map[string][]*watcher)
	for w := range h.watchers {
		list[w.token] = append(list[w.token], w)
	}
	seq := h.seq
	h.mu.Unlock()
	for token, watchers := range list {
		text, err := json.Marshal(h.options.Metrics(token))
		if err != nil {
			continue
		}
		h.mu.Lock()
		for _, w := range watchers {
			w.give(h.format("metrics", seq, text))
		}
		h.mu.Unlock()
	}
}

// join adds a watcher, and returns what it has missed; again is false if it
// needs a snapshot.
func (h *Hub) join(token, last string) (w *watcher, missed [][]byte, again bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, nil, false, Problemf(http.StatusServiceUnavailable, "not_ready", "", "the gateway is shutting down")
	case len(h.watchers) >= mostWatchers:
		return nil, nil, false, Problemf(http.StatusServiceUnavailable, CodeThrottled, "", "%d pages watch already; close some", mostWatchers)
	}
	w = &watcher{token: token, events: make(chan []byte, mostWaiting), gone: make(chan struct{})}
	h.watchers[w] = true
	h.count.Store(int32(len(h.watchers))) //nolint:gosec // at most mostWatchers
	if h.stop == nil {
		h.stop = make(chan struct{})
		go h.run(h.stop)
	}
	epoch, number, _ := strings.Cut(last, "-")
	seq, bad := strconv.ParseUint(number, 10, 64)
	if epoch != h.epoch || bad != nil || seq > h.seq || h.seq-seq > uint64(len(h.ring)) {
		return w, nil, false, nil
	}
	for i := range h.ring {
		if e := &h.ring[i]; e.seq > seq {
			if data := e.visibleTo(token); data != nil {
				missed = append(missed, h.format(e.kind, e.seq, data))
			}
		}
	}
	return w, missed, true, nil
}

func (h *Hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
	h.count.Store(int32(len(h.watchers))) //nolint:gosec // at most mostWatchers
	if len(h.watchers) == 0 && h.stop != nil {
		close(h.stop)
		h.stop, h.calls, h.leftOut = nil, nil, 0
	}
}

// CloseAll ends all streams, and refuses new ones.
func (h *Hub) CloseAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for w := range h.watchers {
		close(w.gone)
	}
}

// ServeSSE streams events to a client until it goes, the request's context
// ends, stop is closed or the hub is. The error is a *Problem, and then nothing
// was written.
func (h *Hub) ServeSSE(w http.ResponseWriter, r *http.Request, token string, stop <-chan struct{}) error {
	me, missed, again, err := h.join(token, r.Header.Get("Last-Event-ID"))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		return err
	}
	defer h.leave(me)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := stream{w: w, controller: http.NewResponseController(w)}
	if !again {
		missed = append(missed, h.snapshot(token))
	}
	for _, text := range missed {
		if s.write(text) != nil {
			return nil
		}
	}
	h.follow(r.Context(), me, &s, stop)
	return nil
}

// snapshot is how things are now.
func (h *Hub) snapshot(token string) []byte {
	h.mu.Lock()
	seq := h.seq // taken before: what happens meanwhile is told again
	h.mu.Unlock()
	text, err := json.Marshal(h.options.Snapshot(token))
	if err != nil {
		text = []byte("null")
	}
	return h.format("snapshot", seq, text)
}

// follow writes events as they come.
func (h *Hub) follow(ctx context.Context, me *watcher, s *stream, stop <-chan struct{}) {
	quiet := time.NewTimer(silenceMost)
	defer quiet.Stop()
	for {
		var text []byte
		select {
		case <-ctx.Done():
			return
		case <-stop:
			return
		case <-me.gone:
			return
		case <-quiet.C:
			text = []byte(":\n\n")
		case text = <-me.events:
		}
		if s.write(text) != nil {
			return
		}
		if h.hasLost(me) && s.write(h.snapshot(me.token)) != nil {
			return
		}
		quiet.Reset(silenceMost)
	}
}

// hasLost reports whether events were lost for a watcher, and forgets it.
func (h *Hub) hasLost(me *watcher) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	lost := me.lost
	me.lost = false
	return lost
}

// stream is the client's side of it.
type stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func (s *stream) write(text []byte) error {
	// A server that knows no deadlines has its own way to end a dead client.
	_ = s.controller.SetWriteDeadline(time.Now().Add(eventDeadline))
	if _, err := s.w.Write(text); err != nil { //nolint:gosec // JSON in events, and said to be
		return err
	}
	return s.controller.Flush()
}
