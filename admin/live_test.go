package admin

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// liveSent is an event as a client read it. A comment has the kind "comment".
type liveSent struct{ id, kind, data string }

// liveClient is one who watches over HTTP.
type liveClient struct {
	events chan liveSent // closed when the stream ends
	header http.Header
	leave  func()
}

// liveServer is a hub behind an HTTP server. The token is taken from the query.
type liveServer struct {
	*Hub
	*httptest.Server
	stop    chan struct{}
	metrics atomic.Int64 // how often they were asked for
	ended   chan error   // what ServeSSE returned
}

func newLiveServer(t *testing.T, change func(h *Hub)) *liveServer {
	t.Helper()
	s := &liveServer{stop: make(chan struct{}), ended: make(chan error, 1000)}
	s.Hub = NewHub(HubOptions{
		Snapshot: func(token string) any { return map[string]string{"for": token} },
		Metrics:  func(token string) any { return map[string]any{"of": token, "n": s.metrics.Add(1)} },
	})
	s.pace.metrics = time.Hour
	s.pace.calls = 20 * time.Millisecond
	if change != nil {
		change(s.Hub)
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseAll()
		s.Server.CloseClientConnections()
		s.Server.Close()
	})
	return s
}

func (s *liveServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.ended <- s.ServeSSE(w, r, r.URL.Query().Get("token"), s.stop)
}

// open begins to watch and must be allowed to.
func (s *liveServer) open(t *testing.T, token, lastID string) *liveClient {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/?token="+token, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	c := &liveClient{events: make(chan liveSent, 5000), header: resp.Header, leave: func() { resp.Body.Close() }}
	t.Cleanup(c.leave)
	go c.read(bufio.NewReader(resp.Body))
	return c
}

func (c *liveClient) read(from *bufio.Reader) {
	defer close(c.events)
	var e liveSent
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if value != "" {
				c.events <- liveSent{kind: "comment", data: value}
			} else if e.kind != "" {
				c.events <- e
				e = liveSent{}
			}
		}
	}
}

// next returns the next event, which must be of a kind.
func (c *liveClient) next(t *testing.T, kind string) liveSent {
	t.Helper()
	select {
	case e, ok := <-c.events:
		if !ok {
			t.Fatalf("the stream ended before an event %s", kind)
		}
		if e.kind != kind {
			t.Fatalf("event %+v, want %s", e, kind)
		}
		return e
	case <-time.After(5 * time.Second):
		t.Fatalf("no event %s", kind)
		return liveSent{}
	}
}

// gone waits for the end of the stream and returns how long it took.
func (c *liveClient) gone(t *testing.T) time.Duration {
	t.Helper()
	began, late := time.Now(), time.After(5*time.Second)
	for {
		select {
		case _, ok := <-c.events:
			if !ok {
				return time.Since(began)
			}
		case <-late:
			t.Fatal("the stream did not end")
		}
	}
}

// until waits for something that happens soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%s: not within 5 s", what)
		}
	}
}

func (h *Hub) watching() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers)
}

func TestLiveBeginsWithASnapshotAndGoesOnWithMetrics(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(h *Hub) { h.pace = usualPace; h.pace.heartbeat = 400 * time.Millisecond })
	c := s.open(t, "", "")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := c.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	first := c.next(t, "snapshot")
	began := time.Now()
	if first.data != `{"for":""}` || !strings.HasPrefix(first.id, s.epoch+"-") {
		t.Errorf("snapshot %+v", first)
	}
	if beat := c.next(t, "comment"); beat.data != "still here" {
		t.Errorf("heartbeat %+v", beat)
	}
	c.next(t, "comment")
	one := c.next(t, "metrics")
	if passed := time.Since(began); passed < 700*time.Millisecond || passed > 2*time.Second {
		t.Errorf("metrics after %v", passed)
	}
	if one.data != `{"n":1,"of":""}` || one.id == first.id {
		t.Errorf("metrics %+v", one)
	}
}

// calledIn reads an event's calls.
func calledIn(t *testing.T, e liveSent) (list []string, left int) {
	t.Helper()
	var read struct {
		Calls   []string `json:"calls"`
		LeftOut int      `json:"left_out"`
	}
	if err := json.Unmarshal([]byte(e.data), &read); err != nil {
		t.Fatalf("%s: %v", e.data, err)
	}
	return read.Calls, read.LeftOut
}

func TestLiveCallsGoOutTogether(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(h *Hub) { h.pace.calls = usualPace.calls })
	c := s.open(t, "", "")
	c.next(t, "snapshot")
	const all = 2000
	began := time.Now()
	for i := range all { // for a bit more than a second
		s.PublishCall("alice", fmt.Sprint(i), nil)
		if i%20 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	passed := time.Since(began)
	events, told := 0, 0
	for told < all {
		list, left := calledIn(t, c.next(t, "calls"))
		if len(list) > 100 || len(list) < 100 && left > 0 {
			t.Errorf("%d calls and %d left out", len(list), left)
		}
		events++
		told += len(list) + left
	}
	if most := int(passed/usualPace.calls) + 2; told != all || events > most || events < 2 {
		t.Errorf("%d calls in %d events within %v", told, events, passed)
	}
}

func TestLiveHoldersSeeOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(h *Hub) { h.pace.metrics = 40 * time.Millisecond })
	clients := map[string]*liveClient{"": s.open(t, "", ""), "alice": s.open(t, "alice", ""), "bob": s.open(t, "bob", "")}
	until(t, "metrics", func() bool { return s.metrics.Load() > 6 })
	for i := range 50 {
		s.PublishChannel(map[string]string{"secret": "channel"})
		s.PublishCall("alice", "all-alice", fmt.Sprint("own-alice-", i))
		s.PublishCall("bob", "all-bob", fmt.Sprint("own-bob-", i))
		s.PublishCall("alice", "all-hidden", nil)
		s.PublishCall("", "all-nobody", "own-nobody")
	}
	wants := map[string]string{"": "all-", "alice": "own-alice-", "bob": "own-bob-"}
	count := map[string]int{"": 200, "alice": 50, "bob": 50}
	told, kinds := make(map[string]int), map[string]map[string]int{"": {}, "alice": {}, "bob": {}}
	take := func(token string, e liveSent) {
		kinds[token][e.kind]++
		switch e.kind {
		case "snapshot":
			if e.data != fmt.Sprintf(`{"for":%q}`, token) {
				t.Errorf("%q got %+v", token, e)
			}
		case "metrics":
			if !strings.Contains(e.data, fmt.Sprintf(`"of":%q`, token)) {
				t.Errorf("%q got %+v", token, e)
			}
		case "calls":
			list, left := calledIn(t, e)
			told[token] += len(list) + left
			for _, call := range list {
				if !strings.HasPrefix(call, wants[token]) {
					t.Errorf("%q got the call %s", token, call)
				}
			}
		case "channel":
			if token != "" {
				t.Errorf("%q got %+v", token, e)
			}
		}
	}
	complete := func(token string) bool {
		return told[token] >= count[token] && kinds[token]["metrics"] > 0 && (token != "" || kinds[token]["channel"] >= 50)
	}
	defer time.AfterFunc(10*time.Second, s.CloseAll).Stop() // if something does not come
	for token, c := range clients {
		for !complete(token) {
			e, open := <-c.events
			if !open {
				break
			}
			take(token, e)
		}
	}
	s.CloseAll()
	for token, c := range clients {
		for e := range c.events {
			take(token, e)
		}
		if told[token] != count[token] || kinds[token]["snapshot"] != 1 || !complete(token) || token == "" && kinds[token]["channel"] != 50 {
			t.Errorf("%q got %d calls, events %v", token, told[token], kinds[token])
		}
	}
}

func TestLiveGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, nil)
	c, holder := s.open(t, "", ""), s.open(t, "alice", "")
	c.next(t, "snapshot")
	holderID := holder.next(t, "snapshot").id
	s.PublishChannel(1)
	id := c.next(t, "channel").id
	c.leave()
	holder.leave()
	until(t, "both left", func() bool { return s.watching() == 0 })
	if !s.Watched() {
		t.Fatal("who comes back would miss something")
	}
	s.PublishChannel(2)
	s.PublishCall("bob", "b", "own b")
	s.PublishCall("alice", "a", "own a")

	c = s.open(t, "", id)
	if e := c.next(t, "channel"); e.data != "2" {
		t.Errorf("after the gap %+v", e)
	}
	e := c.next(t, "calls")
	if list, _ := calledIn(t, e); !slices.Equal(list, []string{"b", "a"}) {
		t.Errorf("after the gap %+v", e)
	}
	holder = s.open(t, "alice", holderID)
	if list, _ := calledIn(t, holder.next(t, "calls")); !slices.Equal(list, []string{"own a"}) {
		t.Errorf("the holder got %v after the gap", list)
	}
	last := s.open(t, "", e.id) // has missed nothing
	s.PublishChannel(3)
	for _, c := range []*liveClient{c, last} {
		if e := c.next(t, "channel"); e.data != "3" {
			t.Errorf("then %+v", e)
		}
	}
	for _, id := range []string{"x", "-", s.epoch, s.epoch + "-", s.epoch + "-x", s.epoch + "-99999999999", s.epoch + "--1", "0123456789abcdef-1"} {
		s.open(t, "", id).next(t, "snapshot")
	}
}

func TestLiveForgetsWhatIsOld(t *testing.T) {
	t.Parallel()
	for name, publish := range map[string]func(s *liveServer){
		"many events": func(s *liveServer) {
			for i := range liveRing + 1 {
				s.PublishChannel(i)
			}
		},
		"large events": func(s *liveServer) {
			for range 9 {
				s.PublishChannel(strings.Repeat("x", 1<<20))
			}
		},
		"nobody watched": func(s *liveServer) { until(t, "rest", func() bool { return !s.Watched() }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLiveServer(t, func(h *Hub) { h.pace.linger = 300 * time.Millisecond })
			c := s.open(t, "", "")
			c.next(t, "snapshot")
			s.PublishChannel("first")
			id := c.next(t, "channel").id
			c.leave()
			until(t, "left", func() bool { return s.watching() == 0 })
			publish(s)
			s.mu.Lock()
			if n := len(s.ring); n > liveRing || s.bytes > liveBytes {
				t.Errorf("%d events of %d bytes are kept", n, s.bytes)
			}
			s.mu.Unlock()
			s.open(t, "", id).next(t, "snapshot")
		})
	}
}

func TestLiveRestsWhileNobodyWatches(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(h *Hub) { h.pace.metrics = 20 * time.Millisecond; h.pace.linger = 50 * time.Millisecond })
	if s.Watched() {
		t.Error("watched by nobody")
	}
	s.PublishChannel(1)
	s.PublishCall("alice", 1, 1)
	if len(s.ring)+len(s.pending) != 0 {
		t.Error("kept for nobody")
	}
	for range 2 { // it starts again
		before := s.metrics.Load()
		c := s.open(t, "", "")
		c.next(t, "snapshot")
		c.next(t, "metrics")
		if !s.Watched() || s.metrics.Load() == before {
			t.Error("not watched")
		}
		c.leave()
		until(t, "rest", func() bool { return !s.Watched() })
		until(t, "no ticks", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.ticking })
	}
	n := s.metrics.Load()
	time.Sleep(100 * time.Millisecond)
	if s.metrics.Load() != n {
		t.Error("measured for nobody")
	}
}

func TestLiveWhatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, nil)
	c := s.open(t, "", "")
	c.next(t, "snapshot")
	s.PublishCall("alice", func() {}, nil)
	if list, left := calledIn(t, c.next(t, "calls")); len(list) != 0 || left != 1 {
		t.Errorf("%d calls and %d left out", len(list), left)
	}
	s.PublishChannel(func() {})
	c.next(t, "snapshot")
	s.o.Snapshot = func(string) any { return func() {} }
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	w := httptest.NewRecorder()
	if err := s.ServeSSE(w, r, ""); err == nil || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("answered %q, %v", w.Body, err)
	}
}
