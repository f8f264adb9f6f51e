package relay

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// instant is an upstream without a network, for what the relay itself costs.
type instant struct {
	header http.Header
	pieces []string
}

func (i *instant) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context()) // as net/http tells
	trace.GotConn(httptrace.GotConnInfo{Reused: true})
	r.Body.Close()
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	return &http.Response{StatusCode: 200, Header: i.header, ContentLength: -1, Body: &instantBody{i.pieces}, Request: r}, nil
}

// instantBody gives one piece for each read; all fit.
type instantBody struct{ pieces []string }

func (b *instantBody) Read(p []byte) (int, error) {
	if len(b.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.pieces[0])
	b.pieces = b.pieces[1:]
	return n, nil
}

func (b *instantBody) Close() error { return nil }

// sink is a client that takes everything.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) Flush()                      {}

// manyEvents is a stream of 200 events in as many pieces.
func manyEvents() []string {
	pieces := []string{preamble}
	for range 197 {
		pieces = append(pieces, "data: {\"text\":\""+strings.Repeat("x", 100)+"\"}\n\n")
	}
	return append(pieces, stop, done)
}

func smallBody() []string { return []string{`{"text":"` + strings.Repeat("x", 1000) + `","usage":7}`} }

// quick is the fake format with a judge that costs about what a real one does.
type quick struct{ fakeFormat }

func (quick) NewJudge(*protocol.Endpoint) protocol.Judge { return &quickJudge{} }

func (q quick) JudgeBody(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	if bytes.HasPrefix(body, []byte(`{"text":`)) && bytes.HasSuffix(body, []byte("}")) {
		return protocol.Verdict{Kind: ai.OK}
	}
	return q.fakeFormat.JudgeBody(ep, body)
}

type quickJudge struct{ fakeJudge }

func (j *quickJudge) Event(ev sse.Event) protocol.Step {
	if bytes.HasPrefix(ev.Data, []byte(`{"text":`)) && !bytes.Contains(ev.Data, []byte(`"usage"`)) {
		j.content = true
		return protocol.Content
	}
	return j.fakeJudge.Event(ev)
}

func attempt(tb testing.TB, r *Request) {
	a := Send(tb.Context(), r)
	if !a.Good() {
		tb.Fatalf("%+v", a.Evidence)
	}
	if e := a.CopyTo(tb.Context(), &sink{header: make(http.Header)}); e.Evidence.Kind != ai.OK {
		tb.Fatalf("%+v", e)
	}
	a.Release()
}

// The relay may not come to cost more without anybody noticing.
func TestAllocations(t *testing.T) {
	for _, row := range []struct {
		name   string
		media  string
		pieces []string
		most   float64
	}{
		{"a small call", jsonText, smallBody(), 22},
		{"a stream of 200 events", eventStream, manyEvents(), 42},
	} {
		r := newRequest(t, "http://upstream", &instant{http.Header{"Content-Type": {row.media}}, row.pieces})
		r.Stream, r.Format = row.media == eventStream, quick{}
		if got := testing.AllocsPerRun(100, func() { attempt(t, r) }); got > row.most {
			t.Errorf("%s: %v allocations, want at most %v", row.name, got, row.most)
		}
	}
}

// BenchmarkRelay is the relay without a network.
func BenchmarkRelay(b *testing.B) {
	for _, row := range []struct {
		name, media string
		pieces      []string
	}{{"small", jsonText, smallBody()}, {"200 events", eventStream, manyEvents()}} {
		b.Run(row.name, func(b *testing.B) {
			r := newRequest(b, "http://upstream", &instant{http.Header{"Content-Type": {row.media}}, row.pieces})
			r.Stream, r.Format = row.media == eventStream, quick{}
			b.ReportAllocs()
			for b.Loop() {
				attempt(b, r)
			}
		})
	}
}

// BenchmarkAgainstReverseProxy is the same over a network, beside the standard
// library's proxy. Both times hold the same client and the same upstream.
func BenchmarkAgainstReverseProxy(b *testing.B) {
	for _, row := range []struct {
		name, media string
		pieces      []string
	}{{"small", jsonText, smallBody()}, {"200 events", eventStream, manyEvents()}} {
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", row.media)
			for _, p := range row.pieces {
				_, _ = io.WriteString(w, p)
				if len(row.pieces) > 1 {
					w.(http.Flusher).Flush()
				}
			}
		}))
		target, _ := url.Parse(upstream.URL)
		tr := newTransport(b)
		handlers := []struct {
			name    string
			handler http.Handler
		}{
			{"reverse_proxy", &httputil.ReverseProxy{
				Transport: tr, FlushInterval: -1,
				Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
			}},
			{"relay", http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
				body, _ := io.ReadAll(hr.Body)
				r := newRequest(b, upstream.URL, tr)
				r.Stream, r.Format, r.Body = row.media == eventStream, quick{}, Body{Parts: [5][]byte{body}}
				a := Send(hr.Context(), r)
				a.CopyTo(hr.Context(), w)
				a.Release()
			})},
		}
		for _, h := range handlers {
			b.Run(row.name+"/"+h.name, func(b *testing.B) {
				s := httptest.NewServer(h.handler)
				defer s.Close()
				clients := &http.Transport{}
				defer clients.CloseIdleConnections()
				body := strings.Repeat("q", 1000)
				b.ReportAllocs()
				for b.Loop() {
					req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL, strings.NewReader(body))
					resp, err := clients.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
		}
		upstream.Close()
	}
}

// BenchmarkAbridger is what it costs to read the usage of a body in passing.
func BenchmarkAbridger(b *testing.B) {
	numbers := `[` + strings.TrimSuffix(strings.Repeat("-0.0123456789,", 100_000), ",") + `]`
	for name, text := range map[string]string{"string": `{"b64":"` + strings.Repeat("x", 8<<20) + `"}`, "numbers": numbers} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var a truncator
				a.write([]byte(text))
			}
		})
	}
}

// What the relay holds of a thousand open streams, beside what the transport
// does, is bounded: its own small buffer and the state of the attempt.
func TestMemoryOfOpenStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a thousand connections")
	}
	const most = 24 << 10 // bytes of each stream with the race detector, which makes frames larger; 16 KB without
	bare := memoryOfStreams(t, func(r *Request, w *telling) error {
		resp, err := r.Transport.RoundTrip(newConnection().outbound(t.Context(), r))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.CopyBuffer(w, resp.Body, make([]byte, 512))
		return err
	})
	relayed := memoryOfStreams(t, func(r *Request, w *telling) error {
		a := Send(t.Context(), r)
		defer a.Close()
		if !a.Good() {
			return a.Evidence.Err
		}
		return a.CopyTo(t.Context(), w).Evidence.Err
	})
	t.Logf("%d bytes with the transport alone, %d with the relay", bare, relayed)
	if relayed > bare+most {
		t.Errorf("the relay holds %d bytes of each stream, want at most %d", relayed-bare, most)
	}
}

// memoryOfStreams is what each of a thousand streams costs while it is open,
// the upstream's server included.
func memoryOfStreams(t *testing.T, stream func(*Request, *telling) error) uint64 {
	t.Helper()
	const streams = 1000
	release := make(chan struct{})
	upstream := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		say(preamble, hello)(w, r)
		<-release
		_, _ = io.WriteString(w, done)
	})
	tr := newTransport(t)
	before := inUse()
	var flowing, ended sync.WaitGroup
	flowing.Add(streams)
	for range streams {
		ended.Go(func() {
			w := &telling{flowing: sync.OnceFunc(flowing.Done)}
			defer w.flowing()
			r := newRequest(t, upstream, tr)
			if err := stream(r, w); err != nil || w.body.String() != preamble+hello+done {
				t.Errorf("%v, %q", err, w.body.String())
			}
		})
	}
	flowing.Wait()
	each := (inUse() - before) / streams
	close(release)
	ended.Wait()
	tr.CloseIdleConnections()
	return each
}

// telling is a client that tells when it has its first bytes.
type telling struct {
	client
	flowing func()
}

func (c *telling) Write(b []byte) (int, error) {
	n, err := c.client.Write(b)
	if strings.HasSuffix(c.body.String(), hello) {
		c.flowing()
	}
	return n, err
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
