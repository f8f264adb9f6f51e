package admin

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// watching is a hub that is watched over a real connection.
type watching struct {
	t    *testing.T
	hub  *Hub
	url  string
	stop chan struct{}
}

func newWatching(t *testing.T) *watching {
	t.Helper()
	w := &watching{t: t, stop: make(chan struct{}), hub: NewHub(HubOptions{
		Snapshot: func(token string) any { return "snapshot of " + token },
		Metrics:  func(token string) any { return "metrics of " + token },
	})}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.hub.ServeSSE(rw, r, r.URL.Query().Get("token"), w.stop); err != nil {
			writeProblem(rw, problemOf(err))
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(w.hub.CloseAll)
	w.url = s.URL
	return w
}

// told is one event.
type told struct{ id, kind, data string }

// stream is one watcher; it ends with the test.
func (w *watching) stream(token, last string) (events chan told, resp *http.Response, end context.CancelFunc) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"?token="+token, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err = http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	events = make(chan told, 1000)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		var e told
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				events <- e
				e = told{}
			}
		}
	}()
	return events, resp, cancel
}

// next is the next event of a kind.
func (w *watching) next(events chan told, kind string) told {
	w.t.Helper()
	for patience := time.After(5 * time.Second); ; {
		select {
		case e, ok := <-events:
			if !ok {
				w.t.Fatalf("the stream ended before an event %s", kind)
			}
			if e.kind == kind {
				return e
			}
		case <-patience:
			w.t.Fatalf("there was no event %s", kind)
		}
	}
}

func TestLiveEvents(t *testing.T) {
	w := newWatching(t)
	if w.hub.Watched() {
		t.Error("somebody watches")
	}
	w.hub.PublishChannel("nobody sees this")
	operator, resp, _ := w.stream("", "")
	if resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	if e := w.next(operator, "snapshot"); e.data != `"snapshot of "` || e.id == "" {
		t.Errorf("%+v", e)
	}
	holder, _, _ := w.stream("mine", "")
	w.next(holder, "snapshot")
	w.hub.PublishChannel("cooled")
	w.hub.PublishCall("mine", "whole 1", "own 1")
	w.hub.PublishCall("theirs", "whole 2", "own 2")
	if e := w.next(operator, "channel"); e.data != `"cooled"` {
		t.Errorf("%+v", e)
	}
	if e := w.next(operator, "calls"); e.data != `{"calls":["whole 1","whole 2"]}` {
		t.Errorf("%+v", e)
	}
	for metrics := 0; metrics < 2; {
		e := <-holder
		switch {
		case e.kind == "metrics":
			metrics++
			if e.data != `"metrics of mine"` {
				t.Errorf("%+v", e)
			}
		case e.kind == "calls" && e.data == `{"calls":["own 1"]}`:
		default:
			t.Errorf("the holder of a token is told %+v", e)
		}
	}
}

func TestLiveEventsAreResumed(t *testing.T) {
	w := newWatching(t)
	keep, _, _ := w.stream("", "")
	first, _, leave := w.stream("", "")
	w.next(first, "snapshot")
	w.hub.PublishChannel("one")
	last := w.next(first, "channel")
	leave()
	w.hub.PublishChannel("two")
	w.hub.PublishCall("mine", "whole", "own")
	w.next(keep, "calls")
	again, _, _ := w.stream("", last.id)
	if e := <-again; e.kind != "channel" || e.data != `"two"` {
		t.Errorf("%+v", e)
	}
	if e := <-again; e.kind != "calls" {
		t.Errorf("%+v", e)
	}
	mine, _, _ := w.stream("mine", last.id)
	if e := <-mine; e.kind != "calls" || e.data != `{"calls":["own"]}` {
		t.Errorf("%+v", e)
	}
	for _, unknown := range []string{"x", "x-1", strings.Split(last.id, "-")[0] + "-999999", "-", last.id + "9"} {
		other, _, _ := w.stream("", unknown)
		if e := <-other; e.kind != "snapshot" {
			t.Errorf("after %q: %+v", unknown, e)
		}
	}
	for i := range 2 * ringSize {
		w.hub.PublishChannel(i)
	}
	late, _, _ := w.stream("", last.id)
	if e := <-late; e.kind != "snapshot" {
		t.Errorf("after too many: %+v", e)
	}
}

func TestLiveEventsAreBounded(t *testing.T) {
	w := newWatching(t)
	operator, _, _ := w.stream("", "")
	w.next(operator, "snapshot")
	for i := range mostCalls + 50 {
		w.hub.PublishCall("t", i, i)
	}
	if e := w.next(operator, "calls"); !strings.Contains(e.data, `"left_out":50`) {
		t.Errorf("%.100s", e.data)
	}
	// A watcher who does not read keeps nobody waiting.
	began := time.Now()
	big := strings.Repeat("x", 30_000)
	for range 2000 {
		w.hub.PublishChannel(big)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("publishing waits for watchers: %v", took)
	}
	for range mostWatchers - 1 {
		w.stream("", "")
	}
	_, resp, _ := w.stream("", "")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many is answered %d", resp.StatusCode)
	}
}

func TestLiveStreamsEnd(t *testing.T) {
	for name, end := range map[string]func(w *watching){
		"the hub closes":         func(w *watching) { w.hub.CloseAll() },
		"the server shuts down":  func(w *watching) { close(w.stop) },
		"the clients close them": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatching(t)
			a, _, leaveA := w.stream("", "")
			b, _, leaveB := w.stream("x", "")
			w.next(a, "snapshot")
			w.next(b, "snapshot")
			began := time.Now()
			if end == nil {
				leaveA()
				leaveB()
			} else {
				end(w)
			}
			for _, events := range []chan told{a, b} {
				for range events { // until it is closed
					continue
				}
			}
			for w.hub.Watched() && time.Since(began) < 5*time.Second {
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %v", took)
			}
			w.hub.mu.Lock()
			defer w.hub.mu.Unlock()
			if w.hub.stop != nil {
				t.Error("the hub goes on without watchers")
			}
		})
	}
}

func TestSessions(t *testing.T) {
	m := &memoryStore{make(map[string]StoredSession)}
	s := NewSessions(m)
	value, made, err := s.Login(t.Context(), StoredSession{Role: RoleOperator, Password: "p", UserAgent: strings.Repeat("x", 5000)})
	if err != nil || len(made.UserAgent) > 200 || made.Expires.Sub(made.Created) != SessionLife {
		t.Fatalf("%+v, %v", made, err)
	}
	for hash := range m.sessions {
		if strings.Contains(hash, value) || len(hash) != 32 {
			t.Error("the store holds the credential itself")
		}
	}
	if found, err := s.Find(t.Context(), value); err != nil || found.Role != RoleOperator {
		t.Errorf("%+v, %v", found, err)
	}
	for _, wrong := range []string{"", value[1:], value + "x", strings.Repeat("A", 43)} {
		if _, err := s.Find(t.Context(), wrong); !errors.Is(err, ErrNoSession) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := s.Revoke(t.Context(), value); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(t.Context(), value); !errors.Is(err, ErrNoSession) {
		t.Errorf("after it was revoked: %v", err)
	}
	value, made, _ = s.Login(t.Context(), StoredSession{Role: RoleOperator})
	made.Expires = time.Now().Add(-time.Second)
	m.sessions[string(made.Hash)] = made
	if _, err := s.Find(t.Context(), value); !errors.Is(err, ErrNoSession) {
		t.Errorf("after its end: %v", err)
	}
	for i := range loginsPerHour + 1 {
		_, _, err := s.Login(t.Context(), StoredSession{Role: RoleHolder, Name: "t"})
		if want := i == loginsPerHour; errors.Is(err, ErrTooManySessions) != want {
			t.Errorf("login %d: %v", i, err)
		}
	}
}

func TestCookies(t *testing.T) {
	for _, tls := range []bool{false, true} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", map[bool]string{false: "http://x/", true: "https://x/"}[tls], nil)
		SetCookie(w, r, "/desk", "value", time.Now().Add(time.Hour))
		c := w.Result().Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != tls || c.Path != "/desk/" || c.Value != "value" {
			t.Errorf("%v", c)
		}
		w = httptest.NewRecorder()
		SetCookie(w, r, "", "", time.Time{})
		if c := w.Result().Cookies()[0]; c.MaxAge >= 0 || c.Path != "/" {
			t.Errorf("%v", c)
		}
	}
}
