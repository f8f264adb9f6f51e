package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPackets: a small request goes to the network in one piece, headers and
// body; a large one in two.
func TestPackets(t *testing.T) {
	var got atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got.Store(string(b))
		answer(jsonText, aJSON)(w, r)
	})
	for _, row := range []struct {
		name  string
		parts [5][]byte
		most  int64
	}{
		{"small", [5][]byte{bytes.Repeat([]byte("a"), 1<<10)}, 1},
		{"small, in parts", [5][]byte{[]byte("a"), []byte("b"), nil, bytes.Repeat([]byte("c"), 1<<10)}, 1},
		{"large", [5][]byte{bytes.Repeat([]byte("a"), 200<<10)}, 2},
		{"large, in parts", [5][]byte{[]byte("a"), []byte("b"), bytes.Repeat([]byte("c"), 200<<10)}, 4}, // writev counts as one for each part
	} {
		t.Run(row.name, func(t *testing.T) {
			var writes atomic.Int64
			tr := newTransport(t)
			tr.DialContext = timed(func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				return &countingConn{conn, &writes}, err
			})
			r := newRequest(t, url, tr)
			r.Body = Body{Parts: row.parts}
			for range 3 {
				writes.Store(0)
				a := Send(t.Context(), r)
				if want := string(bytes.Join(row.parts[:], nil)); !a.Good() || got.Load() != want {
					t.Fatalf("good: %v; the upstream got %d bytes of %d", a.Good(), len(got.Load().(string)), len(want))
				}
				a.Release()
				if n := writes.Load(); n > row.most {
					t.Errorf("%d writes, want at most %d", n, row.most)
				}
			}
		})
	}
}

// countingConn counts writes.
type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// TestReaders: a body belongs to the attempt until all have done with it that
// may read it: the attempt and each connection that the transport took. Only
// then may its memory, and the attempt's, serve another call.
func TestReaders(t *testing.T) {
	type step string
	const got, wrote, end step = "a connection is taken", "the request is written", "the attempt ends"
	for name, row := range map[string]struct {
		steps    []step
		released bool
	}{
		"as ever":                         {[]step{got, wrote, end}, true},
		"written after the answer":        {[]step{got, end, wrote}, true},
		"sent twice":                      {[]step{got, wrote, got, wrote, end}, true},
		"sent twice, the first one later": {[]step{got, got, wrote, end, wrote}, true},
		"no connection":                   {[]step{end}, true},
		"never written":                   {[]step{got, end}, false},
		"sent twice, written once":        {[]step{got, got, wrote, end}, false},
		"under way":                       {[]step{got, wrote}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, parts := range [][5][]byte{{[]byte("whole")}, {[]byte("in"), []byte("parts")}} {
				released := 0
				c := newConnection()
				c.take(&Request{Transport: &http.Transport{}, Body: Body{Parts: parts, Hold: func() {}, Release: func() { released++ }}})
				for i, s := range row.steps {
					if released > 0 {
						t.Fatalf("released before step %d", i)
					}
					switch s {
					case got:
						c.trace.GotConn(httptrace.GotConnInfo{})
					case wrote:
						c.trace.WroteRequest(httptrace.WroteRequestInfo{})
					case end:
						c.done()
					}
				}
				joined := len(parts[1]) > 0 // into a buffer, so that the owner has its own back at once
				if row.released != (c.joined == nil) && joined || !joined && row.released != (released == 1) {
					t.Errorf("released %d times, buffer returned: %v; want %v", released, c.joined == nil, row.released)
				}
			}
		})
	}
}

// TestRecycled: the memory of an attempt holds nothing of it when it serves
// another, whatever the attempt was.
func TestRecycled(t *testing.T) {
	again := map[string]bool{ // made once, of no call
		"Header": true, "see": true, "conn": true, "deadline": true,
	}
	var check func(t *testing.T, v reflect.Value)
	check = func(t *testing.T, v reflect.Value) {
		for i := range v.NumField() {
			f, field := v.Field(i), v.Type().Field(i)
			switch {
			case again[field.Name]:
			case field.Anonymous && field.Type.Kind() == reflect.Struct:
				check(t, f)
			case !f.IsZero():
				t.Errorf("%s is left of another attempt", field.Name)
			}
		}
	}
	for _, row := range []struct {
		name, media string
		pieces      []string
		stream      bool
		fail        error
	}{
		{"small", jsonText, smallBody(), false, nil},
		{"stream", eventStream, manyEvents(), true, nil},
		{"an error in a stream", eventStream, []string{preamble, "event: error\ndata: {\"error\":{\"message\":\"x\"}}\n\n"}, true, nil},
		{"no answer", "text/html", []string{"<html><title>x</title>"}, false, nil},
		{"no connection", "", nil, false, errors.New("refused")},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRequest(t, "http://upstream", &instant{http.Header{"Content-Type": {row.media}}, row.pieces})
			if row.fail != nil {
				r.Transport = failing{row.fail}
			}
			r.Stream, r.Timers = row.stream, Timers{Headers: 1 << 40, FirstContent: 1 << 40, Idle: 1 << 40}
			a := Send(t.Context(), r)
			if a.Good() {
				a.CopyTo(t.Context(), &sink{header: make(http.Header)})
			}
			if !a.close() {
				t.Fatal("somebody uses it still")
			}
			a.recycle()
			check(t, reflect.ValueOf(a).Elem())
			if d := &a.deadline; len(a.Header) > 0 || d.cause != nil || d.at > 0 || d.limit > 0 || d.cancel != nil {
				t.Error("its header or its deadline is left")
			}
			if c := a.conn; c.text != nil || c.joined != nil || c.release != nil || c.sent || c.got.Load() || c.fresh.Load() != nil || c.reader.Size() > 0 {
				t.Error("its connection is left")
			}
		})
	}
}

type failing struct{ error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.error }

// TestReadFrom: what is written to a connection is what the reader has, up to
// its limit, whatever kind of reader it is.
func TestReadFrom(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	for name, r := range map[string]io.Reader{
		"in memory":         strings.NewReader(text),
		"unknown":           struct{ io.Reader }{strings.NewReader(text)},
		"parts":             (&Body{Parts: [5][]byte{[]byte(text[:7]), nil, []byte(text[7:])}}).reader(),
		"limited":           io.LimitReader(struct{ io.Reader }{strings.NewReader(text + "more")}, int64(len(text))),
		"limited parts":     io.LimitReader((&Body{Parts: [5][]byte{[]byte(text[:7]), nil, []byte(text[7:])}}).reader(), int64(len(text))),
		"limited in memory": io.LimitReader(strings.NewReader(text), int64(len(text))),
	} {
		here, there := net.Pipe()
		read := make(chan string)
		go func() {
			b, _ := io.ReadAll(there)
			read <- string(b)
		}()
		n, err := (&dialedConn{Conn: here}).ReadFrom(r)
		here.Close()
		if got := <-read; got != text || n != int64(len(text)) || err != nil {
			t.Errorf("%s: %d bytes, %v; %d arrived", name, n, err, len(got))
		}
	}
	var sunk bytes.Buffer
	w := &cappedWriter{&sunk, 3}
	if n, err := w.Write([]byte("abcd")); n != 3 || !errors.Is(err, io.ErrShortWrite) || sunk.String() != "abc" {
		t.Errorf("%d, %v, %q", n, err, sunk.String())
	}
}
