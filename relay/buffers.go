package relay

import "sync"

// Sizes of pooled buffers. Most answers and every stream fit the first, which
// is also what the transport reads at once: a thousand open streams must not
// cost a thousand large buffers because there once was a large answer. What is
// larger than the last is left to the garbage collector.
var sizes = [...]int{4 << 10, 32 << 10, 256 << 10}

var pools = func() (p [len(sizes)]*sync.Pool) {
	for i, size := range sizes {
		p[i] = &sync.Pool{New: func() any { b := make([]byte, 0, size); return &b }}
	}
	return p
}()

// getBuffer returns an empty buffer with room for at least n bytes.
func getBuffer(n int) *[]byte {
	for i, size := range sizes {
		if n <= size {
			return pools[i].Get().(*[]byte)
		}
	}
	b := make([]byte, 0, n)
	return &b
}

// putBuffer takes back a buffer that nobody uses any more.
func putBuffer(b *[]byte) {
	for i, size := range sizes {
		if cap(*b) == size {
			*b = (*b)[:0]
			pools[i].Put(b)
			return
		}
	}
}

// grow returns a buffer with the bytes of b and room for at least n, and takes
// b back.
func grow(b *[]byte, n int) *[]byte {
	if n <= cap(*b) {
		return b
	}
	larger := getBuffer(n)
	*larger = append(*larger, *b...)
	putBuffer(b)
	return larger
}
