package relay_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/relay"
)

// discard is a client that takes everything.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
func (d discard) Flush()                      {}

func benchmark(b *testing.B, media string, pieces []string, edit ...func(*relay.Request)) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", media)
		for _, p := range pieces {
			io.WriteString(w, p)
			if len(pieces) > 1 {
				w.(http.Flusher).Flush()
			}
		}
	}))
	defer s.Close()
	u, _ := url.Parse(s.URL)
	r := request(b, u, edit...)
	b.ReportAllocs()
	for b.Loop() {
		a := relay.Send(b.Context(), r)
		if !a.Good() {
			b.Fatalf("%+v", a.Evidence)
		}
		if e := a.CopyTo(b.Context(), discard{http.Header{}}); e.Evidence.Kind != ai.OK {
			b.Fatalf("%+v", e)
		}
		a.Release()
	}
}

// Both count the server of the standard library that they talk to.
func BenchmarkPlain(b *testing.B) {
	benchmark(b, "application/json", []string{`{"ok":true,"text":"` + strings.Repeat("x", 500) + `"}`})
}

func BenchmarkStream200(b *testing.B) {
	words := []string{events("pre")}
	for range 198 {
		words = append(words, events("c"+strings.Repeat("x", 120)))
	}
	benchmark(b, "text/event-stream", append(words, events("end")), streaming)
}
