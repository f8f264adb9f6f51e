package relay_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/relay"
)

// slow is a transport whose bodies give only their first bytes at first.
type slow struct {
	http.RoundTripper
	first int
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(resp.Body, int64(s.first)), resp.Body), resp.Body}
	}
	return resp, err
}

// TestUnnamedEncoding: what is compressed and does not say so is read like what
// says so, answers, errors and streams alike, however its bytes arrive and also
// beneath an encoding that is named.
func TestUnnamedEncoding(t *testing.T) {
	const body = `{"ok":true,"text":"something"}`
	for _, enc := range encoders {
		if enc.name != "gzip" && enc.name != "zstd" { // the others have no marks
			continue
		}
		packed := pieces(enc.make, body)[0]
		twice := pieces(enc.make, packed)[0]
		for _, tt := range []struct {
			name, status, headers, sent string
			first                       int // bytes that the first read gives, 0: as many as it can
		}{
			{"good", "200 OK", "", packed, 0},
			{"error", "400 Bad", "", packed, 0},
			{"first byte alone", "200 OK", "", packed, 1},
			{"error, first byte alone", "429 Slow", "", packed, 1},
			{"three bytes alone", "200 OK", "", packed, 3},
			{"with its length", "200 OK", "Content-Length: " + strconv.Itoa(len(packed)) + "\r\n", packed, 0},
			{"one named, two there", "200 OK", "Content-Encoding: " + enc.header + "\r\n", twice, 0},
			{"error, one named, two there", "500 Oh", "Content-Encoding: " + enc.header + "\r\n", twice, 0},
			{"named identity", "200 OK", "Content-Encoding: identity\r\n", packed, 0},
		} {
			t.Run(enc.name+" "+tt.name, func(t *testing.T) {
				head := "HTTP/1.1 " + tt.status + "\r\nContent-Type: application/json\r\nConnection: close\r\n" + tt.headers + "\r\n"
				u := upstream(t, say(head+tt.sent))
				a := send(t, t.Context(), request(t, u, func(r *relay.Request) {
					if tt.first > 0 {
						r.Transport = slow{r.Transport, tt.first}
					}
				}))
				if tt.status != "200 OK" {
					if a.Good() || string(a.Held()) != body || string(a.Evidence.Body) != body {
						t.Errorf("good %v, held %q, evidence %q", a.Good(), a.Held(), a.Evidence.Body)
					}
					return
				}
				if !a.Good() {
					t.Fatalf("%+v", a.Evidence)
				}
				w := httptest.NewRecorder()
				if e := a.CopyTo(t.Context(), w); e.Evidence.Kind != ai.OK || w.Body.String() != body {
					t.Errorf("%v, got %q", e.Evidence.Kind, w.Body)
				}
				if n := w.Header().Get("Content-Length"); n != strconv.Itoa(len(body)) {
					t.Errorf("Content-Length %q", n)
				}
			})
		}
		t.Run(enc.name+" stream", func(t *testing.T) {
			want := events("pre", "c1", "c2", "end")
			head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
			e, w := relayed(t, request(t, upstream(t, say(head+pieces(enc.make, want)[0])), streaming))
			if e.Evidence.Kind != ai.OK || w.Body.String() != want {
				t.Errorf("%v, got %q", e.Evidence.Kind, w.Body)
			}
			half := pieces(enc.make, events("c1"), events("end"))[0]
			e, w = relayed(t, request(t, upstream(t, say(head+half)), streaming))
			if e.Evidence.Kind != ai.Truncated || !e.Abort || !strings.HasPrefix(w.Body.String(), events("c1")) {
				t.Errorf("cut: %v, got %q", e.Evidence.Kind, w.Body)
			}
		})
		t.Run(enc.name+" file", func(t *testing.T) {
			head := "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n"
			_, w := relayed(t, request(t, upstream(t, say(head+packed)), opaquely))
			if w.Body.String() != packed {
				t.Errorf("a file was unpacked: %q", w.Body)
			}
		})
	}
	for _, few := range []string{"\x1f", "\x1f\x8b", "\x28\xb5"} {
		a := send(t, t.Context(), request(t, upstream(t, say("HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n"+few))))
		if string(a.Held()) != few {
			t.Errorf("%q is held as %q", few, a.Held())
		}
	}
}
