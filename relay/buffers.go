package relay

import "sync"

const (
	readSize = 8 << 10   // of a read from upstream; a stream's events are far smaller
	poolMost = 256 << 10 // larger held buffers are left to the garbage collector
)

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}

var heldBuffers = sync.Pool{New: func() any { b := make([]byte, 0, readSize); return &b }}

func putHeld(b *[]byte) {
	if cap(*b) <= poolMost {
		*b = (*b)[:0]
		heldBuffers.Put(b)
	}
}
