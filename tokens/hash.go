package tokens

import (
	"encoding/binary"
	"math/bits"
)

// hash is the same on every machine and after every restart, since what was
// learned under it is saved. It is fast, not cryptographic. The zero value is
// ready.
type hash uint64

// Odd constants with an even mix of bits, taken from the digits of pi.
const (
	hashA = 0x243f6a8885a308d3
	hashB = 0x13198a2e03707345
	hashC = 0xa4093822299f31d1
)

func (h *hash) add(b []byte) {
	s := fold(uint64(*h)^hashA, uint64(len(b))^hashB)
	for ; len(b) >= 16; b = b[16:] {
		s = fold(binary.LittleEndian.Uint64(b)^hashC, binary.LittleEndian.Uint64(b[8:])^s)
	}
	if len(b) > 0 {
		var tail [16]byte
		copy(tail[:], b)
		s = fold(binary.LittleEndian.Uint64(tail[:])^hashC, binary.LittleEndian.Uint64(tail[8:])^s)
	}
	*h = hash(s)
}

func (h *hash) mix(n uint64) { *h = hash(fold(uint64(*h)^hashA, n^hashC)) }

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// join adds what was hashed apart, 0 for nothing.
func (h *hash) join(other hash) {
	switch {
	case other == 0:
	case *h == 0:
		*h = other
	default:
		h.mix(uint64(other))
	}
}
