package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeFormat is a wire format as small as can be. An event, and a body, is an
// object with some of these members: "text" is content, "stop" the finish,
// "error" an error, "usage" a count of tokens. Anything else is preamble. [DONE]
// is the end marker.
type fakeFormat struct{}

type fakeMessage struct {
	Text  string          `json:"text"`
	Stop  bool            `json:"stop"`
	Error json.RawMessage `json:"error"`
	Usage int64           `json:"usage"`
}

func (fakeFormat) ID() ai.Protocol                                    { return "fake" }
func (fakeFormat) Endpoints() []protocol.Endpoint                     { return nil }
func (fakeFormat) SetKey(http.Header, string)                         {}
func (fakeFormat) ForwardHeader(string) bool                          { return true }
func (fakeFormat) WriteModels(*http.Request, []protocol.Model) []byte { return nil }
func (fakeFormat) WriteModel(*http.Request, protocol.Model) []byte    { return nil }

func (fakeFormat) ReadRequest(*protocol.Endpoint, *http.Request, []byte) (protocol.Request, error) {
	return protocol.Request{}, nil
}

func (fakeFormat) WriteError(e *protocol.Error) (contentType string, body []byte) {
	return jsonText, []byte(`{"error":"` + e.Code + `"}`)
}

func (f fakeFormat) ErrorEvent(e *protocol.Error, array bool) []byte {
	_, body := f.WriteError(e)
	if array {
		return []byte(",\r\n" + string(body) + "]")
	}
	return []byte("data: " + string(body) + "\n\n")
}

func (fakeFormat) JudgeBody(_ *protocol.Endpoint, body []byte) protocol.Verdict {
	if len(bytes.TrimSpace(body)) == 0 {
		return protocol.Verdict{Kind: ai.Empty}
	}
	var m fakeMessage
	switch err := json.Unmarshal(body, &m); {
	case err != nil && strings.Contains(err.Error(), "unexpected end"):
		return protocol.Verdict{Kind: ai.Truncated}
	case err != nil || m.Error == nil && m.Text == "":
		f, _ := protocol.ParseFailure(body)
		return protocol.Verdict{Kind: ai.BadAnswer, Failure: f}
	case m.Error != nil:
		f, _ := protocol.ParseFailure(body)
		return protocol.Verdict{Kind: ai.SoftError, Failure: f}
	}
	return protocol.Verdict{Kind: ai.OK, Usage: ai.Usage{Output: m.Usage, Reported: m.Usage > 0}}
}

func (fakeFormat) NewJudge(*protocol.Endpoint) protocol.Judge { return &fakeJudge{} }

type fakeJudge struct {
	content, ended bool
	failure        ai.Failure
	usage          ai.Usage
}

func (j *fakeJudge) Event(ev sse.Event) protocol.Step {
	if string(ev.Data) == "[DONE]" {
		if !j.content {
			return protocol.Preamble
		}
		j.ended = true
		return protocol.End
	}
	var m fakeMessage
	if json.Unmarshal(ev.Data, &m) != nil {
		return protocol.Preamble // what a cut stream ends with
	}
	if m.Usage > 0 {
		j.usage = ai.Usage{Output: m.Usage, Reported: true}
	}
	switch {
	case m.Error != nil:
		j.failure, _ = protocol.ParseFailure(ev.Data)
		return protocol.Failed
	case m.Text != "":
		j.content = true
		return protocol.Content
	case m.Stop && j.content:
		j.ended = true
		return protocol.Finish
	}
	return protocol.Preamble
}

func (j *fakeJudge) Failure() ai.Failure { return j.failure }
func (j *fakeJudge) Ended() bool         { return j.ended }

func (j *fakeJudge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Usage: j.usage, Failure: j.failure}
	switch {
	case j.failure.Message != "":
		v.Kind = ai.SoftError
	case !j.content:
		v.Kind = ai.Empty
	case !j.ended:
		v.Kind = ai.Truncated
	}
	return v
}

// Pieces of streams in the fake format.
const (
	preamble = "event: start\ndata: {\"id\":1}\n\n"
	ping     = ": ping\n\n"
	hello    = "data: {\"text\":\"hello\"}\n\n"
	world    = "data: {\"text\":\" world\"}\n\n"
	stop     = "data: {\"stop\":true,\"usage\":7}\n\n"
	done     = "data: [DONE]\n\n"
	failed   = "event: error\ndata: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"too much\"}}\n\n"
	truncatd = "data: {\"error\":\"upstream_truncated\"}\n\n"
	silent   = "data: {\"error\":\"upstream_timeout\"}\n\n"
)

var (
	generate = &protocol.Endpoint{Operation: ai.Generate, Streams: protocol.StreamByBody}
	speech   = &protocol.Endpoint{Operation: ai.Audio, Opaque: true}
)

// newRequest is a request for a stream from where.
func newRequest(tb testing.TB, where string, rt http.RoundTripper) *Request {
	tb.Helper()
	u, err := url.Parse(where)
	if err != nil {
		tb.Fatal(err)
	}
	return &Request{
		ID: "req_1", Method: http.MethodPost, URL: u,
		Header: http.Header{"Content-Type": {jsonText}, "Accept-Encoding": {"identity"}},
		Body:   Body{Parts: [5][]byte{[]byte(`{"model":`), []byte(`"m"`), []byte(`}`)}},
		Format: fakeFormat{}, Endpoint: generate, Stream: true, Transport: rt,
	}
}

// client is a client in memory.
type client struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	flushed []int         // bytes that had been written at each flush
	breaks  int           // bytes after which writing fails; 0: never
	slow    time.Duration // that each write takes
}

func (c *client) Header() http.Header {
	if c.header == nil {
		c.header = make(http.Header)
	}
	return c.header
}

func (c *client) WriteHeader(status int) { c.status = status }

func (c *client) Write(b []byte) (int, error) {
	if c.slow > 0 {
		time.Sleep(c.slow)
	}
	if c.breaks > 0 && c.body.Len()+len(b) > c.breaks {
		return 0, io.ErrClosedPipe
	}
	return c.body.Write(b)
}

func (c *client) Flush() { c.flushed = append(c.flushed, c.body.Len()) }

// script is an upstream in memory: an answer that comes in steps. It can be
// used inside a bubble of package synctest.
type script struct {
	status  int // 200 if 0
	header  http.Header
	length  int64         // Content-Length; 0: unknown
	headers time.Duration // until the headers come; negative: never
	steps   []any         // string: bytes; duration: a wait; error: the end
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	if err := pause(r.Context(), s.headers); err != nil {
		return nil, err
	}
	resp := &http.Response{StatusCode: s.status, Header: s.header, ContentLength: -1, Request: r}
	if s.status == 0 {
		resp.StatusCode = http.StatusOK
	}
	if s.header == nil {
		resp.Header = http.Header{"Content-Type": {eventStream}}
	}
	if s.length > 0 {
		resp.ContentLength = s.length
	}
	resp.Body = &scriptBody{ctx: r.Context(), steps: slices.Clone(s.steps)}
	return resp, nil
}

// never is a wait without end.
const never = time.Duration(-1)

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return context.Cause(ctx)
	}
	var timer <-chan time.Time
	if d > 0 {
		timer = time.After(d)
	}
	select {
	case <-timer:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type scriptBody struct {
	ctx   context.Context
	steps []any
}

func (b *scriptBody) Read(p []byte) (int, error) {
	for len(b.steps) > 0 {
		switch step := b.steps[0].(type) {
		case string:
			n := copy(p, step)
			if b.steps[0] = step[n:]; n == len(step) {
				b.steps = b.steps[1:]
			}
			return n, nil
		case error:
			return 0, step
		case time.Duration:
			if err := pause(b.ctx, step); err != nil {
				return 0, err
			}
			b.steps = b.steps[1:]
		}
	}
	return 0, io.EOF
}

func (b *scriptBody) Close() error { return nil }
