package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
)

// However an upstream's bytes are split, the client gets the same bytes and
// the verdict is the same.
func TestAnySplit(t *testing.T) {
	array := `[{"id":1},` + "\r\n" + `{"text":"he]l\"lo"}` + "\n,\n" + `{"text":"b","x":[1,{"y":"]"}]},{"stop":true,"usage":7}]` + "\r\n"
	streams := map[string]struct {
		body  string
		array bool
	}{
		"plain":          {body: ping + preamble + hello + ping + world + stop + done},
		"CRLF":           {body: "\ufeff" + strings.ReplaceAll(preamble+hello+world+stop+done, "\n", "\r\n")},
		"broken off":     {body: preamble + hello + world[:15]},
		"failed":         {body: preamble + failed},
		"failed late":    {body: preamble + hello + failed + done},
		"only preamble":  {body: preamble + ping},
		"JSON":           {body: aJSON},
		"JSON error":     {body: `{"error":{"message":"soft"}}`},
		"page":           {body: "<html><title>x</title>"},
		"text":           {body: "event horizon"},
		"array":          {body: array, array: true},
		"array cut":      {body: array[:50], array: true},
		"array, no end":  {body: `[{"text":"a"},{"text":"b"}`, array: true},
		"array, a comma": {body: `[{"text":"a"},{"text":"b"} , `, array: true},
		"array failed":   {body: `[{"error":{"message":"soft"}}]`, array: true},
		"array object":   {body: `{"error":{"message":"soft"}}`, array: true},
		"empty array":    {body: `[]`, array: true},
	}
	run := func(t rapid.TB, media, body string, array bool, cuts []int) string {
		var steps []any
		for at := 0; at < len(body); {
			n := len(body) - at
			if len(cuts) > 0 {
				n = min(n, cuts[0])
				cuts = append(cuts[1:], cuts[0])
			}
			steps = append(steps, body[at:at+n])
			at += n
		}
		r := newRequest(nopTB{}, "http://upstream", &script{header: http.Header{"Content-Type": {media}}, steps: steps})
		r.Array = array
		a := Send(context.Background(), r)
		defer a.Close()
		sum := fmt.Sprintf("good %v, %v %q", a.Good(), a.Evidence.Kind, a.Evidence.Failure.Message)
		if a.Good() {
			var c client
			e := a.CopyTo(context.Background(), &c)
			if !strings.HasPrefix(c.body.String(), body) {
				t.Fatalf("the client got %q of %q", c.body.String(), body)
			}
			sum += fmt.Sprintf(", ended %v, abort %v, %q, usage %d", e.Evidence.Kind, e.Abort, c.body.String(), a.Verdict().Usage.Output)
		}
		return sum
	}
	for name, s := range streams {
		for _, media := range []string{eventStream, jsonText, html} {
			t.Run(name+" as "+media, func(t *testing.T) {
				want := run(t, media, s.body, s.array, nil)
				if one := run(t, media, s.body, s.array, []int{1}); one != want {
					t.Fatalf("byte by byte: %s\nwhole:        %s", one, want)
				}
				rapid.Check(t, func(t *rapid.T) {
					cuts := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 20).Draw(t, "cuts")
					if got := run(t, media, s.body, s.array, slices.Clone(cuts)); got != want {
						t.Fatalf("in pieces: %s\nwhole:     %s", got, want)
					}
				})
			})
		}
	}
}

// nopTB is for requests that cannot fail to be made.
type nopTB struct{ testing.TB }

func (nopTB) Helper() {}

// A stream in the form of an array is ended as an array.
func TestArrayEndings(t *testing.T) {
	const broken = `{"error":"upstream_truncated"}]`
	for _, row := range []struct {
		name, body, want string
		ending           ai.Kind
	}{
		{"whole", `[{"text":"a"},{"stop":true}]`, `[{"text":"a"},{"stop":true}]`, ai.OK},
		{"after an element", `[{"text":"a"}`, `[{"text":"a"},` + "\r\n" + broken, ai.Truncated},
		{"after a comma", `[{"text":"a"},` + "\n", `[{"text":"a"},` + "\n\r\n" + broken, ai.Truncated},
		{"inside an element", `[{"text":"a"},{"te`, `[{"text":"a"},{"te`, ai.Truncated},
		{"closed without an end", `[{"text":"a"}]`, `[{"text":"a"}]`, ai.Truncated},
		{"an error in it", `[{"text":"a"},{"error":{"message":"too much"}}]`, `[{"text":"a"},{"error":{"message":"too much"}}]`, ai.SoftError},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRequest(t, "http://upstream", &script{header: http.Header{"Content-Type": {jsonText}}, steps: []any{row.body}})
			r.Array = true
			a := Send(t.Context(), r)
			defer a.Close()
			var c client
			e := a.CopyTo(t.Context(), &c)
			if c.body.String() != row.want || e.Evidence.Kind != row.ending || e.Abort != (row.ending == ai.Truncated) {
				t.Errorf("%v, abort %v, %q, want %v, %q", e.Evidence.Kind, e.Abort, c.body.String(), row.ending, row.want)
			}
			if got := c.header.Get("Content-Type"); got != jsonText {
				t.Errorf("type %q", got)
			}
		})
	}
}

// An array that is over is not waited for.
func TestArrayNeverClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequest(t, "http://upstream", &script{header: http.Header{"Content-Type": {jsonText}}, steps: []any{`[{"text":"a"},{"stop":true}]`, never}})
		r.Array = true
		start := time.Now()
		a := Send(t.Context(), r)
		defer a.Close()
		if e := a.CopyTo(t.Context(), &client{}); e.Evidence.Kind != ai.OK || time.Since(start) != lingerEnd {
			t.Errorf("%v after %v", e.Evidence.Kind, time.Since(start))
		}
	})
}

// Events of megabytes are judged, and their usage is not lost.
func TestLargeEvents(t *testing.T) {
	image := "data: {\"text\":\"" + strings.Repeat("x", 3<<20) + "\",\"usage\":9}\n\n"
	for name, steps := range map[string][]any{
		"first": {preamble, image, done},
		"later": {preamble, hello, image, done},
	} {
		t.Run(name, func(t *testing.T) {
			a := Send(t.Context(), newRequest(t, "http://upstream", &script{steps: steps}))
			defer a.Close()
			var c client
			e := a.CopyTo(t.Context(), &c)
			if e.Evidence.Kind != ai.OK || a.Verdict().Usage.Output != 9 || c.body.Len() < len(image) {
				t.Errorf("%v, usage %d, %d bytes", e.Evidence.Kind, a.Verdict().Usage.Output, c.body.Len())
			}
		})
	}
	t.Run("an error", func(t *testing.T) {
		big := "data: {\"error\":{\"message\":\"" + strings.Repeat("x", 3<<20) + "\"}}\n\n"
		a := Send(t.Context(), newRequest(t, "http://upstream", &script{steps: []any{preamble, big}}))
		defer a.Close()
		if a.Evidence.Kind != ai.SoftError || len(a.Evidence.Body) != tellError {
			t.Errorf("%v, %d bytes", a.Evidence.Kind, len(a.Evidence.Body))
		}
	})
}

// An event that nobody can hold is passed on, and what follows is not judged.
func TestEventBeyondAllLimits(t *testing.T) {
	huge := "data: {\"text\":\"" + strings.Repeat("x", holdStream+1<<20) + "\"}\n\n"
	for _, row := range []struct {
		name   string
		steps  []any
		ending ai.Kind
		tail   string
	}{
		{"first", []any{huge, stop, done}, ai.OK, done},
		{"later", []any{hello, huge, stop, done}, ai.OK, done},
		{"cut", []any{hello, huge[:len(huge)-9], errReset}, ai.Truncated, "\n\n" + truncatd},
		{"a long preamble", []any{strings.Repeat(": "+strings.Repeat("x", 1<<20)+"\n\n", 1+holdStream>>20), hello, done}, ai.OK, done},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := Send(t.Context(), newRequest(t, "http://upstream", &script{steps: row.steps}))
			defer a.Close()
			if !a.Good() {
				t.Fatalf("%v", a.Evidence.Kind)
			}
			var c client
			e := a.CopyTo(t.Context(), &c)
			if e.Evidence.Kind != row.ending || !bytes.HasSuffix(c.body.Bytes(), []byte(row.tail)) {
				t.Errorf("%v, tail %q", e.Evidence.Kind, c.body.Bytes()[c.body.Len()-60:])
			}
		})
	}
}

// A body that is too large to be held is given away while it comes; its
// beginning was judged, and what it cost is read in passing.
func TestLargeBody(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	for _, row := range []struct {
		name   string
		steps  []any
		length bool
		kind   ai.Kind
		ending ai.Kind
		usage  int64
	}{
		{name: "an answer", steps: []any{`{"text":"` + long + `","usage":9}`}, usage: 9},
		{name: "of known length", steps: []any{`{"text":"` + long + `","usage":9}`}, length: true, usage: 9},
		{name: "an error first", steps: []any{`{"error":{"message":"soft"},"text":"` + long + `"}`}, kind: ai.SoftError},
		{name: "half JSON", steps: []any{`{"text":"` + long}, ending: ai.Truncated},
		{name: "cut", steps: []any{`{"text":"` + long, io.ErrUnexpectedEOF}, ending: ai.Truncated},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := script{header: http.Header{"Content-Type": {jsonText}}, steps: row.steps}
			if row.length {
				s.length = int64(len(row.steps[0].(string)))
			}
			r := newRequest(t, "http://upstream", &s)
			r.Stream = false
			a := Send(t.Context(), r)
			defer a.Close()
			if a.Evidence.Kind != row.kind {
				t.Fatalf("got %v, want %v", a.Evidence.Kind, row.kind)
			}
			if !a.Good() {
				return
			}
			var c client
			e := a.CopyTo(t.Context(), &c)
			if e.Evidence.Kind != row.ending || e.Abort != (row.ending != ai.OK) || c.body.String() != row.steps[0] {
				t.Errorf("%v, abort %v, %d bytes", e.Evidence.Kind, e.Abort, c.body.Len())
			}
			if a.Verdict().Usage.Output != row.usage {
				t.Errorf("usage %d, want %d", a.Verdict().Usage.Output, row.usage)
			}
			if got, want := c.header.Get("Content-Length"), fmt.Sprint(s.length); row.length && got != want || !row.length && got != "" {
				t.Errorf("length %q", got)
			}
		})
	}
}

// Sound is given away from its first bytes on.
func TestOpaqueIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{header: http.Header{"Content-Type": {"audio/mpeg"}}, steps: []any{"ID3", 9 * time.Second, "more", 9 * time.Second}}
		r := newRequest(t, "http://upstream", &s)
		r.Stream, r.Endpoint = false, speech
		start := time.Now()
		a := Send(t.Context(), r)
		defer a.Close()
		if !a.Good() || time.Since(start) != 0 {
			t.Fatalf("good %v after %v", a.Good(), time.Since(start))
		}
		var c client
		if e := a.CopyTo(t.Context(), &c); e.Evidence.Kind != ai.OK || c.body.String() != "ID3more" {
			t.Errorf("%v, %q", e.Evidence.Kind, c.body.String())
		}
		s.steps = []any{"ID3", errReset}
		a = Send(t.Context(), r)
		defer a.Close()
		if e := a.CopyTo(t.Context(), &c); e.Evidence.Kind != ai.Truncated || !e.Abort {
			t.Errorf("%v, abort %v", e.Evidence.Kind, e.Abort)
		}
	})
}

// Each read of the upstream is flushed to the client.
func TestFlushes(t *testing.T) {
	var c client
	a := Send(t.Context(), newRequest(t, "http://upstream", &script{steps: []any{preamble, hello, world, done}}))
	defer a.Close()
	a.CopyTo(t.Context(), &c)
	want := []int{len(preamble + hello), len(preamble + hello + world), len(preamble + hello + world + done)}
	if !slices.Equal(c.flushed, want) {
		t.Errorf("flushed at %v, want %v", c.flushed, want)
	}
}

func TestClientHeader(t *testing.T) {
	upstream := http.Header{
		"Content-Type": {eventStream}, "Cache-Control": {"no-cache"}, "X-Request-Id": {"r1"}, "Request-Id": {"r2"},
		"Openai-Processing-Ms": {"5"}, "Connection": {"keep-alive, X-Hop"}, "X-Hop": {"x"}, "X-Ho": {"x"}, "Keep-Alive": {"timeout=5"},
		"Transfer-Encoding": {"chunked"}, "Set-Cookie": {"__cf_bm=secret"}, "Alt-Svc": {"h3"}, "Strict-Transport-Security": {"max-age=1"},
		"Server": {"cloudflare"}, "Anthropic-Ratelimit-Requests-Remaining": {"1"}, "X-Ratelimit-Limit-Tokens": {"2"},
		"Anthropic-Organization-Id": {"org"}, "X-Ccload-Channel": {"forged"}, "Content-Encoding": {"identity"}, "Content-Length": {"5"},
	}
	before := upstream.Clone()
	a := Send(t.Context(), newRequest(t, "http://upstream", &script{header: upstream, steps: []any{hello, done}}))
	defer a.Close()
	var c client
	c.Header().Set("X-Ccload-Channel", "ours")
	a.CopyTo(t.Context(), &c)
	want := http.Header{
		"Content-Type": {eventStream}, "Cache-Control": {"no-store"}, "X-Request-Id": {"r1"}, "Request-Id": {"r2"},
		"Openai-Processing-Ms": {"5"}, "X-Ccload-Channel": {"ours"}, "X-Accel-Buffering": {"no"},
		"Anthropic-Ratelimit-Requests-Remaining": {"1"}, "X-Ratelimit-Limit-Tokens": {"2"},
	}
	if fmt.Sprint(c.header) != fmt.Sprint(want) {
		t.Errorf("the client got  %v\nwant %v", c.header, want)
	}
	if fmt.Sprint(upstream) != fmt.Sprint(before) || a.Upstream.Get("X-Ratelimit-Limit-Tokens") != "2" {
		t.Errorf("upstream's headers were changed: %v", a.Upstream)
	}
}

func TestContentHeaders(t *testing.T) {
	for _, row := range []struct {
		name, media, body string
		status            int
		wantType, length  string
	}{
		{name: "a whole body", media: jsonText, body: aJSON, wantType: jsonText, length: "26"},
		{name: "a stream labelled as JSON", media: jsonText, body: hello + done, wantType: eventStream},
		{name: "a stream with a charset", media: "text/event-stream;charset=UTF-8", body: hello + done, wantType: "text/event-stream;charset=UTF-8"},
		{name: "JSON labelled as a stream", media: eventStream, body: aJSON, wantType: jsonText, length: "26"},
		{name: "no content", media: jsonText, status: 204, wantType: jsonText},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := Send(t.Context(), newRequest(t, "http://upstream", &script{status: row.status, header: http.Header{"Content-Type": {row.media}}, steps: []any{row.body}}))
			defer a.Close()
			var c client
			a.CopyTo(t.Context(), &c)
			if c.header.Get("Content-Type") != row.wantType || c.header.Get("Content-Length") != row.length || c.status != max(row.status, 200) {
				t.Errorf("%d %v", c.status, c.header)
			}
		})
	}
}

// gateway is a server that makes one attempt for each request.
func gateway(tb testing.TB, request func() *Request) (url string, endings chan Ending) {
	tb.Helper()
	endings = make(chan Ending, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), 2*time.Second, errTotal)
		defer cancel()
		a := Send(ctx, request())
		defer a.Close()
		if !a.Good() {
			endings <- Ending{Evidence: a.Evidence}
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		e := a.CopyTo(ctx, &oneAtATime{ResponseWriter: w})
		endings <- e
		if e.Abort {
			panic(http.ErrAbortHandler)
		}
	}))
	tb.Cleanup(s.Close)
	return s.URL, endings
}

// oneAtATime is a writer around the server's that is used by one goroutine
// only, as Caddy's IdleTimeoutWriter: the race detector says if it is not.
type oneAtATime struct {
	http.ResponseWriter
	deadline time.Time
}

func (w *oneAtATime) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *oneAtATime) SetWriteDeadline(t time.Time) error {
	w.deadline = t
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
}

func (w *oneAtATime) FlushError() error {
	if !w.deadline.IsZero() {
		_ = w.SetWriteDeadline(w.deadline)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// A client sees that an answer is cut, after it has read why.
func TestClientSeesTheCut(t *testing.T) {
	upstream := serve(t, say(hello, "cut"))
	tr := newTransport(t)
	url, endings := gateway(t, func() *Request { return newRequest(t, upstream, tr) })
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if string(b) != hello+truncatd || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", b, err)
	}
	if e := <-endings; e.Evidence.Kind != ai.Truncated {
		t.Errorf("%v", e.Evidence.Kind)
	}
	http.DefaultClient.CloseIdleConnections()
}

// A client that hangs up is noticed while the upstream is silent, and the
// upstream's request ends with it.
func TestHangUpReachesUpstream(t *testing.T) {
	ended := make(chan struct{})
	upstream := serve(t, func(w http.ResponseWriter, r *http.Request) {
		say(hello)(w, r)
		<-r.Context().Done()
		close(ended)
	})
	tr := newTransport(t)
	url, endings := gateway(t, func() *Request { return newRequest(t, upstream, tr) })
	ctx, hangUp := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, len(hello))); err != nil {
		t.Fatal(err)
	}
	hangUp()
	resp.Body.Close()
	if e := <-endings; e.Evidence.Kind != ai.ClientGone || e.Abort {
		t.Errorf("%v, abort %v", e.Evidence.Kind, e.Abort)
	}
	<-ended
	http.DefaultClient.CloseIdleConnections()
}

// A client that does not read at all does not hold the upstream for longer
// than its call may take.
func TestClientThatDoesNotRead(t *testing.T) {
	upstream := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		big := "data: {\"text\":\"" + strings.Repeat("x", 1<<20) + "\"}\n\n"
		for r.Context().Err() == nil {
			io.WriteString(w, big)
		}
	})
	tr := newTransport(t)
	url, endings := gateway(t, func() *Request { return newRequest(t, upstream, tr) })
	start := time.Now()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	e := <-endings
	if e.Evidence.Kind != ai.ClientGone && e.Evidence.Phase != "total" { // what the buffers between hold is written yet
		t.Errorf("%v in %q", e.Evidence.Kind, e.Evidence.Phase)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
