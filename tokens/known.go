package tokens

import (
	"hash/maphash"
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// This file is how what was counted before is found again. A conversation grows
// at its end, so what is asked for first is the longest part of its list that is
// known: the list is cut into blocks of equal size, and each block has a hash of
// all up to its end. By that hash the tally of the elements that end within is
// remembered. What lies behind is walked element by element, and known elements
// are found by their own hash: after an earlier one was changed, all others are
// still known.

const (
	// blockSize is how much of a known conversation is walked again at most, in
	// bytes, beside the element that a block ends in.
	blockSize = 4 << 10
	// rememberedSpans is how many elements, blocks and lists of tools are
	// remembered, some 170 bytes each: 5 MB.
	rememberedSpans = 32 << 10
	// rememberedTexts is how many texts are, some 50 bytes each: 1.5 MB.
	rememberedTexts = 32 << 10
	// spanFrom is the least size of a span worth remembering, in bytes: counting a
	// smaller one costs no more than finding it.
	spanFrom = 48
)

// salt stands for all that the count of a span depends on but its text.
func (c *Counter) salt(f *family, s *Sent) uint64 {
	return maphash.Comparable(c.seed, struct {
		family                   *family // they are global
		protocol                 ai.Protocol
		vertex, reseller, stream bool
	}{f, s.Protocol, s.Vertex, s.Reseller, s.Stream})
}

// whole counts a span by itself, or finds what it counted for, and adds that.
func (w *walk) whole(v []byte, kind uint32, count func(v []byte)) {
	var name span
	if len(v) >= spanFrom {
		name = w.counter.spans.of(v, w.salt, kind)
		if e, ok := w.find(name); ok {
			w.add(&e)
			return
		}
	}
	outer := w.tally
	w.tally = tally{}
	count(v)
	e := w.effect()
	if len(v) >= spanFrom && (!e.bounded || len(v) >= blockSize) { // a small one's bound is quickly found again
		w.remember(name, &e)
	}
	w.tally = outer
	w.add(&e)
}

// asBound is added to the kinds of spans in which texts were not counted: such a
// bound is of use only where a bound is wanted, and the count goes before it.
const asBound = 1 << 31

// find looks up what is known of a span.
func (w *walk) find(name span) (e effect, ok bool) {
	if e, ok = w.counter.spans.get(name); !ok && w.bounding {
		name.kind |= asBound
		e, ok = w.counter.spans.get(name)
	}
	return e, ok
}

func (w *walk) remember(name span, e *effect) {
	if e.bounded {
		name.kind |= asBound
	}
	w.counter.spans.put(name, *e)
}

// conversation counts the elements of a list, or what stands in its place.
func (w *walk) conversation(v []byte, count func(element []byte)) {
	w.bounding = w.mayBound
	defer func() { w.bounding = false }()
	if !isArray(v) {
		w.whole(v, asElement, count)
		return
	}
	outer := w.tally
	w.tally = tally{}
	w.elements(v, count)
	e := w.effect()
	w.tally = outer
	w.add(&e)
}

// elements counts the elements of an array.
func (w *walk) elements(v []byte, count func(element []byte)) {
	at := w.resume(v)
	known := at
	for {
		start, end, ok := scan.Element(v, at)
		if !ok {
			return
		}
		// The first block that ends behind the last element and before this one's
		// end is where the elements up to there are remembered.
		block := (at+blockSize-1)/blockSize - 1
		if at > known && block < len(w.blocks) && (block+1)*blockSize < end {
			e := w.effect()
			e.end = uint32(at) //nolint:gosec // a body is smaller than 4 GB
			w.remember(blockName(w.blocks[block], block), &e)
		}
		w.whole(v[start:end], asElement, count)
		at = end
	}
}

// resume takes over what is known of an array from its beginning on, and says
// where that ends; 0 if nothing is known.
func (w *walk) resume(v []byte) (end int) {
	w.blocks = w.blocks[:0]
	h := hash(w.salt)
	for at := 0; at+blockSize <= len(v); at += blockSize {
		h.mix(maphash.Bytes(w.counter.seed, v[at:at+blockSize]))
		w.blocks = append(w.blocks, uint64(h))
	}
	for block, h := range slices.Backward(w.blocks) {
		if e, ok := w.find(blockName(h, block)); ok {
			w.add(&e)
			return int(e.end)
		}
	}
	return 0
}

func blockName(h uint64, block int) span {
	return span{hash: h, size: uint32(block), kind: asBlock} //nolint:gosec // a body is smaller than 4 GB
}
