package relay_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/relay"
)

type encoder interface {
	io.WriteCloser
	Flush() error
}

var encoders = []struct {
	name, header string
	make         func(io.Writer) encoder
}{
	{"gzip", "gzip", func(w io.Writer) encoder { return gzip.NewWriter(w) }},
	{"br", "BR", func(w io.Writer) encoder { return brotli.NewWriter(w) }},
	{"zstd", "zstd", func(w io.Writer) encoder { z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)); return z }},
	{"deflate", "deflate", func(w io.Writer) encoder { return zlib.NewWriter(w) }},
	{"bare deflate", "deflate", func(w io.Writer) encoder { f, _ := flate.NewWriter(w, -1); return f }},
}

// pieces encodes texts, each flushed, so that each can be read when it has come.
func pieces(mk func(io.Writer) encoder, texts ...string) (out []string) {
	var b bytes.Buffer
	e := mk(&b)
	for i, text := range texts {
		io.WriteString(e, text)
		if i < len(texts)-1 {
			e.Flush()
		} else {
			e.Close()
		}
		out = append(out, b.String())
		b.Reset()
	}
	return out
}

func TestEncodedBody(t *testing.T) {
	const body = `{"ok":true,"text":"something"}`
	for _, enc := range encoders {
		for status, want := range map[string]bool{"200 OK": true, "429 Slow": false} {
			t.Run(enc.name+" "+status, func(t *testing.T) {
				head := "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Encoding: " + enc.header + "\r\n\r\n"
				a := send(t, t.Context(), request(t, upstream(t, say(head+pieces(enc.make, body)[0]))))
				if a.Good() != want {
					t.Fatalf("good %v: %+v", a.Good(), a.Evidence)
				}
				if !want {
					if string(a.Held()) != body || string(a.Evidence.Body) != body {
						t.Errorf("held %q, evidence %q", a.Held(), a.Evidence.Body)
					}
					return
				}
				w := httptest.NewRecorder()
				if e := a.CopyTo(t.Context(), w); e.Evidence.Kind != ai.OK || w.Body.String() != body {
					t.Errorf("%v, got %q", e.Evidence.Kind, w.Body)
				}
				if ce, cl := w.Header().Get("Content-Encoding"), w.Header().Get("Content-Length"); ce != "" || cl != "" && cl != "30" {
					t.Errorf("Content-Encoding %q, Content-Length %q", ce, cl)
				}
			})
		}
	}
}

// eager is a client that tells when it has read a text.
type eager struct {
	*httptest.ResponseRecorder
	mu   sync.Mutex
	want string
	seen chan struct{}
}

func (e *eager) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := e.ResponseRecorder.Write(b)
	if e.want != "" && strings.Contains(e.Body.String(), e.want) {
		e.want = ""
		close(e.seen)
	}
	return n, err
}

// TestEncodedStream: each event of a compressed stream reaches the client
// before the next one has been written.
func TestEncodedStream(t *testing.T) {
	for _, enc := range encoders {
		t.Run(enc.name, func(t *testing.T) {
			t.Parallel()
			w := &eager{ResponseRecorder: httptest.NewRecorder(), want: "c2", seen: make(chan struct{})}
			parts := pieces(enc.make, events("pre", "c1"), events("c2"), events("end"))
			late := make(chan struct{})
			u := upstream(t, func(c *net.TCPConn, gone <-chan struct{}) {
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: "+enc.header+"\r\nConnection: close\r\n\r\n")
				io.WriteString(c, parts[0])
				time.Sleep(20 * time.Millisecond)
				io.WriteString(c, parts[1])
				select {
				case <-w.seen:
				case <-time.After(2 * time.Second):
					close(late)
				}
				io.WriteString(c, parts[2])
			})
			a := send(t, t.Context(), request(t, u, streaming))
			if !a.Good() {
				t.Fatalf("%+v", a.Evidence)
			}
			e := a.CopyTo(t.Context(), w)
			if want := events("pre", "c1", "c2", "end"); e.Evidence.Kind != ai.OK || w.Body.String() != want {
				t.Errorf("%v, got %q", e.Evidence.Kind, w.Body)
			}
			select {
			case <-late:
				t.Error("an event was held back")
			default:
			}
		})
	}
}

// TestEncodedBreaks: compressed data that stops is an answer cut short.
func TestEncodedBreaks(t *testing.T) {
	for _, enc := range encoders {
		parts := pieces(enc.make, events("c1"), events("c2", "c3"), events("end"))
		head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Encoding: " + enc.header + "\r\n\r\n"
		e, w := relayed(t, request(t, upstream(t, say(head+parts[0]+parts[1])), streaming))
		if e.Evidence.Kind != ai.Truncated || !e.Abort || !strings.HasSuffix(w.Body.String(), events("err-upstream_truncated")) {
			t.Errorf("%s: %v, abort %v, got %q", enc.name, e.Evidence.Kind, e.Abort, w.Body)
		}
		a := relay.Send(t.Context(), request(t, upstream(t, say(strings.Replace(head, "text/event-stream", "application/json", 1)+"garbage"))))
		if a.Good() || a.Evidence.Kind != ai.BadAnswer && a.Evidence.Kind != ai.Truncated {
			t.Errorf("%s: garbage is %v, good %v", enc.name, a.Evidence.Kind, a.Good())
		}
		a.Close()
	}
}
