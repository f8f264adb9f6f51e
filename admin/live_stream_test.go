package admin

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// openStuck begins to watch as one who reads nothing for now.
func (s *liveServer) openStuck(t *testing.T) net.Conn {
	t.Helper()
	before := s.watching()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	until(t, "joined", func() bool { return s.watching() > before })
	return conn
}

// pour publishes more than what lies between a server and a client holds, and
// returns the longest that one event took.
func (s *liveServer) pour() (longest time.Duration) {
	large := strings.Repeat("x", 64<<10)
	for range 400 {
		began := time.Now()
		s.PublishChannel(large)
		longest = max(longest, time.Since(began))
		time.Sleep(time.Millisecond)
	}
	return longest
}

func TestLiveSlowWatchersHoldUpNobody(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, nil)
	conn := s.openStuck(t)
	other := s.open(t, "alice", "")
	other.next(t, "snapshot")
	if longest := s.pour(); longest > 500*time.Millisecond {
		t.Errorf("an event took %v to publish", longest)
	}
	s.PublishCall("alice", "all", "own")
	other.next(t, "calls")
	s.mu.Lock()
	for v := range s.watchers {
		if v.token == "" && (!v.stale || len(v.queue) != 0) {
			t.Errorf("%d events wait, stale: %v", len(v.queue), v.stale)
		}
	}
	s.mu.Unlock()

	// When it reads on, it gets a second snapshot and what comes then.
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &liveClient{events: make(chan liveSent, 1000), leave: func() {}}
	go c.read(bufio.NewReader(resp.Body))
	snapshots := 0
	for e := range c.events {
		if e.kind == "snapshot" {
			if snapshots++; snapshots == 2 {
				s.PublishChannel("afterwards")
			}
		}
		if e.data == `"afterwards"` {
			break
		}
	}
	if snapshots != 2 {
		t.Errorf("%d snapshots", snapshots)
	}
}

func TestLiveStuckWatchersAreCut(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, func(h *Hub) { h.pace.write = 100 * time.Millisecond })
	s.openStuck(t)
	s.pour()
	select {
	case err := <-s.ended:
		if err != nil || s.watching() != 0 {
			t.Errorf("ended with %v, %d are watching", err, s.watching())
		}
	case <-time.After(5 * time.Second):
		t.Error("it was not cut")
	}
}

// TestLiveClosesAll must not run beside others, for it counts goroutines.
func TestLiveClosesAll(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		before := goleak.IgnoreCurrent()
		s := newLiveServer(t, func(h *Hub) { h.pace.metrics = 20 * time.Millisecond })
		if http2 {
			s.Server.Close()
			s.Server = httptest.NewUnstartedServer(s)
			s.EnableHTTP2 = true
			s.StartTLS()
		}
		var clients []*liveClient
		for _, token := range []string{"", "", "alice", "bob"} {
			c := s.open(t, token, "")
			c.next(t, "snapshot")
			clients = append(clients, c)
		}
		streams := len(clients)
		if !http2 {
			s.openStuck(t)
			streams++
			s.pour()
		}
		began := time.Now()
		s.CloseAll()
		s.CloseAll()
		for range streams {
			if err := <-s.ended; err != nil {
				t.Errorf("ended with %v", err)
			}
		}
		if passed := time.Since(began); passed > time.Second {
			t.Errorf("the streams ended after %v", passed)
		}
		for _, c := range clients {
			c.gone(t)
		}
		if s.Watched() || s.watching() != 0 {
			t.Error("watched still")
		}
		resp, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("a new one was answered %d", resp.StatusCode)
		}
		s.PublishChannel(1)
		s.PublishCall("alice", 1, 1)
		s.Client().CloseIdleConnections()
		s.CloseClientConnections()
		s.Server.Close()
		goleak.VerifyNone(t, before)
	}
}

func TestLiveStreamsEndWithTheirServerOrSession(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t, nil)
	c := s.open(t, "", "")
	c.next(t, "snapshot")
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond) // the session's end
	defer cancel()
	w := httptest.NewRecorder()
	if err := s.ServeSSE(w, r.WithContext(ctx), "alice"); err != nil || !strings.Contains(w.Body.String(), `{"for":"alice"}`) {
		t.Errorf("streamed %q, %v", w.Body, err)
	}
	if s.watching() != 1 {
		t.Errorf("%d are watching", s.watching())
	}
	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()} // which cannot flush
	if err := s.ServeSSE(plain, r, ""); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("without flushing: %v", err)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ended <- s.ServeSSE(w, r, "") }))
	defer other.Close()
	through := (&liveServer{Hub: s.Hub, Server: other}).open(t, "", "")
	through.next(t, "snapshot")
	close(s.stop)
	if passed := c.gone(t); passed > time.Second {
		t.Errorf("ended after %v", passed)
	}
	s.PublishChannel(1) // through another server
	through.next(t, "channel")
	through.leave()
}

func TestLiveWatchersAreBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		token        func(i int) string
		most         int
		operatorMore bool
	}{
		{"the operator", func(int) string { return "" }, liveWatchers, false},
		{"holders", func(i int) string { return string(rune('a' + i%26)) }, liveHolders, true},
		{"one holder", func(int) string { return "a" }, livePerToken, true},
	} {
		h := NewHub(HubOptions{})
		n := 0
		for ; n <= liveWatchers; n++ {
			if _, err := h.join(tt.token(n), ""); err != nil {
				break
			}
		}
		if n != tt.most {
			t.Errorf("%s: %d may watch, want %d", tt.name, n, tt.most)
		}
		w := httptest.NewRecorder()
		if err := h.ServeSSE(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), tt.token(n)); err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "too many") {
			t.Errorf("%s: %d %q", tt.name, w.Code, w.Body)
		}
		if _, err := h.join("", ""); (err == nil) != tt.operatorMore {
			t.Errorf("%s: then the operator: %v", tt.name, err)
		}
		h.CloseAll()
	}
}
