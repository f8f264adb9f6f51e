package edge

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// upstream is a provider that speaks all protocols. It answers whole where no
// stream is asked for. A request that says "pace NAME" is given a stream whose
// pieces come as that pace allows.
type upstream struct {
	url string

	mu    sync.Mutex
	paces map[string]*pace
	seen  []http.Header
}

// pace lets the pieces of a stream come one by one.
type pace struct {
	next chan struct{} // a piece more may come
	gone chan struct{} // closed when the stream was given up before its end

	silence time.Duration // before the headers; then all comes at once
}

var pacedBy = regexp.MustCompile(`pace ([a-z0-9]+)`)

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{paces: make(map[string]*pace)}
	s := httptest.NewServer(u)
	t.Cleanup(s.Close)
	u.url = s.URL
	return u
}

func (u *upstream) channel(name string) string {
	return fmt.Sprintf("channel %s {\nurl %s\nprotocol anthropic openai responses gemini\nkey key-0123456789\n}", name, u.url)
}

// pace makes a pace of that name.
func (u *upstream) pace(name string) *pace {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := &pace{next: make(chan struct{}), gone: make(chan struct{})}
	u.paces[name] = p
	return p
}

// silent makes a pace by which a stream comes late, and then at once.
func (u *upstream) silent(name string, silence time.Duration) {
	p := u.pace(name)
	close(p.next)
	p.silence = silence
}

// headers are those of the requests since it was asked last.
func (u *upstream) headers() []http.Header {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = nil
	return seen
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.seen = append(u.seen, r.Header.Clone())
	var p *pace
	if m := pacedBy.FindSubmatch(body); m != nil {
		p = u.paces[string(m[1])]
	}
	u.mu.Unlock()
	asked := r.URL.Path
	if r.URL.Query().Get("alt") == "sse" {
		asked += "?alt=sse"
	}
	for i := range wires {
		wire := &wires[i]
		stream := wire.stream == asked && (wire.asksStream == "" || strings.Contains(string(body), `"stream":true`))
		switch {
		case stream:
			wire.give(w, r, p)
			return
		case wire.whole == asked && wire.whole != wire.stream, wire.whole == asked && !strings.Contains(string(body), `"stream":true`):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, wire.answer)
			return
		}
	}
	http.NotFound(w, r)
}

// give gives a stream.
func (w *wire) give(to http.ResponseWriter, r *http.Request, p *pace) {
	if p != nil {
		select {
		case <-time.After(p.silence):
		case <-r.Context().Done():
			return
		}
	}
	to.Header().Set("Content-Type", w.contentType)
	for i, piece := range w.pieces {
		if i > 0 && p != nil {
			select {
			case <-p.next:
			case <-r.Context().Done():
				close(p.gone)
				return
			}
		}
		_, _ = io.WriteString(to, piece)
		_ = http.NewResponseController(to).Flush()
	}
}
