package ledger

import (
	"sync"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

const (
	chunkSize = 64 << 10
	maxSpare  = 16 // chunks that are kept for later
	maxBuffer = 32 << 10
)

// chunk is a piece of what is written to the journal. It stays in memory until
// what stands in it is in the store: the store takes it from here.
type chunk struct {
	b       []byte
	seg     *segment // nil: it is in memory only
	at      int64    // in the segment, where it begins
	written int      // bytes of it that are in the file
	refs    int      // records in the queue that stand in it
	retired bool     // nothing is added any more
}

// frame is a text on its way into a chunk.
type frame struct {
	b       []byte
	details int // where they begin
	set     *callrow.Set
}

var frames = sync.Pool{New: func() any { return &frame{b: make([]byte, 0, 2<<10)} }}

// newFrame writes a record down. It is used by one goroutine, and goes back to
// the pool by release.
func newFrame(k callrow.Kind, r *ai.Record) *frame {
	f := frames.Get().(*frame)
	f.b = append(f.b[:0], make([]byte, frameHead)...)
	f.b, f.details, f.set = callrow.AppendRow(f.b, k, r)
	sealFrame(f.b)
	return f
}

func (f *frame) release() {
	if f.set = nil; cap(f.b) <= maxBuffer {
		frames.Put(f)
	}
}

// setFrame is the frame of a list of channels.
func setFrame(s *callrow.Set) []byte {
	b := callrow.AppendSet(make([]byte, frameHead, frameHead+len(s.JSON)+64), s)
	sealFrame(b)
	return b
}
