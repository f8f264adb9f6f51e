package relay_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/relay"
)

// TestByteForByte: whatever pieces an answer comes in, the client gets it as
// it was written.
func TestByteForByte(t *testing.T) {
	long := events("pre", "c"+strings.Repeat("x", 20<<10), "c2", "fin", "end")
	for _, tt := range []struct {
		name, head, body string
		edit             func(*relay.Request)
		most             int // pieces this small are worth the time
	}{
		{"plain", "application/json", `{"ok":true, "text":"é"}`, func(*relay.Request) {}, 1},
		{"stream", "text/event-stream", events("pre", "c1", "c2", "end"), streaming, 1},
		{"CRLF and comments", "text/event-stream", ": hi\r\n\r\nevent: x\r\ndata: c1\r\n\r\ndata: end\r\n\r\n", streaming, 1},
		{"long event", "text/event-stream", long, streaming, 1000},
		{"JSON array", "application/json", `["pre", "c1" ,"c2","end"]`, func(r *relay.Request) { r.Stream, r.Array = true, true }, 1},
		{"audio", "audio/mpeg", "\xff\xfb\x90\x00\x01", opaquely, 1},
	} {
		for _, size := range []int{1, 2, 3, 7, 1000, 1 << 20} {
			if size < tt.most {
				continue
			}
			t.Run(fmt.Sprintf("%s in pieces of %d", tt.name, size), func(t *testing.T) {
				u := upstream(t, func(c *net.TCPConn, _ <-chan struct{}) {
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: "+tt.head+"\r\nTransfer-Encoding: chunked\r\n\r\n")
					for rest := tt.body; rest != ""; {
						n := min(size, len(rest))
						if _, err := io.WriteString(c, chunk(rest[:n])); err != nil {
							return
						}
						rest = rest[n:]
					}
					io.WriteString(c, chunksEnd)
				})
				e, w := relayed(t, request(t, u, tt.edit))
				if e.Evidence.Kind != ai.OK || e.Abort || w.Body.String() != tt.body || e.Bytes != int64(len(tt.body)) {
					t.Errorf("%v, abort %v, %d bytes; got %.80q, want %.80q", e.Evidence.Kind, e.Abort, e.Bytes, w.Body, tt.body)
				}
			})
		}
	}
}

// TestStreamEnds is how streams end that the client had the beginning of.
func TestStreamEnds(t *testing.T) {
	const limit = 60 * time.Millisecond
	honest := func(code string) string { return events("err-" + code) }
	begun := headSSE + chunk(events("pre", "c1"))
	for _, tt := range []struct {
		name   string
		answer string
		then   func(*net.TCPConn, <-chan struct{})
		timers relay.Timers
		kind   ai.Kind
		abort  bool
		tail   string        // after the events pre and c1
		least  time.Duration // it takes; how long exactly is for TestTimers
	}{
		{name: "cut", answer: begun, kind: ai.Truncated, abort: true, tail: honest("upstream_truncated")},
		{name: "closed properly, without an end", answer: begun + chunksEnd, kind: ai.Truncated, abort: true, tail: honest("upstream_truncated")},
		{name: "cut within an event", answer: begun + chunk("data: c"), kind: ai.Truncated, abort: true, tail: "data: c\n\n" + honest("upstream_truncated")},
		{name: "reset", answer: begun, then: reset, kind: ai.Truncated, abort: true, tail: honest("upstream_truncated")},
		{name: "idle", answer: begun, then: hang, timers: relay.Timers{Idle: limit}, kind: ai.Timeout, abort: true, tail: honest("upstream_timeout"), least: limit},
		{name: "error event", answer: begun + chunk(events("errmid")) + chunksEnd, kind: ai.SoftError, tail: events("errmid")},
		{name: "error event, cut", answer: begun + chunk(events("errmid")), kind: ai.SoftError, tail: events("errmid")},
		{name: "error event, then silence", answer: begun + chunk(events("errmid")), then: hang, kind: ai.SoftError, tail: events("errmid")},
		{name: "broken event", answer: begun + chunk("data: {\"c\n\n"+events("c2", "end")), then: hang, kind: ai.SoftError, abort: true, tail: honest("upstream_truncated")},
		{name: "broken event behind a good one and a comment", answer: begun + chunk(events("c2")+": hi\n\nevent: c\ndata: {\"c\n\n"+events("end")), kind: ai.SoftError, abort: true, tail: events("c2") + ": hi\n\n" + honest("upstream_truncated")},
		{name: "broken event in two pieces", answer: begun + chunk(events("c2")+"data: {"), then: func(c *net.TCPConn, _ <-chan struct{}) {
			time.Sleep(20 * time.Millisecond)
			io.WriteString(c, chunk("\"c\n\n"+events("end")))
		}, kind: ai.SoftError, abort: true, tail: events("c2") + "data: {\n\n" + honest("upstream_truncated")},
		{name: "end", answer: begun + chunk(events("end")) + chunksEnd, tail: events("end")},
		{name: "end, cut", answer: begun + chunk(events("end")), tail: events("end")},
		{name: "end, reset", answer: begun + chunk(events("end")), then: reset, tail: events("end")},
		{name: "end, not closed", answer: begun + chunk(events("end")), then: hang, tail: events("end"), least: 400 * time.Millisecond},
		{name: "finish, cut", answer: begun + chunk(events("fin")), tail: events("fin")},
		{name: "finish, not closed", answer: begun + chunk(events("fin")), then: hang, tail: events("fin"), least: 1900 * time.Millisecond},
		{name: "finish and end, not closed", answer: begun + chunk(events("fin", "end")), then: hang, tail: events("fin", "end"), least: 400 * time.Millisecond},
		{name: "all at once, not closed, idle timer", answer: begun + chunk(events("end")), then: hang, timers: relay.Timers{Idle: time.Minute}, tail: events("end")},
		{name: "end without its blank line", answer: begun + chunk("data: end\n") + chunksEnd, tail: events("end")},
		{name: "end without its line end", answer: begun + chunk("data: end") + chunksEnd, tail: events("end")},
		{name: "end with half of its line end", answer: begun + chunk("data: end\r") + chunksEnd, tail: "data: end\r\n\n"},
		{name: "end with one CRLF", answer: begun + chunk("data: end\r\n") + chunksEnd, tail: "data: end\r\n\n"},
		{name: "end, then an object without its blank line", answer: begun + chunk(events("end")+"data: {\"usage\":1}\n") + chunksEnd, tail: events("end", "{\"usage\":1}")},
		{name: "end, then half an object", answer: begun + chunk(events("end")+"data: {\"usage\":{\"a\":1}") + chunksEnd, tail: events("end") + "data: {\"usage\":{\"a\":1}"},
		{name: "end, then half an end marker", answer: begun + chunk(events("end")+"data: [DON") + chunksEnd, tail: events("end") + "data: [DON"},
		{name: "end, then a comment", answer: begun + chunk(events("end")+": bye") + chunksEnd, tail: events("end") + ": bye"},
		{name: "end without its blank line, cut", answer: begun + chunk("data: end\n"), tail: "data: end\n"},
		{name: "error event without its blank line", answer: begun + chunk("data: errmid\n") + chunksEnd, kind: ai.SoftError, tail: events("errmid")},
	} {
		for _, together := range []bool{true, false} { // the first content with the rest, or before it
			t.Run(fmt.Sprintf("%s, together %v", tt.name, together), func(t *testing.T) {
				t.Parallel()
				then := tt.then
				if then == nil {
					then = func(*net.TCPConn, <-chan struct{}) {}
				}
				answer := sayThen(tt.answer, then)
				if !together {
					answer = sayThen(begun, func(c *net.TCPConn, gone <-chan struct{}) {
						time.Sleep(20 * time.Millisecond)
						sayThen(strings.TrimPrefix(tt.answer, begun), then)(c, gone)
					})
				}
				r := request(t, upstream(t, answer), streaming, timers(tt.timers))
				start := time.Now()
				e, w := relayed(t, r)
				took := time.Since(start)
				if e.Evidence.Kind != tt.kind || e.Abort != tt.abort {
					t.Errorf("%v, abort %v; want %v, %v", e.Evidence.Kind, e.Abort, tt.kind, tt.abort)
				}
				if want := events("pre", "c1") + tt.tail; w.Body.String() != want {
					t.Errorf("got %q, want %q", w.Body, want)
				}
				if took < tt.least {
					t.Errorf("took %s, want %s at least", took, tt.least)
				}
				if tt.kind == ai.SoftError && !tt.abort && e.Evidence.Failure.Message != "errmid" {
					t.Errorf("failure %+v", e.Evidence.Failure)
				}
			})
		}
	}
}

// TestArrayBreaks: an array cannot be added to within an element.
func TestArrayBreaks(t *testing.T) {
	for tail, want := range map[string]string{
		``:      `,"err-upstream_truncated"]`,
		`,"c2"`: `,"err-upstream_truncated"]`,
	} {
		begun := `["pre","c1"` + tail
		u := upstream(t, say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk(begun)))
		e, w := relayed(t, request(t, u, func(r *relay.Request) { r.Stream, r.Array = true, true }))
		if e.Evidence.Kind != ai.Truncated || !e.Abort || w.Body.String() != begun+want {
			t.Errorf("%v, abort %v, got %q, want %q", e.Evidence.Kind, e.Abort, w.Body, begun+want)
		}
	}
}

// TestOpaqueBreaks: nothing can be said in a body that is not looked into.
func TestOpaqueBreaks(t *testing.T) {
	u := upstream(t, sayThen("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 99\r\n\r\n\xff\xfb", reset))
	e, w := relayed(t, request(t, u, opaquely))
	if e.Evidence.Kind != ai.Truncated || !e.Abort || w.Body.String() != "\xff\xfb" {
		t.Errorf("%v, abort %v, got %q", e.Evidence.Kind, e.Abort, w.Body)
	}
}

// TestTotalTimeout: a deadline of the whole call within a stream is a timeout
// and not the client's doing.
func TestTotalTimeout(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 80*time.Millisecond, io.ErrNoProgress)
	defer cancel()
	a := send(t, ctx, request(t, upstream(t, sayThen(headSSE+chunk(events("c1")), hang)), streaming))
	if !a.Good() {
		t.Fatalf("%+v", a.Evidence)
	}
	w := httptest.NewRecorder()
	e := a.CopyTo(ctx, w)
	if e.Evidence.Kind != ai.Timeout || e.Evidence.Phase != "total" || !e.Abort || !strings.HasSuffix(w.Body.String(), "_timeout\n\n") {
		t.Errorf("%+v, abort %v, got %q", e.Evidence, e.Abort, w.Body)
	}
}

// TestClientLeaves: an upstream is let go when the client is gone, and a
// client that leaves after the end has had everything.
func TestClientLeaves(t *testing.T) {
	for _, tt := range []struct {
		name  string
		words []string // one piece each
		left  int      // writes that the client takes
		kind  ai.Kind
	}{
		{"at once", []string{"c1", "c2"}, 0, ai.ClientGone},
		{"within", []string{"c1", "c2", "c3"}, 1, ai.ClientGone},
		{"after the end", []string{"c1", "end", "trailer"}, 2, ai.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			let := make(chan struct{})
			u := upstream(t, func(c *net.TCPConn, gone <-chan struct{}) {
				defer close(let)
				io.WriteString(c, headSSE)
				for _, word := range tt.words {
					io.WriteString(c, chunk(events(word)))
					time.Sleep(30 * time.Millisecond)
				}
				hang(c, gone)
			})
			a := send(t, t.Context(), request(t, u, streaming))
			if !a.Good() {
				t.Fatalf("%+v", a.Evidence)
			}
			e := a.CopyTo(t.Context(), &client{header: http.Header{}, left: tt.left})
			if e.Evidence.Kind != tt.kind {
				t.Errorf("%v, want %v", e.Evidence.Kind, tt.kind)
			}
			a.Close()
			select {
			case <-let:
			case <-time.After(2 * time.Second):
				t.Error("the upstream was not let go")
			}
		})
	}
}

// TestClientCancels is a client whose context ends while the upstream is
// silent.
func TestClientCancels(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	a := send(t, ctx, request(t, upstream(t, sayThen(headSSE+chunk(events("c1")), hang)), streaming))
	timer := time.AfterFunc(50*time.Millisecond, cancel)
	defer timer.Stop()
	w := httptest.NewRecorder()
	e := a.CopyTo(ctx, w)
	if e.Evidence.Kind != ai.ClientGone || w.Body.String() != events("c1") {
		t.Errorf("%+v, got %q", e.Evidence, w.Body)
	}
}

func TestLarge(t *testing.T) {
	big := `{"ok":true,"text":"` + strings.Repeat("x", 6<<20) + `"}`
	event := events("pre", "c"+strings.Repeat("y", 3<<20), "end")
	for _, tt := range []struct {
		name, answer, body string
		edit               func(*relay.Request)
	}{
		{"body", plainJSON(big), big, func(*relay.Request) {}},
		{"event", headSSE + chunk(event) + chunksEnd, event, streaming},
		{"event behind content", headSSE + chunk(events("c1")+event) + chunksEnd, events("c1") + event, streaming},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, w := relayed(t, request(t, upstream(t, say(tt.answer)), tt.edit))
			if e.Evidence.Kind != ai.OK || w.Body.String() != tt.body {
				t.Errorf("%v, %d bytes of %d", e.Evidence.Kind, w.Body.Len(), len(tt.body))
			}
		})
	}
}

// TestLargeStreamsOn: a body too large to be held is passed on while it comes.
func TestLargeStreamsOn(t *testing.T) {
	half := `{"ok":true,"text":"` + strings.Repeat("x", 5<<20)
	seen := make(chan struct{})
	u := upstream(t, func(c *net.TCPConn, _ <-chan struct{}) {
		io.WriteString(c, headJSON+"\r\n"+half)
		<-seen
		io.WriteString(c, `"}`)
	})
	r := request(t, u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		a := relay.Send(hr.Context(), r)
		defer a.Close()
		a.CopyTo(hr.Context(), w)
	}))
	defer s.Close()
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.ReadFull(resp.Body, make([]byte, 4<<20))
	close(seen)
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(rest), `"}`) {
		t.Errorf("the rest is %d bytes, %v", len(rest), err)
	}
}
