package tokens

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"
)

// The vocabularies of OpenAI's encodings, as the tiktoken library publishes
// them (MIT licence, Copyright (c) 2022 OpenAI, Shantanu Jain; see data/README.md),
// in the format of internal/vocab.
//
//go:embed data/o200k_base.bin
var o200kData []byte

//go:embed data/cl100k_base.bin
var cl100kData []byte

// The encodings are unpacked when they are first used: a gateway that counts
// nothing pays nothing. Each costs about 7 MB from then on.
var (
	o200k  = sync.OnceValue(func() *encoding { return unpack(o200kData, splitO200k) })
	cl100k = sync.OnceValue(func() *encoding { return unpack(cl100kData, splitCL100k) })
)

const (
	rankBits = 18 // a rank is below 262,144; o200k_base has 199,998
	rankMask = 1<<rankBits - 1
	noRank   = ^uint32(0)

	// pieceSlots is how many pieces an encoding remembers, 8 bytes each.
	pieceSlots = 1 << 15
)

// encoding counts the tokens of text exactly. It is safe for concurrent use.
type encoding struct {
	seed    maphash.Seed
	classes *[classLimit]uint8
	split   func(t *[classLimit]uint8, s []byte, i int) int

	words   []byte   // all tokens' bytes by rank
	starts  []uint32 // where each begins, and the end of the last
	longest int      // bytes of the longest token

	// table finds tokens by their bytes: open addressing, at most half full. An
	// entry has the rank plus one, 0 if empty, and above it bits of the hash that
	// spare looking at nearly all wrong ones.
	table []uint32
	pairs []uint32 // ranks of tokens of two bytes, else noRank

	// pieces remembers counts: 48 bits of the hash over 16 bits of count. With
	// the slot's own bits that is 63 bits, under a seed of this process.
	pieces []atomic.Uint64
}

func unpack(data []byte, split func(t *[classLimit]uint8, s []byte, i int) int) *encoding {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(data)))
	if err != nil || len(raw) < 4 {
		panic("tokens: an embedded vocabulary is damaged") // the binary itself is
	}
	n := int(binary.LittleEndian.Uint32(raw))
	lengths := raw[4 : 4+n]
	e := &encoding{
		seed:    maphash.MakeSeed(),
		classes: classes(),
		split:   split,
		words:   bytes.Clone(raw[4+n:]),
		starts:  make([]uint32, n+1),
		pairs:   make([]uint32, 1<<16),
		pieces:  make([]atomic.Uint64, pieceSlots),
	}
	slots := 1
	for slots < 2*n {
		slots *= 2
	}
	e.table = make([]uint32, slots)
	for i := range e.pairs {
		e.pairs[i] = noRank
	}
	at := uint32(0)
	for rank := range uint32(n) { //nolint:gosec // some 200,000
		e.starts[rank] = at
		size := uint32(lengths[rank])
		word := e.words[at : at+size]
		at += size
		e.longest = max(e.longest, len(word))
		if len(word) == 2 {
			e.pairs[pair(word)] = rank
		}
		h := maphash.Bytes(e.seed, word)
		slot := h & uint64(slots-1) //nolint:gosec // positive
		for e.table[slot] != 0 {
			slot = (slot + 1) & uint64(slots-1) //nolint:gosec // positive
		}
		e.table[slot] = uint32(h>>32)&^rankMask | (rank + 1)
	}
	e.starts[n] = at
	return e
}

func pair(two []byte) int { return int(two[0])<<8 | int(two[1]) }

// rank is that of the token with exactly these bytes, noRank if there is none.
func (e *encoding) rank(word []byte) uint32 {
	if len(word) > e.longest {
		return noRank
	}
	return e.find(word, maphash.Bytes(e.seed, word))
}

func (e *encoding) find(word []byte, h uint64) uint32 {
	mask := uint64(len(e.table) - 1) //nolint:gosec // positive
	tag := uint32(h>>32) &^ rankMask
	for slot := h & mask; ; slot = (slot + 1) & mask {
		entry := e.table[slot]
		if entry == 0 {
			return noRank
		}
		if entry&^rankMask == tag {
			rank := entry&rankMask - 1
			if string(e.words[e.starts[rank]:e.starts[rank+1]]) == string(word) {
				return rank
			}
		}
	}
}

// count is how many tokens text has. Special tokens in it are ordinary text.
func (e *encoding) count(text []byte) int {
	n := 0
	for i := 0; i < len(text); {
		end := e.split(e.classes, text, i)
		n += e.piece(text[i:end])
		i = end
	}
	return n
}

// piece counts the tokens of what a splitter returned.
func (e *encoding) piece(p []byte) int {
	if len(p) == 1 {
		return 1
	}
	// What is remembered lies closer together than the vocabulary, so that it is
	// asked first for whole tokens, too.
	h := maphash.Bytes(e.seed, p)
	slot := &e.pieces[h%pieceSlots]
	const countBits = 16
	if known := slot.Load(); known>>countBits == h>>countBits && known != 0 {
		return int(known & (1<<countBits - 1))
	}
	n := 1
	if len(p) > e.longest || e.find(p, h) == noRank {
		n = e.merge(p)
	}
	if n < 1<<countBits {
		slot.Store(h>>countBits<<countBits | uint64(n))
	}
	return n
}
