package relay_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
)

func opaquely(r *relay.Request) { r.Endpoint = &protocol.Endpoint{Opaque: true} }

// TestJudged is what is made of answers that come in one piece and end.
func TestJudged(t *testing.T) {
	status := func(line, body string) string {
		return "HTTP/1.1 " + line + "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body
	}
	html := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n<title>Hi</title>"
	audio := "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		name   string
		answer string
		edit   func(*relay.Request)
		good   bool
		status int
		kind   ai.Kind
		held   string // in the held body
		says   string // in the failure's message
	}{
		{name: "plain", answer: plainJSON(`{"ok":true}`), good: true, status: 200},
		{name: "error status", answer: status("429 Too Many", `{"error":{"message":"slow down"}}`), status: 429, held: "slow down", says: "slow down"},
		{name: "error status without a body", answer: status("503 No", ""), status: 503},
		{name: "error status, cut", answer: "HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\nhalf", status: 500, held: "half"},
		{name: "error status for a stream", answer: status("400 Bad", `{"error":"no"}`), edit: streaming, status: 400, held: `{"error":"no"}`, says: "no"},
		{name: "redirect", answer: "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", status: 302, kind: ai.BadAnswer},
		{name: "soft error", answer: plainJSON(`{"error":{"message":"quota"}}`), status: 200, kind: ai.SoftError, held: "quota", says: "quota"},
		{name: "empty", answer: plainJSON(""), status: 200, kind: ai.Empty},
		{name: "html", answer: html, status: 200, kind: ai.BadAnswer, held: "<title>"},
		{name: "html for a stream", answer: html, edit: streaming, status: 200, kind: ai.BadAnswer, held: "<title>"},
		{name: "half JSON", answer: plainJSON(`{"ok":true`), status: 200, kind: ai.Truncated},
		{name: "no JSON", answer: plainJSON(`{"ok":]`), status: 200, kind: ai.BadAnswer},
		{name: "shorter than its length", answer: headJSON + "Content-Length: 99\r\n\r\n{\"ok\":true}", status: 200, kind: ai.Truncated},
		{name: "chunks without their end", answer: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(`{"ok":true}`), status: 200, kind: ai.Truncated},
		{name: "unknown encoding", answer: headJSON + "Content-Encoding: rot13\r\n\r\n{}", status: 200, kind: ai.BadAnswer, says: "rot13"},

		{name: "stream", answer: headSSE + chunk(events("pre", "c1", "end")) + chunksEnd, edit: streaming, good: true, status: 200},
		{name: "stream, error first", answer: headSSE + chunk(events("errfirst")) + chunksEnd, edit: streaming, status: 200, kind: ai.SoftError, says: "errfirst"},
		{name: "stream, error after preamble", answer: headSSE + chunk(events("pre", "errsoon")) + chunksEnd, edit: streaming, status: 200, kind: ai.SoftError, says: "errsoon"},
		{name: "stream, empty", answer: headSSE + chunksEnd, edit: streaming, status: 200, kind: ai.Empty},
		{name: "stream, preamble only", answer: headSSE + chunk(events("pre")) + chunksEnd, edit: streaming, status: 200, kind: ai.Empty},
		{name: "stream, cut in the preamble", answer: headSSE + chunk(events("pre")), edit: streaming, status: 200, kind: ai.Truncated},
		{name: "JSON for a stream", answer: plainJSON(`{"ok":true}`), edit: streaming, good: true, status: 200},
		{name: "JSON error for a stream", answer: plainJSON(`{"error":"full"}`), edit: streaming, status: 200, kind: ai.SoftError, says: "full"},
		{name: "JSON error that says it is events", answer: headSSE + chunk(`{"error":"full"}`) + chunksEnd, edit: streaming, status: 200, kind: ai.SoftError, says: "full"},
		{name: "events that say they are JSON", answer: plainJSON(events("pre", "c", "end")), edit: streaming, good: true, status: 200},

		{name: "audio", answer: audio + "\xff\xfb\x90", edit: opaquely, good: true, status: 200},
		{name: "audio, empty", answer: audio, edit: opaquely, status: 200, kind: ai.Empty},
		{name: "JSON error for audio", answer: plainJSON(`{"error":{"message":"no voice"}}`), edit: opaquely, status: 200, kind: ai.SoftError, says: "no voice"},
		{name: "transcript", answer: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nhello", edit: opaquely, good: true, status: 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.edit == nil {
				tt.edit = func(*relay.Request) {}
			}
			a := send(t, t.Context(), request(t, upstream(t, say(tt.answer)), tt.edit))
			if a.Good() != tt.good || a.Status != tt.status || a.Evidence.Kind != tt.kind {
				t.Errorf("good %v, status %d, kind %v; want %v, %d, %v (%+v)", a.Good(), a.Status, a.Evidence.Kind, tt.good, tt.status, tt.kind, a.Evidence)
			}
			if !bytes.Contains(a.Held(), []byte(tt.held)) {
				t.Errorf("held %q, want %q in it", a.Held(), tt.held)
			}
			if !strings.Contains(a.Evidence.Failure.Message, tt.says) {
				t.Errorf("failure %q, want %q in it", a.Evidence.Failure.Message, tt.says)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	followed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed = followed || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	u, _ := url.Parse(s.URL)
	a := send(t, t.Context(), request(t, u))
	if followed || a.Good() || a.Status != http.StatusTemporaryRedirect {
		t.Errorf("followed %v, good %v, status %d", followed, a.Good(), a.Status)
	}
}

// refused is an address nobody listens at.
func refused(t *testing.T) *url.URL {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}
}

func TestUnreachable(t *testing.T) {
	for _, tt := range []struct {
		name  string
		url   *url.URL
		phase string
	}{
		{"refused", refused(t), "connect"},
		{"closed before headers", upstream(t, say("")), "headers"},
		{"reset before headers", upstream(t, reset), "headers"},
		{"half a status line", upstream(t, say("HTTP/1.1 20")), "headers"},
		{"not HTTP", upstream(t, say("hello\r\n\r\n")), "headers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := send(t, t.Context(), request(t, tt.url))
			if a.Good() || a.Status != 0 || a.Evidence.Kind != ai.NetworkError || a.Evidence.Phase != tt.phase || a.Evidence.Err == nil {
				t.Errorf("%+v, want a network error in phase %s", a.Evidence, tt.phase)
			}
		})
	}
}

// TestSilent is who is blamed for silence before the client saw anything.
func TestSilent(t *testing.T) {
	const limit = 60 * time.Millisecond
	preamble := headSSE + chunk(events("pre"))
	for _, tt := range []struct {
		name   string
		answer string
		edit   func(*relay.Request)
		timers relay.Timers
		phase  string
	}{
		{"headers", "", func(*relay.Request) {}, relay.Timers{Headers: limit}, "headers"},
		{"headers of a stream", "", streaming, relay.Timers{Headers: limit}, "headers"},
		{"first content, no headers", "", streaming, relay.Timers{FirstContent: limit}, "first_content"},
		{"first content, headers only", headSSE, streaming, relay.Timers{FirstContent: limit, Headers: 2 * limit}, "first_content"},
		{"first content, preamble", preamble, streaming, relay.Timers{FirstContent: limit}, "first_content"},
		{"first content, headers timer longer", preamble, streaming, relay.Timers{Headers: 4 * limit, FirstContent: limit}, "first_content"},
		{"idle in a body", headJSON + "\r\n{", func(*relay.Request) {}, relay.Timers{Headers: time.Minute, Idle: limit}, "idle"},
		{"idle before content", preamble, streaming, relay.Timers{Idle: limit}, "idle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			a := send(t, t.Context(), request(t, upstream(t, sayThen(tt.answer, hang)), tt.edit, timers(tt.timers)))
			if a.Good() || a.Evidence.Kind != ai.Timeout || a.Evidence.Phase != tt.phase {
				t.Errorf("%+v, want a timeout in phase %s", a.Evidence, tt.phase)
			}
			if took := time.Since(start); took < limit {
				t.Errorf("it was given up after %s; TestTimers says when exactly", took)
			}
		})
	}
}

// TestSilentError: an error's status is enough, even if its body stays away.
func TestSilentError(t *testing.T) {
	for name, body := range map[string]string{"no body": "", "half a body": `{"error":{"message":"busy`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := send(t, t.Context(), request(t, upstream(t, sayThen("HTTP/1.1 503 Busy\r\nContent-Length: 500\r\n\r\n"+body, hang)),
				timers(relay.Timers{Idle: 60 * time.Millisecond})))
			if a.Status != 503 || a.Good() {
				t.Errorf("status %d, good %v: %+v", a.Status, a.Good(), a.Evidence)
			}
		})
	}
}

// TestWhoEnded tells a call that took too long from a client that left.
func TestWhoEnded(t *testing.T) {
	cause := errors.New("total timeout")
	for _, tt := range []struct {
		name  string
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		kind  ai.Kind
		phase string
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 60*time.Millisecond)
		}, ai.Timeout, "total"},
		{"deadline with a cause", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, 60*time.Millisecond, cause)
		}, ai.Timeout, "total"},
		{"client", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			timer := time.AfterFunc(60*time.Millisecond, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		}, ai.ClientGone, ""},
	} {
		for at, answer := range map[string]string{"headers": "", "body": headJSON + "\r\n{"} {
			t.Run(tt.name+" in "+at, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				a := send(t, ctx, request(t, upstream(t, sayThen(answer, hang))))
				if a.Evidence.Kind != tt.kind || tt.phase != "" && a.Evidence.Phase != tt.phase {
					t.Errorf("%+v, want %v", a.Evidence, tt.kind)
				}
			})
		}
	}
}

func TestRequestIsSentWhole(t *testing.T) {
	var got, path string
	var length int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, length, path = string(b), r.ContentLength, r.URL.RequestURI()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":true}`)
	}))
	defer s.Close()
	u, _ := url.Parse(s.URL + "/v1/x?a=b")
	if a := send(t, t.Context(), request(t, u)); !a.Good() {
		t.Fatalf("%+v", a.Evidence)
	}
	if want := `{"model":"m"}`; got != want || length != int64(len(want)) || path != "/v1/x?a=b" {
		t.Errorf("got %q of length %d at %s", got, length, path)
	}
}
