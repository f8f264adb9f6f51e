package relay

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// Whatever pieces a stream comes in, what is hidden leaves no trace and
// everything else passes byte for byte.
func TestEventFilter(t *testing.T) {
	hide := func(data []byte) bool { return bytes.Contains(data, []byte(`"choices":[]`)) }
	for _, row := range []struct{ name, in, out string }{
		{"nothing to hide", "data: {\"a\":1}\n\ndata: [DONE]\n\n", ""},
		{"in the middle", "data: 1\n\ndata: {\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\n", "data: 1\n\ndata: [DONE]\n\n"},
		{"at the end", "data: 1\n\ndata: {\"choices\":[],\"usage\":{}}\n\n", "data: 1\n\n"},
		{"without its blank line", "data: 1\n\ndata: {\"choices\":[],\"usage\":{}}", "data: 1\n\n"},
		{"CRLF, a comment, a name", ": hi\r\n\r\nevent: x\r\ndata: {\"choices\":[],\"usage\":{}}\r\n\r\ndata: 2\r\n\r\n", ": hi\r\n\r\ndata: 2\r\n\r\n"},
		{"usage in a chunk with content", "data: {\"choices\":[1],\"usage\":{}}\n\n", ""},
		{"over two lines", "data: {\"choices\":[],\ndata: \"usage\":{}}\n\ndata: 2\n\n", "data: 2\n\n"},
		{"an open end", "data: 1\n\ndata: {\"cho", ""},
	} {
		want := row.out
		if want == "" {
			want = row.in
		}
		for try := range 200 {
			v := eventFilter{hide: hide}
			rng := rand.New(rand.NewPCG(1, uint64(try)))
			var got strings.Builder
			for rest := row.in; rest != ""; {
				n := 1 + rng.IntN(len(rest))
				got.Write(v.through([]byte(rest[:n])))
				if s := got.String(); len(s) > 0 && !strings.HasSuffix(s, "\n\n") && !strings.HasSuffix(s, "\r\n\r\n") {
					t.Fatalf("%s: half an event was given away: %q", row.name, s)
				}
				rest = rest[n:]
			}
			got.Write(v.remainder())
			if got.String() != want {
				t.Fatalf("%s: %q, want %q", row.name, got.String(), want)
			}
		}
	}
}

// What is whole and holds nothing to hide is not copied.
func TestEventFilterDoesNotCopy(t *testing.T) {
	v := eventFilter{hide: func([]byte) bool { return true }}
	chunk := []byte("data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n")
	if n := testing.AllocsPerRun(100, func() { v.through(chunk) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
