package scan

import (
	"math/rand/v2"
	"testing"
)

// sameText wants blocks to end a string where looking for its quote does.
func sameText(t *testing.T, b []byte, i int) {
	t.Helper()
	want, wantErr := restOfText(b, i)
	got, err := longText(b, i)
	if got != want || (err == nil) != (wantErr == nil) || err != nil && *err.(*Error) != *wantErr.(*Error) {
		t.Fatalf("%q from %d: %d, %v; want %d, %v", b, i, got, err, want, wantErr)
	}
}

// Runs of backslashes, quotes and control characters lie at all places relative
// to the blocks, with and without an end.
func TestBlocksOfText(t *testing.T) {
	if !blockwise {
		t.Skip("this machine looks through strings without blocks")
	}
	r := rand.New(rand.NewPCG(1, 2))
	alphabets := []string{"\\", "\\\"", "\\x", "\\\\\\\\\"x", "xxxxxxxxxxxxxxxxxxxx\\\"", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\\\n\x1f", "\xff\x80\x20\x7f\\x", "\x00\\\"xxxxxxxxxxxxxxxxxxxxxx"}
	for range 200_000 {
		alphabet := alphabets[r.IntN(len(alphabets))]
		b := make([]byte, r.IntN(300))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		sameText(t, b, r.IntN(len(b)+1))
	}
	// Every byte at every place of two blocks, escaped and not.
	for c := range 256 {
		for at := range 130 {
			b := make([]byte, 192)
			for i := range b {
				b[i] = 'x'
			}
			b[at] = byte(c)
			sameText(t, b, 0)
			b[max(at-1, 0)] = '\\'
			sameText(t, b, 0)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(`a\\\"b" and what follows, which must be longer than a block of sixty-four bytes`))
	f.Fuzz(func(t *testing.T, b []byte) { sameText(t, b, 0) })
}
