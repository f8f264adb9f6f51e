package tokens

import (
	"bytes"
	"unicode/utf8"

	"github.com/ccload/ccload/protocol/scan"
)

// Ways to count a segment; part of its name in the cache.
const (
	asText   uint32 = iota // a JSON string: what it says
	asJSON                 // a JSON value: its text without white space
	asTool                 // a tool definition as OpenAI shows it to its models
	asSchema               // a schema of the answer as OpenAI shows it to its models
	kinds                  // those counted by cl100k_base have this added
)

const (
	asElement uint32 = 2*kinds + iota // an element of a conversation
	asBlock                           // a conversation up to the end of a block, see known.go
	asTools                           // all tools
	asSystem                          // the system prompt
)

const (
	// exactBytes is up to what size a text is always counted whole.
	exactBytes = 256 << 10
	// mergedBytes is how much of a text may lie in pieces of several tokens,
	// which are slow, before the rest is sampled: Chinese, base64 and the like
	// have little else, while prose, code and JSON keep below it for 200 KB.
	mergedBytes = 32 << 10
	// rawBytes is up to what size a string's escapes are undone; of a longer
	// one only the samples'.
	rawBytes = 1 << 20
	// samples and sampleBytes are what is looked at of the rest of a long text.
	samples     = 8
	sampleBytes = 4 << 10
)

// text counts what a JSON string says; 0 for any other value.
func (w *walk) text(raw []byte) int64 {
	if !isString(raw) {
		return 0
	}
	return w.cached(raw, asText)
}

// json counts the text of a JSON value without white space.
func (w *walk) json(raw []byte) int64 {
	if len(raw) == 0 {
		return 0
	}
	return w.cached(raw, asJSON)
}

// rememberedFrom is the least size of a text worth remembering by itself, in
// bytes: the message that it is in is remembered as well.
const rememberedFrom = 256

func (w *walk) cached(raw []byte, kind uint32) int64 {
	if len(raw) < rememberedFrom {
		if w.bounding && len(raw) >= boundedFrom {
			return w.bound(raw)
		}
		n, _ := w.segment(raw, kind)
		return int64(n)
	}
	id := kind
	if w.family.cl100k {
		id += kinds
	}
	const sampledBit = 1 << 30
	name := w.counter.texts.of(raw, 0, id)
	if n, ok := w.counter.texts.get(name); ok {
		w.unsure = w.unsure || n&sampledBit != 0
		return int64(n &^ sampledBit)
	}
	if w.bounding {
		return w.bound(raw)
	}
	n, exact := w.segment(raw, kind)
	if exact {
		w.counter.texts.put(name, int32(n)) //nolint:gosec // fewer than the bytes of a body
	} else {
		w.unsure = true
		w.counter.texts.put(name, int32(n|sampledBit)) //nolint:gosec // the same
	}
	return int64(n)
}

// boundedFrom is the least size of a text that is not counted where a bound will
// do, in bytes.
const boundedFrom = 64

// bound takes a text for its most: each token has a byte at least, and what a
// text has of them JSON has too.
func (w *walk) bound(raw []byte) int64 {
	w.bounded = true
	return int64(len(raw))
}

func (w *walk) segment(raw []byte, kind uint32) (n int, exact bool) {
	switch kind {
	case asText:
		return w.string(raw[1 : len(raw)-1])
	case asTool:
		var ok bool
		if w.flat, ok = toolText(w.flat[:0], raw); ok {
			return w.enc.long(w.flat)
		}
	}
	if kind == asSchema {
		w.flat = bareSchema(w.flat[:0], raw, 0)
		return w.enc.long(w.flat)
	}
	if len(raw) > rawBytes {
		return w.enc.long(raw)
	}
	w.flat = compact(w.flat[:0], raw)
	return w.enc.long(w.flat)
}

// string counts the inside of a JSON string.
func (w *walk) string(inside []byte) (n int, exact bool) {
	if bytes.IndexByte(inside[:min(len(inside), rawBytes)], '\\') < 0 && len(inside) <= rawBytes {
		return w.enc.long(inside)
	}
	if len(inside) <= rawBytes {
		w.buf, _ = scan.Unescape(w.buf[:0], inside) // up to a broken escape, if there is one
		return w.enc.long(w.buf)
	}
	sum, seen := 0, 0
	for i := range samples {
		from := len(inside) / samples * i
		part := inside[from:min(from+sampleBytes, len(inside))]
		if at := bytes.IndexByte(part[:64], ' '); at > 0 {
			part = part[at:] // not within an escape
		}
		var ok bool
		if w.buf, ok = scan.Unescape(w.buf[:0], part); !ok && len(w.buf) < len(part)/2 {
			w.buf = append(w.buf[:0], part...)
		}
		sum += w.enc.count(w.buf)
		seen += len(part)
	}
	return scale(sum, len(inside), seen), false
}

func scale(tokens, whole, seen int) int {
	return int(float64(tokens) * float64(whole) / float64(max(seen, 1)))
}

// long counts text, and stops counting everything where that takes too long:
// see exactBytes and mergedBytes. What it returns depends on the text alone.
func (e *encoding) long(text []byte) (n int, exact bool) {
	if len(text) <= mergedBytes {
		return e.count(text), true
	}
	merged, i := 0, 0
	for i < len(text) && i <= exactBytes && merged <= mergedBytes {
		end := e.split(e.classes, text, i)
		if end-i > mergedBytes {
			break // one piece without end, such as a row of letters
		}
		k := e.piece(text[i:end])
		if k > 1 {
			merged += end - i
		}
		n += k
		i = end
	}
	if i == len(text) {
		return n, true
	}
	rest := text[i:]
	if len(rest) <= samples*sampleBytes {
		return n + e.pieces4k(rest), false
	}
	sum, seen := 0, 0
	for s := range samples {
		from := len(rest) / samples * s
		for from < len(rest) && !utf8.RuneStart(rest[from]) {
			from++
		}
		part := rest[from:min(from+sampleBytes, len(rest))]
		sum += e.count(part)
		seen += len(part)
	}
	return n + scale(sum, len(rest), seen), false
}

// pieces4k counts text in parts of 4 KB, so that no piece is longer.
func (e *encoding) pieces4k(text []byte) int {
	n := 0
	for len(text) > 0 {
		part := text[:min(len(text), sampleBytes)]
		n += e.count(part)
		text = text[len(part):]
	}
	return n
}

// compact appends a valid JSON value without the white space between its
// parts.
func compact(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch raw[i] {
		case ' ', '\n', '\r', '\t':
			i++
			continue
		case '"':
			_, end, ok := scan.Get(raw[i:])
			if !ok {
				return append(dst, raw[i:]...)
			}
			dst = append(dst, raw[i:i+end]...)
			i += end
			continue
		}
		dst = append(dst, raw[i])
		i++
	}
	return dst
}
