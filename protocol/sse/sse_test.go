package sse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/protocol/sse"
)

// read feeds the pieces and returns the events as text.
func read(t rapid.TB, s sse.Splitter, pieces ...[]byte) []string {
	t.Helper()
	var got []string
	see := func(ev sse.Event) bool {
		got = append(got, string(ev.Name)+"|"+string(ev.Data))
		return true
	}
	for _, piece := range pieces {
		// Poison the chunk afterwards: nothing may be kept without a copy.
		chunk := bytes.Clone(piece)
		if err := s.Feed(chunk, see); err != nil {
			t.Fatalf("Feed(%.60q): %v", piece, err)
		}
		for i := range chunk {
			chunk[i] = '!'
		}
	}
	s.Close(see)
	return got
}

func TestScanner(t *testing.T) {
	for _, row := range []struct {
		name, stream string
		want         []string
	}{
		{"LF", "event: a\ndata: 1\n\ndata: 2\n\n", []string{"a|1", "|2"}},
		{"CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []string{"a|1", "|2"}},
		{"CR", "event: a\rdata: 1\r\rdata: 2\r\r", []string{"a|1", "|2"}},
		{"mixed", "event: a\r\ndata: 1\n\rdata: 2\r\n\n", []string{"a|1", "|2"}},
		{"byte order mark", "\ufeffdata: 1\n\n", []string{"|1"}},
		{"byte order mark is only skipped once", "data: 1\n\n\ufeffdata: 2\n\ndata: 3\n\n", []string{"|1", "|3"}},
		{"comments", ": hi\n:\n: OPENROUTER PROCESSING\n\ndata: 1\n: inside\n\n", []string{"|1"}},
		{"no space after the colon", "event:a\ndata:{\"x\":1}\n\n", []string{`a|{"x":1}`}},
		{"only one space goes", "data:  x \n\n", []string{"| x "}},
		{"several data lines", "data: a\ndata: b\ndata:\ndata: c\n\n", []string{"|a\nb\n\nc"}},
		{"data without colon", "data\n\ndata\ndata\n\n", []string{"|", "|\n"}},
		{"empty data", "data:\n\n", []string{"|"}},
		{"name without data is no event", "event: ping\n\ndata: 1\n\n", []string{"|1"}},
		{"the last name counts", "event: a\nevent: b\ndata: 1\n\n", []string{"b|1"}},
		{"other fields", "id: 7\nretry: 10\nfoo: x\ndatax: y\ndata: 1\n\n", []string{"|1"}},
		{"blank lines", "\n\n\r\n\r\rdata: 1\n\n\n\n", []string{"|1"}},
		{"end without a blank line", "data: 1\n\nevent: message_stop\ndata: {\"type\":\"m", []string{"|1", `message_stop|{"type":"m`}},
		{"end without data", "data: 1\n\nevent: message_stop\n", []string{"|1"}},
		{"end inside a field name", "data: 1\n\nda", []string{"|1"}},
		{"name is forgotten after an event", "event: a\ndata: 1\n\ndata: 2\n\n", []string{"a|1", "|2"}},
		{"bare JSON is no event", `{"error":{"message":"x"}}`, nil},
		{"empty", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			whole := read(t, new(sse.Scanner), []byte(row.stream))
			if !slices.Equal(whole, row.want) {
				t.Fatalf("got %q, want %q", whole, row.want)
			}
			single := make([][]byte, 0, len(row.stream))
			for i := range len(row.stream) {
				single = append(single, []byte(row.stream[i:i+1]))
			}
			if got := read(t, new(sse.Scanner), single...); !slices.Equal(got, row.want) {
				t.Fatalf("byte by byte: got %q, want %q", got, row.want)
			}
		})
	}
}

// Bytes arrive in any pieces; what they say does not change.
func TestAnySplitGivesTheSameEvents(t *testing.T) {
	rapid.Check(t, anySplit)
}

func FuzzAnySplit(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anySplit)) }

func anySplit(t *rapid.T) {
	lines := rapid.SliceOf(rapid.SampledFrom([]string{
		"", "", "data: 1", "data: two words", "data", "data:", "event: x", "event", ": comment", "id: 1", "\ufeffdata: z", "data: \ufeff",
		`data: {"type":"content_block_delta"}`, "daata", strings.Repeat("data: long ", 40),
	})).Draw(t, "lines")
	var stream []byte
	for i, line := range lines {
		stream = append(stream, line...)
		stream = append(stream, rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, fmt.Sprint("end", i))...)
	}
	want := read(t, new(sse.Scanner), stream)
	cut := pieces(t, stream)
	if got := read(t, new(sse.Scanner), cut...); !slices.Equal(got, want) {
		t.Fatalf("%q: got %q, want %q", stream, got, want)
	}
	for stop := range want {
		whole(t, stop, want, cut)
	}
}

// whole leaves a stream at one of its events: what stands before it has just
// the events before it.
func whole(t *rapid.T, stop int, want []string, cut [][]byte) {
	var s sse.Scanner
	var before []byte
	seen := 0
	for _, piece := range cut {
		_ = s.Feed(piece, func(sse.Event) bool { seen++; return seen <= stop })
		if seen > stop {
			before = append(before, piece[:s.Whole()]...)
			break
		}
		before = append(before, piece...)
	}
	got := read(t, new(sse.Scanner), before)
	if len(got) > stop && got[stop] != want[stop] { // its end is not in it, maybe its beginning
		got[stop] = want[stop]
	}
	if !slices.Equal(got, want[:stop]) && !slices.Equal(got, want[:stop+1]) {
		t.Fatalf("%q before event %d: got %q, want %q", before, stop, got, want[:stop])
	}
}

// pieces cuts b at random places, empty pieces included.
func pieces(t *rapid.T, b []byte) [][]byte {
	cuts := rapid.SliceOf(rapid.IntRange(0, len(b))).Draw(t, "cuts")
	slices.Sort(cuts)
	var out [][]byte
	at := 0
	for _, cut := range cuts {
		out = append(out, b[at:cut])
		at = cut
	}
	return append(out, b[at:])
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte("event: a\r\ndata: 1\r\n\r\ndata: 2\n\n"), uint(3))
	f.Add([]byte("\ufeff: c\rdata\rdata:x\r\r"), uint(1))
	f.Fuzz(func(t *testing.T, stream []byte, size uint) {
		n := int(size%64) + 1
		want := read(t, new(sse.Scanner), stream)
		got := read(t, new(sse.Scanner), slices.Collect(slices.Chunk(stream, n))...)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in pieces of %d: got %q, want %q", stream, n, got, want)
		}
	})
}

func TestHugeEvent(t *testing.T) {
	huge := strings.Repeat("0123456789abcdef", 3<<20/16)
	stream := []byte("event: big\ndata: " + huge + "\n\ndata: small\n\n")
	var s sse.Scanner
	got := read(t, &s, slices.Collect(slices.Chunk(stream, 32<<10))...)
	if len(got) != 2 || got[0] != "big|"+huge || got[1] != "|small" {
		t.Fatal("the 3 MB event was changed")
	}
	lines := strings.Repeat("data: line\n", 100_000)
	got = read(t, &s, slices.Collect(slices.Chunk([]byte(lines+"\n"), 1000))...)
	if len(got) != 1 || len(got[0]) != 1+100_000*5-1 {
		t.Fatal("the event of many lines was changed")
	}
}

func TestLimit(t *testing.T) {
	for name, stream := range map[string]string{
		"one line":   "data: " + strings.Repeat("x", 200),
		"many lines": strings.Repeat("data: 12345\n", 20),
		"a name":     "event: " + strings.Repeat("x", 200),
	} {
		for _, n := range []int{1, 7, 1000} {
			s := sse.Scanner{Limit: 100}
			var err error
			for piece := range slices.Chunk([]byte(stream+"\n"), n) {
				if err = s.Feed(piece, func(sse.Event) bool { return true }); err != nil {
					break
				}
			}
			if !errors.Is(err, sse.ErrTooLong) {
				t.Errorf("%s in pieces of %d: %v", name, n, err)
			}
			if s.Buffered() > 100 {
				t.Errorf("%s: %d bytes are kept", name, s.Buffered())
			}
		}
	}
}

func TestStopAndReset(t *testing.T) {
	var s sse.Scanner
	seen := 0
	stop := func(sse.Event) bool { seen++; return false }
	_ = s.Feed([]byte("data: 1\n\ndata: 2\n\n"), stop)
	_ = s.Feed([]byte("data: 3\n\ndata: 4"), stop)
	s.Close(stop)
	if seen != 1 {
		t.Errorf("%d events after fn wanted no more", seen)
	}
	s.Reset()
	if got := read(t, &s, []byte("\ufeffdata: 5\n\n")); !slices.Equal(got, []string{"|5"}) {
		t.Errorf("after Reset: %q", got)
	}
}

func TestNoCopyInsideOneChunk(t *testing.T) {
	var s sse.Scanner
	chunk := []byte(strings.Repeat("event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n", 20))
	feed := func() {
		_ = s.Feed(chunk, func(ev sse.Event) bool {
			ev.Data[0] = '{' // lies in the chunk
			return true
		})
	}
	feed()
	if n := testing.AllocsPerRun(100, feed); n != 0 {
		t.Errorf("%v allocations per chunk", n)
	}
	if s.Buffered() != 0 {
		t.Errorf("%d bytes kept", s.Buffered())
	}
}

func TestArrayScanner(t *testing.T) {
	for _, row := range []struct {
		name, stream string
		want         []string
		closed       bool
	}{
		{"Gemini", "[{\n  \"a\": 1\n}\n,\r\n{\n  \"b\": [1, \"]},{\"]\n}\n]\n", []string{"|{\n  \"a\": 1\n}", "|{\n  \"b\": [1, \"]},{\"]\n}"}, true},
		{"escapes", `[{"a":"\\"},{"b":"\"}"},"x\\\"y"]`, []string{`|{"a":"\\"}`, `|{"b":"\"}"}`, `|"x\\\"y"`}, true},
		{"empty", " [ ] ", nil, true},
		{"scalars", "[1, true ,null]", []string{"|1", "|true", "|null"}, true},
		{"single object", "\ufeff {\"error\":{}} ", []string{`|{"error":{}}`}, true},
		{"cut inside", `[{"a":1},{"b":"x`, []string{`|{"a":1}`, `|{"b":"x`}, false},
		{"cut between", `[{"a":1},`, []string{`|{"a":1}`}, false},
		{"after the end", `[1]garbage[2]`, []string{"|1"}, true},
		{"nothing", "", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for n := range len(row.stream) + 1 {
				var s sse.ArrayScanner
				if got := read(t, &s, slices.Collect(slices.Chunk([]byte(row.stream), n+1))...); !slices.Equal(got, row.want) {
					t.Fatalf("in pieces of %d: got %q, want %q", n+1, got, row.want)
				}
				if s.Closed() != row.closed || s.Elements() != len(row.want) {
					t.Fatalf("Closed %v, Elements %d", s.Closed(), s.Elements())
				}
			}
		})
	}
	var s sse.ArrayScanner
	if err := s.Feed([]byte(" <html>"), nil); !errors.Is(err, sse.ErrNotArray) {
		t.Errorf("HTML: %v", err)
	}
	s.Reset()
	if err := s.Feed([]byte(`["a":1}`), func(sse.Event) bool { return true }); !errors.Is(err, sse.ErrNotArray) {
		t.Errorf("brackets that do not match: %v", err)
	}
	s = sse.ArrayScanner{Limit: 10}
	_ = s.Feed([]byte(`[{"a":`), nil)
	if err := s.Feed([]byte(`"0123456789`), nil); !errors.Is(err, sse.ErrTooLong) {
		t.Errorf("limit: %v", err)
	}
	if !s.Inside() {
		t.Error("an element is open")
	}
}

func FuzzArrayScanner(f *testing.F) {
	f.Add([]byte(`[{"a":"}]\"\\"} , [1,[2]],"x",3]`), uint(1))
	f.Add([]byte(`{"a":[{}]}`), uint(2))
	f.Fuzz(func(t *testing.T, stream []byte, size uint) {
		parts := slices.Collect(slices.Chunk(stream, int(size%64)+1))
		var want []json.RawMessage
		if json.Unmarshal(stream, &want) != nil || bytes.Equal(bytes.TrimSpace(stream), []byte("null")) {
			var s sse.ArrayScanner
			for _, part := range parts {
				_ = s.Feed(part, func(sse.Event) bool { return true })
			}
			s.Close(func(sse.Event) bool { return true })
			return
		}
		got := read(t, new(sse.ArrayScanner), parts...)
		if len(got) != len(want) {
			t.Fatalf("%q: %q", stream, got)
		}
		for i := range want {
			if got[i] != "|"+string(want[i]) {
				t.Fatalf("%q: element %d is %q", stream, i, got[i])
			}
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	event := "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello there\"}}\n\n"
	stream := []byte(strings.Repeat(event, 200))
	for _, size := range []int{len(event), 4 << 10, 100} {
		b.Run(fmt.Sprintf("200_events_in_chunks_of_%d", size), func(b *testing.B) {
			var s sse.Scanner
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for chunk := range slices.Chunk(stream, size) {
					_ = s.Feed(chunk, func(sse.Event) bool { n++; return true })
				}
			}
			if n%200 != 0 {
				b.Fatal(n)
			}
		})
	}
}
