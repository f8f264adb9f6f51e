package relay

import "testing"

func TestBufferFits(t *testing.T) {
	small, large := sizes[0], sizes[1]
	for _, row := range []struct{ from, read, to int }{
		{small, 100, small},
		{small, small/2 - 1, small},
		{small, small / 2, large}, // the rest of what the transport reads at once may be headers
		{small, small, large},
		{large, large, large},
		{large, small / 2, large},
		{large, small/2 - 1, small},
		{large, 100, small},
	} {
		if got := cap(*fit(getBuffer(row.from), row.read)); got != row.to {
			t.Errorf("after %d bytes into %d: %d, want %d", row.read, row.from, got, row.to)
		}
	}
	for _, n := range []int{0, 1, sizes[0], sizes[0] + 1, sizes[2], sizes[2] + 1} {
		b := getBuffer(n)
		if cap(*b) < n || len(*b) != 0 {
			t.Errorf("a buffer for %d bytes has %d of %d", n, len(*b), cap(*b))
		}
		putBuffer(b)
	}
}
