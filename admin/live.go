package admin

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/internal/fastjson"
)

const (
	liveWatchers = 200 // all that may watch at once
	liveHolders  = 150 // of these, holders of tokens: the rest is the operator's
	livePerToken = 20  // of these, holders of one token
	liveRing     = 500 // events that are kept for those who reconnect
	liveBytes    = 8 << 20
	liveCalls    = 100 // calls of one event
	livePending  = 500 // calls of one event to all holders together
)

// livePace says how often what is sent.
type livePace struct {
	calls, metrics, heartbeat time.Duration
	write                     time.Duration // the longest that one event may take
	linger                    time.Duration // how long one who left may come back and miss nothing
}

var usualPace = livePace{
	calls: 250 * time.Millisecond, metrics: time.Second, heartbeat: 15 * time.Second, write: 10 * time.Second, linger: 5 * time.Second,
}

// HubOptions says what a hub shows. The token is "" for the operator's view,
// else the name of the client token whose holder watches: they must only ever
// get their own calls and numbers. The functions are called outside of locks
// and should be quick; what they return is sent as JSON.
type HubOptions struct {
	Snapshot func(token string) any // everything, when one begins to watch
	Metrics  func(token string) any // numbers, each second
	// Running lists calls under way, at most so many: when they begin, get
	// further and end, and each second for what they have given. nil: nobody is
	// told of them.
	Running func(token string, most int) RunningCalls
	Now     func() time.Time // default time.Now
}

// liveEvent is an event that may be sent again to who reconnects, as JSON by
// viewer: the operator is "". Who is not in it never gets it.
type liveEvent struct {
	seq   uint64
	kind  string
	data  map[string][]byte
	bytes int
}

// liveList is the calls that wait to be sent to one viewer.
type liveList struct {
	calls [][]byte
	left  int // calls for which there was no room
}

// Hub tells those who watch what happens, as Server-Sent Events: a snapshot
// first, then metrics each second, changes of channels, calls under way, and
// calls that have ended. It does
// nothing while nobody watches, and nobody who watches slows down what is
// watched.
//
// Each event has the id epoch-seq. The epoch is the hub's own. The numbers only
// grow, and follow the clock rather than the events: the holder of a token must
// not learn from gaps how much others do.
type Hub struct {
	o       HubOptions
	pace    livePace
	epoch   string
	started time.Time
	closed  chan struct{}
	watched atomic.Bool

	mu       sync.Mutex
	seq      uint64 // the last that was given out
	floor    uint64 // who has seen less than this has missed what is gone
	ring     []liveEvent
	bytes    int                  // of the ring
	pending  map[string]*liveList // by viewer
	owned    int                  // pending calls of holders
	watchers map[*liveWatcher]bool
	ticking  bool
	lingers  *time.Timer
}

// NewHub returns a hub that nobody watches yet.
func NewHub(o HubOptions) *Hub {
	if o.Now == nil {
		o.Now = time.Now
	}
	epoch := make([]byte, 8)
	rand.Read(epoch) // it never fails: it ends the process instead
	return &Hub{
		o: o, pace: usualPace, epoch: hex.EncodeToString(epoch), started: o.Now(), closed: make(chan struct{}),
		pending: make(map[string]*liveList), watchers: make(map[*liveWatcher]bool),
	}
}

// Watched reports whether anybody watches, or did within the last 5 s and may
// come back. It costs next to nothing. Change first what a snapshot shows and
// ask then, so that nothing is missed in between.
func (h *Hub) Watched() bool { return h.watched.Load() }

// PublishCall tells of a call: the operator gets call, and the holder of its
// token gets own, nobody if that is nil. Calls are sent together, at most four
// times a second and 100 at a time, with the number of those left out.
func (h *Hub) PublishCall(token string, call, own any) {
	if !h.Watched() {
		return
	}
	all, _ := fastjson.Marshal(call) // what cannot be encoded counts as left out
	var mine []byte
	if own != nil && token != "" {
		mine, _ = fastjson.Marshal(own)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.Watched() {
		return
	}
	h.hold("", all, true)
	if own != nil && token != "" && h.hold(token, mine, h.owned < livePending) {
		h.owned++
	}
}

// hold keeps a call for the next event to a viewer, if there is room.
func (h *Hub) hold(viewer string, call []byte, room bool) bool {
	l := h.pending[viewer]
	if l == nil {
		l = new(liveList)
		h.pending[viewer] = l
	}
	if call == nil || !room || len(l.calls) >= liveCalls {
		l.left++
		return false
	}
	l.calls = append(l.calls, call)
	return true
}

// PublishChannel tells the operator of a change of a channel.
func (h *Hub) PublishChannel(change any) {
	if !h.Watched() {
		return
	}
	data, err := fastjson.Marshal(change)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.Watched():
	case err == nil:
		h.broadcast("channel", map[string][]byte{"": data})
	default: // a snapshot tells it otherwise
		h.forgetRing()
		for v := range h.watchers {
			v.overflow()
		}
	}
}

// flush sends the calls that wait.
func (h *Hub) flush() {
	if len(h.pending) == 0 {
		return
	}
	data := make(map[string][]byte, len(h.pending))
	for viewer, l := range h.pending {
		size := 40
		for _, c := range l.calls {
			size += len(c) + 1
		}
		b := append(make([]byte, 0, size), `{"calls":[`...)
		for i, c := range l.calls {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, c...)
		}
		b = append(b, `],"left_out":`...)
		data[viewer] = append(strconv.AppendInt(b, int64(l.left), 10), '}')
	}
	clear(h.pending)
	h.owned = 0
	h.broadcast("calls", data)
}

// broadcast sends an event to those it is for, and keeps it for a while.
func (h *Hub) broadcast(kind string, data map[string][]byte) {
	e := liveEvent{seq: h.next(), kind: kind, data: data}
	for viewer, d := range data {
		e.bytes += len(viewer) + len(d)
	}
	h.ring = append(h.ring, e)
	for h.bytes += e.bytes; len(h.ring) > liveRing || h.bytes > liveBytes; h.ring = h.ring[1:] {
		h.floor, h.bytes = h.ring[0].seq, h.bytes-h.ring[0].bytes
		h.ring[0] = liveEvent{}
	}
	for v := range h.watchers {
		if d := data[v.token]; d != nil {
			v.push(liveFrame{e.seq, kind, d})
		}
	}
}

// next returns the number of the next event: the milliseconds of this epoch.
func (h *Hub) next() uint64 {
	h.seq++
	if passed := h.o.Now().Sub(h.started).Milliseconds(); passed > 0 {
		h.seq = max(h.seq, uint64(passed))
	}
	return h.seq
}

// forgetRing makes all who reconnect begin with a snapshot.
func (h *Hub) forgetRing() {
	h.floor = h.next()
	h.ring, h.bytes = nil, 0
}

// join adds a stream: one that goes on after the last event it has seen, if
// that is known still, or one that begins with a snapshot.
func (h *Hub) join(token, lastID string) (*liveWatcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isClosed() {
		return nil, errors.New("the gateway is stopping or loads a new config; try again")
	}
	holders, same := 0, 0
	for v := range h.watchers {
		if v.token != "" {
			holders++
		}
		if v.token == token {
			same++
		}
	}
	if len(h.watchers) >= liveWatchers || token != "" && (holders >= liveHolders || same >= livePerToken) {
		return nil, errors.New("too many are watching; close another window or try again later")
	}
	if h.lingers != nil {
		h.lingers.Stop()
	}
	v := &liveWatcher{token: token, stale: true, wake: make(chan struct{}, 1)}
	if seen, ok := h.seen(lastID); ok {
		v.stale = false
		for _, e := range h.ring {
			if d := e.data[token]; e.seq > seen && d != nil {
				v.queue = append(v.queue, liveFrame{e.seq, e.kind, d})
			}
		}
	}
	v.awaken()
	h.watchers[v] = true
	h.watched.Store(true)
	if !h.ticking {
		h.ticking = true
		go h.tick()
	}
	return v, nil
}

// seen returns the number of an id, and whether all that came after is known.
func (h *Hub) seen(id string) (uint64, bool) {
	epoch, number, _ := strings.Cut(id, "-")
	seen, err := strconv.ParseUint(number, 10, 64)
	return seen, err == nil && epoch == h.epoch && h.watched.Load() && seen >= h.floor && seen <= h.seq
}

// leave removes a stream. After the last one, events are kept a little longer,
// because browsers reconnect.
func (h *Hub) leave(v *liveWatcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, v)
	if len(h.watchers) == 0 && !h.isClosed() {
		if h.lingers != nil {
			h.lingers.Stop()
		}
		h.lingers = time.AfterFunc(h.pace.linger, h.linger)
	}
}

// linger forgets everything once nobody watches.
func (h *Hub) linger() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		h.watched.Store(false)
		clear(h.pending)
		h.owned = 0
		h.forgetRing()
	}
}

// tick sends calls and metrics while anybody watches.
func (h *Hub) tick() {
	ticker := time.NewTicker(h.pace.calls)
	defer ticker.Stop()
	last := time.Now()
	shapes := make(map[string]string)
	for {
		select {
		case <-h.closed:
			return
		case <-ticker.C:
		}
		h.mu.Lock()
		if len(h.watchers) == 0 {
			h.ticking = false
			h.mu.Unlock()
			return
		}
		h.flush()
		h.mu.Unlock()
		// Half a tick early is closer than half a tick late.
		now := time.Now()
		due := now.Sub(last) >= h.pace.metrics-h.pace.calls/2
		if due {
			last = now
			h.measure()
		}
		h.tellRunning(shapes, due)
	}
}

// viewers are those who watch, each once.
func (h *Hub) viewers() map[string][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	data := make(map[string][]byte)
	for v := range h.watchers {
		data[v.token] = nil
	}
	return data
}

// measure sends each viewer their metrics.
func (h *Hub) measure() {
	if h.o.Metrics == nil {
		return
	}
	data := h.viewers()
	for token := range data {
		data[token], _ = fastjson.Marshal(h.o.Metrics(token)) // none is sent if it cannot be encoded
	}
	h.push("metrics", data)
}

// tellRunning sends each viewer the calls under way: those whose shape is another
// than it was, or, if all is set, everybody. It remembers the shapes.
func (h *Hub) tellRunning(shapes map[string]string, all bool) {
	if h.o.Running == nil {
		return
	}
	data := h.viewers()
	maps.DeleteFunc(shapes, func(token, _ string) bool { _, watches := data[token]; return !watches })
	for token := range data {
		list := h.o.Running(token, liveRunning)
		shape := list.shape()
		if all || shape != shapes[token] {
			shapes[token] = shape
			data[token], _ = json.Marshal(list) // texts and numbers cannot fail
		}
	}
	h.push("running", data)
}

// push sends an event that is not kept, because a newer one replaces it.
func (h *Hub) push(kind string, data map[string][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq := h.next()
	for v := range h.watchers {
		if d := data[v.token]; d != nil {
			v.push(liveFrame{seq, kind, d})
		}
	}
}

// CloseAll ends all streams within a second and refuses new ones, for good.
func (h *Hub) CloseAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isClosed() {
		return
	}
	close(h.closed)
	h.watched.Store(false)
	h.ring, h.pending = nil, make(map[string]*liveList)
	if h.lingers != nil {
		h.lingers.Stop()
	}
}

func (h *Hub) isClosed() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}
