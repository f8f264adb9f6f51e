package relay

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/ccload/ccload/ai"
)

// encode applies encodings in the order they are named.
func encode(tb testing.TB, text string, encodings ...string) string {
	tb.Helper()
	for _, e := range encodings {
		var b bytes.Buffer
		var w io.WriteCloser
		switch e {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "br":
			w = brotli.NewWriter(&b)
		case "deflate":
			w = zlib.NewWriter(&b)
		case "zstd":
			z, err := zstd.NewWriter(&b)
			if err != nil {
				tb.Fatal(err)
			}
			w = z
		}
		if _, err := io.WriteString(w, text); err != nil {
			tb.Fatal(err)
		}
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
		text = b.String()
	}
	return text
}

func encoded(values ...string) http.Header {
	return http.Header{"Content-Type": {jsonText}, "Content-Encoding": values}
}

// What is made of encoded bodies that are whole, cut, or not what they say.
func TestEncodings(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		steps  []any
		kind   ai.Kind
	}{
		{"one on another", encoded("gzip, br"), []any{encode(t, aJSON, "gzip", "br")}, ai.OK},
		{"in two headers", encoded("deflate", "zstd"), []any{encode(t, aJSON, "deflate", "zstd")}, ai.OK},
		{"two members of gzip", encoded("gzip"), []any{encode(t, aJSON[:9], "gzip") + encode(t, aJSON[9:], "gzip")}, ai.OK},
		{"identity", encoded("identity"), []any{aJSON}, ai.OK},
		{"nothing named", encoded("", ","), []any{aJSON}, ai.OK},
		{"too many", encoded("gzip, gzip, gzip, gzip"), []any{"x"}, ai.BadAnswer},
		{"nobody knows it", encoded("gzip, rot13"), []any{"x"}, ai.BadAnswer},
		{"gzip that is none", encoded("gzip"), []any{aJSON}, ai.BadAnswer},
		{"zstd that is none", encoded("zstd"), []any{aJSON}, ai.BadAnswer},
		{"deflate that is none", encoded("deflate"), []any{"\xff\xff\xff\xff\xff\xff"}, ai.BadAnswer},
		{"gzip that ends early", encoded("gzip"), []any{encode(t, aJSON, "gzip")[:20]}, ai.Truncated},
		{"br that ends early", encoded("br"), []any{encode(t, aJSON, "br")[:9]}, ai.Truncated},
		{"zstd that ends early", encoded("zstd"), []any{encode(t, aJSON, "zstd")[:9]}, ai.Truncated},
		{"deflate that ends early", encoded("deflate"), []any{"x"}, ai.Truncated},
		{"gzip that is reset", encoded("gzip"), []any{encode(t, aJSON, "gzip")[:20], errReset}, ai.Truncated},
		{"nothing in gzip", encoded("gzip"), []any{encode(t, "", "gzip")}, ai.Empty},
		{"no gzip at all", encoded("gzip"), nil, ai.Empty},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRequest(t, "http://upstream", &script{header: row.header, steps: row.steps})
			r.Stream = false
			a := Send(t.Context(), r)
			defer a.Close()
			if a.Evidence.Kind != row.kind {
				t.Fatalf("got %v (%v), want %v", a.Evidence.Kind, a.Evidence.Err, row.kind)
			}
			if !a.Good() {
				return
			}
			var c client
			if a.CopyTo(t.Context(), &c); c.body.String() != aJSON || c.header.Get("Content-Length") != "26" || c.header.Get("Content-Encoding") != "" {
				t.Errorf("%q, %v", c.body.String(), c.header)
			}
		})
	}
}

// An encoded body that blows up is not held.
func TestDecompressionBomb(t *testing.T) {
	bomb := encode(t, `{"text":"`+strings.Repeat("x", 16<<20)+`"}`, "gzip")
	for _, code := range []int{200, 500} {
		r := newRequest(t, "http://upstream", &script{status: code, header: encoded("gzip"), steps: []any{bomb}})
		r.Stream = false
		a := Send(t.Context(), r)
		if n := cap(*a.held); n > 2*holdWhole {
			t.Errorf("%d: holds %d bytes", code, n)
		}
		a.Close()
	}
}

// Decoders that were used, in whatever state they were left, serve the next
// body as well as new ones.
func TestDecodersAreReused(t *testing.T) {
	var all sync.WaitGroup
	for _, e := range []string{"gzip", "br", "zstd", "deflate"} {
		long := strings.Repeat(e+" is used again. ", 5000)
		whole := encode(t, long, e)
		all.Go(func() {
			for i := range 50 {
				body := whole
				if i%3 == 1 {
					body = whole[:len(whole)/2]
				}
				if i%3 == 2 {
					body = whole[:10] + "garbage, garbage, garbage"
				}
				d, decoded, err := Decode(encoded(e), strings.NewReader(body))
				if err != nil || !decoded {
					t.Errorf("%s: %v %v", e, decoded, err)
					return
				}
				if i%5 == 0 {
					_, _ = d.Read(make([]byte, 10)) // and is left in the middle
				} else if got, err := io.ReadAll(d); i%3 == 0 && (string(got) != long || err != nil) {
					t.Errorf("%s, use %d: %d bytes, %v", e, i, len(got), err)
				}
				d.Close()
				if _, err := d.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("%s: read after Close: %v", e, err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzDecode(f *testing.F) {
	for _, e := range []string{"gzip", "br", "zstd", "deflate"} {
		f.Add(e, []byte(encode(f, aJSON, e)))
	}
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		d, _, err := Decode(encoded(encoding), bytes.NewReader(body))
		if err != nil {
			return
		}
		defer d.Close()
		_, _ = io.Copy(io.Discard, io.LimitReader(d, 1<<20))
	})
}
